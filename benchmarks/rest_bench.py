"""The daemon at rest with everything configured: two services, the channels that listen, the page, backup and life signs.

`python benchmarks/rest_bench.py [--seconds 120] [--tick 10] [--day] [--json FILE]`. With `--day` its clock runs so fast that the seconds
are a whole day: three runs by file, polls, a night with its backup, warnings and questions that go out, a visit to the page every
hour. Memory is read off /proc at the end, without the children, which end by themselves; CPU counts the children too, over the
second half. Figures only; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

from cost import Cost, Line, report
from import_bench import HERE, NIGGLED, private_home

from connectors.formats.fit_encode import encode_activity

sys.path.insert(0, str(HERE.parent / "tests"))
from fakes.recordings import level_run

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
RUN_HOURS = {5: 6.0, 9: 4.0, 15: 13.0}
"""Hours after the start, and kilometres: the last of them is a long run."""


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU seconds so far, of the daemon alone and of its ended children."""

    at_s: float
    own_s: float
    children_s: float


def reading(pid: int) -> Reading:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return Reading(time.monotonic(), own / TICKS_PER_S, children / TICKS_PER_S)


def memory_mb(pid: int, file: str, name: str) -> float:
    """One line of /proc/PID/FILE."""
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def measured(
    process: subprocess.Popen[bytes], seconds: float, log: Path, hourly: Callable[[int], None]
) -> tuple[Reading, Reading]:
    """Two readings, at half time and at the end; `hourly` is called 24 times in between."""
    half = None
    for hour in range(24):
        time.sleep(seconds / 24)
        if process.poll() is not None:
            sys.exit(log.read_text())
        hourly(hour)
        if hour == 11:
            half = reading(process.pid)
    assert half is not None
    time.sleep(3.0)  # what the last hour set off
    return half, reading(process.pid)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def visited(port: int) -> None:
    """Somebody looks at the page's way in."""
    with urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=30) as answer:
        answer.read()


def ran(inbox: Path, start: datetime, km: float) -> None:
    """A run appears in the inbox."""
    (inbox / f"{start:%Y%m%dT%H%M}.fit").write_bytes(encode_activity(level_run(start, km)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--tick", type=float, default=10.0)
    parser.add_argument("--day", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    port, factor = free_port(), DAY_S / arguments.seconds if arguments.day else 1.0
    start = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
    clock = {
        "BENCH_CLOCK": f"{start.isoformat()} {time.monotonic()} {factor}",
        "PYTHONPATH": str(HERE / "fast_clock"),
    }
    clock = clock if arguments.day else {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        house = subprocess.Popen(
            [sys.executable, str(HERE / "fake_house.py"), folder, f"{arguments.tick:g}", str(port)],
            env=os.environ | clock,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert house.stdin is not None
        assert house.stdout is not None
        channels = json.loads(house.stdout.readline())["channels"]
        environment = os.environ | private_home(work) | {"NIGGLED_CONFIG": str(work / "config.toml")}
        environment |= clock | {"NO_PROXY": "127.0.0.1,localhost", "PYTHONDONTWRITEBYTECODE": ""}
        log = work / "log"
        with log.open("wb") as written:
            daemon = subprocess.Popen([NIGGLED, "run"], env=environment, stderr=written)
        try:

            def hourly(hour: int) -> None:
                visited(port)
                if arguments.day and hour in RUN_HOURS:
                    inbox = Path(environment["NIGGLED_HOME"]) / "inbox" / "me"
                    ran(inbox, start + timedelta(hours=hour), RUN_HOURS[hour])

            half, end = measured(daemon, arguments.seconds, log, hourly)
            resident = memory_mb(daemon.pid, "status", "VmRSS")
            proportional = memory_mb(daemon.pid, "smaps_rollup", "Pss")
            threads = len(list(Path(f"/proc/{daemon.pid}/task").iterdir()))
            warnings = [
                line for line in log.read_text().splitlines() if " WARNING " in line or " ERROR " in line
            ]
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(60)
            house.stdin.close()
            house.wait(30)
    span_s = end.at_s - half.at_s
    own_s, all_s = end.own_s - half.own_s, end.own_s - half.own_s + end.children_s - half.children_s
    length = "a simulated day" if arguments.day else f"{arguments.seconds:.0f} s"
    what = f"Strava, Garmin, {', '.join(channels)}, page, backup, life signs; {length}, tick {arguments.tick:g} s"
    report(
        [
            Line(
                f"daemon at rest for an hour: {what}",
                Cost(own_s / span_s * HOUR_S, HOUR_S, resident),
                "70 MB",
            ),
            Line("… what nobody shares with it (PSS)", Cost(0.0, span_s, proportional)),
            Line("… with its children", Cost(all_s / span_s * HOUR_S, HOUR_S)),
        ],
        arguments.json,
    )
    print(f"\n{threads} threads; {len(warnings)} warnings", *warnings[:5], sep="\n")


if __name__ == "__main__":
    main()
