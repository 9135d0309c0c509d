"""Time and answers passing over the pain machine (RULES 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from datetime import date as calendar_date
from zoneinfo import ZoneInfo

from rules.facts import Grade, PainReply, Prompt, PromptKind, ReplyKind, Side
from rules.grading import Graded, grade_after, grade_during, grade_morning
from rules.noted import Noted
from rules.outcome import PainState
from rules.pain import Event, advanced, cleared, is_second_red, stale_at, to_referred, to_unknown
from rules.pain_rules import (
    AMBER_WINDOW_DAYS,
    RED_BLOCKS,
    STOPPING_FLAGS,
    Said,
    answer_findings,
    calm_weeks,
    flag_finding,
    second_red,
    standing_referrals,
    trend,
)
from rules.pain_state import Answers, Asked, Pain, RunAnswers, SideState, worst
from rules.policy import Policy
from rules.records import Record

NO_FLAG = "none"
"""The checklist answered: none of these."""
GRADED_KINDS = frozenset(
    {ReplyKind.DURING, ReplyKind.AFTER, ReplyKind.MORNING, ReplyKind.SPOT, ReplyKind.WEEKLY}
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the pain machine may see of the rest: records in order of start, earlier findings, and base_pre
    as it would be frozen with these answers."""

    records: Sequence[Record]
    noted: Sequence[Noted]
    zone: ZoneInfo
    default_side: Side
    base_km: Callable[[RunAnswers], float | None]

    def date(self, instant: datetime) -> int:
        return instant.astimezone(self.zone).toordinal()

    def midnight(self, date: int) -> datetime:
        """The instant at which a local date begins."""
        day = calendar_date.fromordinal(date)
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def ticked(pain: Pain, to: datetime, around: Surroundings, policy: Policy) -> tuple[Pain, list[Noted]]:
    """The machine once time has reached `to`: expired questions, silence, and the ends of dates."""
    found: list[Noted] = []
    if not pain.sides:
        still = {run_id: asked for run_id, asked in pain.asked.items() if asked.deadline > to}
        return (pain if len(still) == len(pain.asked) else replace(pain, asked=still)), found
    today = around.date(to)
    while True:
        silences = [(at, side) for side, state in pain.sides.items() if (at := stale_at(state, policy))]
        silence = min(silences, default=None)
        expiry = min(((asked.deadline, run_id) for run_id, asked in pain.asked.items()), default=None)
        midnight = _next_midnight(pain, today, around)
        due = min(
            (at for at in (silence and silence[0], expiry and expiry[0], midnight) if at is not None),
            default=None,
        )
        if due is None or due > to:
            break
        if silence is not None and silence[0] == due:
            pain = _with_sides(pain, {silence[1]: to_unknown(pain.sides[silence[1]], due)}, around.date(due))
        elif expiry is not None and expiry[0] == due:
            pain = _unanswered(pain, expiry[1], due, around.date(due))
        else:
            pain, more = _new_day(pain, due, around, policy)
            found.extend(more)
    if pain.today is None or pain.today < today:
        pain = replace(pain, today=today, days=())
    return pain, found


def asked(pain: Pain, prompt: Prompt, around: Surroundings, policy: Policy) -> Pain:
    """A question about a run was sent: its silence is judged when the last one, the morning's included, has
    expired."""
    if prompt.activity_id is None or prompt.kind not in (PromptKind.AFTER_RUN, PromptKind.MORNING):
        return pain
    deadline = prompt.expires_at
    if prompt.kind is PromptKind.AFTER_RUN:
        day = calendar_date.fromordinal(around.date(prompt.sent_at) + 1)
        morning = datetime.combine(day, time.fromisoformat(policy.prompt.morning), around.zone)
        deadline = max(deadline, morning.astimezone(UTC) + timedelta(hours=policy.prompt.expiry_h))
    earlier = pain.asked.get(prompt.activity_id)
    if earlier is not None:
        deadline = max(deadline, earlier.deadline)
    skipped = prompt.skipped or (earlier is not None and earlier.skipped)
    return replace(pain, asked={**pain.asked, prompt.activity_id: Asked(deadline, skipped)})


