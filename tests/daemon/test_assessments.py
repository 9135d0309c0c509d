"""Who is assessed when: whatever changes makes an assessment due, whoever stores it, and the clock does the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import StoppedClock
from fakes.household import run

from daemon.config import AthleteConfig
from daemon.jobs import assessments
from daemon.jobs.assess import assess_athlete
from daemon.jobs.assessments import assess_due
from daemon.jobs.sync import take_in
from daemon.store import marks
from daemon.store.answers import save_adaptation, save_night, save_pause, save_reply, save_strength
from daemon.store.engine import Session, Store, open_store
from daemon.store.errors import StoreError
from daemon.store.outbox import DeliveryState, list_deliveries
from daemon.store.preferences import mute, set_quiet_hours, unmute
from daemon.store.turns import ASSESSED_AT_LEAST_EVERY, note_assessed, to_be_assessed, want_assessment
from rules.adaptation import Adaptation
from rules.facts import Night, PainReply, Pause, ReplyKind, StrengthSession

MONDAY = datetime(2026, 6, 8, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def due(store: Store, now: datetime, *names: str) -> list[str]:
    with store.reading() as session:
        return to_be_assessed(session, names or ("me",), now)


@pytest.fixture
def assessed(store: Store, athlete: AthleteConfig) -> StoppedClock:
    """A runner of one run who has just been assessed."""
    clock = StoppedClock(MONDAY)
    take_in(store, athlete, [run(MONDAY - timedelta(days=1), 5.0)], MONDAY)
    assert due(store, MONDAY) == ["me"]
    assert assess_due(store, {"me": athlete}, clock) == ()
    assert due(store, MONDAY) == []
    return clock


CHANGES: dict[str, Callable[[Session], object]] = {
    "an answer": lambda session: save_reply(session, "me", PainReply("r", MONDAY, ReplyKind.SPOT, 3)),
    "a strength session": lambda session: save_strength(session, "me", StrengthSession("s", MONDAY, 20.0)),
    "a night": lambda session: save_night(session, "me", Night("2026-06-08", sleep_h=7.0)),
    "a pause": lambda session: save_pause(session, "me", Pause(MONDAY)),
    "an answer to the offer": lambda session: save_adaptation(
        session, "me", Adaptation(MONDAY, accepted=True)
    ),
    "a race": lambda session: marks.mark_race(session, "me", "1"),
    "quiet hours": lambda session: set_quiet_hours(session, "me", "21:00-08:00", MONDAY),
    "quiet hours taken back": lambda session: set_quiet_hours(session, "me", None, MONDAY),
    "a mute": lambda session: mute(session, "me", "kind:nudge", None, MONDAY),
    "a mute taken back": lambda session: unmute(session, "me", "kind:nudge"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_stored_makes_an_assessment_due(store: Store, assessed: StoppedClock, what: str) -> None:
    with store.session() as session:
        CHANGES[what](session)
    assert due(store, MONDAY) == ["me"]


def test_nobody_waits_longer_than_half_an_hour_or_than_the_next_moment(
    store: Store, athlete: AthleteConfig, assessed: StoppedClock
) -> None:
    assert due(store, MONDAY + ASSESSED_AT_LEAST_EVERY - MINUTE) == []
    assert due(store, MONDAY + ASSESSED_AT_LEAST_EVERY) == ["me"]
    assessed.at = MONDAY.replace(hour=16, minute=50)  # strength work is reminded of at five
    assess_due(store, {"me": athlete}, assessed)
    assert due(store, MONDAY.replace(hour=16, minute=59)) == []
    assert due(store, MONDAY.replace(hour=17)) == ["me"]


def test_a_clock_that_is_put_back_silences_nobody(store: Store, assessed: StoppedClock) -> None:
    assert due(store, MONDAY - MINUTE) == ["me"]
    assert due(store, MONDAY - timedelta(days=400)) == ["me"]


def test_whoever_was_never_assessed_is_due_and_the_order_is_kept(
    store: Store, assessed: StoppedClock
) -> None:
    assert due(store, MONDAY, "zoe", "me", "anna") == ["zoe", "anna"]


def test_wanting_an_assessment_of_one_leaves_the_others(
    store: Store, athlete: AthleteConfig, assessed: StoppedClock
) -> None:
    anna = replace(athlete, name="anna")
    assess_due(store, {"anna": anna}, assessed)
    with store.session() as session:
        want_assessment(session, ["anna"])
    assert due(store, MONDAY, "me", "anna") == ["anna"]


def test_one_who_cannot_be_assessed_holds_up_nobody_and_is_named(
    store: Store,
    athlete: AthleteConfig,
    assessed: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    everybody = {name: replace(athlete, name=name) for name in ("anna", "ben", "carl", "me")}
    done: list[str] = []

    def assess(_store: Store, one: AthleteConfig, now: datetime) -> None:
        if one.name == "anna":
            raise StoreError("Nothing was saved.", "The disk is full.", "Free some.")
        if one.name == "ben":
            raise KeyError("x")
        done.append(one.name)

    monkeypatch.setattr(assessments, "assess_athlete", assess)
    assert assess_due(store, everybody, assessed) == ("anna", "ben")
    assert done == ["carl"], "who is not due is left alone"
    told = [(record.levelno, record.getMessage(), record.exc_info is not None) for record in caplog.records]
    assert told == [
        (logging.ERROR, "anna is not assessed: Nothing was saved. The disk is full. Free some.", False),
        (logging.ERROR, "ben is not assessed, because of a defect", True),
    ]


def test_a_stop_ends_it_after_the_one_in_hand(
    store: Store, athlete: AthleteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(assessments, "assess_athlete", lambda store, one, now: done.append(one.name))
    everybody = {name: replace(athlete, name=name) for name in ("anna", "ben")}
    assert assess_due(store, everybody, StoppedClock(MONDAY), lambda: bool(done)) == ()
    assert done == ["anna"]


def test_what_comes_in_while_it_is_noted_stays_due(store: Store, assessed: StoppedClock) -> None:
    with store.session() as session:
        note_assessed(session, "me", MONDAY, MONDAY + timedelta(hours=3))
    with store.session() as session:
        save_reply(session, "me", PainReply("later", MONDAY - MINUTE, ReplyKind.SPOT, 2))
    assert due(store, MONDAY) == ["me"]


def test_looking_when_due_says_what_looking_all_the_time_says(tmp_path: Path, athlete: AthleteConfig) -> None:
    friday = MONDAY.replace(hour=6) - timedelta(days=3)

    def said(name: str, every: timedelta) -> dict[str, tuple[str, datetime]]:
        found: dict[str, tuple[str, datetime]] = {}
        with closing(open_store(f"sqlite:///{tmp_path / name}")) as store:
            past = [
                run(friday - timedelta(days=7 * week - day), 5.0) for week in range(1, 7) for day in (0, 2, 4)
            ]
            take_in(store, athlete, past, friday - timedelta(hours=1))
            clock = StoppedClock(friday)
            while clock.at < MONDAY:
                if clock.at == friday.replace(hour=20):
                    take_in(store, athlete, [run(friday.replace(hour=18), 9.0)], clock.at)
                if every == 5 * MINUTE:
                    assess_due(store, {"me": athlete}, clock)
                else:
                    assess_athlete(store, athlete, clock.at)
                clock.sleep(every.total_seconds())
            with store.reading() as session:
                for one in list_deliveries(session, "me", list(DeliveryState)):
                    found[one.message.key] = (one.message.text, one.message.due_at)
        return found

    often, when_due = said("often", 20 * MINUTE), said("due", 5 * MINUTE)
    assert {key.split(":")[0] for key in when_due} >= {"ask", "strength", "digest"}
    assert {key: text for key, (text, _) in when_due.items()} == {
        key: text for key, (text, _) in often.items()
    }
    assert all(due <= often[key][1] for key, (_, due) in when_due.items())
