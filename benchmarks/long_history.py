"""A made-up runner's many years, straight as facts: what the rules are measured on.

About 186 runs a year with terrain, cadence and fast minutes; optionally the knee's answers to each. `python
benchmarks/long_history.py FILE` writes 14 years as a Strava `activities.csv` instead, for measuring installed verbs.
"""

from __future__ import annotations

import argparse
import csv
from datetime import UTC, datetime, timedelta
from math import sin
from pathlib import Path
from random import Random

from rules.facts import Activity, Family, History, PainReply, Profile, ReplyKind
from rules.policy import Policy
from rules.profile import profile_of, series_of
from rules.resample import Samples
from rules.series import Series

UNTIL = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
RUNS_A_YEAR = 186
TEMPLATES = 40


def long_history(years: int, *, replies: bool = False, series: bool = False) -> History:
    """The last `years` before `UNTIL`, always the same; a shorter one is the end of a longer one."""
    count = years * RUNS_A_YEAR
    templates = [_recorded(Random(f"template {index}")) for index in range(TEMPLATES)]
    runs = tuple(_run(number, templates, series=series) for number in range(count, 0, -1))
    return History(activities=runs, replies=tuple(_replies(runs)) if replies else ())


def next_run(history: History) -> Activity:
    """One more run, two days after the last."""
    last = history.activities[-1]
    return Activity(
        id="new",
        family=Family.RUN,
        sport="running",
        start=last.start + timedelta(days=2),
        distance_m=last.distance_m,
        moving_s=last.moving_s,
        elapsed_s=last.elapsed_s,
        utc_offset_s=0,
        source="files",
        device="watch",
        profile=last.profile,
    )


def _run(number_from_end: int, templates: list[tuple[Series, Profile]], *, series: bool) -> Activity:
    rng = Random(f"run {number_from_end}")
    recorded, profile = templates[rng.randrange(TEMPLATES)]
    metres, seconds = profile.running.metres, profile.running.seconds
    start = UNTIL - timedelta(days=365 * number_from_end / RUNS_A_YEAR, minutes=rng.randrange(120))
    return Activity(
        id=f"run-{number_from_end}",
        family=Family.RUN,
        sport="running",
        start=start,
        distance_m=metres,
        moving_s=seconds,
        elapsed_s=seconds,
        utc_offset_s=0,
        mean_heart_rate_bpm=142,
        mean_cadence_spm=167,
        source="files",
        device="watch",
        profile=profile,
        series=recorded if series else None,
    )


def _recorded(rng: Random) -> tuple[Series, Profile]:
    """A run of 5 to 14 km over rolling ground; one in eight has fast stretches."""
    policy = Policy()
    goal_m, hill_m, wave_m = rng.uniform(5_000, 14_000), rng.uniform(3, 18), rng.uniform(150, 500)
    fast = rng.random() < 0.125
    distance, second = 0.0, 0
    distances, altitudes, cadences = [], [], []
    while distance < goal_m:
        speed = 2.8 + 0.15 * sin(distance / wave_m) + rng.uniform(-0.05, 0.05)
        if fast and second % 300 < 150 and second > 600:
            speed += 1.0
        distances.append(distance)
        altitudes.append(hill_m * sin(distance / wave_m))
        cadences.append(166 + 10 * (speed - 2.8) + rng.uniform(-2, 2))
        distance += speed
        second += 1
    samples = Samples(
        time_s=range(len(distances)), distance_m=distances, altitude_m=altitudes, cadence_spm=cadences
    )
    series = series_of(samples, policy.profile)
    assert series is not None
    return series, profile_of(series, policy.profile)


def _replies(runs: tuple[Activity, ...]) -> list[PainReply]:
    """After each run and on the morning after, mostly nothing; sore about once a month."""
    found = []
    for run in runs:
        rng = Random(f"reply {run.id}")
        worst = rng.choices((0, 1, 2, 4), (70, 20, 6, 4))[0]
        end = run.start + timedelta(seconds=run.elapsed_s or 0)
        morning = (run.start + timedelta(days=1)).replace(hour=7, minute=35)
        found.append(PainReply(f"D {run.id}", end + timedelta(minutes=80), ReplyKind.DURING, score=worst))
        if worst:
            settled = PainReply(f"A {run.id}", end + timedelta(minutes=81), ReplyKind.AFTER, settled=True)
            found.append(settled)
        found.append(PainReply(f"M {run.id}", morning, ReplyKind.MORNING, score=max(0, worst - 2)))
    return found


def write_activities_csv(history: History, path: Path) -> None:
    """The runs as the table of a Strava bulk export, summaries only."""
    header = ["Activity ID", "Activity Date", "Activity Name", "Activity Type", "Elapsed Time", "Distance"]
    header += ["Elapsed Time", "Moving Time", "Distance", "Elevation Gain"]
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(header)
        for number, run in enumerate(history.activities):
            metres, seconds = run.distance_m or 0.0, run.elapsed_s or 0.0
            hour = run.start.hour % 12 or 12
            date = (
                f"{run.start:%b} {run.start.day}, {run.start.year}, {hour}:{run.start:%M:%S} {run.start:%p}"
            )
            ascent = run.profile.ascent_m if run.profile else None
            row = [1_000_000 + number, date, "Morning Run", "Run", round(seconds), f"{metres / 1000:.2f}"]
            table.writerow([*row, seconds, seconds, metres, "" if ascent is None else f"{ascent:.1f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--years", type=int, default=14)
    arguments = parser.parse_args()
    write_activities_csv(long_history(arguments.years), arguments.file)


if __name__ == "__main__":
    main()
