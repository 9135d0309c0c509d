"""The live sources: a first sync of 2,000 activities from a Strava on loopback, and polls with nothing new.

`python benchmarks/sync_bench.py [--json FILE]`. "Beyond imports" is the command's CPU less that of a process which only
imports the very modules the command had loaded at its end. Figures only; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cost import Cost, Line, cost_of, report
from import_bench import HERE, NIGGLED, private_home

ACTIVITIES = 2000
POLLS = 9
LOADED = """
import atexit, json, sys
atexit.register(lambda: json.dump(sorted(sys.modules), open({file!r}, "w")))
sys.argv = ["niggled", *{arguments!r}]
from daemon.cli.main import main
main()
"""
ONLY_IMPORTS = """
import gc, importlib, json
gc.disable()
for name in json.load(open({file!r})):
    try:
        importlib.import_module(name)
    except Exception:
        pass
gc.freeze()
"""
"""With the collector off, as the command loads them."""


@dataclass(frozen=True, slots=True)
class Strava:
    """The fake's process: where it is, the keys of a finished login, and the requests it has served."""

    process: subprocess.Popen[str]
    url: str
    keys: dict[str, object]

    def requests(self) -> list[str]:
        """Those since the last call."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(file=self.process.stdin, flush=True)
        found: list[str] = json.loads(self.process.stdout.readline())
        return found


def started() -> Strava:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "fake_strava.py"), str(ACTIVITIES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    up = json.loads(process.stdout.readline())
    return Strava(process, up["url"], up["keys"])


def home_of(work: Path, strava: Strava) -> dict[str, str]:
    """A fresh home that is logged in there."""
    home = private_home(work)
    keys = Path(home["NIGGLED_HOME"]) / "keys" / "me-strava.json"
    keys.parent.mkdir(parents=True, mode=0o700)
    keys.write_text(json.dumps(strava.keys))
    keys.chmod(0o600)
    config = work / "config.toml"
    config.write_text(f'[athletes.me.sources.strava]\nbase_url = "{strava.url}"\n')
    return home | {"NIGGLED_CONFIG": str(config)}


def imports_of(arguments: Sequence[str], environment: dict[str, str], work: Path) -> Cost:
    """What it costs to import everything that the command needed."""
    modules = work / f"modules-{'-'.join(arguments)}.json"
    cost_of([sys.executable, "-c", LOADED.format(file=str(modules), arguments=list(arguments))], environment)
    program = ONLY_IMPORTS.format(file=str(modules))
    return middle([cost_of([sys.executable, "-c", program], environment) for _ in range(POLLS)])


def middle(costs: Sequence[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.cpu_s)[len(costs) // 2]


def beyond(cost: Cost, imports: Cost) -> Cost:
    return Cost(cost.cpu_s - imports.cpu_s, cost.wall_s - imports.wall_s)


def forget_last_listing(environment: dict[str, str]) -> None:
    """As six hours later: the next poll lists a fortnight again."""
    database = Path(environment["NIGGLED_HOME"]) / "niggled.db"
    with sqlite3.connect(database) as connection:
        (cursor,) = connection.execute("SELECT cursor FROM source_states").fetchone()
        told = json.loads(cursor)
        told["listed_at"] = "2000-01-01T00:00:00+00:00"
        connection.execute("UPDATE source_states SET cursor = ?", (json.dumps(told),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    strava = started()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        cost_of([NIGGLED, "sync", "strava"], home_of(work / "warm-up", strava))
        strava.requests()
        home = home_of(work / "measured", strava)
        first = cost_of([NIGGLED, "sync", "strava"], home)
        listed = [one for one in strava.requests() if not one.endswith("/streams")]
        first_imports = imports_of(["sync", "strava"], home_of(work / "imports", strava), work)
        idle_command = ("sync", "strava", "--scheduled")
        cost_of([NIGGLED, *idle_command], home)
        strava.requests()
        idle = middle([cost_of([NIGGLED, *idle_command], home) for _ in range(POLLS)])
        idle_requests = len(strava.requests()) / POLLS
        idle_imports = imports_of(idle_command, home, work)
        again: list[Cost] = []
        strava.requests()
        for _ in range(POLLS):
            forget_last_listing(home)
            again.append(cost_of([NIGGLED, *idle_command], home))
        again_requests = len(strava.requests()) / POLLS
    strava.process.stdin.close()  # type: ignore[union-attr]
    strava.process.wait(10)
    budget = "12 requests, 1.5 s CPU beyond imports"
    report(
        [
            Line(f"first sync of {ACTIVITIES} activities, rules included: {len(listed)} requests", first),
            Line("… beyond imports", beyond(first, first_imports), budget),
            Line(f"poll with nothing new: {idle_requests:g} requests", idle, "1 request, 0.6 s"),
            Line("… beyond imports", beyond(idle, idle_imports), "30 ms CPU"),
            Line(f"… with the 14-day re-list: {again_requests:g} requests", middle(again), "2 requests"),
        ],
        arguments.json,
    )
    print(f"\nspread of the polls' CPU: {statistics.pstdev(c.cpu_s for c in again):.3f} s")


if __name__ == "__main__":
    main()
