"""The weekly digest: the week in one line, what is fine next, and everything that rode on no message (RULES 11.9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from rules.adaptation import OFFER_LASTS, offer_sentence
from rules.desk import Desk, worst_first
from rules.facts import Family, Grade, PromptKind, Runner
from rules.limits import iso_week, push_free_at
from rules.messages import next_sentence, sentences
from rules.outcome import LEVEL_ORDER, Assessment, Finding, Level, Message, MessageKind, PromptWanted
from rules.phrases import allowed_distance, allowed_week, capital, day, local_date, unit, whole_distance
from rules.timing import at_clock_time, first_seen_at
from rules.week_view import WeekView, coming_km, knee_answers, week_end, week_view, worst_knee
from rules.wording import NEW_WATCH, finding_sentence

DIGEST_AT = "18:00"
DIGEST_LASTS = timedelta(hours=15)
DIGEST_LINES = 12
WEEK = timedelta(days=7)
ANSWERED_RULES = frozenset({"P1", "P2", "P3", "P4"})
"""Said in the direct answer to the reply that raised them."""
SAID_OTHERWISE = frozenset({Level.NUDGE, Level.STOP, Level.REFER, Level.EMERGENCY})
"""A missed strength nudge is the week line's "1 of 2"; the rest had messages of their own."""
KNEE_WORDS = {Grade.GREEN: "fine", Grade.AMBER: "sore at worst", Grade.RED: "bad at worst"}


def digest_due(now: datetime, desk: Desk) -> datetime:
    """The last Sunday 18:00 of the runner at or before `now`."""
    due = at_clock_time(week_end(local_date(now, desk.runner)), DIGEST_AT, desk.runner)
    return due if due <= now else at_clock_time(local_date(due, desk.runner) - WEEK, DIGEST_AT, desk.runner)


def digest(desk: Desk, *, offer: bool = False) -> Message | None:
    """The digest of the week that ended, unless it was queued, is too late, or has nothing to say."""
    due = digest_due(desk.now, desk)
    year, week = iso_week(local_date(due, desk.runner))
    key = f"digest:{year}-W{week:02d}"
    first_import = desk.history.first_import_until
    if (
        desk.was_sent(key)
        or desk.now >= due + DIGEST_LASTS
        or (first_import is not None and due <= first_import)
    ):
        return None
    view = week_view(desk.assessment, desk.history, desk.sent, desk.policy, local_date(due, desk.runner))
    findings = _leftovers(desk, due, trained=bool(view.week.strength))
    lines = [*_week_lines(desk, view, due), *_withdrawn(desk, due)]
    if not findings and not lines:
        return None
    at = push_free_at(desk.now, desk.sent, desk.policy, desk.runner)
    if at is None or at >= due + DIGEST_LASTS:
        return None
    lines += [line for line in (ahead_sentence(desk.assessment, desk.runner),) if line]
    if _new_watch(desk, due):
        lines.append(NEW_WATCH)
    if offer:
        lines.append(offer_sentence(desk.policy))
    room = DIGEST_LINES - len(lines)
    shown = findings if len(findings) <= room else findings[: room - 1]
    lines += [_dated(desk, finding) for finding in shown]
    if len(shown) < len(findings):
        lines.append(f"And {len(findings) - len(shown)} more.")
    return Message(
        key=key,
        kind=MessageKind.DIGEST,
        level=Level.NOTE,
        title=f"Week {week}",
        text="\n".join(lines),
        decided_at=desk.now,
        due_at=at,
        expires_at=due + DIGEST_LASTS,
        findings=tuple(sorted(finding.key for finding in findings)),
        question=_offer(desk, at) if offer else None,
    )


def ahead_sentence(assessment: Assessment, runner: Runner) -> str:
    """ "This week: 33 km, longest 11.5."; with the whole sentence of the next run where it says more than how far."""
    week = coming_km(assessment)
    if week is None:
        return next_sentence(assessment, runner)
    budget, today = assessment.budget, local_date(assessment.now, runner)
    if budget.not_before is not None and budget.not_before <= today + timedelta(days=1):
        # The digest comes in the evening: the week begins tomorrow.
        assessment = replace(assessment, budget=replace(budget, not_before=None))
    then = next_sentence(assessment, runner)
    this_week = f"This week: {allowed_week(week, runner)} {unit(runner)}"
    longest = allowed_distance(budget.longest_run_km.flat or 0.0, runner)
    if then == f"Next: up to {longest}.":
        return f"{this_week}, longest {longest.split()[0]}."
    return sentences(f"{this_week}.", then)


def _offer(desk: Desk, at: datetime) -> PromptWanted:
    return PromptWanted(PromptKind.OFFER, at, at + OFFER_LASTS, offer_sentence(desk.policy))


