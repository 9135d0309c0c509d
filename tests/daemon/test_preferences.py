"""What the runner set on the page is in force: quiet hours hold messages back, and what is muted is neither sent nor said
later."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes.clock import StoppedClock
from fakes.household import run

from connectors.channels.contract import OutgoingMessage, Receipt
from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete, look
from daemon.jobs.deliver import Delivered, deliver_due
from daemon.jobs.operations import tell
from daemon.jobs.sync import take_in
from daemon.replies import take_answer
from daemon.store import outbox
from daemon.store.engine import Store
from daemon.store.outbox import DeliveryState, list_deliveries
from daemon.store.preferences import mute, set_quiet_hours, unmute
from rules.facts import ReplyKind
from rules.outcome import Level, Message, MessageKind

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SUNDAY = datetime(2026, 6, 7, 9, 0, tzinfo=UTC)
EVENING = SUNDAY.replace(hour=21)
SENDS = ("warning", "prompt", "reminder", "digest", "operations")


@dataclass
class Phone:
    """A channel that takes everything."""

    shown: list[tuple[str, str]] = field(default_factory=list)

    def send(self, message: OutgoingMessage) -> Receipt:
        self.shown.append((message.title, message.body))
        return Receipt("ntfy", 0.1)


@pytest.fixture
def athlete(athlete: AthleteConfig) -> AthleteConfig:
    return replace(athlete, channels=(replace(athlete.channels[0], sends=SENDS),))


def sent(store: Store, athlete: AthleteConfig, at: datetime) -> list[tuple[str, str]]:
    phone = Phone()
    deliver_due(store, {"me": athlete}, StoppedClock(at), lambda *_: phone)
    return phone.shown


def quiet(store: Store, window: str | None) -> None:
    with store.session() as session:
        set_quiet_hours(session, "me", window, SUNDAY)


def silence(store: Store, *subjects: str, until: datetime | None = None) -> None:
    with store.session() as session:
        for subject in subjects:
            mute(session, "me", subject, until, SUNDAY)


def queue(store: Store, kind: MessageKind, at: datetime) -> None:
    message = Message(f"{kind}:1", kind, Level.WARN, "Long run", "13.0 km", at, at, at + DAY)
    with store.session() as session:
        outbox.enqueue(session, "me", message, ["phone"], at)


def queued(store: Store) -> list[tuple[MessageKind, str]]:
    with store.reading() as session:
        return [
            (one.message.kind, one.message.title) for one in list_deliveries(session, "me", DeliveryState)
        ]


def weeks(store: Store, athlete: AthleteConfig, count: int = 6) -> None:
    """Five kilometres three times a week, the last on the Friday before SUNDAY, read a day before it."""
    days = [7 * week + day for week in range(1, count + 1) for day in (0, -2, -4)]
    take_in(store, athlete, [run(SUNDAY - day * DAY, 5.0) for day in days], SUNDAY - DAY)


def spiked(store: Store, athlete: AthleteConfig) -> datetime:
    """After those weeks a run of eight kilometres; when its question is due."""
    weeks(store, athlete)
    asked_at = SUNDAY + timedelta(minutes=48 + 75)
    take_in(store, athlete, [run(SUNDAY, 8.0)], asked_at - HOUR)
    return asked_at


def test_quiet_hours_of_the_page_hold_back_a_message_until_they_end(
    store: Store, athlete: AthleteConfig
) -> None:
    quiet(store, "20:00-08:00")
    queue(store, MessageKind.LOAD, EVENING - 2 * HOUR)
    assert sent(store, athlete, EVENING) == []
    (waiting,) = _deliveries(store)
    assert waiting.due_at == EVENING.replace(hour=8) + DAY
    assert waiting.reasons[-1].text == "It waits for the end of the quiet hours."
    assert sent(store, athlete, waiting.due_at) == [("Long run", "13.0 km")]


def test_what_was_queued_before_the_quiet_hours_were_moved_over_it_waits_too(
    store: Store, athlete: AthleteConfig
) -> None:
    queue(store, MessageKind.NUDGE, EVENING)
    quiet(store, "20:00-08:00")
    assert sent(store, athlete, EVENING) == []
    quiet(store, "23:00-08:00")
    assert sent(store, athlete, EVENING + 30 * HOUR) == []
    assert [one.state for one in _deliveries(store)] == [DeliveryState.RETRY]


def test_a_stop_that_answers_the_runner_at_night_and_an_emergency_do_not_wait(
    store: Store, athlete: AthleteConfig
) -> None:
    quiet(store, "20:00-08:00")
    queue(store, MessageKind.STOP, EVENING)
    queue(store, MessageKind.EMERGENCY, EVENING - 3 * HOUR)
    assert len(sent(store, athlete, EVENING)) == 2


def test_hours_that_are_no_longer_quiet_let_a_message_through(store: Store, athlete: AthleteConfig) -> None:
    late = EVENING + 2 * HOUR
    queue(store, MessageKind.LOAD, late - 2 * HOUR)
    assert sent(store, athlete, late) == []
    quiet(store, "23:30-07:00")
    queue(store, MessageKind.NUDGE, late - HOUR)
    assert sent(store, athlete, late) == [("Long run", "13.0 km")]
    quiet(store, None)
    queue(store, MessageKind.RESOLVE, late - HOUR)
    assert sent(store, athlete, late) == []


def test_the_rules_and_the_words_about_the_machine_plan_around_them(
    store: Store, athlete: AthleteConfig
) -> None:
    quiet(store, "11:00-14:00")
    seen = look(store, athlete, spiked(store, athlete) - HOUR)
    assert seen.policy.msg.quiet == "11:00-14:00"
    (question,) = [one for one in seen.assessment.prompts if one.kind == "after_run"]
    assert question.due_at == SUNDAY.replace(hour=10, minute=55)
    with store.session() as session:
        tell(session, athlete, "news", "niggled needs you", "Something.", SUNDAY + 2 * HOUR)
    (told,) = _deliveries(store)
    assert told.due_at == SUNDAY.replace(hour=14)


def test_a_reminder_is_not_put_off_into_them(store: Store, athlete: AthleteConfig) -> None:
    reminder = Message(
        "strength:2026-06-07",
        MessageKind.NUDGE,
        Level.NUDGE,
        "Strength today",
        "…",
        EVENING,
        EVENING,
        EVENING,
    )
    noon = SUNDAY.replace(hour=12)
    quiet(store, "14:00-16:00")
    assert take_answer(store, athlete, "later", noon, noon, about=reminder).text != "Later, then: at 15:00."
    quiet(store, None)
    assert take_answer(store, athlete, "later", noon, noon, about=reminder).text == "Later, then: at 15:00."


def test_other_quiet_hours_leave_everything_measured(store: Store, athlete: AthleteConfig) -> None:
    at = spiked(store, athlete)
    assess_athlete(store, athlete, at)
    assert look(store, athlete, at).since is not None
    quiet(store, "20:00-08:00")
    moved = look(store, athlete, at)
    assert moved.since is not None
    assert moved.loads == {}


def test_a_muted_reminder_goes_nowhere_and_is_not_made_up_for(store: Store, athlete: AthleteConfig) -> None:
    weeks(store, athlete)
    tuesday = SUNDAY.replace(hour=17, minute=5) + 2 * DAY
    silence(store, "kind:nudge", until=tuesday + HOUR)
    told = [message.kind for message in assess_athlete(store, athlete, tuesday).messages]
    assert MessageKind.NUDGE in told
    assert MessageKind.NUDGE not in dict(queued(store))
    with store.session() as session:
        unmute(session, "me", "kind:nudge")
    for minutes in (5, 65, 125):
        assess_athlete(store, athlete, tuesday + timedelta(minutes=minutes))
    assert MessageKind.NUDGE not in dict(queued(store))


def test_an_unmuted_reminder_goes_out(store: Store, athlete: AthleteConfig) -> None:
    weeks(store, athlete)
    tuesday = SUNDAY.replace(hour=17, minute=5) + 2 * DAY
    silence(store, "kind:nudge", until=tuesday)
    assess_athlete(store, athlete, tuesday)
    assert (MessageKind.NUDGE, "Strength today") in queued(store)


def test_a_muted_warning_is_silent_its_question_is_asked_and_nothing_is_said_later(
    store: Store, athlete: AthleteConfig
) -> None:
    at = spiked(store, athlete)
    rules = ("R1", "R2", "R3", "R9", "R7")
    silence(store, *(f"rule:{rule}" for rule in rules))
    assess_athlete(store, athlete, at)
    assert queued(store) == [(MessageKind.AFTER_RUN, "Knee?")]
    (asked,) = _deliveries(store)
    assert asked.message.text == "Worst knee pain during the run, 0–10?"
    assert "Long run" not in str(sent(store, athlete, at))
    answered = take_answer(store, athlete, "1", at + HOUR, at + HOUR, when=ReplyKind.DURING)
    assert answered.understood
    with store.session() as session:
        for rule in rules:
            unmute(session, "me", f"rule:{rule}")
    for hours in range(2, 80, 3):
        assess_athlete(store, athlete, at + hours * HOUR)
    later = " ".join(one.message.title + one.message.text for one in _deliveries(store))
    assert "beyond your longest" not in later
    assert "Withdrawn" not in later
    assert "The high load is behind you" not in later


def test_a_muted_question_is_not_asked_and_the_warning_still_comes(
    store: Store, athlete: AthleteConfig
) -> None:
    at = spiked(store, athlete)
    silence(store, "kind:after_run")
    for minutes in (0, 30, 60, 90, 150):
        assess_athlete(store, athlete, at + timedelta(minutes=minutes))
    assert queued(store) == [(MessageKind.LOAD, "Long run")]
    (warning,) = _deliveries(store)
    assert "Worst knee pain" not in warning.message.text
    assert look(store, athlete, at + 3 * HOUR).history.prompts == ()


def test_a_stop_is_told_whatever_is_muted(store: Store, athlete: AthleteConfig) -> None:
    at = spiked(store, athlete)
    silence(
        store,
        "kind:after_run",
        "kind:morning",
        "kind:resolve",
        "kind:digest",
        "rule:R1",
        "rule:R2",
        "rule:R3",
    )
    take_answer(store, athlete, "7", at + HOUR, at + HOUR, when=ReplyKind.DURING)
    assert (MessageKind.STOP, "No running for now") in queued(store)
    assert "No running for now" in str(sent(store, athlete, at + HOUR))


def test_what_is_muted_while_it_waits_does_not_go_out(store: Store, athlete: AthleteConfig) -> None:
    queue(store, MessageKind.NUDGE, SUNDAY)
    queue(store, MessageKind.TIME_OFF, SUNDAY)
    silence(store, "kind:nudge")
    phone = Phone()
    done = deliver_due(store, {"me": athlete}, StoppedClock(SUNDAY), lambda *_: phone)
    assert done == Delivered(sent=1, failed=1)
    muted = next(one for one in _deliveries(store) if one.message.kind is MessageKind.NUDGE)
    assert (muted.state, muted.reasons[-1].text) == ("expired", "It was muted before this went out.")


def _deliveries(store: Store) -> list[outbox.Delivery]:
    with store.reading() as session:
        return list_deliveries(session, "me", DeliveryState)
