"""What the rules cost on a long history: one new run after 2, 7 and 14 years, a replay of it all, `niggled status`.

`python benchmarks/rules_bench.py [--json FILE]`. Figures only; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cost import Cost, Line, cost_here, cost_of, report
from import_bench import HERE, NIGGLED, private_home
from long_history import UNTIL, long_history, next_run

from rules.assess import advance, assess, fold, judge
from rules.checkpoint import dump, load
from rules.facts import History
from rules.policy import Policy
from rules.replay import replay

YEARS = (2, 7, 14)
REPEATS = 15


def verb_lines(work: Path) -> list[Line]:
    """The installed command on 14 years of summaries: import, status, replay."""
    table = work / "activities.csv"
    cost_of([sys.executable, HERE / "long_history.py", table])
    home = private_home(work)
    first = cost_of([NIGGLED, "import", table], home)
    return [
        Line("niggled import, 14 years as a Strava table", first),
        Line("niggled status", _median([cost_of([NIGGLED, "status"], home) for _ in range(5)]), "0.25 s"),
        Line("niggled replay --json", cost_of([NIGGLED, "replay", "--json"], home)),
    ]


def step_lines(years: int) -> list[Line]:
    """One new run on a history of `years`: the fold's step and its verdict, alone and with its checkpoint."""
    policy, history = Policy(), long_history(years, replies=True)
    saved = json.dumps(dump(fold(history, policy, UNTIL)))
    run = next_run(history)
    now = run.start + timedelta(seconds=run.elapsed_s or 0, minutes=5)

    def step_and_judge() -> Cost:
        state = load(json.loads(saved), policy)
        return cost_here(lambda: judge(advance(state, run, policy), policy, now))

    def with_checkpoint() -> None:
        state = advance(load(json.loads(saved), policy), run, policy)
        judge(state, policy, now)
        json.dumps(dump(state))

    return [
        Line(
            f"assess after one new run, {years} years",
            _median([step_and_judge() for _ in range(REPEATS)]),
            "20 ms CPU, flat",
        ),
        Line(
            f"… with loading and saving its checkpoint ({len(saved) / 1024:.0f} kB)",
            _median([cost_here(with_checkpoint) for _ in range(REPEATS)]),
        ),
    ]


def whole_lines() -> list[Line]:
    """The whole of 14 years at once."""
    policy = Policy()
    quiet, answered = long_history(14), long_history(14, replies=True)
    count = len(quiet.activities)
    new = next_run(answered)
    now = new.start + timedelta(seconds=new.elapsed_s or 0, minutes=5)
    longer = replace(answered, activities=(*answered.activities, new))
    return [
        Line(f"replay, 14 years, {count:,} runs", cost_here(lambda: _exhaust(quiet, policy)), "2 s CPU"),
        Line(
            f"… with {len(answered.replies):,} pain replies",
            cost_here(lambda: _exhaust(answered, policy)),
        ),
        Line("assess from scratch, the same with replies", cost_here(lambda: assess(longer, policy, now))),
    ]


def _exhaust(history: History, policy: Policy) -> None:
    for _ in replay(history, policy):
        pass


def _median(costs: Sequence[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.cpu_s)[len(costs) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="niggled-bench-") as folder:
        lines = verb_lines(Path(folder))
    for years in YEARS:
        lines += step_lines(years)
    lines += whole_lines()
    report(lines, arguments.json)


if __name__ == "__main__":
    main()
