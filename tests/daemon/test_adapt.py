"""Warning a little later: offered in the digest, accepted by `yes`, shown, and taken back by a flare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from fakes.household import run

from daemon.cli import status
from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete, look
from daemon.jobs.sync import take_in
from daemon.replies import take_answer
from daemon.store.answers import save_reply
from daemon.store.engine import Store
from daemon.store.findings import list_findings
from daemon.store.messages import insert_message
from rules.facts import PainReply, PromptKind, ReplyKind
from rules.outcome import Level, Message, MessageKind

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SUNDAY = datetime(2026, 6, 7, 18, 0, tzinfo=UTC)


def warned(store: Store, at: datetime) -> None:
    """A load alert as it was sent, with a calm morning after it."""
    message = Message(
        f"load:{at:%Y%m%d}:warn", MessageKind.LOAD, Level.WARN, "Long run", "…", at, at, at + DAY, alert=True
    )
    with store.session() as session:
        insert_message(session, "me", message)
        save_reply(session, "me", PainReply(f"m{at:%Y%m%d}", at + 20 * HOUR, ReplyKind.MORNING, 0))


@pytest.fixture
def twelve(store: Store, athlete: AthleteConfig) -> None:
    """Twelve warnings without a flare in half a year, and ten kilometres three times a week until SUNDAY's."""
    for number in range(12):
        warned(store, SUNDAY - timedelta(days=10 + 14 * number, hours=6))
    starts = [SUNDAY - timedelta(days=7 * week + day, hours=9) for week in range(9) for day in (0, 2, 4)]
    take_in(store, athlete, [run(start, 10.0) for start in starts], SUNDAY - HOUR)


def digest(store: Store, athlete: AthleteConfig, at: datetime) -> Message | None:
    told = assess_athlete(store, athlete, at).messages
    return next((message for message in told if message.kind is MessageKind.DIGEST), None)


@pytest.mark.usefixtures("twelve")
def test_twelve_quiet_warnings_bring_the_offer_and_yes_accepts_it(
    store: Store, athlete: AthleteConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    first_import = SUNDAY + 7 * DAY
    told = digest(store, athlete, first_import)
    assert told is not None
    assert told.question is not None
    assert told.question.kind is PromptKind.OFFER
    assert (
        "None of your last 12 warnings was followed by a sore morning. Warn a little later? Reply `yes`."
        in told.text
    )
    monday = first_import + 14 * HOUR
    taken = take_answer(store, athlete, "yes", monday, monday)
    assert taken.text == (
        "From now on warnings come a little later, until one is followed by a sore morning."
    )
    seen = look(store, athlete, monday + HOUR)
    assert (seen.policy.r1.ratio, seen.policy.r4.warn) == (1.11, 1.33)
    status.tell(seen.assessment, status.affairs(store, athlete, monday), athlete, monday)
    assert "Adapted since today: warnings come a little later" in capsys.readouterr().out
    shown = status.as_json_object(seen.assessment, status.affairs(store, athlete, monday), athlete)
    assert shown["adapted_since"] == monday.isoformat()
    again = digest(store, athlete, first_import + 7 * DAY)
    assert again is None or again.question is None, "it is offered once while it holds"


def accepted(store: Store, athlete: AthleteConfig) -> datetime:
    digest(store, athlete, SUNDAY + 7 * DAY)
    monday = SUNDAY + timedelta(days=7, hours=14)
    take_answer(store, athlete, "yes", monday, monday)
    return monday


@pytest.mark.usefixtures("twelve")
def test_a_run_just_beyond_the_old_limit_is_no_longer_long_until_a_flare_takes_it_back(
    store: Store, athlete: AthleteConfig
) -> None:
    monday = accepted(store, athlete)
    ran = monday + 5 * HOUR
    take_in(store, athlete, [run(ran, 11.05)], ran + 2 * HOUR)
    assess_athlete(store, athlete, ran + 2 * HOUR)

    def long_runs() -> list[str]:
        with store.reading() as session:
            return [one.finding.rule for one in list_findings(session, "me") if one.finding.rule == "R1"]

    assert long_runs() == []
    warned_at = ran + 3 * HOUR
    warned(store, warned_at)
    morning = warned_at + 21 * HOUR
    take_answer(store, athlete, "3", morning, morning, when=ReplyKind.MORNING)
    assert look(store, athlete, morning + HOUR).policy == athlete.policy
    assess_athlete(store, athlete, morning + HOUR)
    assert long_runs() == ["R1"]


@pytest.mark.usefixtures("twelve")
def test_no_declines_it_and_the_same_warnings_do_not_earn_it_again(
    store: Store, athlete: AthleteConfig
) -> None:
    digest(store, athlete, SUNDAY + 7 * DAY)
    monday = SUNDAY + timedelta(days=7, hours=14)
    assert take_answer(store, athlete, "no", monday, monday).text == "Nothing changes."
    assert look(store, athlete, monday).policy == athlete.policy
    for week in range(2, 7):
        told = digest(store, athlete, SUNDAY + 7 * week * DAY)
        assert told is None or told.question is None


@pytest.mark.usefixtures("twelve")
def test_a_flare_after_one_of_them_forbids_the_offer(store: Store, athlete: AthleteConfig) -> None:
    with store.session() as session:
        flare = PainReply("flare", SUNDAY - 10 * DAY + 15 * HOUR, ReplyKind.MORNING, 3)
        save_reply(session, "me", flare)
    told = digest(store, athlete, SUNDAY + 7 * DAY)
    assert told is None or told.question is None
