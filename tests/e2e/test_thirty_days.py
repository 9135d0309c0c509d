"""Thirty days with Strava and Garmin at their worst, in simulated time: nothing is lost, nothing is said twice."""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, time, timedelta
from pathlib import Path
from time import process_time

import pytest
import sqlalchemy as sa
from fakes.misfortunes import DRIP_DAY, DRIP_HOUR, DRIP_LASTS_H, PATIENCE_S
from fakes.month import DAYS, ZONE
from fakes.places import MARKS
from fakes.vendor import Logged
from fakes.watched_month import SERVICES, WatchedMonth, watched_month

from connectors import http
from daemon.store.findings import list_findings
from daemon.store.sources import SourceCondition, list_set_aside
from daemon.store.tables import ACTIVITIES, SOURCE_RECORDS
from rules.outcome import MessageKind

QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
PER_QUARTER, PER_DAY = 100, 1000
"""What Strava allows its newest applications to read."""
MET_AT_BOTH = {
    *("status 500", "status 503", "status 404", "status 429", "a web page", "odd record", "slow drip"),
    *("cut before the answer", "cut in the middle of the body", "truncated JSON", "JSON of another shape"),
    *("did it, answered, and died", "did it, and died before the answer"),
}
CATCH_UP = "Nothing is lost; I will catch up."
UNREADABLE = "Look at it on {}; it is tried again at every look."
REPORT = (
    "Update niggled, or report it with this line: the service has probably changed its answers. " + CATCH_UP
)
NEW_KEY = (
    "Make a new key in Garmin Connect on the web → Settings → Personal API, "
    "then paste it on your page or run `niggled login garmin`."
)

type Told = list[tuple[int, str]]
"""Day of March, and the words with hours, ids and counts replaced."""

BACK = "{} is back. SO MANY caught up."
TOLD_OF_STRAVA: Told = [
    (
        3,
        f"Strava cannot be read since Tuesday HH:MM. Strava answered with an error of its own (500). {CATCH_UP}",
    ),
    (3, BACK.format("Strava")),
    (
        6,
        "Strava has refused our app since Friday HH:MM. Subscribe to Strava and reactivate the application on "
        f"strava.com/settings/api, or use Garmin or files. {CATCH_UP}",
    ),
    (8, BACK.format("Strava")),
    (
        10,
        "Strava cannot be read since Tuesday HH:MM. Strava sent N activities and nothing of it could be understood "
        f"(the field start_date is missing). {REPORT}",
    ),
    (11, BACK.format("Strava")),
    (
        12,
        "Strava activity N could not be read: The field start_date is 'yesterday evening'. "
        + UNREADABLE.format("Strava"),
    ),
    (16, f"Strava has refused our login since Monday HH:MM. Run `niggled login strava`. {CATCH_UP}"),
    (16, BACK.format("Strava")),
    (17, f"Strava has refused our login since Tuesday HH:MM. Run `niggled login strava`. {CATCH_UP}"),
    (18, BACK.format("Strava")),
    (20, f"Strava has refused our login since Friday HH:MM. Run `niggled login strava`. {CATCH_UP}"),
    (22, BACK.format("Strava")),
]
TOLD_OF_GARMIN: Told = [
    (3, f"Garmin cannot be read since Tuesday HH:MM. Garmin has trouble of its own (HTTP 500). {CATCH_UP}"),
    (4, BACK.format("Garmin")),
    (
        5,
        f"Garmin cannot be read since Thursday HH:MM. Garmin answered with a web page instead of data. {CATCH_UP}",
    ),
    (5, BACK.format("Garmin")),
    (
        11,
        "Garmin cannot be read since Wednesday HH:MM. Garmin sent N activities and nothing of it could be understood "
        f"(the fields startTimeGMT and beginTimestamp hold no usable time). {REPORT}",
    ),
    (12, BACK.format("Garmin")),
    (
        13,
        "Garmin activity N could not be read: The fields startTimeGMT and beginTimestamp hold no usable time. "
        + UNREADABLE.format("Garmin"),
    ),
]
OF_THE_KEY: Told = [
    (5, f"The Garmin key ends on N March. {NEW_KEY}"),
    (16, f"The Garmin key ends on Thursday. {NEW_KEY}"),
    (19, f"Garmin has refused the key since Thursday HH:MM. {NEW_KEY} {CATCH_UP}"),
    (22, BACK.format("Garmin")),
]
OF_THE_LOGIN: Told = [
    (17, f"Garmin has refused our login since Tuesday HH:MM. Run `niggled login garmin`. {CATCH_UP}"),
    (17, BACK.format("Garmin")),
    (19, f"Garmin has refused our login since Thursday HH:MM. Run `niggled login garmin`. {CATCH_UP}"),
    (22, BACK.format("Garmin")),
]