def attributed(reply: PainReply, records: Sequence[Record], policy: Policy) -> Record | None:
    """The run or walk an answer belongs to (RULES 6, attribution)."""
    if reply.kind not in GRADED_KINDS or reply.kind is ReplyKind.WEEKLY:
        return None
    if reply.activity_id is not None:
        return next((record for record in reversed(records) if record.id == reply.activity_id), None)
    recent = timedelta(hours=policy.pain.attribute_h)
    any_age = reply.kind in (ReplyKind.DURING, ReplyKind.AFTER)
    ended = [
        record
        for record in records
        if record.end <= reply.at and (any_age or reply.at - record.end <= recent)
    ]
    runs = [record for record in ended if not record.walk]
    pool = runs if runs or any_age else ended
    return max(pool, key=lambda record: (record.end, record.id), default=None)


def replied(pain: Pain, reply: PainReply, around: Surroundings, policy: Policy) -> tuple[Pain, list[Noted]]:
    """The machine after one answer; `pain` has already been brought to its instant by `ticked`."""
    date = around.date(reply.at)
    if pain.today is None:
        pain = replace(pain, today=date)
    if reply.kind in (ReplyKind.SEEN, ReplyKind.CLEARED):
        pain = replace(pain, seen=reply.at)
    if reply.kind is ReplyKind.SEEN:
        return pain, []
    if reply.kind in (ReplyKind.FLAG, ReplyKind.CLEARED):
        pain, found = _checklist(pain, reply, date, around)
    else:
        pain, found = _graded(pain, reply, date, around, policy)
    pain, standing = standing_referrals(pain, around.records, reply.at, date, policy)
    found.extend(standing)
    if reply.kind is ReplyKind.MORNING:
        found.extend(calm_weeks(pain, around.records, around.noted, reply.at, date, policy))
    return pain, found


def _checklist(pain: Pain, reply: PainReply, date: int, around: Surroundings) -> tuple[Pain, list[Noted]]:
    sides = dict(pain.sides) or {around.default_side: SideState()}
    if reply.kind is ReplyKind.CLEARED:
        return _with_sides(pain, {side: cleared(one, reply.at) for side, one in sides.items()}, date), []
    flag = reply.flag or NO_FLAG
    if flag in STOPPING_FLAGS:
        moved = {
            side: to_referred(one, reply.at, lambda: around.base_km(pain.answers))
            for side, one in sides.items()
        }
    else:
        moved = {side: replace(one, last_reply=reply.at) for side, one in sides.items()}
    found = [] if flag == NO_FLAG else [flag_finding(flag, reply.at, date)]
    return _with_sides(pain, moved, date), found


def _graded(
    pain: Pain, reply: PainReply, date: int, around: Surroundings, policy: Policy
) -> tuple[Pain, list[Noted]]:
    which = reply.side or around.default_side
    before = pain.sides.get(which, SideState())
    subject = attributed(reply, around.records, policy)
    run = subject if subject is not None and not subject.walk else None
    graded = _grade(reply, before, pain.answers, which, run, date, around, policy)
    answers = pain.answers
    own: Answers | None = None
    if run is not None:
        own = _merged(answers.get(run.id, {}).get(which, Answers()), reply, graded.grade)
        # Answers about runs that no window reaches any more go with them.
        kept = {record.id: answers[record.id] for record in around.records if record.id in answers}
        answers = {**kept, run.id: {**answers.get(run.id, {}), which: own}}
    event = Event(
        at=reply.at,
        date=date,
        kind=reply.kind,
        score=reply.score,
        graded=graded,
        onset=subject.end if subject is not None else reply.at,
        base_km=lambda: around.base_km(answers),
        run_id=run.id if run else None,
        run_end=run.end if run else None,
        answers=own,
    )
    side = advanced(before, event, policy)
    said = Said(reply.at, date, which, run)
    found, side = answer_findings(said, reply, graded, side, before, policy)
    if side.state is PainState.RED and side.entered == reply.at and is_second_red(side, policy):
        found.append(second_red(reply.at, date, which))
    if reply.kind is ReplyKind.MORNING:
        found.extend(trend(said, side, around.noted, policy))
    pain = _with_sides(replace(pain, answers=answers), {which: side}, date)
    return pain, found


