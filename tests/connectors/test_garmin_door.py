"""The one door both ways into Garmin share: pages, rows, look-ups and recordings, on a client in memory."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fakes.recordings import level_run

from connectors.errors import Broken, ConnectorError, Unavailable
from connectors.formats.fit_encode import encode_activity
from connectors.formats.garmin_export import Summary, summaries
from connectors.formats.leg import activity_of, content_hash
from connectors.sources.door import Door, Listed, Page, Unread
from connectors.sources.garmin import GarminDoor
from connectors.sources.garmin_client import Refused
from connectors.sources.garmin_facts import read_row
from connectors.sources.garmin_nights import NightTable
from rules.facts import Activity, Family
from rules.policy import Policy

POLICY = Policy()
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
START = datetime(2026, 5, 19, 5, 31, 8, tzinfo=UTC)


def row(number: int = 1, start: datetime = START, **changes: Any) -> dict[str, Any]:
    """A run as the listing tells it, in a zone two hours east; None takes a field away."""
    local = start + timedelta(hours=2)
    told: dict[str, Any] = {
        "activityId": 30_000_000_000 + number,
        "activityName": "Morning Run",
        "startTimeLocal": f"{local:%Y-%m-%d %H:%M:%S}",
        "startTimeGMT": f"{start:%Y-%m-%d %H:%M:%S}",
        "activityType": {"typeId": 1, "typeKey": "running", "parentTypeId": 17},
        "eventType": {"typeId": 9, "typeKey": "uncategorized"},
        "distance": 10_012.5,
        "duration": 3600.5,
        "movingDuration": 3590.0,
        "elapsedDuration": 3700.25,
        "elevationGain": 142.0,
        "elevationLoss": 140.0,
        "averageHR": 151.0,
        "maxHR": 172.0,
        "averageRunningCadenceInStepsPerMinute": 168.5,
        "beginTimestamp": round(start.timestamp() * 1000),
        "manualActivity": False,
        "parent": False,
    }
    return {name: value for name, value in (told | changes).items() if value is not None}


class MemoryClient:
    """A Garmin account in memory: rows newest first, `page_size` a page; `asked` is every request."""

    def __init__(self, rows: Sequence[Any] = (), page_size: int = 3) -> None:
        self.rows = list(rows)
        self.page_size = page_size
        self.night_tables: Sequence[NightTable] = ()
        self.file: bytes | ConnectorError = Refused(404)
        self.detail: Any = {}
        self.asked: list[dict[str, str]] = []

    def activities(self, start: int, filters: Mapping[str, str]) -> Any:
        self.asked.append({**filters, "start": str(start)})
        return self.rows[start : start + self.page_size]

    def get(self, path: str, params: Mapping[str, str]) -> Any:
        self.asked.append({"path": path, **params})
        if isinstance(self.detail, ConnectorError):
            raise self.detail
        return self.detail

    def download(self, activity_id: str) -> bytes:
        self.asked.append({"download": activity_id})
        if isinstance(self.file, ConnectorError):
            raise self.file
        return self.file


def door(client: MemoryClient) -> Door:
    return GarminDoor(client, POLICY.sport, lambda: NOW)


def rows_of(client: MemoryClient, since: datetime | None = None) -> list[Listed | Unread]:
    return [one for page in door(client).pages(since, None) for one in page.rows]


def only(told: Mapping[str, Any]) -> Listed:
    listed = read_row(dict(told))
    assert isinstance(listed, Listed), listed
    return listed


def family(**kind: Any) -> Family:
    return activity_of(only(row(activityType=kind)).leg, "garmin", POLICY).family


def days_ago(*days: int) -> list[dict[str, Any]]:
    return [row(day, START - timedelta(days=day)) for day in days]


def test_a_row_becomes_a_leg_in_metres_and_seconds() -> None:
    leg = only(row()).leg
    assert (leg.start, leg.utc_offset_s) == (START, 7200)
    assert (leg.distance_m, leg.moving_s, leg.elapsed_s) == (10_012.5, 3590.0, 3700.25)
    assert (leg.ascent_m, leg.descent_m) == (142.0, 140.0)
    assert (leg.mean_heart_rate_bpm, leg.max_heart_rate_bpm, leg.mean_cadence_spm) == (151.0, 172.0, 168.5)
    assert (leg.title, leg.manual, leg.race) == ("Morning Run", False, False)


def test_an_export_of_the_same_account_tells_the_same() -> None:
    exported = {
        "activityId": 30_000_000_001,
        "name": "Morning Run",
        "activityType": "running",
        "sportType": "RUNNING",
        "beginTimestamp": START.timestamp() * 1000,
        "startTimeLocal": (START.timestamp() + 7200) * 1000,
        "distance": 1_001_250.0,
        "duration": 3_600_500.0,
        "movingDuration": 3_590_000.0,
        "elapsedDuration": 3_700_250.0,
        "elevationGain": 14_200.0,
        "elevationLoss": 14_000.0,
        "avgHr": 151,
        "maxHr": 172,
        "avgDoubleCadence": 168.5,
    }
    export = json.dumps([{"summarizedActivitiesExport": [exported]}]).encode()
    summary = next(summaries(io.BytesIO(export)))
    assert isinstance(summary, Summary)
    hashes = [content_hash(activity_of(leg, "garmin", POLICY)) for leg in (summary.leg, only(row()).leg)]
    assert hashes[0] == hashes[1]
    assert summary.activity_id == only(row()).external_id


def test_what_was_not_measured_is_unknown_and_not_zero() -> None:
    bare = {name: row()[name] for name in ("activityId", "startTimeGMT", "activityType", "duration")}
    leg = only(bare).leg
    assert (leg.distance_m, leg.ascent_m, leg.descent_m, leg.utc_offset_s) == (None, None, None, None)
    assert (leg.mean_heart_rate_bpm, leg.mean_cadence_spm, leg.title) == (None, None, "")
    assert (leg.moving_s, leg.elapsed_s) == (3600.5, 3600.5)
    assert only(row(averageHR=0.0, movingDuration=0.0)).leg.mean_heart_rate_bpm is None
    assert only(row(averageHR=0.0, movingDuration=0.0)).leg.moving_s == 3600.5


def test_null_stands_for_unknown_everywhere() -> None:
    nulls = row() | dict.fromkeys(
        ("duration", "distance", "elevationGain", "averageHR", "startTimeLocal", "eventType", "activityName")
    )
    leg = only(nulls).leg
    assert (leg.distance_m, leg.ascent_m, leg.title, leg.utc_offset_s) == (None, None, "", None)


@pytest.mark.parametrize(
    "times",
    [
        {"startTimeGMT": None},
        {"beginTimestamp": None},
        {"beginTimestamp": None, "startTimeGMT": "2026-05-19T05:31:08.0"},
        {"beginTimestamp": None, "startTimeGMT": "2026-05-19T07:31:08+02:00"},
    ],
)
def test_every_way_garmin_writes_a_time_is_read(times: dict[str, Any]) -> None:
    assert only(row(**times)).leg.start == START


def test_a_strange_local_time_leaves_the_offset_open() -> None:
    assert only(row(startTimeLocal="1970-01-01 00:00:00")).leg.utc_offset_s is None
    assert only(row(startTimeLocal="2026-05-19 11:16:09")).leg.utc_offset_s == 20_700


@pytest.mark.parametrize("spelling", ["manualActivity", "isManualActivity"])
def test_both_spellings_of_a_manual_entry_count(spelling: str) -> None:
    assert only(row(manualActivity=None) | {spelling: True}).leg.manual


def test_a_race_is_a_race() -> None:
    assert only(row(eventType={"typeKey": "race"})).leg.race


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"typeKey": "running", "parentTypeId": 17}, Family.RUN),
        ({"typeKey": "trail_running", "parentTypeId": 1}, Family.RUN),
        ({"typeKey": "treadmill_running", "parentTypeId": 1}, Family.RUN),
        ({"typeKey": "night_running", "parentTypeId": 1}, Family.RUN),
        ({"typeKey": "hiking", "parentTypeId": 17}, Family.WALK),
        ({"typeKey": "casual_walking", "parentTypeId": 9}, Family.WALK),
        ({"typeKey": "strength_training", "parentTypeId": 29}, Family.STRENGTH),
        ({"typeKey": "indoor_cycling", "parentTypeId": 2}, Family.OTHER),
        ({"typeKey": "elliptical", "parentTypeId": 29}, Family.OTHER),
        ({"typeKey": "yoga", "parentTypeId": 29}, Family.OTHER),
    ],
)
def test_the_type_says_the_family_and_any_child_of_running_is_a_run(
    kind: dict[str, Any], expected: Family
) -> None:
    assert family(**kind) is expected


def test_a_treadmill_has_no_terrain() -> None:
    leg = only(row(activityType={"typeKey": "treadmill_running"}, elevationGain=12.0)).leg
    activity = activity_of(leg, "garmin", POLICY)
    assert activity.indoor
    assert activity.ascent_m is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"activityId": None}, "the field activityId is missing"),
        ({"duration": None}, "the field duration is missing"),
        ({"activityType": None}, "the field activityType is missing"),
        (
            {"beginTimestamp": None, "startTimeGMT": None},
            "the fields startTimeGMT and beginTimestamp hold no usable time",
        ),
        ({"distance": "10 km"}, "the field distance is no number"),
        ({"duration": [1]}, "the field duration is no number"),
        ({"distance": float("nan")}, "the field distance is no number"),
    ],
)
def test_a_row_without_what_is_needed_says_what_is_missing(changes: dict[str, Any], reason: str) -> None:
    unread = read_row(row(**changes))
    assert isinstance(unread, Unread)
    assert unread.reason == reason


def test_a_row_that_is_no_object_does_not_stop_the_others() -> None:
    rows = rows_of(MemoryClient([row(1), None, "soup"]))
    assert [type(one) for one in rows] == [Listed, Unread, Unread]


def test_the_payload_that_is_kept_knows_no_place_and_no_name_of_a_person() -> None:
    told = row(
        startLatitude=38.7,
        startLongitude=-9.1,
        endLatitude=38.8,
        locationName="Lisbon",
        ownerId=4711,
        ownerDisplayName="anna.k",
        ownerFullName="Anna Kovac",
        ownerProfileImageUrlSmall="https://example.org/anna.png",
        userRoles=["ROLE_OUTDOOR"],
        activityImages=[{"url": "https://example.org/a.jpg"}],
        description="along the Tejo",
        geoPolylineDTO={"polyline": [1, 2]},
        splitSummaries=[{"startLatitude": 38.7, "distance": 3.0, "averageVelocity": 2.0}],
    )
    raw = only(told).raw.decode()
    for private in (
        "38.7",
        "38.8",
        "-9.1",
        "Lisbon",
        "4711",
        "nna",
        "example.org",
        "ROLE",
        "Tejo",
        "polyline",
    ):
        assert private not in raw
    kept = json.loads(raw)
    assert kept["splitSummaries"] == [{"distance": 3.0, "averageVelocity": 2.0}]
    assert kept["distance"] == 10_012.5
    assert ": " not in raw


def test_legs_of_a_multi_sport_activity_are_listed_and_their_bracket_is_not() -> None:
    client = MemoryClient([row(1, parent=True), row(2, isParent=True), row(3, parentId=30_000_000_001)])
    assert [one.external_id for one in rows_of(client)] == ["30000000003"]
    assert all(asked["excludeChildren"] == "false" for asked in client.asked)


def test_a_first_sync_goes_on_until_an_empty_page() -> None:
    client = MemoryClient(days_ago(0, 1, 2, 3, 4), page_size=2)
    assert len(rows_of(client)) == 5
    assert [asked["start"] for asked in client.asked] == ["0", "2", "4", "5"]
    assert "startDate" not in client.asked[0]


def test_a_poll_with_nothing_new_is_one_request() -> None:
    client = MemoryClient(days_ago(0, 1), page_size=40)
    newest = START + timedelta(seconds=1)
    assert len(rows_of(client, since=newest)) == 2
    assert client.asked == [{"excludeChildren": "false", "startDate": "2026-05-18", "start": "0"}]


def test_the_listing_ends_where_it_reaches_behind_the_window() -> None:
    client = MemoryClient(days_ago(0, 1, 2, 3, 4), page_size=2)
    rows_of(client, since=START - timedelta(days=2))
    assert [asked["start"] for asked in client.asked] == ["0", "2"]


def test_the_days_asked_for_are_wider_than_the_window_because_they_are_local() -> None:
    client = MemoryClient()
    list(door(client).pages(datetime(2026, 5, 1, 3, tzinfo=UTC), datetime(2026, 5, 9, 23, tzinfo=UTC)))
    assert client.asked[0]["startDate"] == "2026-04-30"
    assert client.asked[0]["endDate"] == "2026-05-10"


def test_a_page_says_how_far_back_everything_was_told() -> None:
    """Garmin orders by the wall clock, so rows of the last day may still follow."""
    pages = list(door(MemoryClient(days_ago(0, 2, 4), page_size=2)).pages(None, None))
    assert [page.back_to for page in pages] == [START - timedelta(days=1), START - timedelta(days=3)]


def test_a_page_of_today_is_told_back_to_now_and_not_to_tomorrow() -> None:
    (page,) = door(MemoryClient([row(1, NOW - timedelta(hours=1))])).pages(None, None)
    assert page.back_to == NOW


def test_a_page_of_which_nothing_is_understood_promises_nothing() -> None:
    (page,) = door(MemoryClient([{"activityId": 7}])).pages(None, None)
    assert page == Page([Unread("7", "the fields startTimeGMT and beginTimestamp hold no usable time")], None)


def test_an_iteration_that_is_left_early_asks_for_no_further_page() -> None:
    client = MemoryClient(days_ago(0, 1, 2, 3), page_size=2)
    next(iter(door(client).pages(None, None)))
    assert len(client.asked) == 1


def test_a_run_that_arrives_meanwhile_shifts_the_pages_and_nothing_is_missed() -> None:
    client = MemoryClient(days_ago(0, 1), page_size=2)
    told: list[str] = []
    for number, page in enumerate(door(client).pages(None, None)):
        told += [one.external_id for one in page.rows]
        if number == 0:
            client.rows.insert(0, row(99, START + timedelta(hours=1)))
    assert told == ["30000000000", "30000000001", "30000000001"]


def test_a_server_that_repeats_itself_is_broken_and_no_endless_loop() -> None:
    class Stuck(MemoryClient):
        def activities(self, start: int, filters: Mapping[str, str]) -> Any:
            return super().activities(0, filters)

    client = Stuck(days_ago(0, 1))
    with pytest.raises(Broken, match="the same page of activities again and again"):
        rows_of(client)
    assert len(client.asked) == 3


@pytest.mark.parametrize("nothing", [[], None, {}])
def test_every_kind_of_nothing_is_an_empty_listing(nothing: Any) -> None:
    class Empty(MemoryClient):
        def activities(self, start: int, filters: Mapping[str, str]) -> Any:
            return nothing

    assert rows_of(Empty()) == []


def test_another_shape_than_a_list_is_broken() -> None:
    class Odd(MemoryClient):
        def activities(self, start: int, filters: Mapping[str, str]) -> Any:
            return {"message": "moved"}

    with pytest.raises(Broken, match="something other than a list of activities"):
        rows_of(Odd())


def test_one_run_without_a_distance_is_a_run_without_a_distance() -> None:
    rows = rows_of(MemoryClient([row(1, distance=None), row(2), row(3, distance=None)]))
    assert [type(one) for one in rows] == [Listed, Listed, Listed]


def test_runs_that_have_all_lost_their_distance_are_not_believed() -> None:
    ride = row(9, activityType={"typeKey": "cycling"}, distance=None)
    treadmill = row(8, activityType={"typeKey": "treadmill_running"}, distance=None)
    runs = [row(number, distance=None) for number in (1, 2, 3)]
    rows = rows_of(MemoryClient([ride, treadmill, *runs], page_size=5))
    assert [type(one) for one in rows] == [Listed, Listed, Unread, Unread, Unread]
    assert rows[2] == Unread("30000000001", "the field distance is missing")


def test_an_activity_is_gone_only_when_garmin_says_so() -> None:
    client = MemoryClient()
    assert door(client).exists("30000000001")
    assert client.asked == [{"path": "/activity-service/activity/30000000001"}]
    client.detail = Refused(404)
    assert not door(client).exists("30000000001")
    client.detail = Refused(403)
    assert door(client).exists("30000000001")
    for unclear in (Refused(404, page=True), Refused(500), Refused(503)):
        client.detail = unclear
        with pytest.raises(Unavailable):
            door(client).exists("30000000001")
    client.detail = Refused(400)
    with pytest.raises(Broken, match=r"^Garmin refused a request \(HTTP 400\)$"):
        door(client).exists("30000000001")


def test_an_id_cannot_lead_elsewhere() -> None:
    client = MemoryClient()
    door(client).exists("../../x?y")
    assert client.asked == [{"path": "/activity-service/activity/..%2F..%2Fx%3Fy"}]


RUN = level_run(START, 3.0)


def zipped(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def activity(**changes: Any) -> Activity:
    told = {"id": "", "family": Family.RUN, "sport": "running", "start": START}
    return Activity(**(told | {"distance_m": 3000.0, "moving_s": 1080.0} | changes))


def recorded(file: bytes | ConnectorError, of: Activity) -> Any:
    client = MemoryClient()
    client.file = file
    return door(client).recording("30000000001", of)


def test_the_recording_is_the_fit_file_in_the_zip() -> None:
    leg = recorded(zipped(("30000000001_ACTIVITY.fit", encode_activity(RUN))), activity())
    assert leg.start == START
    assert leg.samples is not None


def test_of_several_legs_the_one_that_started_then_is_taken() -> None:
    later = level_run(START + timedelta(hours=2), 5.0)
    file = zipped(("a.fit", encode_activity(later)), ("b.fit", encode_activity(RUN)))
    assert recorded(file, activity()).distance_m == pytest.approx(3000)
    assert recorded(file, activity(start=later.start)).distance_m == pytest.approx(5000)


def test_a_start_that_was_edited_still_finds_the_leg_of_its_family() -> None:
    file = zipped(("a.fit", encode_activity(RUN)))
    assert recorded(file, activity(start=START + timedelta(hours=1))).start == START
    ride = activity(start=START + timedelta(hours=1), family=Family.OTHER, sport="cycling")
    assert recorded(file, ride) is None


@pytest.mark.parametrize(
    "file",
    [
        Refused(404),
        b"",
        b"PK\x03\x04 and then nothing",
        zipped(("readme.txt", b"no recording")),
        zipped(("a.fit", b"\x0e\x10rubbish")),
    ],
)
def test_without_a_readable_file_there_are_no_samples_now_and_later(file: bytes | ConnectorError) -> None:
    assert recorded(file, activity()) is None


def test_a_manual_entry_is_not_asked_for_a_file() -> None:
    client = MemoryClient()
    assert door(client).recording("30000000001", activity(manual=True)) is None
    assert client.asked == []


@pytest.mark.parametrize(
    "trouble", [Refused(500), Refused(404, page=True), b"\n<!DOCTYPE html><h1>Sorry</h1>"]
)
def test_trouble_with_the_file_is_for_later_and_not_for_ever(trouble: bytes | ConnectorError) -> None:
    with pytest.raises(Unavailable):
        recorded(trouble, activity())


def test_nights_without_any_table_are_none() -> None:
    assert list(door(MemoryClient()).nights(date(2026, 5, 1), date(2026, 5, 2))) == []