def _leftovers(desk: Desk, due: datetime, *, trained: bool) -> list[Finding]:
    """What nobody was told and is news of this week, one level of a rule and run only, newest last.

    `trained`: the week has seen strength work, so that Monday's word about two weeks without any is old.
    """
    worst: dict[tuple[str, str, str], Finding] = {}
    for finding in desk.untold():
        if finding.rule in ANSWERED_RULES or finding.level in SAID_OTHERWISE:
            continue
        if finding.rule == "S1" and trained:
            continue
        if not due - WEEK < _news_at(desk, finding) <= due:
            continue
        slot = (finding.rule, finding.activity_id or finding.subject, finding.side or "-")
        known = worst.get(slot)
        if known is None or LEVEL_ORDER.index(finding.level) > LEVEL_ORDER.index(known.level):
            worst[slot] = finding
    by_subject: dict[tuple[datetime, str], list[Finding]] = {}
    for finding in worst.values():
        by_subject.setdefault((finding.at, finding.activity_id or finding.subject), []).append(finding)
    return [finding for subject in sorted(by_subject) for finding in worst_first(by_subject[subject])]


def _news_at(desk: Desk, finding: Finding) -> datetime:
    """When a finding became news: when it was true, or when its run arrived late, but not by the first import."""
    activity = desk.activity(finding.activity_id) if finding.activity_id is not None else None
    if activity is None:
        return finding.at
    if activity.planned:
        return datetime.min.replace(tzinfo=finding.at.tzinfo)
    seen, first_import = first_seen_at(activity), desk.history.first_import_until
    if first_import is not None and seen <= first_import:
        return finding.at
    return max(finding.at, seen)


def _week_lines(desk: Desk, view: WeekView, due: datetime) -> list[str]:
    """ "31 km (usual 28), 340 m down (usual 300), knee 0–1, strength 2 of 2."; nothing after a week without a run, an answer
    or a session."""
    week, runner = view.week, desk.runner
    knee = _knee_words(desk, due)
    if not week.km and not knee and not week.strength:
        return []
    parts = [f"{whole_distance(week.km or 0.0, runner)} {unit(runner)}"]
    if week.usual_km:
        parts[0] += f" (usual {whole_distance(week.usual_km, runner)})"
    if max(week.descent_m or 0.0, week.usual_descent_m or 0.0) >= desk.policy.r10.floor_m:
        parts.append(f"{week.descent_m or 0.0:.0f} m down")
        if week.usual_descent_m is not None:
            parts[-1] += f" (usual {week.usual_descent_m:.0f})"
    if knee:
        parts.append(f"knee {knee}")
    if view.strength_wanted is not None:
        parts.append(f"strength {week.strength or 0} of {view.strength_wanted}")
    return [f"{', '.join(parts)}."]


def _knee_words(desk: Desk, due: datetime) -> str:
    """ "0–1", or "sore at worst" where the answers were buttons; empty without an answer since the last digest."""
    said = knee_answers(desk.assessment, desk.history, desk.policy)
    replies = [reply for _, reply in said if due - WEEK < reply.at <= desk.now]
    scores = [reply.score for reply in replies if reply.score is not None]
    if scores:
        low, high = min(scores), max(scores)
        return f"{low}" if low == high else f"{low}–{high}"
    worst = worst_knee(replies, desk.policy)
    return KNEE_WORDS[worst.grade] if worst else ""


def _withdrawn(desk: Desk, due: datetime) -> list[str]:
    """Warnings of this week whose cause is gone: the run was deleted or corrected (DESIGN 5)."""
    recent = [message for message in desk.sent if message.alert and due - WEEK < message.due_at <= desk.now]
    # A finding may live on at another level: only its rule and subject must still be there.
    alive = {finding.key.rsplit("|", 1)[0] for finding in desk.assessment.findings} if recent else set()
    today = local_date(desk.now, desk.runner)
    return [
        f"Withdrawn: the warning of {day(local_date(message.due_at, desk.runner), today)};"
        " its run was deleted or corrected."
        for message in recent
        if all(key.rsplit("|", 1)[0] not in alive for key in message.findings)
    ]


def _new_watch(desk: Desk, due: datetime) -> bool:
    """Whether this week brought the first runs of a device that replaces another (RULES 2.4: said once)."""
    runs = [one for one in desk.history.activities if one.family is Family.RUN and one.device is not None]
    before = {one.device for one in runs if one.start <= due - WEEK}
    now = {one.device for one in runs if due - WEEK < one.start <= due}
    return bool(before) and bool(now - before)


def _dated(desk: Desk, finding: Finding) -> str:
    when = day(local_date(finding.at, desk.runner), local_date(desk.now, desk.runner))
    return sentences(f"{capital(when)}:", finding_sentence(finding, desk.runner))
