import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import fitdecode
import pytest

from connectors.sources.contract import SourceRecord
from connectors.sources.demo import FileArrives, events, make_season, write_season
from connectors.sources.demo_plan import DAYS, Kind
from connectors.sources.files import FilesSource
from rules.assess import advance, judge, start
from rules.facts import Family, ReplyKind
from rules.outcome import Level, LoadState, PainState
from rules.policy import Policy

TODAY = date(2026, 6, 10)


@pytest.fixture(scope="module")
def season():
    return make_season(TODAY)


def fit_messages(data):
    found = {}
    with fitdecode.FitReader(io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE) as reader:
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                found.setdefault(frame.name, []).append({field.name: field.value for field in frame.fields})
    return found


def runs(season):
    return [file.outing for file in season.files if file.outing.kind.is_run]


def scores(season, kind):
    return {
        (reply.at.date() - season.first_day).days: reply.score
        for reply in season.replies
        if reply.kind is kind
    }


def test_the_same_day_and_seed_make_the_same_season_to_the_byte(season):
    again = make_season(TODAY)
    assert again == season
    assert make_season(TODAY, seed=2) != season


def test_every_fit_file_of_the_season_reads_back_as_the_outing_it_was(season):
    files = [file for file in season.files if file.name.endswith(".fit")]
    assert len(files) > 60
    for file in files[::12]:
        read = fit_messages(file.content)
        if file.outing.kind is Kind.STRENGTH:
            assert read["session"][0]["sub_sport"] == "strength_training"
            continue
        metres = read["session"][0]["total_distance"]
        assert metres == pytest.approx(file.outing.km * 1000, abs=0.01)
        assert read["record"][-1]["distance"] == pytest.approx(metres, abs=0.01)
        speed_kmh = 3.6 * metres / read["session"][0]["total_timer_time"]
        assert 3 < speed_kmh < 13


def test_the_phone_wrote_gpx_tracks_whose_positions_add_up_to_the_distance(season):
    files = [file for file in season.files if file.name.endswith(".gpx")]
    assert len(files) > 15
    root = ET.fromstring(files[0].content)  # noqa: S314 (our own bytes)
    points = [
        (float(point.get("lat")), float(point.get("lon")))
        for point in root.iter("{http://www.topografix.com/GPX/1/1}trkpt")
    ]
    # at this scale a flat map is exact enough
    metres = sum(
        111_194.93 * ((north - south) ** 2 + (0.80386 * (east - west)) ** 2) ** 0.5
        for (south, west), (north, east) in pairwise(points)
    )
    assert metres == pytest.approx(files[0].outing.km * 1000, rel=0.002)


@pytest.fixture(scope="module")
def records(season, tmp_path_factory):
    folder = tmp_path_factory.mktemp("season")
    write_season(season, folder)
    return list(FilesSource([folder], Policy(), season.until).fetch(None, frozenset()))


def test_the_reader_of_everybodys_files_takes_every_one_of_them(season, records):
    assert {type(record) for record in records} == {SourceRecord}
    assert [record.warning for record in records if record.warning] == []
    outings = {file.name: file.outing for file in season.files}
    for record in records:
        outing, activity = outings[record.origin], record.activity
        if outing.kind is Kind.STRENGTH:
            assert activity.family is Family.STRENGTH
            continue
        assert activity.family is (Family.WALK if outing.kind is Kind.HIKE else Family.RUN)
        assert activity.distance_m == pytest.approx(outing.km * 1000, rel=1e-4)
        assert activity.indoor is (outing.kind is Kind.TREADMILL)
        if outing.kind in (Kind.HILLS, Kind.HIKE):
            assert activity.profile.dh_m == pytest.approx(outing.descent_m, rel=0.1)


