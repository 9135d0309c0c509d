"""The messages page: what was said, what became of it and why; and what is not to be said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from fakes.visitor import Visitor

from connectors.channels.contract import Incoming
from daemon.config import AthleteConfig
from daemon.explanation import explained
from daemon.jobs.answering import take_incoming
from daemon.store import preferences
from daemon.store.answers import load_answers
from daemon.store.engine import Store
from daemon.store.findings import list_findings, record_findings
from daemon.store.messages import token_of
from daemon.store.outbox import (
    claim_due,
    enqueue,
    expire_overdue,
    mark_failed,
    mark_retry,
    mark_sent,
    start_attempt,
)
from rules.facts import PromptKind
from rules.muting import MUTABLE_KINDS, MUTABLE_RULES
from rules.muting_words import RULE_WORDS
from rules.number_words import figures
from rules.outcome import Level, Message, MessageKind, PromptWanted

type Opens = Callable[[Store, dict[str, AthleteConfig]], Visitor]

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LINKS = re.compile(r'<h3><a href="(/messages/[^"]+)">([^<]*)</a>')
LONG_RUN = "/messages/load%3A169%3Awarn"


def said(
    visitor: Visitor,
    key: str = "test:1",
    *,
    kind: MessageKind = MessageKind.LOAD,
    level: Level = Level.WARN,
    title: str = "Long run",
    text: str = "13.0 km.",
    findings: tuple[str, ...] = (),
    alert: bool = False,
    asks: PromptKind | None = None,
    channels: Iterable[str] = ("phone",),
    ago: timedelta = MINUTE,
    athlete: str | None = None,
) -> Message:
    """A message that was just put into the outbox."""
    due = visitor.clock.now() - ago
    question = None if asks is None else PromptWanted(asks, due, due + DAY, "0–10?")
    message = Message(
        key, kind, level, title, text, due, due, due + DAY, findings, alert=alert, question=question
    )
    with visitor.store.session() as session:
        enqueue(session, athlete or visitor.athlete.name, message, channels, due)
    return message


def sent(visitor: Visitor, what: str = "sent", reason: str = "") -> None:
    """What is due goes out, or does not."""
    now = visitor.clock.now()
    with visitor.store.session() as session:
        for claim in claim_due(session, "worker", now, HOUR):
            start_attempt(session, claim, now)
            match what:
                case "sent":
                    mark_sent(session, claim, now, "ntfy")
                case "failed":
                    mark_failed(session, claim, now, reason)
                case _:
                    mark_retry(session, claim, now, now + HOUR, reason)


def links(html: str) -> list[tuple[str, str]]:
    return [(unquote(unescape(address)), unescape(title)) for address, title in LINKS.findall(html)]


def test_what_was_said_stands_newest_first_with_its_channels(visitor: Visitor) -> None:
    page = visitor.get("/messages")
    assert page.status == 200
    assert links(page.html)[:4] == [
        ("/messages/ask:morning:2026-11-18", "Knee?"),
        ("/messages/strength:2026-11-17", "Strength today"),
        ("/messages/load:169:warn", "Long run"),
        ("/messages/digest:2026-W46", "Week 46"),
    ]
    assert "Today Knee? 07:30 This morning, on stairs down if you can: 0–10? ✔ sent to terminal" in page.words
    assert "Tuesday Strength today 17:00" in page.words
    assert len(page.html) < 60_000


def test_older_messages_are_on_the_next_page_and_none_is_there_twice(visitor: Visitor) -> None:
    seen: list[str] = []
    page, number = visitor.get("/messages"), 1
    while "Older" in page.words:
        seen += [address for address, _ in links(page.html)]
        number += 1
        page = visitor.get(f"/messages?page={number}")
        assert "Newer" in page.words
    seen += [address for address, _ in links(page.html)]
    assert len(seen) == len(set(seen)) > 60
    assert "There are no older messages." in visitor.get("/messages?page=9999").words
    for asked in ("0", "-1", "x", "1e3", "²", "99999999999"):
        assert links(visitor.get(f"/messages?page={asked}").html)[0][1] == "Knee?"


def test_before_anything_was_said_the_page_says_what_it_is_for(beginner: Visitor) -> None:
    assert "Nothing has been said yet." in beginner.get("/messages").words


def test_a_message_says_why_with_its_numbers_in_the_runners_units(visitor: Visitor) -> None:
    page = visitor.get(LONG_RUN)
    assert "Long run 13.0 km: 24 % beyond your longest in 30 days (10.5)." in page.words
    assert "✔ terminal: sent on Tuesday at 11:37" in page.words
    assert (
        "This run 13.0 km Longest run of the 30 days before 10.5 km This run against it 24 % more"
        in page.words
    )
    assert "about the run of Tuesday, 09:02. See it" in page.words
    assert 'href="/runs/169"' in page.html
    assert "Looked at Distance of the run / longest run of the 30 days before it. Rule R1" in page.words
    assert "Grade B: large cohort of runners" in page.words
    assert 'href="https://doi.org/10.1136/bjsports-2024-109380"' in page.html
    assert "A run beyond this times the longest of 30 days is a spike. 1.1 x r1.ratio" in page.words
    assert "27 % more for the kneecap" in page.words
    assert "Knee load of this run like 13.6 km flat" in page.words


def test_a_runner_in_miles_reads_miles(visitor: Visitor, opens: Opens) -> None:
    runner = replace(visitor.athlete.runner, miles=True)
    other = opens(visitor.store, {"demo": replace(visitor.athlete, runner=runner)})
    page = other.get(LONG_RUN)
    assert "This run 8.1 mi Longest run of the 30 days before 6.5 mi" in page.words


def test_the_page_and_the_verb_explain_the_same(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        found = list_findings(session, visitor.athlete.name)
    for stored in found:
        why = explained(stored, visitor.athlete)
        page = visitor.get(f"/findings/{stored.id}")
        assert page.status == 200
        assert why.sentence in page.words
        assert f"Grade {why.source.grade}" in page.words
        for own in why.settings:
            assert own.name in page.words


def test_every_number_of_a_season_has_a_name(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        found = list_findings(session, visitor.athlete.name)
    for stored in found:
        for figure in figures(stored.finding, visitor.athlete.runner):
            assert "_" not in figure.label
            assert not re.fullmatch(r"\d\.\d{3,}", figure.value)


def test_a_finding_says_in_which_message_it_was_told(visitor: Visitor) -> None:
    with visitor.store.reading() as session:
        found = list_findings(session, visitor.athlete.name)
    (long_run,) = (one for one in found if one.finding.key == "R1|169|-|warn")
    page = visitor.get(f"/findings/{long_run.id}")
    assert f'href="{LONG_RUN}">Long run</a>' in page.html
    untold = next(one for one in found if not one.message_keys)
    assert "No message; it is kept as a note." in visitor.get(f"/findings/{untold.id}").words


def test_a_finding_that_was_taken_back_says_so(visitor: Visitor) -> None:
    with visitor.store.session() as session:
        record_findings(session, visitor.athlete.name, [], visitor.clock.now())
        (gone, *_) = list_findings(session, visitor.athlete.name, withdrawn=True)
    assert "taken back: what caused it is gone." in visitor.get(f"/findings/{gone.id}").words


@pytest.mark.parametrize(
    ("what", "reason", "words"),
    [
        ("sent", "", "✔ phone: sent today at 07:42"),
        ("failed", "The address is wrong.", "✘ phone: not delivered. The address is wrong."),
        ("retry", "No answer.", "! phone: not through yet; next try today at 08:42. No answer."),
        ("", "", "phone: on its way"),
    ],
)
def test_what_became_of_a_delivery_is_said(visitor: Visitor, what: str, reason: str, words: str) -> None:
    said(visitor)
    if what:
        sent(visitor, what, reason)
    assert words in visitor.get("/messages/test:1").words


def test_a_message_whose_time_was_over_says_so(visitor: Visitor) -> None:
    said(visitor, ago=2 * DAY)
    with visitor.store.session() as session:
        expire_overdue(session, visitor.clock.now())
    assert "! phone: not sent: its time was over." in visitor.get("/messages/test:1").words
    assert "! phone: not sent in time" in visitor.get("/messages").words


def test_a_message_that_went_nowhere_says_why_that_may_be(visitor: Visitor) -> None:
    said(visitor, channels=())
    assert (
        "Sent nowhere: it was muted or skipped, or no channel takes it."
        in visitor.get("/messages/test:1").words
    )


def test_an_answer_stands_with_what_was_said_to_it(visitor: Visitor) -> None:
    said(visitor, "ask:1", kind=MessageKind.AFTER_RUN, title="Knee?", asks=PromptKind.AFTER_RUN)
    now, name = visitor.clock.now(), visitor.athlete.name
    with visitor.store.reading() as session:
        token = token_of(session, name, "ask:1")
    page = visitor.get("/messages/ask:1")
    link = re.search(r'<a class="button" href="(/a/[^"]+)">Answer</a>', page.html)
    assert link is not None
    assert visitor.get(link[1]).status == 200
    answer = take_incoming(
        visitor.store, visitor.athlete, "phone", Incoming("1", now, "3", position="", token=token), now
    )
    assert answer is not None
    page = visitor.get("/messages/ask:1")
    assert "Today at 07:42 you answered: 3" in page.words
    assert answer.text in page.words
    assert ">Answer</a>" not in page.html
    assert "You: 3" in visitor.get("/messages").words


def test_a_word_to_a_reminder_is_an_answer_too(visitor: Visitor) -> None:
    said(visitor, "nudge:1", kind=MessageKind.NUDGE, level=Level.NUDGE, title="Strength today")
    now = visitor.clock.now()
    with visitor.store.reading() as session:
        token = token_of(session, visitor.athlete.name, "nudge:1")
    take_incoming(
        visitor.store, visitor.athlete, "phone", Incoming("1", now, "done", position="", token=token), now
    )
    assert "you answered: Done" in visitor.get("/messages/nudge:1").words
    assert "You: Done" in visitor.get("/messages").words


def test_a_kind_is_muted_for_a_while_and_unmuted(visitor: Visitor) -> None:
    page = visitor.get("/messages/strength:2026-11-17")
    assert "Mute strength reminders" in page.words
    page = visitor.post("/mute", subject="kind:nudge", days="7")
    assert "Muted: strength reminders, until 25 November 07:42." in page.words
    assert "Muted now Strength reminders, until 25 November 07:42 Unmute" in page.words
    with visitor.store.reading() as session:
        now = visitor.clock.now()
        (mute,) = preferences.mutes(session, visitor.athlete.name, now)
    assert mute == preferences.Mute("kind:nudge", now + 7 * DAY)
    assert "Muted: strength reminders Unmute" in visitor.get("/messages/strength:2026-11-17").words
    page = visitor.post("/unmute", subject="kind:nudge")
    assert "Strength reminders again." in page.words
    assert "Muted now" not in page.words


def test_a_rule_is_muted_for_good(visitor: Visitor) -> None:
    page = visitor.get(LONG_RUN)
    assert "Mute warnings about a long run" in page.words
    assert "Mute warnings about a run that was heavy for the knee" in page.words
    page = visitor.post("/mute", subject="rule:R1", days="")
    assert "Warnings about a long run, for good" in page.words


def test_what_silence_costs_stands_beside_the_questions_only(visitor: Visitor) -> None:
    cost = "Without an answer nothing grows"
    assert f"Mute morning questions {cost}" in visitor.get("/messages/ask:morning:2026-11-18").words
    assert cost not in visitor.get("/messages/strength:2026-11-17").words


@pytest.mark.parametrize(
    ("kind", "level", "words"),
    [
        (MessageKind.EMERGENCY, Level.EMERGENCY, "it stops the running or sends you to somebody"),
        (MessageKind.REFER, Level.REFER, "it stops the running or sends you to somebody"),
        (MessageKind.STOP, Level.STOP, "it stops the running or sends you to somebody"),
        (MessageKind.OPERATIONS, Level.WARN, "it says what niggled needs"),
    ],
)
def test_what_keeps_you_safe_cannot_be_muted(
    visitor: Visitor, kind: MessageKind, level: Level, words: str
) -> None:
    said(visitor, kind=kind, level=level)
    page = visitor.get("/messages/test:1")
    assert f"This kind cannot be muted: {words}" in page.words
    assert 'action="/mute"' not in page.html
    page = visitor.post("/mute", subject=f"kind:{kind}", days="7")
    assert page.status == 400
    assert "What keeps you safe cannot be muted." in page.words
    with visitor.store.reading() as session:
        assert preferences.mutes(session, visitor.athlete.name, visitor.clock.now()) == ()


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/mute", {"subject": "rule:P6", "days": "7"}),
        ("/mute", {"subject": "", "days": "7"}),
        ("/mute", {"subject": "kind:nudge", "days": "365"}),
        ("/unmute", {"subject": "kind:stop"}),
        ("/unmute", {}),
        ("/snooze", {"days": "90"}),
        ("/snooze", {}),
    ],
)
def test_what_no_form_sends_is_refused(visitor: Visitor, path: str, fields: dict[str, str]) -> None:
    visitor.get("/messages")
    page = visitor.post(path, **fields)
    assert page.status == 400
    assert "Nothing was changed." in page.words


def test_a_snooze_is_the_pause_of_the_grammar_and_can_be_ended(visitor: Visitor) -> None:
    page = visitor.get("/messages")
    once = re.search(r'name="once" value="([^"]+)"', page.html)
    assert once is not None
    page = visitor.post("/snooze", days="3", once=once[1])
    assert page.words.count("Paused until Saturday 07:42.") == 2
    now = visitor.clock.now()
    with visitor.store.reading() as session:
        pause = load_answers(session, visitor.athlete.name, None).pauses[-1]
    assert (pause.start, pause.until) == (now, now + 3 * DAY)
    assert "Resume" in page.words
    visitor.clock.at += MINUTE
    visitor.post("/settings/resume")
    assert "Snooze everything" in visitor.get("/messages").words


def test_everything_that_may_be_muted_has_words(visitor: Visitor) -> None:
    assert set(RULE_WORDS) == set(MUTABLE_RULES)
    for subject in (*(f"kind:{kind}" for kind in MUTABLE_KINDS), *(f"rule:{rule}" for rule in MUTABLE_RULES)):
        assert visitor.post("/mute", subject=subject, days="28").status == 200
    page = visitor.get("/messages")
    assert page.words.count("until 16 December 07:42 Unmute") == len(MUTABLE_KINDS) + len(MUTABLE_RULES)


def test_titles_and_texts_are_never_markup(visitor: Visitor) -> None:
    said(visitor, "x", title="<script>alert(1)</script>", text='"><img src=x onerror=alert(1)> `seen`')
    sent(visitor, "failed", "<b>no</b>")
    for path in ("/messages", "/messages/x"):
        html = visitor.get(path).html
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "<b>no" not in html
        assert "<code>seen</code>" in html


@pytest.mark.parametrize("key", ["halt:P6|date:2026-11-18:locked|-|refer#2", "a/b//c", "ü?&=%20 ", "."])
def test_every_key_has_an_address(visitor: Visitor, key: str) -> None:
    said(visitor, key, title="Found")
    address = next(found[0] for found in LINKS.findall(visitor.get("/messages").html) if found[1] == "Found")
    page = visitor.get(unescape(address))
    assert page.status == 200
    assert "Found" in page.words


def test_the_messages_and_findings_of_somebody_else_do_not_exist(
    season_store: Store, visitor: Visitor, opens: Opens
) -> None:
    other: AthleteConfig = replace(visitor.athlete, name="other")
    stranger = opens(season_store, {"other": other})
    assert "Nothing has been said yet." in stranger.get("/messages").words
    for path in (LONG_RUN, "/findings/1", "/findings/100"):
        page = stranger.get(path)
        assert page.status == 404
        assert "There is no such page." in page.words
    assert stranger.post("/unmute", subject="kind:nudge").status == 200


@pytest.mark.parametrize(
    "path",
    ["/messages/none", "/messages/%00", "/messages/%ff", "/findings/0", "/findings/999999999999999999999"],
)
def test_what_is_not_there_is_kindly_refused(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    assert page.status == 404
    assert "no such page" in page.words
