"""`niggled sync` brings from a service what `niggled import` brings from its export: the same runs, the same warnings."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from zipfile import ZipFile

import pytest
from fakes.account import Account
from fakes.account_builders import from_fit, from_strava_export, recorded
from fakes.account_exports import garmin_export
from fakes.clock import time_now
from fakes.command import Environment, database_of, environment_in, json_lines, niggled, rows
from fakes.connected_home import reached_by, served, sync_to_the_end

from connectors.formats.strava_export import parsed_date
from daemon.store.packing import unpack_load

HISTORIES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "histories"
ZONES = {"r05": "Asia/Tokyo", "r06": "Asia/Shanghai", "r11": "America/New_York"}
DAY = timedelta(days=1)

with_histories = pytest.mark.skipif(not HISTORIES.is_dir(), reason="../shared/data is absent")

type Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a home knows and would say, with activities named by their start: our ids count in order of arrival."""

    activities: list[Line]
    findings: list[tuple[Any, ...]]
    replayed: list[Line]
    loads: dict[str, Line]
    budget: Line


def told_in(environment: Environment) -> Told:
    listed = json_lines(niggled(environment, "activities", "list", "--json", "--limit", "0"))
    starts = {one.pop("id"): str(one["start"]) for one in listed}
    assert len(set(starts.values())) == len(starts), "two activities began at the same second"
    replayed = niggled(environment, "replay", "--json")
    assert (replayed.returncode, replayed.stderr) == (0, "")
    found = rows(
        database_of(environment),
        "SELECT key, rule, level, subject, numbers, activity_id, side FROM findings WHERE withdrawn_at IS NULL",
    )
    loads = rows(database_of(environment), "SELECT activity_id, load FROM loads")
    (status,) = json_lines(niggled(environment, "status", "--json"))
    return Told(
        activities=sorted(listed, key=lambda one: str(one["start"])),
        findings=sorted(
            (
                _renamed(key, starts),
                *told,
                json.loads(numbers),
                starts[activity] if activity else None,
                side,
            )
            for key, *told, numbers, activity, side in found
        ),
        replayed=[
            line
            | ({"key": _renamed(line["key"], starts)} if "key" in line else {})
            | {"findings": [_renamed(key, starts) for key in line.get("findings", ())]}
            for line in json_lines(replayed)
        ],
        loads={starts[str(activity)]: _plain(unpack_load(load)) for activity, load in loads},
        budget=status["budget"],
    )


def _renamed(key: str, starts: dict[str, str]) -> str:
    rule, subject, *rest = key.split("|")
    return "|".join((rule, starts.get(subject, subject), *rest))


def _plain(load: Any) -> Line:
    return {name: getattr(load, name) for name in type(load).__slots__}


def imported(folder: Path, timezone: str, path: Path) -> Told:
    environment = environment_in(folder)
    reached_by(environment, timezone)
    result = niggled(environment, "import", "--json", path)
    assert (result.returncode, result.stderr) == (0, "")
    return told_in(environment)


def synced(folder: Path, timezone: str, kind: str, account: Account) -> Told:
    environment = environment_in(folder)
    began = perf_counter()
    with served(kind, account, Path(environment["NIGGLED_HOME"])) as server:
        reached_by(environment, timezone, server)
        looks = sync_to_the_end(environment)
        assert looks[-1]["complete"]
        requests = len(server.log)
    print(
        f"\n{kind}: {len(account)} activities in {requests} requests, {len(looks)} looks, "
        f"{perf_counter() - began:.1f} s",
        end="",
    )
    return told_in(environment)


def until_now(export: Path, folder: Path) -> Path:
    """The export with all its dates moved on by whole weeks, so that its end is in the last one and its warnings count."""
    with ZipFile(export) as archive:
        header, *lines = csv.reader(io.StringIO(archive.read("activities.csv").decode("utf-8-sig")))
    column = header.index("Activity Date")
    starts = [_instant(line[column]) for line in lines]
    later = (time_now() - max(starts)) // (7 * DAY) * 7 * DAY
    for line, start in zip(lines, starts, strict=True):
        line[column] = f"{start + later:%b %d, %Y, %I:%M:%S %p}"
    text = io.StringIO()
    csv.writer(text).writerows([header, *lines])
    path = folder / "export.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("activities.csv", text.getvalue())
    return path


def _instant(cell: str) -> datetime:
    start = parsed_date(cell)
    assert start is not None, cell
    return start