@pytest.mark.parametrize(
    ("by_key", "every_min"),
    [
        pytest.param(True, 60, id="by key, every hour"),
        pytest.param(True, 15, id="by key, every quarter hour", marks=pytest.mark.soak),
        pytest.param(False, 15, id="by login, every quarter hour", marks=pytest.mark.soak),
    ],
)
def test_after_thirty_days_of_misfortunes_the_store_is_the_account_and_each_was_told_once(
    by_key: bool,
    every_min: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    def wait_for_an_answer(seconds: float) -> None:
        monkeypatch.setitem(http.Session.__init__.__kwdefaults__, "whole_s", seconds)

    with watched_month(tmp_path, by_key=by_key, every_min=every_min) as watched:
        watched.month.when(DRIP_DAY, DRIP_HOUR, lambda: wait_for_an_answer(PATIENCE_S))
        watched.month.when(
            DRIP_DAY, DRIP_HOUR + DRIP_LASTS_H, lambda: wait_for_an_answer(http.WHOLE_ANSWER_S)
        )
        began_s = process_time()
        watched.live_until(watched.month.at(DAYS, time(23)))
        print(f"\n30 days in {process_time() - began_s:.0f} s of CPU, services and all")
        show_requests(watched)
        show_messages(watched)
        assert_the_store_is_the_account(watched)
        assert_each_outage_was_told_once(watched, by_key=by_key)
        assert_nothing_was_pushed_twice(watched)
        assert_requests_stay_within_the_limits(watched)
        spared = {source: MET_AT_BOTH - met(server.log).keys() for source, server in watched.servers.items()}
        assert spared == {"strava": set(), "garmin": set()}
        said = [f"{one.message.title} {one.message.text} {one.reasons}" for one in watched.messages()]
    assert_no_secret_is_in(tmp_path, caplog.text, *said)


def met(log: Sequence[Logged]) -> Counter[str]:
    return Counter(entry.fault for entry in log if entry.fault)


def most_within(log: Sequence[Logged], window: timedelta) -> int:
    """The most requests in any window of that length."""
    instants = [entry.at for entry in log]
    return max(bisect_right(instants, at + window) - index for index, at in enumerate(instants))


def after_the_first_day(log: Sequence[Logged]) -> list[Logged]:
    return [entry for entry in log if entry.at > log[0].at + DAY]


def requests_by_day(log: Sequence[Logged]) -> Counter[object]:
    return Counter(entry.at.astimezone(UTC).date() for entry in log)


def show_requests(watched: WatchedMonth) -> None:
    for source, server in watched.servers.items():
        log, looks = server.log, [count for (one, _), count in watched.looks.items() if one == source]
        print(
            f"{source}: {len(log)} requests in {sum(looks)} looks; a day {len(log) / 30:.0f} and {sum(looks) / 30:.0f}, "
            f"at most {max(requests_by_day(log).values())} and {max(looks)}; in an hour at most "
            f"{most_within(log, HOUR)}, after the first day {most_within(after_the_first_day(log), HOUR)}; in 15 minutes "
            f"at most {most_within(log, QUARTER)}; misfortunes met: {dict(met(log))}"
        )


def show_messages(watched: WatchedMonth) -> None:
    for one in watched.messages():
        if one.message.kind is MessageKind.OPERATIONS:
            decided, due = (at.astimezone(ZONE) for at in (one.message.decided_at, one.message.due_at))
            print(f"{decided:%d %a %H:%M}, sent {due:%d %H:%M}  {one.message.title}: {one.message.text}")
    print(dict(Counter(one.message.kind.value for one in watched.messages())))


def assert_the_store_is_the_account(watched: WatchedMonth) -> None:
    records = table_of_records(watched)
    for source, account in watched.accounts.items():
        told = {external_id: row[:3] for (one, external_id), row in records.items() if one == source}
        assert told == {
            str(held.id): (held.start, held.distance_m or None, held.title) for held in account
        }, source
    there = [outing for outing in watched.month.outings if outing.exists]
    made = [
        {
            records[source, str(external_id)][3]
            for source, external_id in (("garmin", outing.garmin), ("strava", outing.strava))
            if external_id is not None
        }
        for outing in there
    ]
    assert [outing for outing, ids in zip(there, made, strict=True) if len(ids) != 1] == []
    with watched.store.reading() as session:
        activities = set(session.execute(sa.select(ACTIVITIES.c.id)).scalars())
        about = {one.finding.activity_id for one in list_findings(session, "me")} - {None}
        assert list_set_aside(session, "me") == []
    assert len(activities) == len(there) < len(watched.month.outings)
    assert set().union(*made) == activities
    assert {int(str(one)) for one in about} <= activities
    assert watched.vanished == []
    assert {watched.state(source).state for source in SERVICES} == {SourceCondition.OK}


def table_of_records(watched: WatchedMonth) -> dict[tuple[str, str], tuple[object, object, object, int]]:
    """(service, id there) -> start, metres, title, our activity."""
    names = ("source", "external_id", "start", "distance_m", "title", "activity_id")
    with watched.store.reading() as session:
        found = session.execute(sa.select(*(SOURCE_RECORDS.c[name] for name in names))).all()
    # Strava says 0 metres of what knows none.
    return {(row[0], row[1]): (row[2], row[3] or None, row[4], int(row[5])) for row in found}


def assert_each_outage_was_told_once(watched: WatchedMonth, *, by_key: bool) -> None:
    told: dict[str, Told] = {"Strava": [], "Garmin": []}
    for one in watched.messages():
        if one.message.kind is not MessageKind.OPERATIONS:
            continue
        words = re.sub(r"\d\d:\d\d", "HH:MM", one.message.text)
        words = re.sub(r"(?<=activity )\d+|(?<=sent )\d+|\d+(?= March)", "N", words)
        words = re.sub(r"\d+ runs? caught up|Nothing was missed", "SO MANY caught up", words)
        title = "needs you" if "back" not in words else "niggled"
        assert one.message.title.endswith(title)
        source = "Strava" if words.startswith("Strava") else "Garmin"
        told[source].append((one.message.decided_at.astimezone(ZONE).day, words))
    assert told["Strava"] == TOLD_OF_STRAVA
    of_garmin = [*TOLD_OF_GARMIN, *(OF_THE_KEY if by_key else OF_THE_LOGIN)]
    assert sorted(told["Garmin"]) == sorted(of_garmin)


def assert_nothing_was_pushed_twice(watched: WatchedMonth) -> None:
    received = Counter(message.key for message in watched.phone.received)
    assert set(received.values()) == {1}
    asked = Counter(
        one.message.question.activity_id
        for one in watched.messages()
        if one.message.question is not None and one.message.kind is MessageKind.AFTER_RUN
    )
    assert set(asked.values()) <= {1}
    nights = [
        one.message for one in watched.messages() if one.sent_at and one.sent_at.astimezone(ZONE).hour < 7
    ]
    assert nights == []


def assert_requests_stay_within_the_limits(watched: WatchedMonth) -> None:
    strava = watched.strava
    assert most_within(strava.log, QUARTER) < PER_QUARTER
    assert max(requests_by_day(strava.log).values()) < PER_DAY
    assert (strava.reads.over, strava.overall.over) == (0, 0)
    for server in watched.servers.values():
        assert most_within(after_the_first_day(server.log), HOUR) <= 30
        assert max(requests_by_day(after_the_first_day(server.log)).values()) <= 200


def assert_no_secret_is_in(folder: Path, *texts: str) -> None:
    stored = b"".join(path.read_bytes() for path in folder.glob("niggled.db*"))
    for secret in ("example-", "eyJ", *MARKS):
        assert secret.encode() not in stored, secret
        assert [text for text in texts if secret in text] == [], secret
