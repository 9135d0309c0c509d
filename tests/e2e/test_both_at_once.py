"""One life in Strava and in Garmin at the same time, a little differently told: every run is there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.account import Account, Held, at_the_other_service
from fakes.account_builders import from_strava_export, made_up
from fakes.clock import time_now
from fakes.command import Environment, database_of, environment_in, json_lines, niggled, rows
from fakes.connected_home import reached_by, served, sync_to_the_end

HISTORIES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "histories"
DAY = timedelta(days=1)
SPIKE_KM = 30.0

type Line = dict[str, Any]


class Both:
    """A home that both services are connected to. `garmin` is the account there, `strava` the same life at the other."""

    def __init__(self, folder: Path, garmin: Account, strava: Account) -> None:
        self.garmin, self.strava = garmin, strava
        self.environment: Environment = environment_in(folder)
        self._at_work = ExitStack()
        home = Path(self.environment["NIGGLED_HOME"])
        servers = [
            self._at_work.enter_context(served("garmin by key", garmin, home)),
            self._at_work.enter_context(served("strava", strava, home)),
        ]
        reached_by(self.environment, "UTC", *servers)

    def close(self) -> None:
        self._at_work.close()

    def sync(self, *sources: str) -> list[Line]:
        """One source after the other, to the end; without a name both."""
        told: list[Line] = []
        if not sources:
            return sync_to_the_end(self.environment)
        for source in sources:
            told += sync_to_the_end(self.environment, source)
        return told

    def run(self, *arguments: str) -> str:
        result = niggled(self.environment, *arguments)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        return result.stdout

    def activities(self) -> list[Line]:
        listed = json_lines(niggled(self.environment, "activities", "list", "--json", "--limit", "0"))
        return sorted(listed, key=lambda one: str(one["start"]))

    def records(self) -> dict[frozenset[tuple[str, str]], str]:
        """The records that make an activity, as (service, its id there) -> the activity's id."""
        made: dict[str, set[tuple[str, str]]] = {}
        for source, external_id, activity_id in rows(
            database_of(self.environment), "SELECT source, external_id, activity_id FROM source_records"
        ):
            made.setdefault(str(activity_id), set()).add((source, external_id))
        return {frozenset(records): activity_id for activity_id, records in made.items()}

    def pair_of(self, held: Held) -> tuple[Held, Held]:
        """An activity of Garmin's, and the same at Strava."""
        number = sorted(self.garmin, key=lambda one: one.start).index(held)
        return held, sorted(self.strava, key=lambda one: one.start)[number]

    def id_of(self, held: Held) -> str:
        """The id of our activity that a record of Garmin's or Strava's is part of."""
        found = [
            one for records, one in self.records().items() if str(held.id) in dict(map(_turned, records))
        ]
        assert len(found) == 1, f"{held.id} is part of {len(found)} activities"
        return found[0]

    def standing(self, activity_id: str) -> dict[str, bool]:
        """Rule -> whether its finding about the activity stands."""
        found = rows(
            database_of(self.environment),
            f"SELECT rule, withdrawn_at FROM findings WHERE activity_id = '{activity_id}'",  # noqa: S608
        )
        return {rule: withdrawn_at is None for rule, withdrawn_at in found}


def _turned(record: tuple[str, str]) -> tuple[str, str]:
    return record[1], record[0]


def a_life() -> Account:
    """Eight weeks of runs, walks, rides and strength sessions, with one run much longer than the others lately."""
    account = made_up(36, time_now() - DAY)
    for held in list(account):
        if held.sport == "run" and held.start > time_now() - 10 * DAY:
            account.edit(held.id, distance_m=8000.0, moving_s=2880.0, elapsed_s=2910.0)
    spike = next(held for held in account.newest_first() if held.sport == "run")
    account.edit(spike.id, distance_m=SPIKE_KM * 1000, moving_s=SPIKE_KM * 360, elapsed_s=SPIKE_KM * 360 + 30)
    return account


def the_spike(account: Account) -> Held:
    return next(held for held in account if held.distance_m == SPIKE_KM * 1000)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    garmin = a_life()
    strava = at_the_other_service(garmin)
    # The strap was the phone's.
    garmin.edit(the_spike(garmin).id, mean_heart_rate_bpm=None, max_heart_rate_bpm=None)
    made = Both(tmp_path, garmin, strava)
    yield made
    made.close()


def without_ids(activities: list[Line]) -> list[Line]:
    return [{name: value for name, value in one.items() if name != "id"} for one in activities]


@pytest.mark.skipif(not HISTORIES.is_dir(), reason="../shared/data is absent")
def test_eight_real_years_at_both_services_are_one_history(tmp_path: Path) -> None:
    strava = from_strava_export(HISTORIES / "export_r11.zip", "America/New_York")
    garmin = at_the_other_service(strava)
    both = Both(tmp_path, garmin, strava)
    try:
        both.sync("strava")
        alone = both.activities()
        both.sync("garmin")
    finally:
        both.close()
    made = Counter(tuple(sorted(source for source, _ in records)) for records in both.records())
    print(f"\n{len(strava)} activities at Strava, {len(garmin)} at Garmin: {dict(made)}", end="")
    assert len(both.activities()) == len(alone) == len(strava)
    assert sum(len(records) for records in both.records()) == len(strava) + len(garmin)
    assert made == {("garmin", "strava"): len(strava)}