@with_histories
@pytest.mark.parametrize(
    ("runner", "kind"), [("r05", "strava"), ("r06", "garmin by key"), ("r11", "garmin by login")]
)
def test_a_history_comes_through_the_door_as_from_the_export(runner: str, kind: str, tmp_path: Path) -> None:
    export, zone = until_now(HISTORIES / f"export_{runner}.zip", tmp_path), ZONES[runner]
    account = from_strava_export(export, zone)
    if kind != "strava":
        export = tmp_path / "garmin.zip"
        export.write_bytes(garmin_export(account))
    from_export = imported(tmp_path / "import", zone, export)
    through_door = synced(tmp_path / "sync", zone, kind, account)
    assert through_door.activities == from_export.activities
    assert through_door.findings == from_export.findings
    assert through_door.replayed == from_export.replayed
    assert through_door.budget == from_export.budget
    assert len(from_export.findings) >= 2
    assert sum(line["kind"] == "finding" for line in from_export.replayed) >= 50
    print(
        f"; {len(from_export.activities)} activities, {len(from_export.replayed)} lines of replay, "
        f"{len(from_export.findings)} findings of the last 60 days alike"
    )


def a_recorded_life(now: datetime) -> list[bytes]:
    """Eight weeks of hilly runs that grow, with walks, hikes, rides, strength and a treadmill."""
    evening = (now - DAY).replace(hour=17, minute=0, second=0, microsecond=0)
    files = []
    for week in range(8):
        back = evening - 7 * week * DAY
        files += [
            recorded(back - 1 * DAY, 9.0 - week * 0.5),
            recorded(back - 3 * DAY, 5.0),
            recorded(back - 5 * DAY, 4.0, sub_sport="treadmill" if week % 3 == 1 else "trail"),
            recorded(back - 2 * DAY, 1.5, "hiking" if week % 2 else "walking"),
        ]
    files.append(recorded(evening - 4 * DAY, 12.0, "cycling"))
    files.append(recorded(evening - 6 * DAY, 2.0, "training", "strength_training"))
    files.append(recorded(evening, 10.0))
    return files


@dataclass(frozen=True, slots=True)
class Recorded:
    files: list[bytes]
    told: Told


@pytest.fixture(scope="module")
def recorded_life(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A recorded life, and what its files tell."""
    folder = tmp_path_factory.mktemp("files")
    files = a_recorded_life(time_now())
    (folder / "fit").mkdir()
    for number, data in enumerate(files):
        (folder / "fit" / f"{number}.fit").write_bytes(data)
    return Recorded(files, imported(folder / "import", "UTC", folder / "fit"))


def of_both(activities: Iterable[Line]) -> list[Line]:
    """What files and services both tell: not where it came from, nor of a strength session, whose recording is never asked
    for, that it was indoors and that the file calls it "training"."""
    return [
        {
            name: value
            for name, value in one.items()
            if name != "source" and not (one["family"] == "strength" and name in ("sport", "indoor"))
        }
        for one in activities
    ]


@pytest.mark.parametrize("kind", ["garmin by key", "garmin by login"])
def test_recorded_runs_load_the_knee_through_garmin_s_doors_exactly_as_from_the_files(
    kind: str, recorded_life: Recorded, tmp_path: Path
) -> None:
    from_files = recorded_life.told
    through_door = synced(tmp_path / "sync", "UTC", kind, from_fit(recorded_life.files))
    assert of_both(through_door.activities) == of_both(from_files.activities)
    assert through_door.loads == from_files.loads
    assert through_door.findings == from_files.findings
    assert through_door.replayed == from_files.replayed
    assert through_door.budget == from_files.budget
    assert sum(load["k1"] is not None for load in from_files.loads.values()) >= 24
    print(f"; {len(from_files.loads)} knee loads alike")


def test_recorded_runs_load_the_knee_through_strava_within_two_percent_of_the_files(
    recorded_life: Recorded, tmp_path: Path
) -> None:
    """Strava rounds metres to the decimetre and seconds to whole ones."""
    from_files = recorded_life.told
    through_door = synced(tmp_path / "sync", "UTC", "strava", from_fit(recorded_life.files))
    assert through_door.loads.keys() == from_files.loads.keys()
    worst = 0.0
    for start, load in from_files.loads.items():
        ours = through_door.loads[start]
        assert ours["terrain_class"] == load["terrain_class"]
        for name in ("k1", "k3", "descent_m", "distance_m"):
            if load[name] is None:
                assert ours[name] is None, f"{name} of {start}"
            else:
                assert ours[name] == pytest.approx(load[name], rel=0.02), f"{name} of {start}"
            if load[name]:
                worst = max(worst, abs(ours[name] / load[name] - 1))
    assert [line[1:4] for line in through_door.findings] == [line[1:4] for line in from_files.findings]
    print(f"; {len(from_files.loads)} knee loads, the worst {worst:.2%} off")
