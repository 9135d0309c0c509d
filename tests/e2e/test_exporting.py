"""An export as installed: whole, private, and everything in it twice."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

from fakes.command import Environment, niggled
from fakes.kept_household import configured, home

__all__ = ["configured", "home"]


def test_an_export_is_whole_private_and_says_everything_twice(
    configured: Environment, tmp_path: Path
) -> None:
    place = tmp_path / "out"
    done = niggled(configured, "export", place, "--athlete", "anna", "--series")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{place}: 3 activities, 3 records, 1 findings, 2 messages, 1 replies, ")
    assert done.stdout.endswith(f"To take along: {place}/summary.html\n")
    assert not [path for path in place.rglob("*") if path.stat().st_mode & 0o077]
    for lines in place.glob("*.jsonl"):
        told = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
        with lines.with_suffix(".csv").open(encoding="utf-8", newline="") as stream:
            sheet = list(csv.DictReader(stream))
        assert len(told) == len(sheet)
        for one, row in zip(told, sheet, strict=True):
            assert list(one) == list(row)
            assert all((row[name] == "") == (value in (None, "")) for name, value in one.items())
    run = json.loads((place / "activities.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (run["start"], run["distance_m"], run["title"]) == ("2024-05-04T06:00:00Z", 10_000.0, "Früh")
    told = json.loads((place / "messages.jsonl").read_text().splitlines()[0])
    assert told["findings"] == ["R1|1|-|warn"]
    assert told["deliveries"] == [{"channel": "phone", "state": "sent", "sent_at": "2024-05-06T06:00:00Z"}]
    with (place / "series" / "1.csv").open(newline="") as stream:
        seconds = list(csv.reader(stream))
    assert seconds[:2] == [
        ["second", "step_m", "speed_mps", "grade_pct", "heart_rate_bpm", "cadence_spm"],
        ["0", "2.8", "2.8", "0.0", "150", "170"],
    ]
    assert len(seconds) == 601
    assert not [
        path for path in place.rglob("*") if path.is_file() and "ben" in path.read_text(encoding="utf-8")
    ]
    again = niggled(configured, "export", place, "--athlete", "anna")
    assert again.returncode == 1
    assert (
        again.stderr
        == f"The export was not made. {place} is there already and not empty. Name a new folder.\n"
    )
    assert os.listdir(tmp_path / "home") == []  # noqa: PTH208
