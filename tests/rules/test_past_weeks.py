"""Calendar weeks of the past, and that the band of the usual ends where a rule speaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fakes.talk import POLICY

from rules.assess import fold, judge
from rules.core import zone_named
from rules.facts import Activity, Estimates, Family, History, RunLoad, TerrainClass
from rules.past_weeks import Figure, PastWeek, past_weeks
from rules.policy import Policy, with_overrides
from rules.records import record_of
from rules.usual_band import UsualBand, descent_band, fast_band, kilometres_band

MONDAY = date(2026, 4, 6)
WEEKS = 5
RUN_DAYS = (1, 3, 5, 6)
EASY = Estimates(2.78, 3.2)


def ran(
    day: int, km: float = 5.0, *, down: float | None = 25.0, fast: float | None = 5.0, walk: bool = False
) -> tuple[Activity, RunLoad]:
    """An activity of day `day` after the first Monday, at noon, and its load: one unit of knee load a kilometre."""
    start = datetime(2026, 4, 6, 12, tzinfo=UTC) + timedelta(days=day)
    activity = Activity(
        id=f"{day}{'w' if walk else ''}",
        family=Family.WALK if walk else Family.RUN,
        sport="walking" if walk else "running",
        start=start,
        distance_m=km * 1000,
        moving_s=km * 360,
        elapsed_s=km * 360,
        utc_offset_s=0,
        device="watch",
    )
    terrain = TerrainClass.NONE if down is None else TerrainClass.MEASURED
    load = RunLoad(km * 1000, km * 360, down, down, 0.0, km, km * 1.5, fast, terrain)
    return activity, load


def usual_weeks(last: tuple[Activity, RunLoad] | None = None) -> list[tuple[Activity, RunLoad]]:
    """Four runs of 5 km a week for five weeks, the very last run, on a Sunday, replaced by `last`."""
    runs = [ran(7 * week + day) for week in range(WEEKS) for day in RUN_DAYS]
    return [*runs[:-1], last or runs[-1]]


def weeks_of(
    runs: list[tuple[Activity, RunLoad]], policy: Policy = POLICY, days: int = 7 * WEEKS - 1
) -> tuple[tuple[PastWeek, ...], set[str]]:
    """(the weeks from the first one on, the rules that spoke about the last run), seen at the evening of the last day."""
    history = History(activities=tuple(one for one, _ in runs), loads={one.id: load for one, load in runs})
    now = datetime(2026, 4, 6, 20, tzinfo=UTC) + timedelta(days=days)
    state = fold(history, policy, now)
    records = [record_of(one, load, zone_named("UTC")) for one, load in runs]
    core = state.core
    found = past_weeks(records, MONDAY, WEEKS, now.date(), core.experience, core.terrain_since, policy)
    last = runs[-1][0].id
    return found, {one.rule for one in judge(state, policy, now).findings if one.activity_id == last}


def test_a_week_is_the_sum_of_its_seven_days() -> None:
    found, _ = weeks_of([*usual_weeks(), ran(34, 4.0, down=60.0, fast=None, walk=True)])
    assert [week.monday for week in found] == [MONDAY + timedelta(weeks=ahead) for ahead in range(WEEKS)]
    assert [week.km.value for week in found] == [20.0] * WEEKS, "a walk is no kilometre run"
    assert [week.descent_m.value for week in found] == [100.0] * 4 + [160.0]
    assert [week.knee_load.value for week in found] == [20.0] * 4 + [24.0]
    assert [week.knee_load_peak for week in found] == [30.0] * 4 + [36.0]
    assert [week.fast_min.value for week in found] == [20.0] * WEEKS


def test_the_usual_is_the_mean_of_the_three_weeks_before() -> None:
    assert kilometres_band([20.0, 26.0, 29.0], POLICY) == UsualBand(25.0, 30.0)
    assert kilometres_band([40.0, 40.0, 40.0], POLICY) == UsualBand(40.0, 48.0), "20 % are more than 5 km"
    assert descent_band([300.0, 800.0, 100.0], POLICY) == UsualBand(400.0, 1000.0), "25 % above the highest"
    assert descent_band([0.0, 0.0, 30.0], POLICY) == UsualBand(10.0, 250.0), (
        "150 m above the floor of the rule"
    )
    assert fast_band([0.0, 0.0, 0.0], POLICY) == UsualBand(0.0, 10.0)
    assert fast_band([40.0, 40.0, 40.0], POLICY) == UsualBand(40.0, 60.0)


def test_no_band_of_kilometres_after_a_week_without_a_run_because_no_rule_compares_then() -> None:
    assert kilometres_band([20.0, 0.0, 20.0], POLICY) is None


@pytest.mark.parametrize(("beside", "speaks"), [(-0.1, False), (0.1, True)])
def test_the_band_ends_where_the_rule_of_weeks_speaks(beside: float, *, speaks: bool) -> None:
    usual, _ = weeks_of(usual_weeks())
    ends = usual[-1].km.band
    assert ends == UsualBand(20.0, 25.0)
    week, rules = weeks_of(usual_weeks(ran(34, ends.spoken_from - 15.0 + beside)))
    assert week[-1].km.value == pytest.approx(25.0 + beside)
    assert ("R3" in rules) is speaks


@pytest.mark.parametrize(("beside", "speaks"), [(-1.0, False), (1.0, True)])
def test_the_band_ends_where_the_rule_of_hill_weeks_speaks(beside: float, *, speaks: bool) -> None:
    usual, _ = weeks_of(usual_weeks())
    ends = usual[-1].descent_m.band
    assert ends == UsualBand(100.0, 250.0)
    week, rules = weeks_of(usual_weeks(ran(34, down=ends.spoken_from - 75.0 + beside)))
    assert week[-1].descent_m.value == pytest.approx(250.0 + beside)
    assert ("R10down" in rules) is speaks


@pytest.mark.parametrize(("beside", "speaks"), [(-0.1, False), (0.1, True)])
def test_the_band_ends_where_the_rule_of_fast_minutes_speaks(beside: float, *, speaks: bool) -> None:
    usual, _ = weeks_of(usual_weeks())
    ends = usual[-1].fast_min.band
    assert ends == UsualBand(20.0, 30.0)
    _, rules = weeks_of(usual_weeks(ran(34, fast=ends.spoken_from - 15.0 + beside)))
    assert ("R6" in rules) is speaks


def test_the_band_follows_the_policy() -> None:
    wider = with_overrides(
        POLICY, {"r3": {"note": 1.5}, "r10": {"note_extra_m": 300.0}, "r6": {"ratio": 2.0}}
    )
    week = weeks_of(usual_weeks(), wider)[0][-1]
    assert week.km.band == UsualBand(20.0, 30.0)
    assert week.descent_m.band == UsualBand(100.0, 400.0)
    assert week.fast_min.band == UsualBand(20.0, 40.0)


def test_a_learning_runner_has_weeks_but_no_band() -> None:
    found, _ = weeks_of(usual_weeks())
    assert [week.km.band is not None for week in found] == [False, False, False, False, True]
    rare = [ran(7 * week + 6, 12.0) for week in range(WEEKS)]
    assert all(week.km.band is None for week in weeks_of(rare)[0]), "five runs are fewer than eight"


def test_before_the_first_run_nothing_is_known_and_a_week_of_rest_is_zero() -> None:
    runs = [ran(7 * week + day) for week in (1, 3) for day in RUN_DAYS]
    found, _ = weeks_of(runs)
    assert found[0] == PastWeek(MONDAY)
    assert [week.km for week in found[1:]] == [Figure(20.0), Figure(0.0), Figure(20.0), Figure(0.0)]
    assert found[2].descent_m.value == found[2].knee_load.value == found[2].fast_min.value == 0.0


def test_what_no_run_tells_is_not_known_in_weeks_of_rest_either() -> None:
    found, _ = weeks_of([ran(7 * week + day, down=None, fast=None) for week in (0, 2) for day in RUN_DAYS])
    assert {week.descent_m.value for week in found} == {None}
    assert {week.fast_min.value for week in found} == {None}
    assert found[1].knee_load.value == 0.0


def test_a_run_that_was_never_measured_leaves_the_knee_load_of_its_week_open() -> None:
    activity, load = ran(34)
    found, _ = weeks_of(usual_weeks((activity, replace(load, k1=None, k3=None))))
    assert found[-1].km.value == 20.0
    assert found[-1].knee_load.value is None
    assert found[-1].knee_load_peak is None


def test_another_watch_has_no_band_of_hills_until_four_weeks_are_its_own() -> None:
    runs = [
        (replace(one, device="new" if index >= 8 else "watch"), load)
        for index, (one, load) in enumerate(usual_weeks())
    ]
    found, _ = weeks_of(runs)
    assert found[-1].descent_m.band is None
    assert found[-1].km.band is not None


def test_knee_loads_of_all_weeks_are_measured_against_the_newest_easy_speed() -> None:
    """RULES 2.7: the easy speed of the last run holds for everything it is compared with."""
    slow = [(one, replace(load, basis=replace(EASY, easy_speed_mps=2.5))) for one, load in usual_weeks()]
    slow[-1] = (slow[-1][0], replace(slow[-1][1], basis=EASY))
    records = [record_of(one, load, zone_named("UTC")) for one, load in slow]
    state = fold(History(activities=tuple(one for one, _ in slow)), POLICY, slow[-1][0].start)
    today = MONDAY + timedelta(days=7 * WEEKS - 1)
    found = past_weeks(records, MONDAY, WEEKS, today, state.core.experience, {}, POLICY)
    assert found[0].knee_load.value == pytest.approx(20.0 * (2.78 / 2.5) ** 0.85)
    assert found[-1].knee_load.value == pytest.approx(15.0 * (2.78 / 2.5) ** 0.85 + 5.0)


def test_a_run_dated_tomorrow_by_travel_counts_as_of_today() -> None:
    activity, load = ran(34)
    early = replace(activity, utc_offset_s=14 * 3600)
    found, _ = weeks_of(usual_weeks((early, load)))
    assert found[-1].km.value == 20.0
