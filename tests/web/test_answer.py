"""The page behind a link: one question, two taps, what was understood, and a correction."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.household import run
from fakes.visitor import Seen, Visitor, visitor_of

from connectors.channels.contract import Incoming
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.credentials import Secret
from daemon.jobs.answering import take_incoming
from daemon.jobs.assess import assess_athlete, look
from daemon.jobs.incoming import MANY
from daemon.jobs.sync import take_in
from daemon.links import signed
from daemon.page_key import page_key
from daemon.store.answers import load_answers, save_prompt, save_reply
from daemon.store.conversation import Outcome, note_heard
from daemon.store.engine import Store
from daemon.store.messages import insert_message, token_of
from daemon.store.tables import INCOMING, MESSAGES
from daemon.web.questions import PAGE
from rules.facts import PainReply, Prompt, PromptKind, ReplyKind, Runner, Side
from rules.outcome import Level, Message, MessageKind, PainState, PromptWanted
from rules.policy import Policy
from rules.prompts import CHECKLIST_TEXT, EVENING_RUN_TEXT

SUNDAY = datetime(2026, 6, 7, 9, 0, tzinfo=UTC)
END = SUNDAY + timedelta(minutes=30)
ASKED = END + timedelta(minutes=75)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVERYTHING = ("warning", "prompt", "reminder", "digest")


@pytest.fixture
def asked(empty_store: Store, tmp_path: Path) -> Visitor:
    """Three times five kilometres a week, and the question about Sunday's run that was just sent."""
    phone = ChannelConfig("phone", "apprise", Secret("plain", "json://127.0.0.1"), EVERYTHING)
    athlete = AthleteConfig("anna", Runner(timezone="UTC"), Policy(), tmp_path / "inbox", (phone,))
    days = [7 * week + day for week in range(1, 7) for day in (0, -2, -4)]
    take_in(
        empty_store, athlete, [run(SUNDAY - timedelta(days=day), 5.0) for day in days], SUNDAY - 24 * HOUR
    )
    take_in(empty_store, athlete, [run(SUNDAY, 5.0)], END)
    assess_athlete(empty_store, athlete, ASKED)
    return visitor_of(empty_store, tmp_path, {"anna": athlete}, ASKED + MINUTE)


def link(visitor: Visitor, key: str | None = None) -> str:
    """The path of a message's link; of the newest one that was queued where no key is given."""
    name = visitor.athlete.name
    with visitor.store.reading() as session:
        newest = sa.select(MESSAGES.c.key).where(MESSAGES.c.athlete == name, MESSAGES.c.token.is_not(None))
        key = key or session.scalars(newest.order_by(MESSAGES.c.due_at.desc())).first()
        token = token_of(session, name, str(key))
    assert token is not None
    return f"/a/{signed(page_key(visitor.athlete.inbox.parent), token)}"


def send(
    visitor: Visitor, path: str, *, form: int = 0, follow: bool = True, **fields: str | list[str]
) -> Seen:
    """Press a button of the `form`-th form of the page seen last, with its hidden fields as they stand there."""
    assert visitor.last is not None
    names = (
        re.findall(rf'name="{name}" value="([^"]*)"', visitor.last.html) for name in ("question", "once")
    )
    question, once = (found[form] for found in names)
    visitor.clock.sleep(10)
    return visitor.post(path, follow=follow, **{"question": question, "once": once} | fields)


def replies(visitor: Visitor) -> list[PainReply]:
    with visitor.store.reading() as session:
        return list(load_answers(session, visitor.athlete.name, None).replies)


def put(visitor: Visitor, message: Message) -> str:
    """The path of a message that has just gone out."""
    with visitor.store.session() as session:
        insert_message(session, visitor.athlete.name, message)
        if message.question is not None:
            wanted = message.question
            prompt = Prompt(message.key, wanted.kind, message.due_at, wanted.expires_at, wanted.activity_id)
            save_prompt(session, visitor.athlete.name, prompt)
    return link(visitor, message.key)


def message(
    kind: MessageKind,
    text: str,
    question: PromptKind | None = None,
    *,
    level: Level = Level.ASK,
    lasts: timedelta = 12 * HOUR,
) -> Message:
    at = ASKED
    wanted = None if question is None else PromptWanted(question, at, at + lasts, text)
    return Message(f"test:{kind}", kind, level, "A title", text, at, at, at + lasts, question=wanted)