def test_in_either_order_of_syncing_the_same_activities_come_of_it(both: Both, tmp_path: Path) -> None:
    both.sync("garmin", "strava")
    other_way_round = Both(tmp_path / "other", both.garmin, both.strava)
    try:
        other_way_round.sync("strava", "garmin")
    finally:
        other_way_round.close()
    assert without_ids(both.activities()) == without_ids(other_way_round.activities())
    assert both.records().keys() == other_way_round.records().keys()
    assert len(both.activities()) == len(both.garmin)
    assert all(len(records) == 2 for records in both.records())
    again = both.sync()
    assert [(one["new"], one["changed"], one["deleted"]) for one in again] == [(0, 0, 0), (0, 0, 0)]


def test_it_is_shown_which_service_gave_which_figure(both: Both) -> None:
    both.sync()
    at_garmin, at_strava = both.pair_of(the_spike(both.garmin))
    activity_id = both.id_of(at_garmin)
    shown = both.run("activities", "show", activity_id)
    print("\n" + shown, end="")
    assert f"  from Garmin activity {at_garmin.id}: 30.00 km " in shown
    assert f"  from Strava activity {at_strava.id}: " in shown
    by_garmin, by_strava = (line for line in shown.splitlines() if line.startswith("    gives "))
    assert "distance, indoor, metres down, metres up, moving time" in by_garmin
    assert by_strava == "    gives highest heart rate, mean heart rate"
    (told,) = json_lines(niggled(both.environment, "activities", "show", activity_id, "--json"))
    assert {(one["source"], one["external_id"]) for one in told["records"]} == {
        ("garmin", str(at_garmin.id)),
        ("strava", str(at_strava.id)),
    }
    assert told["provenance"]["distance_m"] == f"garmin:{at_garmin.id}"
    assert told["provenance"]["descent_m"] == f"garmin:{at_garmin.id}"
    assert told["provenance"]["mean_heart_rate_bpm"] == f"strava:{at_strava.id}"
    assert told["ascent_m"] == at_garmin.ascent_m != at_strava.ascent_m


def test_what_is_deleted_at_one_service_stays_with_the_other_s_record(both: Both) -> None:
    both.sync()
    at_garmin, at_strava = both.pair_of(the_spike(both.garmin))
    activity_id = both.id_of(at_garmin)
    assert both.standing(activity_id)["R1"]
    both.garmin.delete(at_garmin.id)
    told = both.sync()
    assert [one["deleted"] for one in told] == [1, 0]
    assert both.id_of(at_strava) == activity_id
    (left,) = [one for one in both.activities() if one["id"] == activity_id]
    assert at_strava.distance_m is not None
    assert left["km"] == round(at_strava.distance_m / 1000, 4)
    assert left["source"] == "strava"
    assert both.standing(activity_id)["R1"], "the run took place, whoever still tells of it"


def test_what_is_deleted_at_both_goes_and_takes_its_warnings_along(both: Both) -> None:
    both.sync()
    count = len(both.activities())
    at_garmin, at_strava = both.pair_of(the_spike(both.garmin))
    activity_id = both.id_of(at_garmin)
    before = both.standing(activity_id)
    assert before
    assert all(before.values())
    both.strava.delete(at_strava.id)
    both.sync()
    assert len(both.activities()) == count
    both.garmin.delete(at_garmin.id)
    both.sync()
    assert len(both.activities()) == count - 1
    assert not any(both.standing(activity_id).values())


def test_an_edit_at_one_service_changes_what_that_service_gives(both: Both) -> None:
    both.sync()
    count = len(both.activities())
    at_garmin, at_strava = both.pair_of(the_spike(both.garmin))
    activity_id = both.id_of(at_garmin)
    both.strava.edit(at_strava.id, distance_m=31_500.0)
    both.sync()
    assert "31.50 km" in both.run("activities", "show", activity_id)
    (same,) = [one for one in both.activities() if one["id"] == activity_id]
    assert same["km"] == SPIKE_KM
    both.garmin.edit(at_garmin.id, distance_m=8000.0, moving_s=2880.0, elapsed_s=2910.0)
    both.strava.edit(at_strava.id, distance_m=8010.0, moving_s=2880.0, elapsed_s=2910.0)
    told = both.sync()
    assert [one["changed"] for one in told] == [1, 1]
    (mended,) = [one for one in both.activities() if one["id"] == activity_id]
    assert mended["km"] == 8.0
    assert not both.standing(activity_id)["R1"]
    assert len(both.activities()) == count


def test_a_split_stays_whatever_the_services_tell_afterwards(both: Both) -> None:
    both.sync()
    count = len(both.activities())
    at_garmin, at_strava = both.pair_of(the_spike(both.garmin))
    said = both.run("activities", "split", both.id_of(at_garmin))
    assert said.startswith("Now 2 activities: ")
    assert both.id_of(at_garmin) != both.id_of(at_strava)
    both.sync()
    both.strava.edit(at_strava.id, title="With a friend", distance_m=29_000.0)
    both.garmin.edit(at_garmin.id, title="Alone")
    both.sync()
    for name in ("garmin", "strava"):
        niggled(both.environment, "sync", name, "--full")
    assert both.id_of(at_garmin) != both.id_of(at_strava)
    assert len(both.activities()) == count + 1
