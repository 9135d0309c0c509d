"""What an answer makes worth saying: P1 to P6 and O1 (RULES 5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as calendar_date
from datetime import datetime

from rules.facts import Grade, PainReply, ReplyKind, Side
from rules.grading import Graded
from rules.noted import Noted, repeated
from rules.outcome import Finding, Level, Number, PainState
from rules.pain_state import Pain, SideState, lower_median, verdict_of
from rules.policy import Policy
from rules.records import EPS, Record

EMERGENCY_FLAGS = frozenset({"chest", "breath", "calf"})
SAME_DAY_FLAGS = frozenset(
    {"twist", "steps", "locked", "bend", "giving_way", "gave_way", "swelling", "deformity", "hot", "any"}
)
"""`any` is a yes to the whole list that names no item."""
BEFORE_NEXT_RUN_FLAGS = frozenset({"bone", "night", "groin"})
STOPPING_FLAGS = EMERGENCY_FLAGS | SAME_DAY_FLAGS | BEFORE_NEXT_RUN_FLAGS
"""Checklist items that refer; every other item is a message only."""

TREND_DAYS = 7
RED_BLOCKS = 8
AMBER_WINDOW_DAYS = 28
SORE_RUN_DAYS = 14
HIGH_REPLIES = 4
CALM_DAYS = 28
O1_REPEAT_DAYS = 7
AMBER_STATES = frozenset({PainState.AMBER, PainState.RETURNING})
CALM_STATES = frozenset({PainState.GREEN, PainState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Said:
    """Where a finding about an answer belongs: the run it is about, or the day."""

    at: datetime
    date: int
    side: Side
    run: Record | None

    def noted(self, rule: str, level: Level, numbers: Mapping[str, Number], *, subject: str = "") -> Noted:
        about_run = self.run is not None and not subject
        finding = Finding(
            rule,
            level,
            subject or (self.run.subject if self.run else day_subject(self.date)),
            self.at,
            numbers,
            activity_id=self.run.id if about_run and self.run else None,
            side=self.side,
        )
        return Noted(finding, self.date)


def day_subject(date: int, cause: str = "") -> str:
    """ "date:2026-06-08", with the cause of a referral "date:2026-06-08:bone"."""
    day = f"date:{calendar_date.fromordinal(date).isoformat()}"
    return f"{day}:{cause}" if cause else day


def answer_findings(
    said: Said, reply: PainReply, graded: Graded, side: SideState, before: SideState, policy: Policy
) -> tuple[list[Noted], SideState]:
    """P1 to P4 of one answer, and the side that remembers which levels of P4 were told."""
    if graded.reason == "painkillers":
        pain: Number = reply.score if reply.score is not None else graded.grade.value
        return [said.noted("P1", Level.NOTE, {"pain": pain, "reason": "painkillers"})], side
    if reply.kind in (ReplyKind.DURING, ReplyKind.WEEKLY):
        return _during(said, reply, graded), side
    if reply.kind is ReplyKind.AFTER:
        return _after(said, graded), side
    found = _morning(said, reply, graded)
    lingering, side = _lingering(said, graded, side, before, policy)
    return [*found, *lingering], side


def _during(said: Said, reply: PainReply, graded: Graded) -> list[Noted]:
    level = {Grade.RED: Level.STOP, Grade.AMBER: Level.WARN}.get(graded.grade)
    if level is None:
        return []
    numbers: dict[str, Number] = {"pain": reply.score if reply.score is not None else graded.grade.value}
    if graded.reason:
        numbers["reason"] = graded.reason
    return [said.noted("P1", level, numbers)]


def _after(said: Said, graded: Graded) -> list[Noted]:
    level = {Grade.RED: Level.STOP, Grade.AMBER: Level.WARN}.get(graded.grade)
    if level is None:
        return []
    delta = graded.above if graded.above is not None else (2 if level is Level.STOP else 1)
    return [said.noted("P2", level, {"delta": delta})]


def _morning(said: Said, reply: PainReply, graded: Graded) -> list[Noted]:
    if graded.grade not in (Grade.AMBER, Grade.RED):
        return []
    level = Level.STOP if graded.grade is Grade.RED else Level.WARN
    if graded.reason == "lasting":
        level = Level.WARN
    elif graded.reason == "repeated":
        level = Level.NOTE
    numbers: dict[str, Number] = {"above": graded.above or 0}
    if reply.score is not None:
        numbers["morning"] = reply.score
    if reply.kind is ReplyKind.SPOT:
        numbers["spot"] = 1
    return [said.noted("P3", level, numbers, subject=day_subject(said.date))]


def _lingering(
    said: Said, graded: Graded, side: SideState, before: SideState, policy: Policy
) -> tuple[list[Noted], SideState]:
    """P4: still sore; counted in answers, so silence says nothing."""
    if side.flare is None or graded.above is None or graded.above < policy.p3.warn:
        return [], side
    hours = (said.at - side.flare.onset).total_seconds() / 3600
    subject = f"episode:{side.flare.onset.isoformat(timespec='seconds')}"
    found: list[Noted] = []
    limits = ((policy.p4.stop_h, Level.STOP), (policy.p4.warn_h, Level.WARN))
    level = next((level for limit, level in limits if hours >= limit - EPS), None)
    if level is None and hours > policy.p4.note_h + EPS:
        level = Level.NOTE
    told = side.flare.told if before.flare is not None else frozenset()
    if level is not None and level not in told:
        found.append(said.noted("P4", level, {"hours": hours}, subject=subject))
        told = told | {level}
    if hours >= policy.p4.refer_h - EPS and Level.REFER not in told:
        numbers: dict[str, Number] = {"cause": "lingering", "hours": hours}
        found.append(said.noted("P6", Level.REFER, numbers, subject=subject))
        told = told | {Level.REFER}
    return found, replace(side, flare=replace(side.flare, told=told))


def trend(said: Said, side: SideState, noted: Sequence[Noted], policy: Policy) -> list[Noted]:
    """P5: mornings week on week (lower medians)."""
    weeks = [
        [
            morning.score
            for morning in side.mornings
            if morning.score is not None and 0 <= said.date - shift - morning.date < TREND_DAYS
        ]
        for shift in (0, TREND_DAYS)
    ]
    if min(len(week) for week in weeks) < policy.p5.replies:
        return []
    rise = lower_median(weeks[0]) - lower_median(weeks[1])
    if rise < policy.p5.note:
        return []
    level = Level.WARN if rise >= policy.p5.warn else Level.NOTE
    own = [one for one in noted if one.finding.side is said.side]
    if repeated(own, "P5", level, said.date, TREND_DAYS):
        return []
    return [said.noted("P5", level, {"rise": rise}, subject=day_subject(said.date))]


def flag_finding(flag: str, at: datetime, date: int) -> Noted:
    """P6 (a): one checklist item answered yes."""
    level = Level.EMERGENCY if flag in EMERGENCY_FLAGS else Level.REFER
    numbers: dict[str, Number] = {"cause": flag}
    if flag in STOPPING_FLAGS:
        numbers["stops"] = 1
    return Noted(Finding("P6", level, day_subject(date, flag), at, numbers), date)


def second_red(at: datetime, date: int, side: Side) -> Noted:
    """P6 (e)."""
    finding = Finding(
        "P6", Level.REFER, day_subject(date, "second_red"), at, {"cause": "second_red"}, side=side
    )
    return Noted(finding, date)


def standing_referrals(
    pain: Pain, records: Sequence[Record], at: datetime, date: int, policy: Policy
) -> tuple[Pain, list[Noted]]:
    """P6 (b), (c) and (f), which look at weeks: told when they become true and again when their time has
    passed."""
    found: list[Noted] = []
    said = dict(pain.said)
    refer = policy.refer
    for cause, holds, days in (
        ("red_weeks", _red_weeks(pain, date, policy), refer.repeat_days),
        ("high_mornings", _high_mornings(pain, date, policy), refer.repeat_days),
        ("physio", is_physio_case(pain, records, date, policy), refer.physio_days),
    ):
        if not holds:
            said.pop(f"standing:{cause}", None)
            continue
        last = said.get(cause)
        standing = f"standing:{cause}" in said and cause != "physio"
        if cause == "red_weeks" and last is not None and not _red_since(pain, last):
            # Weeks are counted back from today, so old reds can seem to become more.
            continue
        if not standing and (last is None or date - last >= days):
            numbers: dict[str, Number] = {"cause": cause}
            found.append(Noted(Finding("P6", Level.REFER, day_subject(date, cause), at, numbers), date))
            said[cause] = date
        said[f"standing:{cause}"] = date
    return (pain if said == pain.said else replace(pain, said=said)), found


def _red_weeks(pain: Pain, date: int, policy: Policy) -> bool:
    if not pain.reds:
        return False
    blocks = sum(
        1
        for block in range(RED_BLOCKS)
        if any(
            start <= date - 7 * block and (end is None or end >= date - 7 * block - 6)
            for start, end in pain.reds
        )
    )
    return blocks >= policy.p6.red_weeks


def _red_since(pain: Pain, date: int) -> bool:
    return any(start > date for start, _ in pain.reds)


def _high_mornings(pain: Pain, date: int, policy: Policy) -> bool:
    for side in pain.sides.values():
        scores = [
            morning.score
            for morning in side.mornings
            if morning.score is not None and 0 <= date - morning.date < TREND_DAYS
        ]
        if len(scores) >= HIGH_REPLIES and min(scores) >= policy.p6.high:
            return True
    return False


def is_physio_case(pain: Pain, records: Sequence[Record], date: int, policy: Policy) -> bool:
    """P6 (f): weeks of amber, or several sore runs in two weeks."""
    amber = sum(
        1 for day, state, _ in pain.days if date - AMBER_WINDOW_DAYS < day < date and state in AMBER_STATES
    )
    amber += pain.overall in AMBER_STATES
    if amber >= policy.p6.amber_days:
        return True
    runs = 0
    for record in reversed(records):
        if record.date < date - SORE_RUN_DAYS - 1:
            break
        if not record.walk and record.date > date - SORE_RUN_DAYS:
            runs += verdict_of(pain.answers, record.id) is Grade.AMBER
    return runs >= policy.p6.amber_runs


def calm_weeks(
    pain: Pain, records: Sequence[Record], noted: Sequence[Noted], at: datetime, date: int, policy: Policy
) -> list[Noted]:
    """O1: four weeks without a sore day, with enough runs and mornings to say so."""
    first = date - CALM_DAYS + 1
    if pain.overall not in CALM_STATES or any(
        day >= first and state not in CALM_STATES for day, state, _ in pain.days
    ):
        return []
    sore = [side.last_sore for side in pain.sides.values() if side.last_sore is not None]
    if any((at - last).days < CALM_DAYS for last in sore):
        return []
    runs = sum(1 for record in records if not record.walk and first <= record.date <= date)
    mornings = {
        morning.date for side in pain.sides.values() for morning in side.mornings if morning.date >= first
    }
    if runs < policy.o1.runs or len(mornings) < policy.o1.mornings:
        return []
    if repeated(noted, "O1", Level.NOTE, date, O1_REPEAT_DAYS):
        return []
    numbers: dict[str, Number] = {"runs": runs, "mornings": len(mornings)}
    return [Noted(Finding("O1", Level.NOTE, day_subject(date), at, numbers), date)]