def _grade(
    reply: PainReply,
    side: SideState,
    answers: RunAnswers,
    which: Side,
    run: Record | None,
    date: int,
    around: Surroundings,
    policy: Policy,
) -> Graded:
    match reply.kind:
        case ReplyKind.DURING | ReplyKind.WEEKLY:
            before = _answers_before(run, answers, which, around.records) if run else None
            return grade_during(reply, before, policy)
        case ReplyKind.AFTER:
            return grade_after(reply, _level_before(run, side, date, policy), policy)
    return grade_morning(reply, side, date, policy)


def _answers_before(
    run: Record, answers: RunAnswers, which: Side, records: Sequence[Record]
) -> Answers | None:
    """The answers about the last run before this one that has any."""
    for record in reversed(records):
        if record.start < run.start and which in answers.get(record.id, {}):
            return answers[record.id][which]
    return None


def _level_before(run: Record | None, side: SideState, date: int, policy: Policy) -> int:
    """Pre-run level of A60: the morning of the run's date given before it, else the usual."""
    if run is None:
        return side.baseline(date, policy)
    for morning in reversed(side.mornings):
        if morning.date == run.date and morning.at < run.start and morning.score is not None:
            return morning.score
    return side.baseline(run.date, policy)


def _merged(own: Answers, reply: PainReply, grade: Grade) -> Answers:
    grades = dict(own.grades)
    grades[reply.kind] = worst((grade, grades.get(reply.kind, Grade.UNKNOWN)))
    during = reply.score if reply.kind is ReplyKind.DURING else own.during
    return Answers(during, grades, worst(grades.values()))


def _with_sides(pain: Pain, moved: Mapping[Side, SideState], date: int) -> Pain:
    pain = replace(pain, sides={**pain.sides, **moved})
    red = any(side.state is PainState.RED for side in pain.sides.values())
    ended = not pain.reds or pain.reds[-1][1] is not None
    if red and ended:
        return replace(pain, reds=(*pain.reds, (date, None)))
    if not red and not ended:
        return replace(pain, reds=(*pain.reds[:-1], (pain.reds[-1][0], date)))
    return pain


def _unanswered(pain: Pain, run_id: str, at: datetime, date: int) -> Pain:
    """The last question about a run has expired."""
    skipped = pain.asked[run_id].skipped
    pain = replace(pain, asked={key: asked for key, asked in pain.asked.items() if key != run_id})
    if skipped or run_id in pain.answers:
        return pain
    silent = {
        side: to_unknown(state, at) for side, state in pain.sides.items() if state.state is PainState.GREEN
    }
    return _with_sides(pain, silent, date) if silent else pain


def _next_midnight(pain: Pain, today: int, around: Surroundings) -> datetime | None:
    """The next end of a date worth looking at: none while nothing is sore and nothing was in the windows."""
    if pain.today is None or pain.today >= today:
        return None
    idle = all(side.state is PainState.UNKNOWN for side in pain.sides.values())
    if idle and not pain.reds and not any(state is not PainState.UNKNOWN for _, state, _ in pain.days):
        return None
    return around.midnight(pain.today + 1)


def _new_day(pain: Pain, at: datetime, around: Surroundings, policy: Policy) -> tuple[Pain, list[Noted]]:
    ended = pain.today if pain.today is not None else around.date(at) - 1
    date = ended + 1
    days = tuple(day for day in pain.days if day[0] > date - AMBER_WINDOW_DAYS)
    reds = tuple(span for span in pain.reds if span[1] is None or span[1] > date - 7 * RED_BLOCKS - 7)
    pain = replace(pain, today=date, days=(*days, (ended, pain.overall, pain.calm_runs)), reds=reds)
    return standing_referrals(pain, around.records, at, date, policy)
