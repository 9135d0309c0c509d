"""One week of one runner, as the phone shows it: facts, rules and messages together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.assess import assess
from rules.facts import Activity, Family, History, PainReply, Prompt, ReplyKind, Runner
from rules.outcome import Message, MessageKind, PainState, Sent
from rules.policy import Policy
from rules.triage import triage

POLICY = Policy()
BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 6, 7, tzinfo=UTC)
STEP = timedelta(minutes=30)


def run(name: str, day: int, hour: int, km: float) -> Activity:
    start = SUNDAY + timedelta(days=day, hours=hour)
    return Activity(name, Family.RUN, "running", start, km * 1000, km * 360, utc_offset_s=7200)


USUAL = tuple(
    run(f"usual {week} {day}", day - 7 * week, 16, km)
    for week in range(5, 0, -1)
    for day, km in ((0, 10), (2, 6), (4, 6))
)
WEEK = (run("spike", 0, 7, 13), run("easy", 2, 16, 5), run("calm", 4, 16, 6))
ANSWERS = {
    "load:spike:warn": (ReplyKind.DURING, 4),
    "ask:morning:2026-06-08": (ReplyKind.MORNING, 1),
    "ask:easy": (ReplyKind.DURING, 0),
    "ask:morning:2026-06-10": (ReplyKind.MORNING, 0),
    "ask:calm": (ReplyKind.DURING, 0),
    "ask:morning:2026-06-12": (ReplyKind.MORNING, 0),
}


class Phone:
    """The runner's side: gets the messages and answers some."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.prompts: tuple[Prompt, ...] = ()
        self.replies: tuple[PainReply, ...] = ()
        self.states: dict[str, PainState] = {}

    def look(self, now: datetime) -> None:
        known = tuple(
            one for one in (*USUAL, *WEEK) if one.start + timedelta(seconds=one.moving_s or 0) <= now
        )
        history = History(
            runner=Runner(timezone="Europe/Berlin"),
            activities=known,
            prompts=tuple(one for one in self.prompts if one.sent_at <= now),
            replies=tuple(one for one in self.replies if one.at <= now),
        )
        assessment = assess(history, POLICY, now)
        sent = tuple(Sent(one.key, one.kind, one.due_at, one.findings, one.alert) for one in self.messages)
        for message in triage(assessment, history, sent, POLICY, now):
            self.states[message.key] = assessment.pain.overall
            self.take(message)

    def take(self, message: Message) -> None:
        self.messages.append(message)
        asked = message.question
        if asked is None:
            return
        self.prompts += (
            Prompt(message.key, asked.kind, message.due_at, asked.expires_at, asked.activity_id),
        )
        if message.key in ANSWERS:
            kind, score = ANSWERS[message.key]
            at = message.due_at + timedelta(minutes=4)
            self.replies += (PainReply(message.key, at, kind, score, activity_id=asked.activity_id),)


@pytest.fixture(scope="module")
def phone() -> Phone:
    phone = Phone()
    for step in range(int(timedelta(days=7, hours=13) / STEP)):
        phone.look(SUNDAY + timedelta(hours=6) + step * STEP)
    return phone


def test_the_week_reads_like_this(phone: Phone) -> None:
    lines = [
        f"{one.due_at.astimezone(BERLIN):%a %H:%M} {one.title}: {one.text.splitlines()[0]}"
        for one in phone.messages
    ]
    asked = "Worst knee pain during the run, 0–10?"
    morning = "This morning, on stairs down if you can: 0–10?"
    session = (
        "20 min: box squat 0-60 degrees 3×8; single-leg bridge 3×8 each; band side walk 3×10 steps each way; "
        "calf raise on a step, straight knee 3×10."
    )
    assert lines == [
        "Sun 11:33 Long run: 13.0 km: 30 % beyond your longest in 30 days (10.0). Unusually long for you. "
        f"Next: from Tuesday, up to 10.0 km. {asked}",
        "Sun 18:00 Week 23: 25 km (usual 22), knee 4, strength 0 of 2.",
        f"Mon 07:30 Knee?: {morning}",
        f"Tue 17:00 Strength today: {session}",
        f"Tue 20:00 Knee?: 5.0 km, inside your usual. {asked}",
        f"Wed 07:30 Knee?: {morning}",
        f"Thu 20:00 Knee?: 6.0 km, inside your usual. {asked}",
        f"Fri 07:30 Knee?: {morning}",
        f"Fri 17:00 Strength today: {session}",
        "Sun 18:00 Week 24: 11 km (usual 23), knee 0–1, strength 0 of 2.",
    ]


def test_the_sore_spike_holds_the_runner_back_until_a_calm_run(phone: Phone) -> None:
    assert phone.states["digest:2026-W23"] is PainState.AMBER
    assert phone.states["ask:easy"] is PainState.AMBER
    assert phone.states["ask:calm"] is PainState.GREEN
    texts = {one.key: one.text for one in phone.messages}
    assert "Next: from Tuesday, up to 7.0 km, flat." in texts["digest:2026-W23"]
    assert "This week: 23 km, longest 11.0." in texts["digest:2026-W24"]


def test_one_warning_and_no_more(phone: Phone) -> None:
    assert [one.key for one in phone.messages if one.alert] == ["load:spike:warn"]
    assert all(one.kind is not MessageKind.LOAD for one in phone.messages)
