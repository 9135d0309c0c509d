"""The daemon at rest with everything configured: two services, the channels that listen, backup and life signs.

`python benchmarks/rest_bench.py [--seconds 120] [--tick 10] [--json FILE]`. Memory is read off /proc at the end, without the
children, which last for seconds; CPU counts the children too, over the second half. Figures only; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cost import Cost, Line, report
from import_bench import HERE, NIGGLED, private_home

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
HOUR_S = 3600.0


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


def measured(process: subprocess.Popen[bytes], seconds: float, log: Path) -> tuple[Reading, Reading]:
    time.sleep(seconds / 2)
    half = reading(process.pid)
    time.sleep(seconds / 2)
    if process.poll() is not None:
        sys.exit(log.read_text())
    return half, reading(process.pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--tick", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        house = subprocess.Popen(
            [sys.executable, str(HERE / "fake_house.py"), folder, f"{arguments.tick:g}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert house.stdin is not None
        assert house.stdout is not None
        channels = json.loads(house.stdout.readline())["channels"]
        environment = os.environ | private_home(work) | {"NIGGLED_CONFIG": str(work / "config.toml")}
        environment |= {"NO_PROXY": "127.0.0.1,localhost", "PYTHONDONTWRITEBYTECODE": ""}
        log = work / "log"
        with log.open("wb") as written:
            daemon = subprocess.Popen([NIGGLED, "run"], env=environment, stderr=written)
        try:
            half, end = measured(daemon, arguments.seconds, log)
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
    what = f"Strava, Garmin, {', '.join(channels)}, backup, life signs; tick {arguments.tick:g} s"
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
