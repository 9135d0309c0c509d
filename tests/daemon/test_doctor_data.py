"""What the doctor says of the database, the sources and the channels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fakes.receiver import REFUSED_LOGIN, Receiver

from connectors.sources.contract import SetAside
from connectors.sources.garmin_key import key_countdown
from daemon.cli.source_lines import SourceAffairs
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.config_sources import SourceConfig
from daemon.credentials import Secret
from daemon.doctor import channels, database, sources
from daemon.doctor.examine import set_aside_verdicts
from daemon.doctor.unit import Unit
from daemon.doctor.verdict import Mark, Verdict
from daemon.jobs.poll_cursor import Cursor
from daemon.store import outbox
from daemon.store.conversation import Hearing
from daemon.store.engine import Store
from daemon.store.migrate import HEAD
from daemon.store.outbox import Delivery, DeliveryState, Reason
from daemon.store.sources import SourceCondition, SourceState, list_set_aside, set_aside
from rules.outcome import Level, Message, MessageKind

NOW = datetime(2026, 11, 25, 20, 15, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 18, tzinfo=UTC)
FINE = SourceState(
    "strava", SourceCondition.OK, due_at=NOW, last_success_at=NOW, last_new_activity_at=TUESDAY
)


def said(verdicts: Iterable[Verdict]) -> list[str]:
    return [f"{one.mark.value}: {one.what} {one.cure}".rstrip() for one in verdicts]


def database_said(path: Path, within_s: float = 20.0) -> list[str]:
    return said(database.database_verdicts(f"sqlite:///{path}", within_s))


def test_a_whole_database_of_this_shape(store: Store, tmp_path: Path) -> None:
    store.close()
    shape, whole = database_said(tmp_path / "niggled.db")
    assert shape == f"ok: The database has this program's shape ({HEAD})."
    assert whole == f"ok: {tmp_path / 'niggled.db'}, 0 MB, whole."


def test_looking_makes_no_database(tmp_path: Path) -> None:
    path = tmp_path / "none" / "niggled.db"
    assert database_said(path) == [f"ok: There is no database yet; `niggled run` makes {path}."]
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("revision", "told"),
    [
        ("0001", f"ok: The database has an older shape (0001); `niggled run` brings it to {HEAD}."),
        (
            "0999",
            f"bad: The database was made by a newer niggled (its shape is 0999, this program knows up to {HEAD}). "
            "Install the newer version again, or restore a backup made by this one.",
        ),
    ],
)
def test_a_database_of_another_shape_is_left_as_it_is(
    store: Store, tmp_path: Path, revision: str, told: str
) -> None:
    with store.session() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    store.close()
    path = tmp_path / "niggled.db"
    assert database_said(path)[0] == told
    assert not database.usable(f"sqlite:///{path}")
    assert database_said(path)[0] == told, "looked at, not brought up to date"


def test_a_damaged_database_is_bad(store: Store, tmp_path: Path) -> None:
    with store.session() as session:
        for number in range(400):
            message = Message(
                f"load|{number}",
                MessageKind.LOAD,
                Level.WARN,
                "t",
                "x" * 200,
                NOW,
                NOW,
                NOW + timedelta(hours=1),
            )
            outbox.enqueue(session, "me", message, ["phone"], NOW)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    store.close()
    path = tmp_path / "niggled.db"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :: 7] = b"\xa5" * len(content[len(content) // 2 :: 7])
    path.write_bytes(content)
    assert any(
        line.startswith("bad:") and "damaged" in line and "last backup" in line
        for line in database_said(path)
    )


def test_something_that_is_no_database_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "niggled.db"
    path.write_bytes(b"not a database at all" * 500)
    assert database_said(path) == [
        "bad: The database cannot be read. The file is not a SQLite database. "
        "Name another file in [store] url, or move this one away and import again."
    ]


def test_a_large_database_is_not_waited_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_STEPS_BETWEEN_GLANCES", 1)
    store.close()
    told = database_said(tmp_path / "niggled.db", within_s=0.0)[-1]
    assert told.startswith("warning: ")
    assert "too large to be examined in 0 s. Run `sqlite3 " in told


def source_said(athlete: AthleteConfig, state: SourceState, aside: int = 0, read: int = 9) -> list[str]:
    return said(sources.source_verdicts(SourceAffairs(state, Cursor(read=read), None), athlete, aside, NOW))


def test_a_source_that_is_read(athlete: AthleteConfig) -> None:
    assert source_said(athlete, FINE) == ["ok: Strava: read 20:15 UTC, last new activity Tuesday 18:00 UTC."]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                "state": SourceCondition.NEEDS_LOGIN,
                "reason": "Strava has refused our login",
                "cure": "Run `niggled login strava`.",
                "failing_since": TUESDAY,
            },
            "bad: Strava needs you since Tuesday 18:00 UTC. Strava has refused our login. Run `niggled login strava`.",
        ),
        (
            {
                "state": SourceCondition.BROKEN,
                "reason": "Strava sent 12 activities and nothing of it could be understood (no start).",
                "failing_since": TUESDAY,
                "due_at": NOW + timedelta(hours=1),
            },
            "bad: Strava is broken since Tuesday 18:00 UTC (PARSE_MISS). Strava sent 12 activities and nothing of it "
            "could be understood (no start). It is asked again 21:15 UTC. Else update niggled.",
        ),
        (
            {
                "state": SourceCondition.WAITING,
                "reason": "Strava did not answer in time",
                "failing_since": TUESDAY,
                "due_at": NOW + timedelta(hours=1),
            },
            "warning: Strava cannot be read since Tuesday 18:00 UTC. Strava did not answer in time. "
            "Nothing to do. It is asked again 21:15 UTC.",
        ),
        (
            {"last_success_at": None},
            "warning: Strava is connected and was not read yet. `niggled sync strava` does so now.",
        ),
        (
            {"due_at": TUESDAY},
            "warning: Strava was to be read Tuesday 18:00 UTC, and nobody has. See whether the daemon runs.",
        ),
        (
            {"last_new_activity_at": NOW - timedelta(days=30)},
            "warning: Strava: read 20:15 UTC, and nothing new for 30 days (EMPTY). If you ran: check the watch's sync.",
        ),
        (
            {"last_new_activity_at": None},
            "warning: Strava: read 20:15 UTC, and there is nothing in the account (EMPTY). "
            "If there should be: see whether the watch syncs to this account.",
        ),
    ],
)
def test_a_source_that_is_not_well(athlete: AthleteConfig, changes: dict[str, Any], told: str) -> None:
    assert source_said(athlete, replace(FINE, **changes)) == [told]


def test_a_source_of_which_nothing_can_be_read(athlete: AthleteConfig) -> None:
    (told,) = source_said(athlete, replace(FINE, last_new_activity_at=None), aside=4, read=0)
    assert told.startswith("bad: Strava answers, and nothing that it sends can be read (PARSE_MISS).")


def keys_said(
    athlete: AthleteConfig,
    home: Path,
    source: str,
    saved: dict[str, Any] | None,
    ends: datetime | None = None,
) -> list[str]:
    path = home / "keys" / f"me-{source}.json"
    path.parent.mkdir(exist_ok=True)
    if saved is not None:
        path.write_text(json.dumps(saved))
        import os

        os.utime(path, (TUESDAY.timestamp(), TUESDAY.timestamp()))
    key = None if ends is None else key_countdown(ends.date(), 90, NOW.date())
    one = SourceAffairs(replace(FINE, source=source), Cursor(), key)
    return said(sources.key_verdicts(athlete, source, home, one, NOW))


STRAVA = {
    "access_token": "at-secret",
    "refresh_token": "rt-secret",
    "expires_at": int((NOW + timedelta(hours=3)).timestamp()),
    "scope": "read,activity:read_all",
    "api_base": "https://api.example.org/v3",
}


def test_stravas_token_its_age_its_scopes_and_the_host_that_answers(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    told = keys_said(athlete, tmp_path, "strava", STRAVA)
    assert told == [
        "ok: Strava: all activities allowed, token good until 23:15 UTC, api.example.org answers, "
        "saved Tuesday 18:00 UTC."
    ]
    old = STRAVA | {"expires_at": 1}
    assert ", token renewed at the next look," in keys_said(athlete, tmp_path, "strava", old)[0]


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        (
            STRAVA | {"scope": "read,activity:read"},
            "bad: Strava: private activities were not allowed, so they are missing.",
        ),
        ({"client_id": "1"}, "bad: Strava: there is no login. Run `niggled login strava`."),
    ],
)
def test_a_strava_login_that_lacks_something(
    athlete: AthleteConfig, tmp_path: Path, saved: dict[str, Any], told: str
) -> None:
    (line,) = keys_said(athlete, tmp_path, "strava", saved)
    assert line.startswith(told)
    assert "secret" not in line


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (60, "ok: Garmin: the key is good until 2027-01-24, saved Tuesday 18:00 UTC."),
        (
            9,
            "warning: Garmin: the key ends on 2026-12-04, in 9 days. Make a new one, `niggled login garmin`.",
        ),
        (-1, "bad: Garmin: the key was to end on 2026-11-24. Make a new one, `niggled login garmin`."),
    ],
)
def test_the_end_of_garmins_key(athlete: AthleteConfig, tmp_path: Path, days: int, told: str) -> None:
    assert keys_said(athlete, tmp_path, "garmin", {"api_key": "k"}, NOW + timedelta(days=days)) == [told]


def test_a_key_without_an_end_and_none_at_all(athlete: AthleteConfig, tmp_path: Path) -> None:
    assert keys_said(athlete, tmp_path, "garmin", None) == [
        "bad: Garmin: there is no key. Run `niggled login garmin`."
    ]
    (told,) = keys_said(athlete, tmp_path, "garmin", {"api_key": "k"})
    assert told.startswith("warning: Garmin: nobody has told when the key ends")


def test_a_key_file_that_is_garbage_is_bad(athlete: AthleteConfig, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/me-strava.json").write_text("{oops")
    (told,) = keys_said(athlete, tmp_path, "strava", None)
    assert told.startswith("bad: The keys in ")
    assert told.endswith("Run `niggled login strava`.")


def test_the_host_that_a_source_is_asked_at(athlete: AthleteConfig, tmp_path: Path) -> None:
    assert sources.host(athlete, "garmin", tmp_path) == "https://personal.connectapi.garmin.com"
    assert sources.host(athlete, "strava", tmp_path) == "https://www.strava.com"
    moved = replace(athlete, sources={"strava": SourceConfig("strava", base_url="https://localhost:8443")})
    assert sources.host(moved, "strava", tmp_path) == "https://localhost:8443"


def with_channels(athlete: AthleteConfig, *some: ChannelConfig) -> AthleteConfig:
    return replace(athlete, channels=some)


def apprise(url: Secret) -> ChannelConfig:
    return ChannelConfig("phone", "apprise", url, ("warning",))


def settings_said(athlete: AthleteConfig, home: Path, unit: Unit | None = None) -> list[str]:
    return said(channels.settings_verdicts(athlete, home, lambda: NOW, unit))


def test_the_settings_of_channels(athlete: AthleteConfig, tmp_path: Path) -> None:
    assert settings_said(athlete, tmp_path) == ["ok: phone (apprise, out only): its settings make sense."]
    (told,) = settings_said(with_channels(athlete, apprise(Secret("plain", "nonsense://x"))), tmp_path)
    assert told.startswith("bad: phone")
    assert "nonsense" not in told
    (told,) = settings_said(with_channels(athlete), tmp_path)
    assert told.startswith("warning: There is no channel: warnings reach nobody.")
    chat = ChannelConfig("chat", "telegram", None, ("warning",), token=Secret("plain", "1:abc"))
    assert settings_said(with_channels(athlete, chat), tmp_path) == [
        "bad: chat: no chat is paired with the bot yet. Run `niggled login telegram chat`."
    ]


def test_a_secret_that_only_the_service_has_is_no_mistake(athlete: AthleteConfig, tmp_path: Path) -> None:
    secret = with_channels(athlete, apprise(Secret("credential", "phone-url")))
    unit = Unit("system", "active", "running", "success", "2min", 0, 1, "", frozenset({"phone-url"}))
    assert settings_said(secret, tmp_path, unit) == [
        "ok: phone (apprise): its secret is with the service only."
    ]
    assert settings_said(secret, tmp_path)[0].startswith("bad: phone: there is no credential phone-url")


def test_a_test_message_goes_through_each_channel(athlete: AthleteConfig, tmp_path: Path) -> None:
    with Receiver() as receiver:
        one = with_channels(athlete, apprise(Secret("plain", receiver.url)))
        (told,) = channels.sent_verdicts(one, tmp_path, lambda: NOW)
        assert told.mark is Mark.GOOD
        assert told.what.startswith("phone: JSON took it in ")
        assert receiver.received[0].json()["title"] == "niggled test"
        receiver.fail_always(REFUSED_LOGIN)
        (told,) = channels.sent_verdicts(one, tmp_path, lambda: NOW)
        assert told.mark is Mark.BAD
        assert str(receiver.port) not in told.what


def hearing_said(athlete: AthleteConfig, hearing: Hearing | None) -> list[str]:
    phone = ChannelConfig(
        "phone",
        "ntfy",
        None,
        ("prompt",),
        topic=Secret("plain", "a" * 22),
        reply_topic=Secret("plain", "b" * 22),
    )
    heard = {} if hearing is None else {"phone": hearing}
    return said(channels.hearing_verdicts(with_channels(athlete, phone), heard, "not listened to.", NOW))


def test_whether_answers_are_read_and_who_else_writes(athlete: AthleteConfig) -> None:
    assert hearing_said(athlete, None) == ["ok: phone: not listened to."]
    assert hearing_said(athlete, Hearing("phone")) == ["ok: phone: answers are read."]
    strange = Hearing("phone", strangers=12, last_stranger_at=TUESDAY)
    assert hearing_said(athlete, strange) == [
        "warning: phone: answers are read; 12 messages of strangers ignored, the last Tuesday 18:00 UTC. "
        "If they go on, choose a new topic, bot or address."
    ]
    deaf = Hearing("phone", failing_since=TUESDAY, failure="ntfy.example.org could not be reached")
    assert hearing_said(athlete, deaf)[0].startswith(
        "bad: phone: answers cannot be read since Tuesday 18:00 UTC. ntfy.example.org could not be reached."
    )


def delivery(due_at: datetime, state: DeliveryState, *reasons: str) -> Delivery:
    message = Message("q|1", MessageKind.LOAD, Level.WARN, "Knee?", "4 noted", due_at, due_at, due_at)
    told = tuple(Reason(due_at, reason) for reason in reasons)
    return Delivery("me", "phone", message, state, due_at, len(told), told, None, None)


def outbox_said(athlete: AthleteConfig, waiting: list[Delivery], failed: list[Delivery]) -> list[str]:
    return said(channels.delivery_verdicts(athlete, waiting, failed, NOW, timedelta(minutes=30)))


def test_the_backlog_tells_since_when_and_why_and_nothing_of_the_messages(athlete: AthleteConfig) -> None:
    assert outbox_said(athlete, [], []) == ["ok: Outbox: nothing waits."]
    later = delivery(NOW + timedelta(hours=9), DeliveryState.QUEUED)
    assert outbox_said(athlete, [later], []) == ["ok: Outbox: 1 message for later."]
    late = delivery(TUESDAY, DeliveryState.RETRY, "phone: the server is down")
    lost = delivery(TUESDAY, DeliveryState.FAILED, "phone: no such topic")
    told = outbox_said(athlete, [late, later], [lost])
    assert told == [
        "bad: 1 message overdue, the oldest for phone since Tuesday 18:00 UTC. phone: the server is down. "
        "See whether the daemon runs; `niggled doctor --send` tries the channel.",
        "warning: 1 message given up in the last 14 days, the latest for phone. phone: no such topic. "
        "`niggled test-alert phone` shows whether it works now.",
    ]
    assert "Knee" not in "".join(told)


def test_the_quarantine_is_counted_and_its_latest_named(store: Store, athlete: AthleteConfig) -> None:
    for number in range(3):
        at = NOW - timedelta(hours=3 - number)
        with store.session() as session:
            set_aside(
                session, "me", SetAside("files", f"{number}.fit", "It ends half-way.", "Copy it again."), at
            )
    with store.reading() as session:
        aside = list_set_aside(session, "me")
    assert said(set_aside_verdicts(aside, athlete, NOW)) == [
        "warning: 3 records could not be read, the latest 2.fit (19:15 UTC): It ends half-way. Copy it again."
    ]
    assert said(set_aside_verdicts(aside, athlete, NOW + timedelta(days=60))) == [
        "ok: Nothing unreadable lately."
    ]
