"""Answers taken in: stored, assessed, and answered with what they mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes.household import run

from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete, look
from daemon.jobs.sync import take_in
from daemon.replies import Taken, take_answer
from daemon.store.answers import load_answers
from daemon.store.engine import Store
from daemon.store.history import load_history
from daemon.store.outbox import DeliveryState, list_deliveries
from rules.facts import History, Prompt, PromptKind, ReplyKind, Runner, Side
from rules.outcome import PainState
from rules.prompts import CHECKLIST_TEXT

SUNDAY = datetime(2026, 6, 7, 9, 0, tzinfo=UTC)
END = SUNDAY + timedelta(minutes=30)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def ran(store: Store, athlete: AthleteConfig) -> None:
    """Five kilometres three times a week for six weeks, and again on SUNDAY, known as soon as it ended."""
    days = [7 * week + day for week in range(1, 7) for day in (0, -2, -4)]
    past = [run(SUNDAY - timedelta(days=day), 5.0) for day in days]
    take_in(store, athlete, past, SUNDAY - timedelta(days=1))
    take_in(store, athlete, [run(SUNDAY, 5.0)], END)


def answers(store: Store) -> list[tuple[ReplyKind, int | None, bool | None]]:
    with store.reading() as session:
        replies = load_answers(session, "me", None).replies
    return [(reply.kind, reply.score, reply.settled) for reply in replies]


def stored(store: Store) -> History:
    with store.reading() as session:
        return load_history(session, "me", Runner())


def pushed(store: Store) -> list[str]:
    with store.reading() as session:
        return [
            f"{one.message.title}: {one.message.text}"
            for one in list_deliveries(session, "me", list(DeliveryState))
        ]


def say(store: Store, athlete: AthleteConfig, text: str, now: datetime) -> Taken:
    return take_answer(store, athlete, text, now, now)


@pytest.mark.usefixtures("ran")
def test_a_sore_run_is_confirmed_with_what_is_next_and_asked_whether_it_has_settled(
    store: Store, athlete: AthleteConfig
) -> None:
    assess_athlete(store, athlete, END + 75 * MINUTE)
    assert pushed(store) == ["Knee?: 5.0 km, inside your usual. Worst knee pain during the run, 0–10?"]
    taken = say(store, athlete, "4", END + 80 * MINUTE)
    assert taken == Taken(
        "4 noted. Next: from Tuesday, up to 4.0 km, flat and easy, slower and 20 % shorter, 4 min run / "
        "1 min walk. Above 2 on the way: walk home. Settled to before-run level? y / n",
        understood=True,
    )
    assess_athlete(store, athlete, END + 81 * MINUTE)
    assert len(pushed(store)) == 1, "the direct answer has asked it"
    assert say(store, athlete, "y", END + 85 * MINUTE).text.startswith("Settled. Next: from Tuesday")
    assert answers(store) == [(ReplyKind.DURING, 4, None), (ReplyKind.AFTER, None, True)]


@pytest.mark.usefixtures("ran")
def test_pain_told_before_the_hour_is_over_is_followed_by_a_question_of_its_own(
    store: Store, athlete: AthleteConfig
) -> None:
    taken = say(store, athlete, "2", END + 10 * MINUTE)
    assert taken.text == "2 noted. Next: from Monday, up to 5.5 km."
    assess_athlete(store, athlete, END + 75 * MINUTE)
    assert pushed(store) == ["Knee?: 5.0 km, inside your usual. Settled to before-run level? y / n"]
    assert say(store, athlete, "n 5", END + 77 * MINUTE).text == (
        "Still 5 up an hour later: past your limit. No running yet; walk or bike if it stays at 2 or less."
    )
    assert answers(store)[-1] == (ReplyKind.AFTER, 5, False)


@pytest.mark.usefixtures("ran")
def test_pain_and_its_settling_in_one_answer_ask_nothing_more(store: Store, athlete: AthleteConfig) -> None:
    assert say(store, athlete, "3 y", END + 80 * MINUTE).text.endswith("walk home.")
    assert answers(store) == [(ReplyKind.DURING, 3, None), (ReplyKind.AFTER, None, True)]


@pytest.mark.usefixtures("ran")
def test_two_stops_in_one_minute_are_one_push(store: Store, athlete: AthleteConfig) -> None:
    first = say(store, athlete, "6", END + 80 * MINUTE)
    assert first.text == "6 noted. No running yet; walk or bike if it stays at 2 or less."
    again = say(store, athlete, "n 5", END + 81 * MINUTE)
    assert again.text.startswith("Still 5 up an hour later: past your limit.")
    stops = [text for text in pushed(store) if text.startswith("No running for now")]
    assert len(stops) == 1
    assert stops[0].startswith(
        "No running for now: 6 during the run. Walk or bike at 2 or less. Any of these?"
    )


@pytest.mark.usefixtures("ran")
def test_a_stop_answers_with_the_checklist_where_no_channel_can_ask_it(
    store: Store, athlete: AthleteConfig
) -> None:
    alone = replace(athlete, channels=())
    taken = say(store, alone, "7", END + 80 * MINUTE)
    assert taken.text.startswith(
        "7 noted. No running yet; walk or bike if it stays at 2 or less. Any of these?"
    )
    assert say(store, alone, "none", END + 81 * MINUTE).text.startswith("None of these noted.")
    assert look(store, alone, END + 82 * MINUTE).assessment.pain.overall is PainState.RED


@pytest.mark.usefixtures("ran")
def test_an_item_of_the_checklist_stops_everything_until_cleared(
    store: Store, athlete: AthleteConfig
) -> None:
    say(store, athlete, "7", END + 80 * MINUTE)
    yes = say(store, athlete, "yes", END + 81 * MINUTE)
    assert yes.text == (
        "What you describe needs a clinician, not an app. Reply `seen` when you have read this, `cleared` when "
        "they agree you may run. Which one? With chest pain, breathlessness or a newly swollen calf call your "
        "emergency number now."
    )
    named = say(store, athlete, "it locked", END + 82 * MINUTE)
    assert named.text.startswith("What you describe needs a clinician, not an app.")
    assert [text.split(":")[0] for text in pushed(store)][-1] == "Stop running for now"
    assert sum("Stop running for now" in text for text in pushed(store)) == 1
    assert look(store, athlete, END + 3 * HOUR).assessment.pain.overall is PainState.REFERRED
    assert say(store, athlete, "seen", END + 3 * HOUR).text == "Seen. I will not repeat it."
    assert say(store, athlete, "cleared", END + 50 * HOUR).text.startswith("Cleared, noted. Next: ")
    assert look(store, athlete, END + 51 * HOUR).assessment.pain.overall is PainState.RETURNING


@pytest.mark.usefixtures("ran")
def test_words_of_alarm_bring_the_emergency_text_first_and_then_the_checklist(
    store: Store, athlete: AthleteConfig
) -> None:
    taken = say(store, athlete, "short of breath", END + 80 * MINUTE)
    assert taken.understood
    assert taken.text.startswith(
        "Chest pain, breathlessness or a newly swollen calf is not a running question."
    )
    assert "Any of these?" in taken.text
    assert answers(store) == []
    chest = say(store, athlete, "chest", END + 81 * MINUTE)
    assert chest.text == (
        "Chest pain, breathlessness or a newly swollen calf is not a running question. "
        "Call your emergency number now."
    )
    assert "Call your emergency number now" in pushed(store)[-1]


@pytest.mark.usefixtures("ran")
def test_a_number_that_may_be_about_two_things_waits_for_a_word(store: Store, athlete: AthleteConfig) -> None:
    say(store, athlete, "0", END + 80 * MINUTE)
    asked_at = END + 3 * HOUR
    assert say(store, athlete, "6", asked_at) == Taken("During the run, or now?", understood=True)
    assert "No running for now" not in " ".join(pushed(store))
    assert say(store, athlete, "run", asked_at + MINUTE).text.startswith("6 noted. No running yet")
    assert answers(store) == [(ReplyKind.DURING, 0, None), (ReplyKind.DURING, 6, None)]


@pytest.mark.usefixtures("ran")
def test_without_the_word_the_number_is_about_now(store: Store, athlete: AthleteConfig) -> None:
    say(store, athlete, "0", END + 80 * MINUTE)
    asked_at = END + 3 * HOUR
    say(store, athlete, "4", asked_at)
    assert look(store, athlete, asked_at + 9 * MINUTE).assessment.pain.overall is PainState.GREEN
    assess_athlete(store, athlete, asked_at + 10 * MINUTE)
    assert look(store, athlete, asked_at + 11 * MINUTE).assessment.pain.overall is PainState.RED
    assert say(store, athlete, "run", asked_at + 20 * MINUTE).text.startswith("4 noted.")
    assert look(store, athlete, asked_at + 21 * MINUTE).assessment.pain.overall is PainState.AMBER


@pytest.mark.usefixtures("ran")
def test_what_is_not_understood_is_asked_back_and_stores_nothing(
    store: Store, athlete: AthleteConfig
) -> None:
    assess_athlete(store, athlete, END + 75 * MINUTE)
    for text, question in (
        ("4 or 5", 'I read "4 or 5". Which one: 4 or 5?'),
        ("-1", 'I read "-1". Which number, 0–10?'),
        ("11", 'I read "11". Which number, 0–10?'),
        ("maybe", 'I read "maybe". Which number, 0–10?'),
    ):
        assert say(store, athlete, text, END + 80 * MINUTE) == Taken(question, understood=False)
    assert answers(store) == []


@pytest.mark.usefixtures("ran")
def test_an_answer_with_a_token_older_than_two_days_is_a_note_only(
    store: Store, athlete: AthleteConfig
) -> None:
    assess_athlete(store, athlete, END + 75 * MINUTE)
    (prompt,) = stored(store).prompts
    at = prompt.sent_at + 49 * HOUR
    taken = take_answer(store, athlete, "8", at, at, prompt=prompt)
    assert taken.text == "Too late to count: kept as a note."
    assert look(store, athlete, at).assessment.pain.overall is PainState.UNKNOWN
    early = prompt.sent_at + 47 * HOUR
    assert take_answer(store, athlete, "8", early, early, prompt=prompt).text.startswith("8 noted.")


@pytest.mark.usefixtures("ran")
def test_the_side_may_be_said_apart(store: Store, athlete: AthleteConfig) -> None:
    now = END + 80 * MINUTE
    take_answer(store, athlete, "2 y", now, now, side=Side.LEFT, note="stairs")
    told = {reply.kind: reply for reply in stored(store).replies}
    assert {kind: reply.side for kind, reply in told.items()} == {
        ReplyKind.DURING: Side.LEFT,
        ReplyKind.AFTER: Side.LEFT,
    }
    assert told[ReplyKind.DURING].note == "stairs"


@pytest.mark.usefixtures("ran")
def test_marks_are_about_the_newest_run(store: Store, athlete: AthleteConfig) -> None:
    now = END + 80 * MINUTE
    assert say(store, athlete, "race", now).text.startswith("Race: 5.0 km. Findings are in the digest.")
    assert say(store, athlete, "planned", now).text.startswith("Planned, then: 5.0 km of today.")
    assert say(store, athlete, "wrong", now).text == "Left out of everything: 5.0 km of today."
    newest = stored(store).activities[-1]
    assert (newest.race, newest.planned, newest.excluded) == (True, True, True)


def test_commands_that_lack_their_object_say_so(store: Store, athlete: AthleteConfig) -> None:
    assert say(store, athlete, "race", END) == Taken(
        "There is no run yet that this could be about.", understood=False
    )
    assert say(store, athlete, "skip", END) == Taken("No question is waiting.", understood=False)
    assert say(store, athlete, "hard", END).text == (
        "There is no session of today to rate: send `done` first."
    )


@pytest.mark.usefixtures("ran")
def test_a_skipped_question_is_closed(store: Store, athlete: AthleteConfig) -> None:
    assess_athlete(store, athlete, END + 75 * MINUTE)
    later = say(store, athlete, "later", END + 76 * MINUTE).text
    assert later == "Later, then: your answer counts until 22:45."
    assert say(store, athlete, "skip", END + 77 * MINUTE).text == "Skipped."
    assert stored(store).prompts[0].skipped


def test_strength_sessions_and_their_effort_are_kept(store: Store, athlete: AthleteConfig) -> None:
    assert say(store, athlete, "done q c", END).text == "Done: 1 of 2 this week."
    assert say(store, athlete, "hard", END + MINUTE).text == "Effort noted."
    (session,) = stored(store).strength
    assert (sorted(session.groups), session.effort) == (["c", "q"], 8)


def test_a_pause_lasts_until_resume(store: Store, athlete: AthleteConfig) -> None:
    assert say(store, athlete, "pause 7d", END).text == "Paused until 14 June. `resume` ends it."
    assert say(store, athlete, "resume", END + HOUR).text == "Back again."
    (pause,) = stored(store).pauses
    assert pause.until == END + HOUR


def test_status_and_help_are_answered_in_a_line(store: Store, athlete: AthleteConfig) -> None:
    assert say(store, athlete, "status", END).text.startswith("Knee unknown, load green.")
    assert say(store, athlete, "?", END).text.startswith("A number 0–10 or `none`")


def test_an_evening_run_is_answered_in_the_morning_with_two_numbers(
    store: Store, athlete: AthleteConfig
) -> None:
    take_in(store, athlete, [], SUNDAY - timedelta(days=1))
    evening = datetime(2026, 6, 7, 21, 20, tzinfo=UTC)
    take_in(store, athlete, [run(evening, 5.0)], evening + timedelta(minutes=31))
    morning = datetime(2026, 6, 8, 7, 30, tzinfo=UTC)
    assess_athlete(store, athlete, morning)
    assert pushed(store) == ["Knee?: This morning, 0–10? If the run was worse: its worst as a second number."]
    assert say(store, athlete, "1 4", morning + 5 * MINUTE).understood
    assert sorted(answers(store)) == [(ReplyKind.DURING, 4, None), (ReplyKind.MORNING, 1, None)]
    (prompt,) = stored(store).prompts
    assert prompt == Prompt(prompt.id, PromptKind.MORNING, morning, morning + 12 * HOUR, "1")
    assert {reply.activity_id for reply in stored(store).replies} == {"1"}


@pytest.mark.usefixtures("ran")
def test_a_checklist_is_answered_as_long_as_it_is_open(store: Store, athlete: AthleteConfig) -> None:
    assess_athlete(store, athlete, END + 75 * MINUTE)
    say(store, athlete, "8", END + 80 * MINUTE)
    assess_athlete(store, athlete, END + 80 * MINUTE)
    (checklist,) = (one for one in stored(store).prompts if one.kind is PromptKind.CHECKLIST)
    at = checklist.sent_at + 150 * HOUR
    assert "a clinician" in take_answer(store, athlete, "locked", at, at, prompt=checklist).text
    assert look(store, athlete, at).assessment.pain.overall is PainState.REFERRED


@pytest.mark.usefixtures("ran")
def test_a_note_with_a_word_of_alarm_brings_the_checklist(store: Store, athlete: AthleteConfig) -> None:
    at = END + 80 * MINUTE
    taken = take_answer(store, athlete, "1", at, at, note="It fell on me, now it is SWOLLEN.")
    assert taken.text.endswith(CHECKLIST_TEXT)
    calm = take_answer(store, athlete, "1", at + MINUTE, at + MINUTE, note="new shoes")
    assert CHECKLIST_TEXT not in calm.text


@pytest.mark.usefixtures("ran")
def test_a_number_of_now_is_not_spoken_of_as_the_morning_s(store: Store, athlete: AthleteConfig) -> None:
    at = END + 11 * HOUR
    taken = take_answer(store, athlete, "2", at, at, when=ReplyKind.SPOT)
    assert taken.text.startswith("2 above your normal now.")
