"""Which questions are wanted and when they are due (RULES 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from rules.facts import Grade, PainReply, Pause, Prompt, PromptKind, ReplyKind, Runner
from rules.outcome import Finding, Level, LoadState, PainState, PainView, PromptWanted
from rules.phrases import local_date
from rules.policy import Policy
from rules.settling import (
    ASKED_UNTIL,
    IN_TIME,
    SETTLES_WITHIN,
    asked_or_told,
    newest_by_side,
    settled_text,
    worth_asking,
)
from rules.timing import after_quiet, at_clock_time, night_since, paused_at, quiet_window

AFTER_RUN_LATEST = timedelta(hours=12)
ONE_PROMPT = timedelta(hours=2)
BEFORE_QUIET = timedelta(minutes=5)
MORNING_LASTS = timedelta(hours=4)
WEEKLY_AT = "18:00"
WEEKLY_EXPIRY = timedelta(hours=24)
CHECKLIST_EXPIRY = timedelta(days=7)
STOP_ASKS = timedelta(hours=48)
SAME_STOP = timedelta(hours=1)
"""A stop so soon after another one is more of the same: the order stands and its checklist is open."""
SUNDAY = 6
RED_EVERY = 3
LEAST_PAIN: dict[Grade | None, int] = {Grade.GREEN: 0, Grade.AMBER: 3, Grade.RED: 6}

AFTER_RUN_TEXT = "Worst knee pain during the run, 0–10?"
MORNING_TEXT = "Knee this morning, on stairs down if you can: 0–10?"
EVENING_RUN_TEXT = "Knee this morning, 0–10? If the run was worse: its worst as a second number."
WEEKLY_TEXT = "Worst knee pain this week, 0–10?"
CHECKLIST_TEXT = (
    "Any of these? Chest pain, breathless, swollen calf; twist or fall, locked, gave way, big swelling, hot or fever, "
    "cannot bend or take 4 steps; bone, night or hip pain."
)


@dataclass(frozen=True, slots=True)
class AskedRun:
    """A counted run or walk as prompts see it. `date` is its own local date, `seen_at` when niggled could first ask."""

    id: str
    end: datetime
    seen_at: datetime
    date: date
    minutes: float
    km: float
    walk: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """What prompts need to know. `runs`, `prompts` and `replies` of the last four weeks, `runs` in order of their ends.

    `verdicts` are the runs' colours by id (missing: unknown); `episode_open` if a flare has not settled;
    `load_red_since` is the date on which a red load began.
    """

    runner: Runner
    runs: tuple[AskedRun, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    replies: tuple[PainReply, ...] = ()
    pauses: tuple[Pause, ...] = ()
    findings: tuple[Finding, ...] = ()
    pain: PainView = field(default_factory=PainView)
    load: LoadState = LoadState.GREEN
    verdicts: Mapping[str, Grade] = field(default_factory=dict)
    episode_open: bool = False
    load_red_since: date | None = None
    ladder_step: int | None = None


def wanted(talk: Talk, policy: Policy, now: datetime) -> tuple[PromptWanted, ...]:
    """The questions that are due now or next, each once; those already asked or answered are left out."""
    now = now.astimezone(UTC)
    checklist = tuple(_checklist(talk, now))
    if talk.pain.overall is PainState.REFERRED or paused_at(now, talk.pauses):
        return checklist
    weekly = weekly_mode(talk, policy, now)
    questions = [*checklist, *_mornings(talk, policy, now, weekly=weekly)]
    if weekly:
        questions += _weekly(talk, policy, now)
    else:
        questions += [*_after_runs(talk, policy, now), *_settled(talk, policy, now)]
    return tuple(sorted(questions, key=lambda prompt: (prompt.due_at, prompt.kind, prompt.activity_id or "")))


def weekly_mode(talk: Talk, policy: Policy, now: datetime) -> bool:
    """Whether the last asked runs went without any reply, so that only the week is asked about."""
    last_reply = max((reply.at for reply in talk.replies), default=None)
    silent = {
        prompt.activity_id
        for prompt in talk.prompts
        if prompt.activity_id is not None
        and prompt.kind is not PromptKind.SETTLED
        and prompt.expires_at <= now
        and not prompt.skipped
        and (last_reply is None or prompt.sent_at > last_reply)
    }
    return len(silent) >= policy.prompt.silent_runs


def _asked(talk: Talk, run: AskedRun) -> list[Prompt]:
    """The questions that asked about this run first: what follows pain that was told is no other asking."""
    return [
        prompt
        for prompt in talk.prompts
        if prompt.activity_id == run.id and prompt.kind is not PromptKind.SETTLED
    ]


def _about(talk: Talk, run: AskedRun, *kinds: ReplyKind) -> list[PainReply]:
    """Answers of these kinds about a run, the newest first."""
    return [
        reply
        for reply in sorted(talk.replies, key=lambda each: each.at, reverse=True)
        if reply.kind in kinds
        and (
            reply.activity_id == run.id
            or (reply.activity_id is None and _latest_before(talk, reply.at) == run)
        )
    ]


def _answered_during(talk: Talk, run: AskedRun) -> int | None:
    """The pain told for this run, of a grade its lowest number; None without an answer."""
    for reply in _about(talk, run, ReplyKind.DURING):
        return LEAST_PAIN.get(reply.grade) if reply.score is None else reply.score
    return None


def _latest_before(talk: Talk, instant: datetime) -> AskedRun | None:
    ended = [run for run in talk.runs if not run.walk and run.end <= instant]
    return ended[-1] if ended else None


def _has_finding(talk: Talk, run: AskedRun) -> bool:
    return any(finding.activity_id == run.id for finding in talk.findings)


def _after_runs(talk: Talk, policy: Policy, now: datetime) -> Iterator[PromptWanted]:
    """RULES 9, first row: at end + 75 min, at once where the run was seen later, not where quiet hours forbid it."""
    due: list[tuple[datetime, AskedRun]] = []
    for index, run in enumerate(talk.runs):
        if not _askable(talk, run, policy) or not _sampled(talk, index, policy):
            continue
        moment = after_run_due(talk, run, policy, now)
        if moment is not None and now < moment + timedelta(hours=policy.prompt.expiry_h):
            due.append((moment, run))
    for position, (moment, run) in enumerate(due):
        later = due[position + 1 :]
        if any(abs(other - moment) < ONE_PROMPT for other, _ in later):
            continue
        if _asked(talk, run) or _answered_during(talk, run) is not None:
            continue
        expires = moment + timedelta(hours=policy.prompt.expiry_h)
        yield PromptWanted(PromptKind.AFTER_RUN, moment, expires, AFTER_RUN_TEXT, run.id)


def _askable(talk: Talk, run: AskedRun, policy: Policy) -> bool:
    return (
        not run.walk
        and run.minutes >= policy.prompt.min_minutes
        and run.seen_at <= run.end + AFTER_RUN_LATEST
        and not paused_at(run.end, talk.pauses)
    )


def _planned(run: AskedRun, policy: Policy) -> datetime:
    return max(run.end + timedelta(minutes=policy.prompt.after_min), run.seen_at)


def after_run_due(talk: Talk, run: AskedRun, policy: Policy, now: datetime) -> datetime | None:
    """When this run is asked about; None where quiet hours, or a night missed, leave it to the morning question."""
    planned = _planned(run, policy)
    quiet = quiet_window(planned, policy.msg.quiet, talk.runner)
    if quiet is None:
        return None if night_since(planned, now, policy.msg.quiet, talk.runner) else planned
    earliest = max(run.end + timedelta(minutes=policy.prompt.evening_min), run.seen_at, now)
    if earliest >= quiet[0]:
        return None
    return max(earliest, quiet[0] - BEFORE_QUIET)


def _settled(talk: Talk, policy: Policy, now: datetime) -> Iterator[PromptWanted]:
    """Pain told before the hour was over: whether it has settled, at end + 75 min and only about then.

    Of pain told later the direct answer asks it (`rules.replying`).
    """
    for run in talk.runs:
        if not _askable(talk, run, policy):
            continue
        due = _planned(run, policy)
        if now >= due + IN_TIME or due > run.end + ASKED_UNTIL:
            continue
        told = newest_by_side(_about(talk, run, ReplyKind.DURING))
        early = all(reply.at < run.end + SETTLES_WITHIN for reply in told.values())
        if not (early and worth_asking(told, policy.p1.amber)):
            continue
        if asked_or_told(_about(talk, run, ReplyKind.AFTER), talk.prompts, run.id):
            continue
        if quiet_window(due, policy.msg.quiet, talk.runner) is None:
            expires = due + timedelta(hours=policy.prompt.expiry_h)
            yield PromptWanted(PromptKind.SETTLED, due, expires, settled_text(run.end, due), run.id)


def _sampled(talk: Talk, index: int, policy: Policy) -> bool:
    """In GREEN after five green answers in a row only every third run is asked; one with a finding always."""
    run = talk.runs[index]
    if talk.pain.overall is not PainState.GREEN or _has_finding(talk, run):
        return True
    before = [earlier for earlier in talk.runs[:index] if not earlier.walk]
    asked = [
        earlier
        for earlier in before
        if _asked(talk, earlier) and not all(prompt.skipped for prompt in _asked(talk, earlier))
    ]
    recent = asked[-policy.prompt.calm_runs :]
    calm = len(recent) == policy.prompt.calm_runs and all(
        talk.verdicts.get(earlier.id, Grade.UNKNOWN) is Grade.GREEN for earlier in recent
    )
    if not calm:
        return True
    unasked = 0
    for earlier in reversed(before):
        if _answered_during(talk, earlier) is not None or any(
            prompt.kind is PromptKind.AFTER_RUN for prompt in _asked(talk, earlier)
        ):
            break
        unasked += 1
    return unasked >= policy.prompt.sample - 1


def _mornings(talk: Talk, policy: Policy, now: datetime, *, weekly: bool) -> Iterator[PromptWanted]:
    """Today's morning question while it is still morning, and tomorrow's."""
    today = local_date(now, talk.runner)
    for when in (today, today + timedelta(days=1)):
        due = after_quiet(
            at_clock_time(when, policy.prompt.morning, talk.runner), policy.msg.quiet, talk.runner
        )
        if now >= due + MORNING_LASTS or _morning_done(talk, when):
            continue
        runs = [
            run
            for run in talk.runs
            if _morning_after(talk, run, policy) == when and run.seen_at <= max(now, due)
        ]
        if not _morning_wanted(talk, policy, when, runs, now, weekly=weekly):
            continue
        night_run = _night_run(talk, policy, runs, now)
        text = EVENING_RUN_TEXT if night_run and not weekly else MORNING_TEXT
        run = night_run or next(
            (each for each in reversed(runs) if not each.walk), runs[-1] if runs else None
        )
        expires = due + timedelta(hours=policy.prompt.expiry_h)
        yield PromptWanted(PromptKind.MORNING, due, expires, text, run.id if run else None)


def _morning_after(talk: Talk, run: AskedRun, policy: Policy) -> date:
    """The next local date; the same one for a run of the small hours that the morning has to ask about."""
    quiet = quiet_window(_planned(run, policy), policy.msg.quiet, talk.runner)
    ended = local_date(run.end, talk.runner)
    if quiet is not None and quiet[0] <= run.end and local_date(quiet[1], talk.runner) == ended:
        return ended
    return ended + timedelta(days=1)


def _morning_done(talk: Talk, when: date) -> bool:
    """Whether the morning of a date was asked or told already."""
    return any(
        prompt.kind is PromptKind.MORNING and local_date(prompt.sent_at, talk.runner) == when
        for prompt in talk.prompts
    ) or any(
        reply.kind is ReplyKind.MORNING and local_date(reply.at, talk.runner) == when
        for reply in talk.replies
    )


def _night_run(talk: Talk, policy: Policy, runs: list[AskedRun], now: datetime) -> AskedRun | None:
    """The run that could not be asked about before quiet hours, while its question is worth asking."""
    for run in reversed(runs):
        morning = at_clock_time(_morning_after(talk, run, policy), policy.prompt.morning, talk.runner)
        if (
            morning - _planned(run, policy) <= timedelta(hours=policy.prompt.expiry_h)
            and _askable(talk, run, policy)
            and not _asked(talk, run)
            and after_run_due(talk, run, policy, now) is None
            and _sampled(talk, talk.runs.index(run), policy)
            and _answered_during(talk, run) is None
        ):
            return run
    return None


def _morning_wanted(
    talk: Talk, policy: Policy, when: date, runs: list[AskedRun], now: datetime, *, weekly: bool
) -> bool:
    state = talk.pain.overall
    if state is PainState.RED:
        return _red_morning(talk, policy, when)
    if state is PainState.RETURNING:
        return not weekly and (bool(runs) or talk.ladder_step == 0)
    if weekly:
        return False
    if talk.load_red_since is not None and 1 <= (when - talk.load_red_since).days <= 2:
        return True
    if any(run.walk and _has_finding(talk, run) for run in runs):
        return True
    ran = [run for run in runs if not run.walk]
    night_run = _night_run(talk, policy, ran, now) is not None
    if state is PainState.GREEN:
        return night_run or any(_green_morning(talk, run) for run in ran)
    return talk.episode_open or night_run or any(_asked(talk, run) for run in ran)


def _green_morning(talk: Talk, run: AskedRun) -> bool:
    """GREEN: after pain, silence, a finding, or the longest run of its ISO week so far."""
    told = _answered_during(talk, run)
    silent = told is None and any(not prompt.skipped for prompt in _asked(talk, run))
    same_week = [
        other.km
        for other in talk.runs
        if not other.walk
        and other.end < run.end
        and other.date.isocalendar()[:2] == run.date.isocalendar()[:2]
    ]
    longest = run.km > max(same_week, default=0.0)
    return (told or 0) >= 1 or silent or _has_finding(talk, run) or longest


def _red_morning(talk: Talk, policy: Policy, when: date) -> bool:
    """RED: every morning; after three unanswered ones every third."""
    mornings = sorted(
        (prompt for prompt in talk.prompts if prompt.kind is PromptKind.MORNING and not prompt.skipped),
        key=lambda prompt: prompt.sent_at,
    )
    last_reply = max((reply.at for reply in talk.replies), default=None)
    unanswered = [prompt for prompt in mornings if last_reply is None or prompt.sent_at > last_reply]
    if len(unanswered) < policy.prompt.red_silent:
        return True
    return (when - local_date(unanswered[-1].sent_at, talk.runner)).days >= RED_EVERY


def _weekly(talk: Talk, policy: Policy, now: datetime) -> Iterator[PromptWanted]:
    """Weekly mode: Sunday at 18:00."""
    today = local_date(now, talk.runner)
    sunday = today + timedelta(days=SUNDAY - today.weekday())
    due = after_quiet(at_clock_time(sunday, WEEKLY_AT, talk.runner), policy.msg.quiet, talk.runner)
    asked = any(
        prompt.kind is PromptKind.WEEKLY and local_date(prompt.sent_at, talk.runner) == sunday
        for prompt in talk.prompts
    )
    if not asked and now < due + MORNING_LASTS:
        yield PromptWanted(PromptKind.WEEKLY, due, due + WEEKLY_EXPIRY, WEEKLY_TEXT)


def _checklist(talk: Talk, now: datetime) -> Iterator[PromptWanted]:
    """At every stop of P1-P4, once (RULES 5.3)."""
    stops = [
        finding.at
        for finding in talk.findings
        if finding.level is Level.STOP and timedelta() <= now - finding.at < STOP_ASKS
    ]
    if not stops:
        return
    last = max(stops)
    asked = any(
        prompt.kind is PromptKind.CHECKLIST and prompt.sent_at >= last - SAME_STOP for prompt in talk.prompts
    )
    if not asked:
        yield PromptWanted(PromptKind.CHECKLIST, last, last + CHECKLIST_EXPIRY, CHECKLIST_TEXT)
