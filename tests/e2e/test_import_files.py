"""A folder of real files through the installed command: each ends as its index says (skipped where it is absent)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes.command import Environment, database_of, environment_in, everything, json_lines, niggled, rows

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")

type Line = dict[str, Any]

FILES = DATA / "files"
ONE_RUN = {
    "fit_run_fenix2_9km.fit",
    "same_run_fenix2.fit.gz",
    "garmin_original_download.zip",
    "same_run_fenix2.gpx",
    "same_run_fenix2.tcx",
    "same_run_fenix2_strava.tcx.gz",
}
READ_WHOLE = {"fit_chained_two_activities.fit", "fit_run_fr70_footpod.fit"}
"""Of the files that may be read or refused: those in which nothing is in doubt."""
SAME_BYTES = {"fit_run_fenix2_9km.fit", "same_run_fenix2.fit.gz", "garmin_original_download.zip"}


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of real files, imported. `activity_of`: file -> the activities that its records became part of."""

    environment: Environment
    imported: Line
    exit_code: int
    activity_of: dict[str, set[int]]
    activities: dict[int, Line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    environment = environment_in(tmp_path_factory.mktemp("files"))
    result = niggled(environment, "import", "--json", FILES)
    activity_of: dict[str, set[int]] = {}
    for origin, activity in rows(database_of(environment), "SELECT origin, activity_id FROM source_records"):
        activity_of.setdefault(origin.partition(":")[0], set()).add(activity)
    lines = json_lines(niggled(environment, "activities", "list", "--limit", "0", "--json"))
    return Folder(
        environment,
        json_lines(result)[0],
        result.returncode,
        activity_of,
        {int(line["id"]): line for line in lines},
    )


def index() -> list[dict[str, str]]:
    with (FILES / "index.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_file_ends_as_the_index_says(folder: Folder) -> None:
    aside = {item["origin"].partition(":")[0] for item in folder.imported["set_aside"]}
    doubted = {warning.partition(":")[0] for warning in folder.imported["warnings"]}
    for row in index():
        name, expected = row["file"], row["expected"]
        if expected == "ok":
            assert name not in aside, name
            # The same bytes in another wrapping are read once.
            assert name in folder.activity_of or name in SAME_BYTES, name
        elif expected == "clear error":
            assert name in aside, name
            assert name not in folder.activity_of, name
        elif name not in READ_WHOLE:
            assert name in aside | doubted, name
    assert folder.exit_code == 1


def test_a_refusal_names_the_file_the_reason_and_the_cure(folder: Folder) -> None:
    for item in folder.imported["set_aside"]:
        assert (FILES / item["origin"]).is_file()
        assert item["reason"].endswith(".")
        assert item["cure"].endswith(".")


def test_the_runs_of_the_files_have_the_kilometres_of_the_device(folder: Folder) -> None:
    for row in index():
        if row["expected"] != "ok" or not row["run_km"] or row["file"] not in folder.activity_of:
            continue
        mine = [folder.activities[number] for number in folder.activity_of[row["file"]]]
        ran = sum(one["km"] or 0 for one in mine if one["family"] == "run")
        assert ran == pytest.approx(float(row["run_km"]), rel=0.003, abs=0.001), row["file"]


def test_one_run_in_six_files_is_one_activity(folder: Folder) -> None:
    assert len(SAME_BYTES & folder.activity_of.keys()) == 1
    numbers = set().union(*(folder.activity_of.get(name, set()) for name in ONE_RUN))
    assert len(numbers) == 1
    (number,) = numbers
    shown = niggled(folder.environment, "activities", "show", str(number))
    assert shown.returncode == 0
    assert "running        9.0 km   47 min 64 m up 61 m down" in shown.stdout
    for name in ONE_RUN - SAME_BYTES:
        assert f"from {name}: 9.0" in shown.stdout


@pytest.mark.parametrize(
    "group",
    [
        ("same_ride_edge1000.fit", "same_ride_edge1000.gpx", "same_ride_edge1000.tcx"),
        ("same_ride_fr935.fit", "same_ride_fr935_strava.gpx"),
        ("gpx_8_tracks.gpx", "gpx_8_tracks_elevation_zero.gpx", "gpx_8_tracks_no_elevation.gpx"),
    ],
)
def test_other_activities_in_several_files_are_one_activity_too(
    folder: Folder, group: tuple[str, ...]
) -> None:
    assert len(set().union(*(folder.activity_of[name] for name in group))) == 1


def test_a_triathlon_in_two_files_is_three_legs(folder: Folder) -> None:
    first = folder.activity_of["fit_triathlon_summary_first.fit"]
    assert folder.activity_of["fit_triathlon_summary_last.fit"] == first
    assert sorted(folder.activities[number]["sport"] for number in first) == [
        "cycling",
        "running",
        "swimming",
    ]


def test_the_folder_again_changes_nothing_and_tells_the_refusals_again(folder: Folder) -> None:
    database = database_of(folder.environment)
    before = everything(database, without=("set_aside",))
    again = niggled(folder.environment, "import", "--json", FILES)
    assert again.returncode == 1
    (told,) = json_lines(again)
    assert (told["added"], told["changed"], told["merged"]) == (0, 0, 0)
    assert told["set_aside"] == folder.imported["set_aside"]
    assert everything(database, without=("set_aside",)) == before


def test_a_good_file_alone_ends_with_0(folder: Folder) -> None:
    for _ in range(2):
        assert niggled(folder.environment, "import", FILES / "fit_run_sdk_6m.fit").returncode == 0
