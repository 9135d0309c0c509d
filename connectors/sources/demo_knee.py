"""What the made-up runner's knee answers: quiet on ordinary days, sore after too long a run or too much downhill.

Soreness fades by half in 40 hours. The numbers are invented to make a story, not taken from any study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import exp, log
from random import Random
from zoneinfo import ZoneInfo

from connectors.sources.demo_plan import Kind, Outing
from rules.facts import PainReply, ReplyKind

HALVES_IN_H = 40
USUAL_WEEK_DESCENT_M = 280


@dataclass(frozen=True, slots=True)
class Done:
    """An outing that has happened, and when it ended (aware)."""

    outing: Outing
    ended_at: datetime


@dataclass(slots=True)
class _Knee:
    """Soreness 0-10 as it was at an instant; it fades from there."""

    sore: float
    at: datetime

    def at_time(self, now: datetime) -> float:
        hours = (now - self.at) / timedelta(hours=1)
        return self.sore * exp(-log(2) * hours / HALVES_IN_H)

    def strained(self, now: datetime, strain: float) -> None:
        self.sore, self.at = min(10.0, self.at_time(now) + strain), now


def answers(
    done: Sequence[Done], first_day: date, last_day: date, zone: ZoneInfo, rng: Random
) -> Iterator[PainReply]:
    """Replies in order of time: after runs (and once settled or not), and on the mornings after.

    The last one may be on the morning of `last_day`. She leaves one question in twelve unanswered, never when it hurts.
    """
    knee = _Knee(0.0, datetime.combine(first_day, time(0), zone))
    number = 0
    for offset in range((last_day - first_day).days + 1):
        for reply in (
            *_morning(done, offset, first_day, knee, zone, rng),
            *_evening(done, offset, knee, rng),
        ):
            number += 1
            at, kind, score, settled = reply
            yield PainReply(id=f"demo-{number:04d}", at=at, kind=kind, score=score, settled=settled)


type _Answer = tuple[datetime, ReplyKind, int | None, bool | None]


def _morning(
    done: Sequence[Done], offset: int, first_day: date, knee: _Knee, zone: ZoneInfo, rng: Random
) -> Iterator[_Answer]:
    now = datetime.combine(first_day + timedelta(days=offset), time(7, 30), zone)
    now += timedelta(seconds=rng.randrange(240, 1500))
    sore, luck, noise = knee.at_time(now), rng.random(), rng.gauss(0, 0.12)
    active_yesterday = any(
        each.outing.day == offset - 1 and each.outing.kind is not Kind.STRENGTH for each in done
    )
    if sore > 0.5 or (active_yesterday and luck > 1 / 12):
        yield now, ReplyKind.MORNING, _score(sore + noise), None


def _evening(done: Sequence[Done], offset: int, knee: _Knee, rng: Random) -> Iterator[_Answer]:
    """What the outings of the day do to the knee, and what she says about the runs."""
    for each in done:
        if each.outing.day != offset or each.outing.kind is Kind.STRENGTH:
            continue
        before = knee.at_time(each.ended_at)
        strain = _strain(each, done)
        worst = _score(strain + 1.7 * before + (0.5 if rng.random() < 0.12 else 0) + rng.gauss(0, 0.12))
        knee.strained(each.ended_at, 0.66 * strain)
        at = each.ended_at + timedelta(minutes=rng.randrange(78, 105))
        luck = rng.random()
        if not each.outing.kind.is_run or (worst < 2 and luck < 1 / 12):
            continue
        yield at, ReplyKind.DURING, worst, None
        if worst >= 4:
            yield at + timedelta(minutes=1), ReplyKind.AFTER, worst - 3, False
        elif worst >= 1:
            yield at + timedelta(minutes=1), ReplyKind.AFTER, None, True


def _strain(each: Done, done: Sequence[Done]) -> float:
    """Soreness that an outing adds: for a run well beyond the month's longest, and for a week of much downhill."""
    outing = each.outing
    earlier = [other.outing for other in done if other.ended_at < each.ended_at]
    used_to = _used_to(outing, [other for other in earlier if other.kind.is_run])
    strain = 0.0
    if outing.kind.is_run and used_to:
        longest_km = max(other.km for other in used_to)
        ratio = outing.km / longest_km
        if ratio > 1.10 and outing.km - longest_km >= 1:
            strain += min(4.0, 2.7 + 6 * (ratio - 1.05)) * max(0.75, min(1.0, outing.km / 12))
    if outing.descent_m >= 150:
        week = [outing, *(other for other in earlier if outing.day - other.day <= 6)]
        down_m = sum(other.descent_m * (0.5 if other.kind is Kind.HIKE else 1) for other in week)
        strain += max(0.0, min(3.7, (down_m - USUAL_WEEK_DESCENT_M) / 220)) * (
            1 if outing.kind.is_run else 0.5
        )
    return strain


def _used_to(outing: Outing, earlier_runs: Sequence[Outing]) -> list[Outing]:
    """The runs of the last 30 days, of these only the ones since a break; none while there are too few to be used to."""
    month: list[Outing] = []
    after = outing
    for run in reversed(earlier_runs):
        if after.day - run.day >= 14:
            return month
        if outing.day - run.day > 30:
            break
        month.append(run)
        after = run
    return month if len(month) >= 4 else []


def _score(pain: float) -> int:
    return max(0, min(10, round(pain)))
