"""What would have been said about the past (DESIGN 7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rules.facts import Activity, Family, History, PainReply, ReplyKind, Runner
from rules.policy import Policy
from rules.replay import Event, replay

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
BERLIN = Runner("Europe/Berlin")


def run(day: int, km: float, hour: float = 8) -> Activity:
    start = MONDAY + timedelta(days=day, hours=hour)
    return Activity(f"run {day}", Family.RUN, "run", start, km * 1000, km * 360, km * 360, 3600)


def season() -> list[Activity]:
    return [run(7 * week + day, km) for week in range(6) for day, km in ((1, 6.0), (3, 6.0), (6, 10.0))]


def told(activities: list[Activity], replies: list[PainReply] | None = None) -> list[Event]:
    history = History(BERLIN, tuple(activities), tuple(replies or ()))
    return list(replay(history, Policy()))


def test_a_spike_is_found_at_its_end_and_pushed_with_what_is_next() -> None:
    events = told([*season(), run(44, 15.0)])
    (spike,) = [event for event in events if event.rule == "R1"]
    assert spike.as_json(BERLIN) == {
        "at": "2026-02-18T10:30:00+01:00",
        "kind": "finding",
        "level": "warn",
        "key": "R1|run 44|-|warn",
        "rule": "R1",
        "subject": "run:2026-02-18T09:00:00+01:00",
        "numbers": {"km": 15.0, "longest_30d_km": 10.0, "ratio": 1.5, "band": "30-100"},
        "text": spike.text,
    }
    assert "15.0 km" in spike.text
    (push,) = [event for event in events if event.kind == "push"]
    line = push.as_json(BERLIN)
    assert line["level"] == "warn"
    assert spike.finding is not None
    assert spike.finding.key in line["findings"]
    assert "Next" in line["text"]
    assert "question" not in line


def test_every_week_with_a_run_has_one_digest_on_sunday_evening() -> None:
    local = [event.as_json(BERLIN)["at"] for event in told(season()) if event.kind == "digest"]
    assert len(local) == 6
    assert all("T18:00:00" in at for at in local)


def test_the_first_sight_of_an_old_run_does_not_silence_it() -> None:
    late = MONDAY + timedelta(days=400)
    seen_late = [
        Activity(**{name: getattr(one, name) for name in one.__slots__} | {"first_seen_at": late})
        for one in [*season(), run(44, 15.0)]
    ]
    assert [event.kind for event in told(seen_late)] == [
        event.kind for event in told([*season(), run(44, 15.0)])
    ]


def test_answers_bring_questions_and_change_what_follows() -> None:
    sore = [PainReply("d", MONDAY + timedelta(days=44, hours=11), ReplyKind.DURING, 4)]
    events = told([*season(), run(44, 15.0)], sore)
    assert any("question" in event.as_json(BERLIN) for event in events)
    assert [event.text for event in events if event.rule == "P1"] == ["4 during the run."]


def test_a_long_break_is_told_of_once_and_the_silence_after_it_is_silent() -> None:
    events = told([*season(), run(200, 3.0)])
    away = [event for event in events if event.rule == "D1"]
    assert len(away) == 1
    between = [
        event for event in events if MONDAY + timedelta(days=70) < event.at < MONDAY + timedelta(days=199)
    ]
    assert between == []


def test_since_and_until_leave_out_the_rest() -> None:
    history = History(BERLIN, (*season(), run(44, 15.0)))
    since, until = MONDAY + timedelta(days=30), MONDAY + timedelta(days=40)
    every = list(replay(history, Policy()))
    some = list(replay(history, Policy(), since, until))
    assert some == [event for event in every if since <= event.at <= until]
