"""The settings page: how sources and channels do, a pause, quiet hours, and what only the configuration changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from fakes.kept_home import everything_in
from fakes.visitor import Visitor, visitor_of

from connectors.channels.contract import Incoming, OutgoingMessage, Receipt
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.config_page import PageConfig
from daemon.connections import key_file
from daemon.credentials import Secret
from daemon.jobs.assess import look
from daemon.jobs.deliver import deliver_due
from daemon.store import outbox, sources
from daemon.store.answers import load_answers
from daemon.store.conversation import note_reading, note_stranger
from daemon.store.engine import Store
from daemon.store.preferences import mute, set_quiet_hours
from daemon.store.tables import SET_ASIDE, SOURCE_STATES
from rules.facts import Pause, Runner, Side
from rules.outcome import Level, Message, MessageKind
from rules.policy import with_overrides

from .conftest import Lived, Opens

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ADDRESS = Secret("plain", "secret-address")
PHONE = ChannelConfig(
    "phone", "ntfy", None, ("warning", "prompt"), "mail", topic=ADDRESS, reply_topic=ADDRESS
)
MAIL = ChannelConfig(
    "mail", "email", None, ("digest",), to="a@example.org", from_="b@example.org", smtp=ADDRESS
)

type Reads = Callable[..., Visitor]


@pytest.fixture
def reads(lived: Lived, season_store: Store, tmp_path: Path) -> Reads:
    """The page of a runner in Greenwich's zone whose Garmin and Strava are connected and were read a moment ago; fields of the configuration
    may be others."""

    def opened(**fields: object) -> Visitor:
        athlete = replace(lived.athlete, **{"runner": Runner(timezone="UTC")} | fields)  # type: ignore[arg-type]
        read = lived.until - timedelta(minutes=7)
        with season_store.session() as session:
            for name in ("garmin", "strava"):
                key_file(tmp_path, "demo", name).save({"api_key": "secret-key"})
                sources.register_source(session, "demo", name, lived.until)
            session.execute(
                sa.update(SOURCE_STATES).values(last_success_at=read, last_new_activity_at=read - DAY)
            )
        return visitor_of(season_store, tmp_path, {"demo": athlete}, lived.until)

    return opened


def state(visitor: Visitor, source: str, **values: object) -> None:
    with visitor.store.session() as session:
        session.execute(sa.update(SOURCE_STATES).where(SOURCE_STATES.c.source == source).values(**values))


def pauses(visitor: Visitor) -> tuple[Pause, ...]:
    with visitor.store.reading() as session:
        return load_answers(session, "demo", visitor.clock.now()).pauses


def window(visitor: Visitor) -> str:
    return look(visitor.store, visitor.athlete, visitor.clock.now()).policy.msg.quiet


def clock(instant: datetime) -> str:
    return f"{instant:%H:%M}"


def test_all_is_well(reads: Reads) -> None:
    visitor = reads(channels=(PHONE, MAIL))
    page = visitor.get("/settings")
    read = visitor.clock.now() - timedelta(minutes=7)
    newest = read - DAY
    assert page.status == 200
    told = f"Fine, read {clock(read)}, last new activity {newest:%A} {clock(newest)}."
    assert page.words.count(told) == 2
    assert page.html.count('aria-hidden="true">✔') == 2
    assert "need" not in page.words.split("Pause")[0]
    assert "ntfy: warnings and questions" in page.words
    assert "Where it fails, mail takes over." in page.words
    assert "It takes over where phone fails." in page.words
    assert "It brings no answers back; give them on this page." in page.words
    assert "niggled is a training log, not medical advice" in page.words


def test_nobody_has_to_hunt_for_what_is_needed(reads: Reads) -> None:
    visitor = reads()
    now = visitor.clock.now()
    state(
        visitor,
        "garmin",
        state="needs_login",
        reason="Garmin no longer accepts the key",
        cure="Run `niggled login garmin`",
        failing_since=now - 2 * HOUR,
        due_at=now + DAY,
    )
    state(
        visitor,
        "strava",
        state="waiting",
        reason="Strava did not answer in time",
        failing_since=now - HOUR,
        due_at=now + timedelta(minutes=20),
    )
    page = visitor.get("/settings")
    assert "✘ Garmin needs you: see below" in page.words
    since = clock(now - 2 * HOUR)
    assert (
        f"✘ Needs you since {since}. Garmin no longer accepts the key. Run niggled login garmin ."
        in page.words
    )
    assert "<code>niggled login garmin</code>" in page.html
    waits = f"! Waiting since {clock(now - HOUR)}, next try {clock(now + timedelta(minutes=20))}."
    assert f"{waits} Strava did not answer in time." in page.words
    assert re.search(r'<details class="settings-key" open>', page.html)
    state(visitor, "garmin", state="broken", reason="Garmin sent nonsense.", due_at=now + HOUR)
    told = f"✘ Broken since {since}. Garmin sent nonsense. Next try {clock(now + HOUR)}."
    assert told in visitor.get("/settings").words


@pytest.mark.parametrize(
    ("days", "told", "open_at_once"),
    [
        (200, "· The key ends in 200 days", False),
        (9, "! The key ends in 9 days", True),
        (-1, "! The key was to end on", True),
    ],
)
def test_the_end_of_a_key_is_counted_down(
    reads: Reads, tmp_path: Path, days: int, told: str, open_at_once: bool
) -> None:
    visitor = reads()
    ends = visitor.clock.now().date() + days * DAY
    key_file(tmp_path, "demo", "garmin").save({"api_key": "secret-key", "key_ends": ends.isoformat()})
    page = visitor.get("/settings")
    assert told in page.words
    assert ('<details class="settings-key" open>' in page.html) == open_at_once


def test_what_could_not_be_read_is_counted_where_it_came_from(reads: Reads) -> None:
    visitor = reads()
    now = visitor.clock.now()
    with visitor.store.session() as session:
        for source, origin, back in (
            ("garmin", "activity 7", 0),
            ("garmin", "activity 6", 1),
            ("files", "<b>odd</b>.fit", 2),
            ("strava", "activity 5", 20),
        ):
            at = now - back * DAY
            session.execute(
                SET_ASIDE.insert().values(
                    athlete="demo",
                    source=source,
                    origin=origin,
                    reason="it has no start",
                    cure="…",
                    first_seen_at=at,
                    last_seen_at=at,
                    count=1,
                )
            )
    page = visitor.get("/settings")
    assert "! Two could not be read; the latest is activity 7: it has no start." in page.words
    assert "Files ! One could not be read; the latest is <b>odd</b>.fit: it has no start." in page.words
    assert "<b>odd" not in page.html
    assert "activity 5" not in page.words


def test_a_channel_tells_what_does_not_get_through_and_who_else_writes(reads: Reads) -> None:
    visitor = reads(channels=(PHONE, MAIL))
    now = visitor.clock.now()
    at = now - 3 * HOUR
    message = Message("load:x", MessageKind.LOAD, Level.WARN, "Long run", "…", at, at, now + DAY)
    stranger = Incoming("1", at, "hello", position="", allowed=False)
    with visitor.store.session() as session:
        outbox.enqueue(session, "demo", message, ["phone", "mail"], at)
        for claim in outbox.claim_due(session, "here", at, HOUR):
            if claim.channel == "phone":
                outbox.mark_retry(session, claim, at, now + HOUR, "phone (ntfy): no connection")
            else:
                outbox.mark_failed(session, claim, at, "mail: the address is unknown")
        note_reading(session, "demo", "phone", at, "ntfy.sh could not be reached")
        note_stranger(session, "demo", "phone", stranger, at)
    words = visitor.get("/settings").words
    assert "✘ phone and mail need you: see below" in words
    told = f"✘ Nothing gets through since {clock(at)}. phone (ntfy): no connection. Next try {clock(now + HOUR)}."
    assert told in words
    assert "✘ Not delivered to mail: Long run. mail: the address is unknown" in words
    assert f"✘ Answers cannot be read since {clock(at)}. ntfy.sh could not be reached." in words
    assert "! 1 message of a stranger, ignored." in words


def test_what_only_waits_for_the_morning_is_no_trouble(reads: Reads) -> None:
    visitor = reads(channels=(PHONE,))
    now = visitor.clock.now()
    message = Message("load:x", MessageKind.LOAD, Level.WARN, "Long run", "…", now, now, now + DAY)
    with visitor.store.session() as session:
        outbox.enqueue(session, "demo", message, ["phone"], now)
        (claim,) = outbox.claim_due(session, "here", now, HOUR)
        outbox.mark_retry(session, claim, now, now + HOUR, "It waits for the end of the quiet hours.")
    words = visitor.get("/settings").words
    assert "Nothing gets through" not in words
    assert "need you" not in words


def test_somebody_without_sources_and_channels_is_told_how_to_begin(
    empty_store: Store, lived: Lived, opens: Opens
) -> None:
    page = opens(empty_store, {"demo": replace(lived.athlete, channels=())}).get("/settings")
    assert "No service is connected; files in the inbox are read." in page.words
    assert "There is no channel, so nothing reaches you." in page.words
    assert "Connect Garmin by a key" in page.words


def test_a_look_changes_nothing(reads: Reads) -> None:
    visitor = reads(channels=(PHONE, MAIL))
    before = everything_in(visitor.store)
    assert visitor.get("/settings").status == 200
    assert everything_in(visitor.store) == before
    assert len(visitor.get("/settings").html) < 20_000


@pytest.mark.parametrize(
    ("days", "name"), [("1", "1 day"), ("3", "3 days"), ("7", "7 days"), ("14", "14 days")]
)
def test_a_pause_lasts_as_long_as_its_button_says_and_resume_ends_it(
    visitor: Visitor, days: str, name: str
) -> None:
    assert name in visitor.get("/settings").words
    now = visitor.clock.now()
    page = visitor.post("/settings/pause", days=days)
    assert pauses(visitor) == (Pause(now, now + int(days) * DAY),)
    assert page.words.count("Paused until") == 2, "told once, and shown as long as it lasts"
    assert "14 days" not in page.words
    over = visitor.post("/settings/resume")
    assert "Back again: messages come as usual." in over.words
    assert pauses(visitor) == (Pause(now, now),)
    assert "Paused until" not in visitor.get("/settings").words


def test_a_pause_without_an_end_lasts_until_resume(visitor: Visitor) -> None:
    page = visitor.post("/settings/pause", days="")
    assert pauses(visitor) == (Pause(visitor.clock.now(), None),)
    assert "Paused until you resume." in page.words


def test_a_form_that_is_sent_twice_pauses_once(visitor: Visitor) -> None:
    html = visitor.get("/settings").html
    once = re.findall(r'name="once" value="([^"]+)"', html)[0]
    visitor.post("/settings/pause", days="3", once=once)
    visitor.clock.at += timedelta(seconds=2)
    again = visitor.post("/settings/pause", days="3", once=once)
    assert again.status == 200
    assert len(pauses(visitor)) == 1


@pytest.mark.parametrize("days", ["2", "-1", "7d", "9999"])
def test_no_other_pause_is_taken(visitor: Visitor, days: str) -> None:
    assert visitor.post("/settings/pause", days=days).status == 400
    assert pauses(visitor) == ()


@pytest.mark.parametrize("path", ["pause", "resume", "quiet-hours", "garmin-key"])
def test_a_form_that_is_not_ours_changes_nothing(visitor: Visitor, path: str) -> None:
    before = everything_in(visitor.store)
    fields = {"days": "", "from": "20:00", "to": "06:00", "key": "example-garmin-key"}
    assert visitor.post(f"/settings/{path}", csrf="AAAA", **fields).status == 403
    assert everything_in(visitor.store) == before


def test_quiet_hours_set_here_hold_and_the_configuration_takes_them_back(visitor: Visitor) -> None:
    page = visitor.get("/settings")
    assert 'name="from" type="time" required value="22:00"' in page.html
    assert "As the configuration says." in page.words
    page = visitor.post("/settings/quiet-hours", **{"from": "20:30", "to": "06:15"})
    assert "Quiet from 20:30 to 06:15." in page.words
    assert "Set here. The configuration says 22:00–07:00." in page.words
    assert 'name="to" type="time" required value="06:15"' in page.html
    assert window(visitor) == "20:30-06:15"
    page = visitor.post("/settings/quiet-hours", back="1")
    assert "Quiet hours as in the configuration again: 22:00 to 07:00." in page.words
    assert "As the configuration says." in page.words
    assert window(visitor) == "22:00-07:00"


@pytest.mark.parametrize(
    ("begins", "ends", "told"),
    [
        ("", "07:00", "Give both times as hours and minutes, like 22:00 and 07:00."),
        ("25:00", "07:00", "Give both times"),
        ("22:00-07:00", "07:00", "Give both times"),
        ('"><script>', "07:00", "Give both times"),
        ("22:00", "22:00", "From and to are the same."),
        ("07:00", "22:00", "From 07:00 to 22:00 is 15 hours of silence"),
        ("20:00", "10:30", "From 20:00 to 10:30 is 14.5 hours of silence"),
    ],
)
def test_quiet_hours_that_cannot_be_are_told_beside_their_fields(
    visitor: Visitor, begins: str, ends: str, told: str
) -> None:
    page = visitor.post("/settings/quiet-hours", **{"from": begins, "to": ends})
    assert page.status == 422
    assert told in page.words
    assert 'aria-describedby="quiet-problem"' in page.html
    assert "<script>" not in page.html.split("</head>")[1]
    assert window(visitor) == "22:00-07:00"


def test_seconds_that_a_browser_adds_are_dropped(visitor: Visitor) -> None:
    visitor.post("/settings/quiet-hours", **{"from": "20:30:00", "to": "06:15:00"})
    assert window(visitor) == "20:30-06:15"


def test_quiet_hours_moved_here_hold_back_a_message(visitor: Visitor) -> None:
    zone = ZoneInfo(visitor.athlete.runner.timezone)
    now = visitor.clock.at = visitor.clock.at.astimezone(zone).replace(hour=19, minute=0).astimezone(UTC)
    message = Message("load:x", MessageKind.LOAD, Level.WARN, "Long run", "13 km", now, now, now + DAY)
    with visitor.store.session() as session:
        outbox.enqueue(session, "demo", message, ["phone"], now)
    shown: list[OutgoingMessage] = []

    class Phone:
        def send(self, message: OutgoingMessage) -> Receipt:
            shown.append(message)
            return Receipt("ntfy", 0.1)

    athlete = replace(visitor.athlete, channels=(replace(visitor.athlete.channels[0], name="phone"),))
    visitor.post("/settings/quiet-hours", **{"from": "16:00", "to": "06:00"})
    deliver_due(visitor.store, {"demo": athlete}, visitor.clock, lambda *_: Phone())
    assert shown == []
    visitor.post("/settings/quiet-hours", back="1")
    visitor.clock.at += 12 * HOUR
    deliver_due(visitor.store, {"demo": athlete}, visitor.clock, lambda *_: Phone())
    assert [one.body for one in shown if one.key == "load:x"] == ["13 km"]


def test_what_is_muted_is_counted_with_the_way_there(visitor: Visitor) -> None:
    with visitor.store.session() as session:
        for subject in ("kind:nudge", "rule:R3"):
            mute(session, "demo", subject, None, visitor.clock.now())
    page = visitor.get("/settings")
    assert "Two kinds of messages are muted. Messages shows them." in page.words
    assert '<a href="/messages">Messages</a>' in page.html


def test_the_configuration_is_shown_in_the_runners_own_words(
    lived: Lived, empty_store: Store, opens: Opens
) -> None:
    runner = Runner(timezone="America/New_York", default_side=Side.LEFT, miles=True)
    policy = with_overrides(
        lived.athlete.policy, {"prompt": {"morning": "06:45"}, "msg": {"quiet": "21:00-05:30"}}
    )
    page = opens(empty_store, {"demo": replace(lived.athlete, runner=runner, policy=policy)}).get("/settings")
    assert "Time zone America/New York Units miles Usual knee left" in page.words
    assert "Strength 2 a week, best Tue and Fri Morning question 06:45" in page.words
    assert "config.toml on the machine" in page.words
    assert 'value="21:00"' in page.html


def test_another_runners_settings_are_neither_shown_nor_touched(
    lived: Lived, season_store: Store, tmp_path: Path
) -> None:
    anna = replace(lived.athlete, name="anna", passcode=Secret("plain", "annas own"))
    demo = replace(lived.athlete, passcode=Secret("plain", "open sesame"))
    with season_store.session() as session:
        set_quiet_hours(session, "anna", "19:00-05:00", lived.until)
        mute(session, "anna", "kind:nudge", None, lived.until)
        sources.register_source(session, "anna", "garmin", lived.until)
    key_file(tmp_path, "anna", "garmin").save({"api_key": "secret-key"})
    lan = PageConfig(host="192.168.1.20", address="https://niggled.example.org")
    visitor = visitor_of(season_store, tmp_path, {"demo": demo, "anna": anna}, lived.until, page=lan)
    visitor.get("/sign-in")
    visitor.post("/sign-in", passcode="open sesame")
    page = visitor.get("/settings")
    assert "As the configuration says." in page.words
    assert "No service is connected" in page.words
    assert "muted" not in page.words
    assert "anna" not in page.html
    visitor.post("/settings/quiet-hours", back="1")
    visitor.post("/settings/pause", days="3")
    with season_store.reading() as session:
        assert load_answers(session, "anna", lived.until).pauses == ()
    assert window(Visitor(visitor.client.application, season_store, anna, visitor.clock)) == "19:00-05:00"  # type: ignore[arg-type]


def test_the_passcode_is_never_shown_and_signing_out_is_offered_where_there_is_one(
    lived: Lived, season_store: Store, tmp_path: Path, visitor: Visitor
) -> None:
    assert "Sign out" not in visitor.get("/settings").words
    locked: AthleteConfig = replace(lived.athlete, passcode=Secret("plain", "open sesame"))
    other = visitor_of(season_store, tmp_path, {"demo": locked}, lived.until)
    other.get("/sign-in")
    other.post("/sign-in", passcode="open sesame")
    page = other.get("/settings")
    assert "Sign out on this device" in page.words
    assert "open sesame" not in page.html
    assert "secret" not in page.html
    assert "Signed out on this device." in other.post("/sign-out").words
