"""What comes in on a channel: whose it is, heard once, answered in words, nothing of strangers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from fakes.household import run

from connectors.channels.contract import Incoming
from daemon.config import AthleteConfig
from daemon.jobs.answering import made_up_for, take_incoming
from daemon.jobs.assess import assess_athlete
from daemon.jobs.incoming import MANY, DirectAnswer
from daemon.jobs.sync import take_in
from daemon.store import answers as stored_answers
from daemon.store import conversation
from daemon.store.answers import load_answers
from daemon.store.engine import Store
from daemon.store.messages import token_of
from daemon.store.outbox import DeliveryState, enqueue, list_deliveries
from daemon.store.tables import INCOMING
from rules.facts import PainReply, PromptKind, ReplyKind, Side
from rules.outcome import Level, Message, MessageKind

SUNDAY = datetime(2026, 6, 7, 9, 0, tzinfo=UTC)
END = SUNDAY + timedelta(minutes=30)
ASKED = END + timedelta(minutes=75)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def token(store: Store, athlete: AthleteConfig) -> str:
    """A runner of three times five kilometres a week, asked about Sunday's run; the token of that question."""
    days = [7 * week + day for week in range(1, 7) for day in (0, -2, -4)]
    take_in(
        store,
        athlete,
        [run(SUNDAY - timedelta(days=day), 5.0) for day in days],
        SUNDAY - timedelta(days=1),
    )
    take_in(store, athlete, [run(SUNDAY, 5.0)], END)
    assess_athlete(store, athlete, ASKED)
    with store.reading() as session:
        (asked,) = list_deliveries(session, "me", list(DeliveryState))
        found = token_of(session, "me", asked.message.key)
    assert found is not None
    return found


def incoming(text: str, number: int = 1, at: datetime = ASKED + MINUTE, **fields: object) -> Incoming:
    plain: dict[str, object] = {"id": f"m{number}", "position": str(number)} | fields
    return Incoming(at=at, text=text, **plain)  # type: ignore[arg-type]


def take(
    store: Store, athlete: AthleteConfig, one: Incoming, now: datetime = ASKED + 2 * MINUTE
) -> DirectAnswer | None:
    return take_incoming(store, athlete, "phone", one, now)


def replies(store: Store) -> tuple[PainReply, ...]:
    with store.reading() as session:
        return load_answers(session, "me", None).replies


def rows(store: Store) -> list[tuple[str, str, str]]:
    with store.reading() as session:
        found = session.execute(
            sa.select(INCOMING.c.id, INCOMING.c.outcome, INCOMING.c.text).order_by(INCOMING.c.id)
        )
        return [(one, outcome, text) for one, outcome, text in found]