def test_the_rules_have_something_to_say_in_every_chapter(season, records):
    activities = {record.origin: replace(record.activity, id=record.origin) for record in records}
    policy, state, found = Policy(), start(season.runner, Policy()), {}
    for event in events(season):
        state = advance(state, activities[event.name] if isinstance(event, FileArrives) else event, policy)
        for one in judge(state, policy, event.at).findings:
            found.setdefault((one.rule, one.level), (one.at.date() - season.first_day).days)
    assert found["R1", Level.WARN] == 83, "the friend's long run"
    assert found["R4", Level.WARN] == 122, "the first day in the hills"
    assert found["R10down", Level.WARN] == 122
    assert found["P1", Level.STOP] == 127, "running on through the pain"
    assert found["R6", Level.NOTE] == 157, "the first fast session"
    assert found["R9", Level.WARN] == 199, "back too eagerly"
    today = judge(state, policy, season.until)
    assert (today.pain.overall, today.load) == (PainState.AMBER, LoadState.AMBER)
    assert today.budget.longest_run_km.flat == 7.3, "0.7 of the 10.5 km before yesterday"


def test_nobodys_street_is_in_the_files(season):
    """36.5 N 33 W is open ocean, hundreds of kilometres from any land."""
    for file in season.files:
        if file.name.endswith(".gpx"):
            point = next(ET.fromstring(file.content).iter("{http://www.topografix.com/GPX/1/1}trkpt"))  # noqa: S314
            assert float(point.get("lat")) == pytest.approx(36.5, abs=0.1)
            assert float(point.get("lon")) == pytest.approx(-33.0, abs=0.1)


def test_the_season_has_what_it_promises(season):
    kinds = [file.outing.kind for file in season.files]
    assert 90 <= len(runs(season)) <= 120
    assert kinds.count(Kind.TREADMILL) >= 3
    assert kinds.count(Kind.HIKE) == 1
    assert kinds.count(Kind.FAST) == 3
    assert kinds.count(Kind.STRENGTH) > 25
    assert max(later.day - earlier.day for earlier, later in pairwise(runs(season))) == 18
    assert len({file.name for file in season.files}) == len(season.files)


def test_the_long_run_of_yesterday_is_24_percent_beyond_the_longest_of_the_month(season):
    *earlier, last = runs(season)
    longest_km = max(run.km for run in earlier if last.day - run.day <= 30)
    assert last.day == DAYS - 1
    assert (last.km, longest_km) == (13.0, 10.5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_knee_grumbles_after_the_spike_and_the_descents_and_is_quiet_on_ordinary_days(seed):
    season = make_season(TODAY, seed)
    during = scores(season, ReplyKind.DURING)
    sore_days = {day for day, score in during.items() if score >= 3}
    by_day = {file.outing.day: file.outing for file in season.files if file.outing.kind.is_run}
    assert {by_day[day].kind for day in sore_days} >= {Kind.LONG, Kind.HILLS}
    assert DAYS - 1 in sore_days, "yesterday's long run"
    assert max(during.values()) >= 5
    assert sum(score <= 1 for score in during.values()) > 0.9 * len(during)
    assert scores(season, ReplyKind.MORNING)[DAYS] == 2, "this morning, on the stairs"


def test_replies_come_in_order_after_the_run_they_are_about(season):
    times = [reply.at for reply in season.replies]
    assert times == sorted(times)
    assert len({reply.id for reply in season.replies}) == len(season.replies)
    ends = [file.arrives_at for file in season.files]
    for reply in season.replies:
        if reply.kind is ReplyKind.DURING:
            waited = min(reply.at - end for end in ends if end < reply.at)
            assert timedelta(minutes=60) < waited < timedelta(minutes=110)
            assert 7 <= reply.at.hour < 22
    assert {reply.settled for reply in season.replies if reply.kind is ReplyKind.AFTER} == {True, False}


def test_the_time_lapse_ends_this_morning(season):
    told = events(season)
    assert [event.at for event in told] == sorted(event.at for event in told)
    assert sum(isinstance(event, FileArrives) for event in told) == len(season.files)
    assert told[-1].at < season.until
    assert season.until == datetime(2026, 6, 10, 8, tzinfo=season.until.tzinfo)


def test_the_files_land_in_the_folder(season, tmp_path):
    paths = write_season(season, tmp_path / "new" / "season")
    assert [path.name for path in paths] == [file.name for file in season.files]
    assert paths[0].read_bytes() == season.files[0].content
    assert {path.suffix for path in paths} == {".fit", ".gpx"}