def test_opening_the_link_and_tapping_a_number_is_all(asked: Visitor) -> None:
    path = link(asked)
    opened = asked.get(path)
    assert opened.status == 200
    assert "Knee? 5.0 km, inside your usual. Worst knee pain during the run, 0–10?" in opened.words
    assert re.findall(r'<button name="value" value="(\d+)"', opened.html) == [str(n) for n in range(11)]
    assert "0none 1 2slight 3" in opened.words
    assert "5hard to ignore 6 7 8 9 10worst there is" in opened.words
    assert "Which knee" not in opened.words
    done = send(asked, path, value="4")
    assert "4 noted Next: from Tuesday, up to 4.0 km" in done.words
    assert "Knee: you said 4 today at 10:46." in done.words
    (told,) = replies(asked)
    assert (told.score, told.kind, told.at) == (4, ReplyKind.DURING, ASKED + MINUTE + 10 * MINUTE / 60)


def test_looking_writes_nothing_however_often(asked: Visitor) -> None:
    path = link(asked)
    for _ in range(3):
        asked.get(path)
    with asked.store.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(INCOMING)) == 0
    assert replies(asked) == []


def test_the_same_form_sent_twice_answers_once(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    send(asked, path, value="4", once="pressed")
    again = asked.post(path, question="ask:19", once="pressed", value="7")
    assert "4 noted" in again.words
    assert [reply.score for reply in replies(asked)] == [4]


def test_an_answer_can_be_corrected_and_the_later_one_counts(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    told = send(asked, path, value="6")
    assert "Correct it" in told.words
    correcting = told.html.index('value="6" class="grade-6" aria-pressed="true"')
    assert correcting > told.html.index("Correct it")
    done = send(asked, path, form=-1, value="2")
    assert done.words.count("2 noted") == 1
    assert look(asked.store, asked.athlete, asked.clock.at).assessment.pain.overall is PainState.GREEN


def test_twelve_hours_later_it_is_closed_and_says_what_was_recorded(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    send(asked, path, value="2")
    asked.clock.at += 12 * HOUR - MINUTE
    assert asked.get(path).status == 200
    asked.clock.at += 2 * MINUTE
    assert asked.post(path, question="ask:19", value="9", once="late").status == 410
    closed = asked.get(path)
    assert closed.status == 410
    assert "This question is closed Knee: you said 2 today at 10:46. That is recorded." in closed.words
    assert [reply.score for reply in replies(asked)] == [2]


def test_without_an_answer_it_is_open_for_two_days_and_then_says_so(asked: Visitor) -> None:
    path = link(asked)
    asked.clock.at = ASKED + 47 * HOUR
    assert asked.get(path).status == 200
    asked.clock.at = ASKED + 49 * HOUR
    closed = asked.get(path)
    assert closed.status == 410
    assert (
        "It was put on Sunday at 10:45 and could be answered until today at 10:45. Nothing was recorded."
        in closed.words
    )


def test_a_stale_form_stores_nothing_and_shows_what_holds(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    seen = asked.post(path, question="another", value="4", once="x")
    assert "Worst knee pain" in seen.words
    assert replies(asked) == []


@pytest.mark.parametrize("value", ["11", "-1", "4.5", "four", "٣", "1e1"])
def test_a_number_that_no_button_sends_is_refused(asked: Visitor, value: str) -> None:
    path = link(asked)
    asked.get(path)
    assert send(asked, path, value=value).status == 400
    assert replies(asked) == []


def test_pain_asks_whether_it_has_settled_and_takes_the_answer_there(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    told = send(asked, path, value="3")
    assert "Settled to before-run level?" in told.words
    assert "y / n" not in told.words
    done = send(asked, path, answer="no")
    assert "Settled to before-run level" not in done.words
    assert [(one.kind, one.settled) for one in replies(asked)][-1] == (ReplyKind.AFTER, False)
    assert "Knee: you said 3" in done.words


def test_a_high_number_brings_the_checklist_with_boxes(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    told = send(asked, path, value="8")
    assert "8 noted No running yet" in told.words
    assert CHECKLIST_TEXT not in told.words
    assert "With one of these call your emergency number now Chest pain" in told.words
    done = send(asked, path, item=["gave way", "hot"])
    assert "What you describe needs a clinician, not an app Have you read this? Seen" in done.words
    flags = {one.flag for one in replies(asked) if one.kind is ReplyKind.FLAG}
    assert flags == {"gave_way", "hot"}
    assert look(asked.store, asked.athlete, asked.clock.at).assessment.pain.overall is PainState.REFERRED


def test_chest_pain_brings_the_emergency_number_first(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    send(asked, path, value="8")
    done = send(asked, path, item=["chest"])
    assert re.search(r"<h1>\s*Call your emergency number now\s*</h1>", done.html)
    assert "answer-urgent" in done.html


def test_a_checklist_sent_empty_or_with_a_contradiction_is_shown_again(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    send(asked, path, value="8")
    assert "Nothing is ticked." in send(asked, path).words
    back = send(asked, path, item=["calf"], answer="none")
    assert "You ticked something and pressed None of these." in back.words
    assert 'value="calf" checked' in back.html, "what was ticked stays so"
    assert not any(one.kind is ReplyKind.FLAG for one in replies(asked))
    done = send(asked, path, answer="none")
    assert "None of these noted" in done.words
    assert [one.flag for one in replies(asked) if one.kind is ReplyKind.FLAG] == ["none"]


def test_a_checklist_item_that_no_box_has_is_refused(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    send(asked, path, value="8")
    assert send(asked, path, item=["chest", "<script>"]).status == 400


def test_a_stop_of_its_own_shows_the_checklist_for_a_week(asked: Visitor) -> None:
    stop = message(
        MessageKind.STOP,
        f"7 during the run. Walk or bike at 2 or less. {CHECKLIST_TEXT}",
        PromptKind.CHECKLIST,
        level=Level.STOP,
        lasts=7 * 24 * HOUR,
    )
    path = put(asked, stop)
    asked.clock.at = ASKED + 72 * HOUR
    opened = asked.get(path)
    assert "7 during the run. Walk or bike at 2 or less. With one of these" in opened.words
    send(asked, path, item=["locked"])
    assert look(asked.store, asked.athlete, asked.clock.at).assessment.pain.overall is PainState.REFERRED


def test_only_where_both_knees_are_tracked_the_side_is_asked(asked: Visitor) -> None:
    with asked.store.session() as session:
        for side in (Side.LEFT, Side.RIGHT):
            reply = PainReply(f"old:{side}", SUNDAY - 20 * HOUR, ReplyKind.SPOT, score=1, side=side)
            save_reply(session, asked.athlete.name, reply)
    path = link(asked)
    opened = asked.get(path)
    assert "Which knee Left Right Both" in opened.words
    assert 'value="right" checked' in opened.html
    told = send(asked, path, value="3", side="left")
    assert "Knee: you said Left 3 today" in told.words
    assert "Correct it, or tell of the other knee" in told.words
    both = send(asked, path, form=-1, value="1", side="right")
    assert "Knee: you said Left 3 and right 1 today" in both.words
    assert {one.side for one in replies(asked) if one.prompt_id} == {Side.LEFT, Side.RIGHT}
    same = send(asked, path, form=-1, value="2", side="both")
    assert "you said Left 2 and right 2" in same.words


def test_note_painkillers_and_limp_come_along(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    told = send(asked, path, value="2", pills="1", note="new  shoes\n<b>blue</b>")
    assert "2 noted, with painkillers: it counts as sore" in told.words
    (reply,) = replies(asked)
    assert (reply.painkillers, reply.limp, reply.note) == (True, False, "new shoes <b>blue</b>")


def test_a_note_with_a_word_of_alarm_brings_the_checklist(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    told = send(asked, path, value="2", note="The knee is swollen since.")
    assert "Does any of these apply?" in told.words


def test_a_morning_that_asks_for_the_evening_run_too_takes_both_numbers(asked: Visitor) -> None:
    evening = run(SUNDAY + 12 * HOUR, 6.0)
    take_in(asked.store, asked.athlete, [evening], SUNDAY + 13 * HOUR)
    seen = look(asked.store, asked.athlete, SUNDAY + 13 * HOUR)
    newest = max(seen.history.activities, key=lambda one: one.start)
    asked.clock.at = SUNDAY + 22 * HOUR
    wanted = PromptWanted(
        PromptKind.MORNING, asked.clock.at, asked.clock.at + 12 * HOUR, EVENING_RUN_TEXT, newest.id
    )
    base = message(MessageKind.MORNING, EVENING_RUN_TEXT)
    path = put(asked, replace(base, due_at=asked.clock.at, question=wanted))
    opened = asked.get(path)
    assert "Worst in the run, if that was more" in opened.words
    told = send(asked, path, value="1", run="3")
    assert "1 this morning and 3 in the run noted" in told.words
    assert {(one.kind, one.score) for one in replies(asked)} == {
        (ReplyKind.DURING, 3),
        (ReplyKind.MORNING, 1),
    }


def test_a_reminder_is_done_later_or_skipped(asked: Visitor) -> None:
    nudge = message(MessageKind.NUDGE, "20 min: box squat 3×8.", level=Level.NUDGE, lasts=3 * HOUR)
    path = put(asked, nudge)
    opened = asked.get(path)
    assert "A title 20 min: box squat 3×8. Done Later Skip" in opened.words
    assert "Later, then: at 13:46" in send(asked, path, answer="later").words
    assert "Done: 1 of 2 this week" in send(asked, path, answer="done").words
    with asked.store.reading() as session:
        assert len(load_answers(session, asked.athlete.name, None).strength) == 1
    asked.clock.at = ASKED + 14 * HOUR
    closed = asked.get(path)
    assert (closed.status, "you said Done" in closed.words) == (410, True)


def test_a_word_that_is_no_button_of_the_question_is_refused(asked: Visitor) -> None:
    path = put(asked, message(MessageKind.NUDGE, "20 min.", level=Level.NUDGE))
    asked.get(path)
    assert send(asked, path, answer="cleared").status == 400


def test_a_referral_is_seen_and_later_cleared(asked: Visitor) -> None:
    flag = PainReply("flag", ASKED - MINUTE, ReplyKind.FLAG, flag="locked")
    with asked.store.session() as session:
        save_reply(session, asked.athlete.name, flag)
    text = "What you describe needs a clinician, not an app. Reply `seen` when you have read this, `cleared` when they agree you may run."
    path = put(asked, message(MessageKind.REFER, text, level=Level.REFER, lasts=7 * 24 * HOUR))
    opened = asked.get(path)
    assert "What you describe needs a clinician, not an app. Seen" in opened.words
    assert "Reply" not in opened.words
    seen = send(asked, path, answer="seen")
    assert "Seen I will not repeat it." in seen.words
    assert "A clinician has seen it" in seen.words
    cleared = send(asked, path, answer="cleared")
    assert "Cleared, noted" in cleared.words
    assert look(asked.store, asked.athlete, asked.clock.at).assessment.pain.overall is PainState.RETURNING


def test_an_offer_is_answered_with_yes_or_no(asked: Visitor) -> None:
    path = put(
        asked, message(MessageKind.DIGEST, "Warn a little later?", PromptKind.OFFER, lasts=7 * 24 * HOUR)
    )
    asked.get(path)
    assert "From now on warnings come a little later" in send(asked, path, answer="yes").words
    assert "Nothing changes" in send(asked, path, answer="no").words


def test_an_answer_from_another_channel_is_shown_here_too(asked: Visitor) -> None:
    path = link(asked)
    with asked.store.reading() as session:
        token = token_of(session, "anna", "ask:19")
    incoming = Incoming("m1", ASKED + MINUTE, "fine", "1", token=token)
    take_incoming(asked.store, asked.athlete, "phone", incoming, ASKED + MINUTE)
    assert "Fine noted, settled" in asked.get(path).words
    assert "you said Fine today at 10:46" in asked.get(path).words


def test_more_answers_than_a_person_gives_are_slowed(asked: Visitor) -> None:
    path = link(asked)
    asked.get(path)
    with asked.store.session() as session:
        for number in range(MANY):
            early = Incoming(f"n{number}", ASKED, "status", "")
            note_heard(session, "anna", PAGE, early, ASKED, Outcome.TAKEN, None)
    refused = send(asked, path, value="3")
    assert (refused.status, refused.headers.get("Retry-After")) == (429, "3600")
    assert replies(asked) == []


def test_titles_and_texts_are_shown_as_text(asked: Visitor) -> None:
    evil = replace(
        message(MessageKind.AFTER_RUN, '<img src=x onerror="alert(1)">', PromptKind.AFTER_RUN),
        title="<script>",
    )
    opened = asked.get(put(asked, evil))
    assert "<img" not in opened.html
    assert "<h1>&lt;script&gt;</h1>" in opened.html


def test_the_enter_key_answers_nothing_and_loses_nothing(asked: Visitor) -> None:
    """A browser presses the first button of the form then."""
    path = link(asked)
    opened = asked.get(path)
    first = re.findall(r"<button[^>]*>", opened.html)[0]
    assert "value=" not in first
    back = send(asked, path, note="on the stairs", limp="1")
    assert back.status == 200
    assert "Tap a number." in back.words
    assert "on the stairs</textarea>" in back.html
    assert 'name="limp" value="1" checked' in back.html
    assert replies(asked) == []
    assert "4 noted" in send(asked, path, value="4").words


def test_every_number_shows_what_it_means(asked: Visitor) -> None:
    """Whatever is tapped, the page that follows says what was understood; nothing fails."""
    path = link(asked)
    asked.get(path)
    for number in range(11):
        form: Callable[..., Seen] = send
        seen = form(asked, path, form=-1, value=str(number))
        assert seen.status == 200
        assert f"you said {number} " in seen.words