def test_an_answer_is_stored_with_its_time_and_confirmed_with_what_it_means(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    answer = take(store, athlete, incoming("4", token=token))
    assert answer is not None
    assert answer.text.startswith("4 noted. Next: from Tuesday, up to 4.0 km")
    assert answer.quiet is False
    (reply,) = replies(store)
    assert (reply.score, reply.kind, reply.at) == (4, ReplyKind.DURING, ASKED + MINUTE)
    with store.reading() as session:
        assert conversation.hearing(session, "me", "phone").position == "1"


def test_a_green_answer_is_confirmed_without_a_sound(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    answer = take(store, athlete, incoming("fine", token=token))
    assert answer is not None
    assert answer.quiet is True
    assert answer.text.startswith("Fine noted, settled. Next: from Monday")


def test_the_same_thing_twice_is_heard_once(store: Store, athlete: AthleteConfig, token: str) -> None:
    assert take(store, athlete, incoming("4", token=token)) is not None
    assert take(store, athlete, incoming("4", token=token)) is None
    assert len(replies(store)) == 1
    assert rows(store) == [("m1", "taken", "4")]


def test_a_token_answers_once_and_may_be_corrected(store: Store, athlete: AthleteConfig, token: str) -> None:
    take(store, athlete, incoming("4", token=token))
    answer = take(store, athlete, incoming("2", 2, at=ASKED + 5 * MINUTE, token=token), ASKED + 5 * MINUTE)
    assert answer is not None
    assert answer.text.startswith("2 noted")
    assert [reply.score for reply in replies(store)] == [4, 2], "the later one counts, both are kept"


def test_of_two_answers_the_one_given_later_counts_whatever_comes_first(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    now = ASKED + 30 * MINUTE
    take(store, athlete, incoming("1", 2, at=ASKED + 20 * MINUTE, token=token), now)
    take_incoming(store, athlete, "mail", incoming("6", 1, at=ASKED + 2 * MINUTE, token=token), now)
    assert [(reply.score, reply.at) for reply in replies(store)] == [
        (6, ASKED + 2 * MINUTE),
        (1, ASKED + 20 * MINUTE),
    ]


def test_strangers_and_forged_tokens_change_nothing_and_are_counted(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    assert take(store, athlete, incoming("9", 1, allowed=False)) is None
    assert take(store, athlete, incoming("9", 2, token="AAAAAAAAAA")) is None
    assert replies(store) == ()
    assert rows(store) == []
    with store.reading() as session:
        heard = conversation.hearing(session, "me", "phone")
    assert (heard.strangers, heard.position) == (2, "2")


def test_a_doubtful_answer_is_asked_back_once_then_helped_then_left_alone(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    said = [
        take(store, athlete, incoming(text, number, token=token))
        for number, text in enumerate(("4 or 5", "11", "🦵"), start=1)
    ]
    texts = [one.text for one in said if one is not None]
    assert texts[0] == 'I read "4 or 5". Which one: 4 or 5?'
    assert texts[1].startswith("A number 0–10 or `none`")
    assert texts[2] == ""
    assert replies(store) == ()
    assert [outcome for _, outcome, _ in rows(store)] == ["unclear"] * 3
    answer = take(store, athlete, incoming("4", 4, token=token))
    assert answer is not None
    assert answer.text.startswith("4 noted")


def test_a_clock_that_runs_ahead_answers_now(store: Store, athlete: AthleteConfig, token: str) -> None:
    take(store, athlete, incoming("3", token=token, at=ASKED + timedelta(days=2)))
    assert [reply.at for reply in replies(store)] == [ASKED + 2 * MINUTE]


def test_an_answer_to_a_question_of_long_ago_is_kept_as_a_note(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    late = ASKED + timedelta(hours=60)
    answer = take(store, athlete, incoming("4", token=token, at=late), late)
    assert answer == DirectAnswer("Too late to count: kept as a note.", quiet=True)


def test_a_flood_of_answers_is_kept_and_not_acted_on(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    for number in range(MANY):
        take(store, athlete, incoming("status", number))
    answer = take(store, athlete, incoming("9", MANY, token=token))
    assert answer == DirectAnswer("", quiet=True)
    assert replies(store) == ()
    assert {one: outcome for one, outcome, _ in rows(store)}[f"m{MANY}"] == "too_many"
    later = ASKED + timedelta(hours=2)
    assert take(store, athlete, incoming("3", 99, at=later, token=token), later) is not None
    assert [reply.score for reply in replies(store)] == [3]


def test_a_kill_between_storing_and_answering_is_made_up_for(
    store: Store, athlete: AthleteConfig, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("daemon.replies.assess_athlete", killed)
    with pytest.raises(KeyboardInterrupt):
        take(store, athlete, incoming("4", token=token))
    monkeypatch.undo()
    assert [reply.score for reply in replies(store)] == [4]
    assert take(store, athlete, incoming("4", token=token)) is None
    with store.reading() as session:
        (waiting,) = conversation.unconfirmed(session, "me", "phone", ASKED)
    said = made_up_for(store, athlete, waiting.incoming, ASKED + 3 * MINUTE)
    assert said.text.startswith('"4" noted. Knee amber, load green. Next: from Tuesday')


def test_nothing_is_heard_where_the_answer_could_not_be_stored(
    store: Store, athlete: AthleteConfig, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("daemon.replies.save_reply", full)
    with pytest.raises(OSError, match="No space"):
        take(store, athlete, incoming("4", token=token))
    monkeypatch.setattr("daemon.replies.save_reply", stored_answers.save_reply)
    assert rows(store) == []
    assert take(store, athlete, incoming("4", token=token)) is not None


def reminder(store: Store, athlete: AthleteConfig, now: datetime) -> str:
    """A reminder of strength work as triage would say it; its token."""
    message = Message(
        key="strength:2026-06-07",
        kind=MessageKind.NUDGE,
        level=Level.NUDGE,
        title="Strength today",
        text="20 min: step-up 3×8.",
        decided_at=now,
        due_at=now,
        expires_at=now + timedelta(hours=3),
    )
    with store.session() as session:
        enqueue(session, "me", message, ["phone"], now)
        token = token_of(session, "me", message.key)
    assert token is not None
    return token


def test_a_reminder_comes_back_later_and_is_done(store: Store, athlete: AthleteConfig) -> None:
    five = datetime(2026, 6, 7, 17, 0, tzinfo=UTC)
    token = reminder(store, athlete, five)
    assert take(store, athlete, incoming("later", 1, token=token, at=five), five) == DirectAnswer(
        "Later, then: at 20:00.", quiet=True
    )
    assert take(store, athlete, incoming("skip", 2, token=token, at=five), five) == DirectAnswer(
        "Skipped.", quiet=True
    )
    done = take(store, athlete, incoming("done", 3, token=token, at=five), five + MINUTE)
    assert done == DirectAnswer("Done: 1 of 2 this week.", quiet=True)
    with store.reading() as session:
        waiting = list_deliveries(session, "me", [DeliveryState.QUEUED])
    assert [(one.message.key, one.due_at) for one in waiting] == [
        ("strength:2026-06-07", five),
        ("strength:2026-06-07:later", five + timedelta(hours=3)),
    ]


def test_in_a_thread_what_the_direct_answer_asked_is_answered_and_not_the_run_once_more(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    answer = take(store, athlete, incoming("4, it is swollen", token=token))
    assert answer is not None
    assert "Any of these?" in answer.text
    answer = take_incoming(
        store,
        athlete,
        "phone",
        incoming("none", 2, at=ASKED + 5 * MINUTE, token=token),
        ASKED + 5 * MINUTE,
    )
    assert answer is not None
    told = [(reply.kind, reply.score, reply.flag) for reply in replies(store)]
    assert (ReplyKind.FLAG, None, "none") in told
    assert [score for kind, score, _ in told if kind is ReplyKind.DURING] == [4], "the run still hurt"


def test_a_form_says_side_note_and_what_a_number_is_about_apart_from_it(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    now = ASKED + 2 * MINUTE
    told = take_incoming(
        store, athlete, "page", incoming("3", token=token), now, side=Side.LEFT, note="on stairs"
    )
    assert told is not None
    assert told.text.startswith("3 noted")
    spot = take_incoming(store, athlete, "page", incoming("1", 2, at=now), now, when=ReplyKind.SPOT)
    assert spot is not None
    assert [(one.kind, one.score, one.side, one.note) for one in replies(store)] == [
        (ReplyKind.DURING, 3, Side.LEFT, "on stairs"),
        (ReplyKind.SPOT, 1, None, ""),
    ]


def test_the_question_that_a_form_showed_goes_before_the_newest(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    now = ASKED + 2 * MINUTE
    take(store, athlete, incoming("3", token=token), now)
    with store.reading() as session:
        prompts = load_answers(session, "me", None).prompts
    settled = next(one for one in prompts if one.kind is PromptKind.SETTLED)
    take_incoming(store, athlete, "page", incoming("no", 2, at=now), now, prompt=settled)
    assert (replies(store)[-1].prompt_id, replies(store)[-1].settled) == (settled.id, False)


def test_what_was_said_to_a_message_is_found_with_the_words_of_the_answer(
    store: Store, athlete: AthleteConfig, token: str
) -> None:
    now = ASKED + 10 * MINUTE
    take(store, athlete, incoming("4", token=token), now)
    take_incoming(store, athlete, "page", incoming("2", 2, at=now, token=token), now)
    take_incoming(store, athlete, "page", incoming("what?", 3, at=now + MINUTE, token=token), now + MINUTE)
    with store.reading() as session:
        message = conversation.message_of_token(session, "me", token)
        assert message is not None
        said = conversation.said_to(session, "me", message.key)
        assert [(one.text, one.outcome.value) for one in said] == [
            ("4", "taken"),
            ("2", "taken"),
            ("what?", "unclear"),
        ]
        assert said[1].confirmation.startswith("2 noted")
        assert conversation.said_to(session, "anna", message.key) == []
        assert [one.score for one in stored_answers.replies_to(session, "me", message.key)] == [4, 2]
        assert stored_answers.replies_to(session, "anna", message.key) == []
