"""Kill -9 at a random moment of each day of a conversation: every reply is kept, no message is lost, and only a kill
inside a channel call (sending or confirming) repeats one."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fakes.pockets import MailProgram, NtfyPhone, TelegramPhone
from fakes.scripted_week import MONDAY, Life, living, start_daemon, write_run

from connectors.channels.ntfy import SIGN as PHONE_SIGN
from connectors.channels.telegram import SIGN as CHAT_SIGN
from connectors.channels.tokens import parted
from daemon.store.conversation import Outcome
from daemon.store.tables import DELIVERIES, INCOMING, MESSAGES, REPLIES
from rules.facts import Grade

SEED = 20250609
CALL_S = 0.05
DAY_LASTS_S = 2.0
"""About as long as a day of the script takes here: kills come at any moment of it."""
PATIENCE_S = 120.0
MOMENTS = ("07:31", "10:56", "17:03", "20:31")
RUN_AT, KM = "09:00", 6.0
CHANNELS = ("phone", "chat", "mail")
LEAST_OF_GRADE = {Grade.GREEN.value: "fine", Grade.AMBER.value: "sore", Grade.RED.value: "bad"}


@dataclass
class Campaign:
    """A life in which the daemon is killed again and again. `given` counts the answers sent on each channel, `inside` the
    calls that a kill may have interrupted, `looked_at` what of each channel was read."""

    life: Life
    environment: dict[str, str]
    dice: random.Random
    kills: int = 0
    inside: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    looked_at: Counter[str] = field(default_factory=Counter)
    broken: list[BaseException] = field(default_factory=list)

    def live(self, days: int) -> None:
        for day in range(days):
            killer = threading.Thread(target=self._kill_after, args=(self.dice.uniform(0.0, DAY_LASTS_S),))
            killer.start()
            try:
                self._day(MONDAY + timedelta(days=day))
            finally:
                killer.join()
            assert self.broken == []
        self._settle()

    def _day(self, day: datetime) -> None:
        for clock in MOMENTS:
            if clock == MOMENTS[1]:
                start = at_clock(day, RUN_AT)
                self.life.clock.jump(start + timedelta(minutes=40))
                write_run(self.life.athlete.inbox, start, KM)
            self.life.clock.jump(at_clock(day, clock))
            self._settle()
            self._answer()

    def _answer(self) -> None:
        """What has come is answered on one of the channels; what is asked in return, there too."""
        name = self.dice.choice(CHANNELS)
        pocket, before = self.life.pockets[name], self.given[name]
        for one in CHANNELS:
            shown = self.life.pockets[one].shown()
            news, self.looked_at[one] = shown[self.looked_at[one] :], len(shown)
            if one != name:
                continue
            # One answer a moment: the pockets answer the newest message that can be.
            words = self._words(news[-1], by_grade=name == "phone") if news else ""
            if words:
                pocket.answer(words)
                self.given[name] += 1
        if self.given[name] > before:
            self._settle()

    def _words(self, text: str, *, by_grade: bool) -> str:
        if "0–10?" in text:
            return self.dice.choice(("Fine", "Fine", "Sore") if by_grade else ("0", "1", "2", "3"))
        if text.startswith("Strength today: "):
            return self.dice.choice(("Done", "Later"))
        return ""

    def _settle(self) -> None:
        """Until everything that is due was sent, every answer heard, and each of them confirmed."""
        asked = self.life.clock.now()
        self.life.clock.jump(asked + timedelta(minutes=5, seconds=1))
        deadline = time.monotonic() + PATIENCE_S
        while not (self._has_looked(asked) and self._is_quiet()):
            assert time.monotonic() < deadline, self._why()
            self._outwait_the_dead()
            time.sleep(0.02)

    def _why(self) -> str:
        """What is still open, for a test that failed."""
        with self.life.store.reading() as session:
            heard = session.execute(
                sa.select(INCOMING.c.channel, INCOMING.c.text, INCOMING.c.heard_at, INCOMING.c.confirmed_at)
            ).all()
            open_ = session.execute(
                sa.select(
                    DELIVERIES.c.channel,
                    DELIVERIES.c.message_key,
                    DELIVERIES.c.due_at,
                    DELIVERIES.c.claimed_by,
                ).where(DELIVERIES.c.done_at.is_(None))
            ).all()
        log = (self.life.folder / "daemon.log").read_text()[-2000:]
        return f"{self.life.clock.now()}: given {self.given}, heard {heard[-4:]}, unsent {open_}\n{log}"

    def _has_looked(self, since: datetime) -> bool:
        told = self._told_look()
        if told is not None and told > since:
            return True
        self.life.want_look()
        return False

    def _told_look(self) -> datetime | None:
        try:
            return datetime.fromisoformat((self.life.folder / "looked").read_text())
        except (OSError, ValueError):
            return None  # a kill came while it was written

    def _is_quiet(self) -> bool:
        now = self.life.clock.now()
        due = DELIVERIES.c.done_at.is_(None) & (DELIVERIES.c.due_at <= now) & (DELIVERIES.c.expires_at > now)
        with self.life.store.reading() as session:
            waiting = session.execute(sa.select(sa.func.count()).where(due)).scalar_one()
            heard = Counter(session.scalars(sa.select(INCOMING.c.channel)))
            open_ = sa.select(sa.func.count()).where(INCOMING.c.confirmed_at.is_(None))
            return waiting == 0 and heard == self.given and session.execute(open_).scalar_one() == 0

    def _outwait_the_dead(self) -> None:
        """What was claimed by a daemon that is no more is free again when its lease ends: so long it waits."""
        with self.life.store.reading() as session:
            claimed = session.execute(
                sa.select(sa.func.max(DELIVERIES.c.claimed_until)).where(
                    DELIVERIES.c.done_at.is_(None),
                    DELIVERIES.c.claimed_by.not_like(f"%-{self.life.process.pid}"),
                )
            ).scalar_one()
        if claimed is not None:
            self.life.clock.jump(claimed.replace(tzinfo=self.life.clock.now().tzinfo) + timedelta(seconds=1))

    def _kill_after(self, seconds: float) -> None:
        try:
            time.sleep(seconds)
            began = self.life.process
            os.killpg(began.pid, signal.SIGKILL)
            began.wait()
            self.kills += 1
            self.inside.update(self._open_calls())
            self.life.process = start_daemon(self.life.folder, self.environment)
        except BaseException as error:
            self.broken.append(error)
            raise

    def _open_calls(self) -> list[str]:
        """Calls that had begun, or could have, and whose end nobody has recorded."""
        with self.life.store.reading() as session:
            sending = session.execute(
                sa.select(DELIVERIES.c.channel).where(
                    DELIVERIES.c.done_at.is_(None), DELIVERIES.c.attempt_started_at.is_not(None)
                )
            ).scalars()
            confirming = session.execute(
                sa.select(INCOMING.c.channel).where(INCOMING.c.confirmed_at.is_(None))
            ).scalars()
            return [f"sending {one}" for one in sending] + [f"confirming {one}" for one in confirming]

    def sent(self) -> dict[str, Counter[str]]:
        """By channel: what the store says that went out, each by its token or its words."""
        with self.life.store.reading() as session:
            rows = session.execute(
                sa.select(
                    DELIVERIES.c.channel,
                    MESSAGES.c.token,
                    MESSAGES.c.title,
                    MESSAGES.c.text,
                    DELIVERIES.c.state,
                )
                .join(MESSAGES, MESSAGES.c.key == DELIVERIES.c.message_key)
                .order_by(DELIVERIES.c.id)
            ).all()
        assert {row.state for row in rows} == {"sent"}, Counter(row.state for row in rows)
        told: dict[str, Counter[str]] = {channel: Counter() for channel in CHANNELS}
        for row in rows:
            told[row.channel][row.token or plain(f"{row.title} {row.text}")] += 1
        return told


def at_clock(day: datetime, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return day.replace(hour=hour, minute=minute).astimezone(MONDAY.tzinfo)


def plain(text: str) -> str:
    return " ".join(text.split())


def on_phone(phone: NtfyPhone) -> tuple[Counter[str], int]:
    """(what came, each by its token or its words; how many confirmations)."""
    came: Counter[str] = Counter()
    confirmations = 0
    for alert in phone.alerts:
        if alert["title"] == "Your answer":
            confirmations += 1
            continue
        actions = alert.get("actions", [])
        found = parted(actions[0]["body"], PHONE_SIGN) if actions else None
        came[found[0] if found else plain(f"{alert['title']} {alert['message']}")] += 1
    return came, confirmations


def in_chat(chat: TelegramPhone) -> tuple[Counter[str], int]:
    came: Counter[str] = Counter()
    confirmations = 0
    for received in chat.server.received:
        method, content = received.path.rpartition("/")[2], received.json()
        if method == "editMessageText" or (method == "sendMessage" and "entities" not in content):
            confirmations += 1
        elif method == "sendMessage":
            rows: list[Any] = content.get("reply_markup", {}).get("inline_keyboard", [])
            found = parted(rows[0][0]["callback_data"], CHAT_SIGN) if rows else None
            came[found[0] if found else plain(content["text"])] += 1
    return came, confirmations


def in_mailbox(mail: MailProgram, told: Counter[str]) -> tuple[Counter[str], int]:
    came: Counter[str] = Counter()
    confirmations = 0
    for one in mail.outbox.mails:
        if one.message["X-Niggled-Key"].startswith("confirm|"):
            confirmations += 1
            continue
        reply_to = str(one.message["Reply-To"] or "")
        token = reply_to.partition("+")[2].partition("@")[0].upper()
        came[token if token in told else plain(f"{one.subject} {one.text}")] += 1
    return came, confirmations


@pytest.mark.parametrize(
    "days", [pytest.param(10, id="a twentieth"), pytest.param(200, id="whole", marks=pytest.mark.soak)]
)
def test_no_kill_loses_a_word_and_only_one_inside_a_channel_call_repeats_one(
    days: int, tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone, TelegramPhone, MailProgram) as life:
        phone, chat, mail = (life.pockets[name] for name in CHANNELS)
        assert isinstance(phone, NtfyPhone)
        assert isinstance(chat, TelegramPhone)
        assert isinstance(mail, MailProgram)
        phone.server.wait_s = chat.server.wait_s = mail.outbox.wait_s = CALL_S
        campaign = Campaign(life, clean_environment, random.Random(SEED))
        began_s = time.monotonic()
        campaign.live(days)
        lasted_s = time.monotonic() - began_s
        sent = campaign.sent()
        came = {"phone": on_phone(phone), "chat": in_chat(chat), "mail": in_mailbox(mail, sent["mail"])}
        with life.store.reading() as session:
            heard = session.execute(
                sa.select(INCOMING.c.channel, INCOMING.c.outcome, INCOMING.c.text, INCOMING.c.message_key)
            ).all()
            told = session.execute(sa.select(REPLIES)).all()

    lost = {name: sent[name] - came[name][0] for name in CHANNELS}
    repeats = {name: (came[name][0] - sent[name]).total() for name in CHANNELS}
    confirmed_again = {name: came[name][1] - campaign.given[name] for name in CHANNELS}
    inside = campaign.inside
    print(
        f"{days} days in {lasted_s:.0f} s; {campaign.kills} kills: {dict(inside)} inside a call; "
        f"{sum(one.total() for one in sent.values())} messages sent, {sum(one.total() for one in lost.values())} lost, "
        f"repeated: {repeats}; {campaign.given.total()} answers given, {len(heard)} heard and kept, "
        f"confirmed again: {confirmed_again}"
    )
    assert campaign.kills == days
    assert Counter(row.channel for row in heard) == campaign.given
    assert {row.outcome for row in heard} == {Outcome.TAKEN.value}
    for row in heard:
        if (row.message_key or "").startswith(("ask:", "load:")):
            said = [one for one in told if one.prompt_id == row.message_key]
            assert row.text in {
                str(one.score) if one.grade is None else LEAST_OF_GRADE[one.grade] for one in said
            }
    for name in CHANNELS:
        assert lost[name] == Counter(), name
        assert repeats[name] <= inside[f"sending {name}"], name
        # A tap that is confirmed again is written below the question and, too late for the toast, as a message.
        most = 2 if name == "chat" else 1
        assert 0 <= confirmed_again[name] <= most * inside[f"confirming {name}"], name
