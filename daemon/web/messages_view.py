"""Messages and the reasons behind them, as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from urllib.parse import quote

from markupsafe import Markup

from daemon.explanation import Explanation, setting_value
from daemon.store.outbox import DeliveryState
from daemon.store.preferences import Mute
from daemon.store.spoken import Passage, Spoken
from daemon.web.coded import coded, linked
from daemon.web.told import LABELS, newest_replies, reply_words, when_words
from rules import muting_words
from rules.citations import GRADES
from rules.facts import PainReply, Runner
from rules.number_words import Figure, figures, subject_words
from rules.outcome import Level
from rules.phrases import capital, clock_words, day, local_date
from rules.settings import Setting

LEVEL_WORDS = {
    Level.NOTE: "Note",
    Level.NUDGE: "Reminder",
    Level.ASK: "Question",
    Level.WARN: "Warning",
    Level.STOP: "Stop",
    Level.REFER: "See somebody",
    Level.EMERGENCY: "Emergency",
}
GRAVE = frozenset({Level.STOP, Level.REFER, Level.EMERGENCY})
NOWHERE = "Sent nowhere: it was muted or skipped, or no channel takes it."


@dataclass(frozen=True, slots=True)
class Way:
    """A channel and what became of a message on it; `mark` is ✔, ! or ✘, or empty where it is under way."""

    channel: str
    words: str
    mark: str = ""

    @property
    def tone(self) -> str:
        return {"✔": "good", "!": "sore", "✘": "bad"}.get(self.mark, "quiet")


@dataclass(frozen=True, slots=True)
class Line:
    """A message among others."""

    address: str
    title: str
    text: Markup
    at: datetime
    clock: str
    grave: bool
    ways: tuple[Way, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Day:
    """The messages of one date, newest first."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Muted:
    """What is silent now, and until when."""

    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What may be silenced, and what that costs; empty where it costs nothing."""

    name: str
    words: str
    cost: str
    muted: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """A finding with everything behind it. `run` is the number of the activity that it is about, empty for none."""

    number: str
    sentence: str
    level: str
    grave: bool
    noticed: str
    rule: str
    name: str
    formula: str
    figures: tuple[Figure, ...]
    settings: tuple[tuple[Setting, str], ...]
    grade: str
    grade_words: str
    cite: Markup
    withdrawn: str
    run: str


def address_of(key: str) -> str:
    """Where a message is shown."""
    return f"/messages/{quote(key, safe='')}"


def line_of(spoken: Spoken, replies: Sequence[PainReply], words: str | None, runner: Runner) -> Line:
    """`replies` are what was answered to its question; `words` what else was sent in answer to it."""
    message = spoken.message
    at = spoken.sent_at or message.due_at
    answer = (
        reply_words(newest_replies(replies)) if replies else LABELS.get(words or "", capital(words or ""))
    )
    return Line(
        address=address_of(message.key),
        title=message.title,
        text=coded(message.text),
        at=at,
        clock=clock_words(at, runner),
        grave=message.level in GRAVE,
        ways=tuple(_short(one) for one in spoken.passages) or (Way("", "not sent"),),
        answer=answer,
    )


def days_of(lines: Sequence[Line], runner: Runner, now: datetime) -> list[Day]:
    """Lines under their date, in the order they come in."""
    today = local_date(now, runner)
    return [
        Day(capital(day(date, today)), tuple(own))
        for date, own in groupby(lines, key=lambda line: local_date(line.at, runner))
    ]


def spoken_when(spoken: Spoken, runner: Runner, now: datetime) -> str:
    """ "Tuesday at 18:05"."""
    return capital(when_words(spoken.sent_at or spoken.message.due_at, runner, now).removeprefix("on "))


def way_of(passage: Passage, runner: Runner, now: datetime) -> Way:
    """The whole story of a passage."""
    due = when_words(passage.due_at, runner, now)
    match passage.state:
        case DeliveryState.SENT:
            sent = when_words(passage.sent_at or passage.due_at, runner, now)
            return Way(passage.channel, f"sent {sent}", "✔")
        case DeliveryState.RETRY:
            return Way(passage.channel, f"not through yet; next try {due}. {passage.reason}".rstrip(), "!")
        case DeliveryState.FAILED:
            return Way(passage.channel, f"not delivered. {passage.reason}".rstrip(), "✘")
        case DeliveryState.EXPIRED:
            return Way(passage.channel, f"not sent: its time was over. {passage.reason}".rstrip(), "!")
    return Way(passage.channel, f"goes out {due}" if passage.due_at > now else "on its way")


def _short(passage: Passage) -> Way:
    match passage.state:
        case DeliveryState.SENT:
            return Way(passage.channel, "sent", "✔")
        case DeliveryState.RETRY:
            return Way(passage.channel, "not through yet", "!")
        case DeliveryState.FAILED:
            return Way(passage.channel, "not delivered", "✘")
        case DeliveryState.EXPIRED:
            return Way(passage.channel, "not sent in time", "!")
    return Way(passage.channel, "on its way")


def muted_words(mute: Mute, runner: Runner, now: datetime) -> str:
    """ "strength reminders, until Thursday"."""
    until = "for good" if mute.until is None else f"until {_day_and_time(mute.until, runner, now)}"
    return f"{muting_words.subject_words(mute.subject)}, {until}"


def _day_and_time(instant: datetime, runner: Runner, now: datetime) -> str:
    return f"{day(local_date(instant, runner), local_date(now, runner))} {clock_words(instant, runner)}"


def reason_of(why: Explanation, runner: Runner, now: datetime) -> Reason:
    """An explanation in words."""
    finding = why.finding
    activity = finding.activity_id or ""
    return Reason(
        number=why.stored.id,
        sentence=why.sentence,
        level=LEVEL_WORDS[finding.level],
        grave=finding.level in GRAVE,
        noticed=f"Noticed {when_words(finding.at, runner, now)}, about {subject_words(finding.subject, runner, now)}.",
        rule=finding.rule,
        name=why.source.name,
        formula=capital(why.source.formula),
        figures=tuple(figures(finding, runner)),
        settings=tuple((own, setting_value(own)) for own in why.settings),
        grade=why.source.grade,
        grade_words=GRADES[why.source.grade[0]],
        cite=linked(capital(why.source.cite)),
        withdrawn="" if why.withdrawn_at is None else capital(when_words(why.withdrawn_at, runner, now)),
        run=activity if activity.isascii() and activity.isdigit() else "",
    )
