"""The assess job: what is found is stored once, what is to be said is queued once, and a cause that goes is noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.household import run

from connectors.sources.contract import Deleted, SourceRecord
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.credentials import Secret
from daemon.jobs.assess import assess_athlete, look
from daemon.jobs.sync import take_in
from daemon.store import marks
from daemon.store.answers import save_reply
from daemon.store.engine import Store
from daemon.store.findings import list_findings
from daemon.store.outbox import DeliveryState, list_deliveries
from daemon.store.tables import CHECKPOINTS
from rules.facts import PainReply, ReplyKind, Runner
from rules.policy import Policy, with_overrides

SUNDAY = datetime(2026, 6, 7, 9, 0, tzinfo=UTC)


@pytest.fixture
def athlete(tmp_path: Path) -> AthleteConfig:
    channels = (
        ChannelConfig("phone", "apprise", Secret("plain", "json://127.0.0.1"), ("warning", "prompt")),
        ChannelConfig("mail", "apprise", Secret("plain", "json://127.0.0.1"), ("digest",)),
    )
    return AthleteConfig("me", Runner(timezone="UTC"), Policy(), tmp_path / "inbox", channels)


def base(weeks: int = 6) -> list[SourceRecord]:
    """Five kilometres three times a week, the last on the Friday before SUNDAY."""
    days = [7 * week + day for week in range(1, weeks + 1) for day in (0, -2, -4)]
    return [run(SUNDAY - timedelta(days=day), 5.0) for day in days]


def imported(store: Store, athlete: AthleteConfig, *records: SourceRecord, at: datetime) -> None:
    take_in(store, athlete, records, at)


def standing(store: Store) -> list[str]:
    with store.reading() as session:
        return [stored.finding.rule for stored in list_findings(session, "me")]


def queued(store: Store, channel: str = "phone") -> list[str]:
    with store.reading() as session:
        waiting = list_deliveries(session, "me", list(DeliveryState))
    return [f"{one.message.title}: {one.message.text}" for one in waiting if one.channel == channel]


def spiked(store: Store, athlete: AthleteConfig, km: float = 8.0) -> datetime:
    """A base that was imported a week ago, and this morning a run that is too long. Returns two hours after its end."""
    imported(store, athlete, *base(), at=SUNDAY - timedelta(days=1))
    end = SUNDAY + timedelta(minutes=6 * km)
    imported(store, athlete, run(SUNDAY, km), at=end + timedelta(hours=2))
    return end + timedelta(hours=2)


def test_a_spike_is_found_queued_and_said_with_its_numbers(store: Store, athlete: AthleteConfig) -> None:
    now = spiked(store, athlete, km=6.4)
    assess_athlete(store, athlete, now)
    assert "R1" in standing(store)
    (message,) = queued(store)
    assert message.startswith(
        "Long run: 6.4 km: 28 % beyond your longest in 30 days (5.0). Unusually long for you."
    )
    assert "up to 5.0 km" in message
    assert queued(store, "mail") == []


def test_assessing_again_says_nothing_twice(store: Store, athlete: AthleteConfig) -> None:
    now = spiked(store, athlete)
    assess_athlete(store, athlete, now)
    before = (standing(store), queued(store))
    for minutes in (0, 1, 5, 60):
        again = assess_athlete(store, athlete, now + timedelta(minutes=minutes))
        assert again.messages == ()
    assert (standing(store), queued(store)) == before


def test_the_first_import_pushes_nothing(store: Store, athlete: AthleteConfig) -> None:
    now = SUNDAY + timedelta(hours=3)
    imported(store, athlete, *base(), run(SUNDAY, 8.0), at=now)
    assess_athlete(store, athlete, now)
    assert "R1" in standing(store)
    assert queued(store) == []


def test_a_run_that_is_deleted_withdraws_its_finding(store: Store, athlete: AthleteConfig) -> None:
    now = spiked(store, athlete)
    assess_athlete(store, athlete, now)
    take_in(store, athlete, [Deleted("files", f"{SUNDAY:%Y%m%d%H%M}")], now)
    found = assess_athlete(store, athlete, now + timedelta(minutes=1))
    assert "R1" in {stored.finding.rule for stored in found.recorded.withdrawn}
    assert "R1" not in standing(store)


def test_a_distance_that_is_corrected_withdraws_the_warning(store: Store, athlete: AthleteConfig) -> None:
    now = spiked(store, athlete)
    assess_athlete(store, athlete, now)
    imported(store, athlete, run(SUNDAY, 5.2), at=now)
    assess_athlete(store, athlete, now + timedelta(minutes=1))
    assert "R1" not in standing(store)


def test_an_excluded_run_no_longer_counts(store: Store, athlete: AthleteConfig) -> None:
    now = spiked(store, athlete)
    assess_athlete(store, athlete, now)
    with store.session() as session:
        (activity_id,) = {
            stored.finding.activity_id
            for stored in list_findings(session, "me")
            if stored.finding.rule == "R1"
        }
        marks.exclude(session, "me", activity_id or "")
    assess_athlete(store, athlete, now)
    assert "R1" not in standing(store)


def test_the_fold_goes_on_from_a_checkpoint_and_answers_as_from_scratch(
    store: Store, athlete: AthleteConfig
) -> None:
    imported(store, athlete, *base(), at=SUNDAY - timedelta(days=1))
    for day in range(0, 12, 2):
        start = SUNDAY + timedelta(days=day)
        imported(store, athlete, run(start, 5.0 + day / 4), at=start + timedelta(hours=2))
        assess_athlete(store, athlete, start + timedelta(hours=2))
        remembered = look(store, athlete, start + timedelta(hours=3))
        renamed = replace(athlete, policy=with_overrides(athlete.policy, {"comfort": {"days": 15}}))
        scratch = look(store, renamed, start + timedelta(hours=3))
        assert remembered.since is not None
        assert scratch.since is None
        assert remembered.assessment == scratch.assessment


def test_a_late_run_is_folded_in_where_it_belongs(store: Store, athlete: AthleteConfig) -> None:
    now = spiked(store, athlete)
    assess_athlete(store, athlete, now)
    imported(store, athlete, run(SUNDAY - timedelta(days=3), 8.0), at=now)
    assess_athlete(store, athlete, now + timedelta(minutes=1))
    with store.reading() as session:
        subjects = {one.finding.subject for one in list_findings(session, "me") if one.finding.rule == "R1"}
    assert subjects == {"run:2026-06-04T09:00:00+00:00"}


def test_a_question_goes_only_where_prompts_are_wanted(store: Store, athlete: AthleteConfig) -> None:
    imported(store, athlete, *base(), at=SUNDAY - timedelta(days=1))
    end = SUNDAY + timedelta(minutes=30)
    imported(store, athlete, run(SUNDAY, 5.0), at=end + timedelta(minutes=10))
    found = assess_athlete(store, athlete, end + timedelta(minutes=80))
    assert [message.question is not None for message in found.messages] == [True]
    assert queued(store) == ["Knee?: 5.0 km, inside your usual. Worst knee pain during the run, 0–10?"]
    assert queued(store, "mail") == []


def answer(store: Store, kind: ReplyKind, score: int, at: datetime) -> None:
    with store.session() as session:
        save_reply(session, "me", PainReply(f"{kind}:{at.isoformat()}", at, kind, score))


def test_a_warning_that_waits_for_its_question_is_not_sent_after_a_worse_answer(
    store: Store, athlete: AthleteConfig
) -> None:
    imported(store, athlete, *base(), at=SUNDAY - timedelta(days=1))
    end = SUNDAY + timedelta(minutes=48)
    imported(store, athlete, run(SUNDAY, 8.0), at=end + timedelta(minutes=2))
    waiting = assess_athlete(store, athlete, end + timedelta(minutes=5))
    assert waiting.messages == ()
    assert waiting.again_at == end + timedelta(minutes=75)
    answer(store, ReplyKind.DURING, 7, end + timedelta(minutes=30))
    assess_athlete(store, athlete, end + timedelta(minutes=30))
    assess_athlete(store, athlete, end + timedelta(minutes=75))
    told = queued(store)
    assert any(message.startswith("No running for now: 7 during the run.") for message in told), told
    assert not any("Next: from" in message or "Worst knee pain" in message for message in told), told


def test_a_warning_that_waited_goes_with_its_question_when_nothing_changed(
    store: Store, athlete: AthleteConfig
) -> None:
    imported(store, athlete, *base(), at=SUNDAY - timedelta(days=1))
    end = SUNDAY + timedelta(minutes=48)
    imported(store, athlete, run(SUNDAY, 8.0), at=end + timedelta(minutes=2))
    for minutes in (5, 40, 70, 75, 80):
        assess_athlete(store, athlete, end + timedelta(minutes=minutes))
    (message,) = queued(store)
    assert message.startswith("Long run: 8.0 km: 60 % beyond your longest in 30 days (5.0).")
    assert message.endswith("Worst knee pain during the run, 0–10?")


def test_a_checkpoint_that_cannot_be_read_only_costs_time(store: Store, athlete: AthleteConfig) -> None:
    now = spiked(store, athlete)
    assess_athlete(store, athlete, now)
    before = look(store, athlete, now).assessment
    with store.session() as session:
        session.execute(sa.update(CHECKPOINTS).values(state=b"damaged"))
    assert look(store, athlete, now).assessment == before
