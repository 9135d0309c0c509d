"""The weekly digest: the week in one line, what is fine next, and everything that rode on no message (RULES 11.9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from rules.adaptation import OFFER_LASTS, offer_sentence
from rules.desk import Desk, worst_first
from rules.facts import Family, PromptKind, ReplyKind
from rules.limits import iso_week, push_free_at
from rules.messages import next_sentence, sentences
from rules.outcome import LEVEL_ORDER, Finding, Level, Message, MessageKind, PromptWanted
from rules.phrases import capital, day, local_date, unit, whole_distance
from rules.timing import at_clock_time, first_seen_at
from rules.wording import NEW_WATCH, finding_sentence

DIGEST_AT = "18:00"
DIGEST_LASTS = timedelta(hours=15)
DIGEST_LINES = 12
WEEK = timedelta(days=7)
ANSWERED_RULES = frozenset({"P1", "P2", "P3", "P4"})
"""Said in the direct answer to the reply that raised them."""
SAID_OTHERWISE = frozenset({Level.NUDGE, Level.STOP, Level.REFER, Level.EMERGENCY})
"""A missed strength nudge is the week line's "1 of 2"; the rest had messages of their own."""
SCORED = frozenset({ReplyKind.DURING, ReplyKind.MORNING, ReplyKind.SPOT, ReplyKind.WEEKLY})


def digest_due(now: datetime, desk: Desk) -> datetime:
    """The last Sunday 18:00 of the runner at or before `now`."""
    today = local_date(now, desk.runner)
    due = at_clock_time(today - timedelta(days=(today.weekday() + 1) % 7), DIGEST_AT, desk.runner)
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
    findings = _leftovers(desk, due)
    lines = [*_week_lines(desk, due), *_withdrawn(desk, due)]
    if not findings and not lines:
        return None
    at = push_free_at(desk.now, desk.sent, desk.policy, desk.runner)
    if at is None or at >= due + DIGEST_LASTS:
        return None
    lines += [line for line in (next_sentence(desk.assessment, desk.runner),) if line]
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


def _offer(desk: Desk, at: datetime) -> PromptWanted:
    return PromptWanted(PromptKind.OFFER, at, at + OFFER_LASTS, offer_sentence(desk.policy))


def _leftovers(desk: Desk, due: datetime) -> list[Finding]:
    """What nobody was told and is news of this week, one level of a rule and run only, newest last."""
    worst: dict[tuple[str, str, str], Finding] = {}
    for finding in desk.untold():
        if finding.rule in ANSWERED_RULES or finding.level in SAID_OTHERWISE:
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


def _week_lines(desk: Desk, due: datetime) -> list[str]:
    """ "31 km (usual 28), knee 0-1, strength 2 of 2."; nothing after a week without a run, an answer or a session."""
    assessment, runner = desk.assessment, desk.runner
    scores = [
        reply.score
        for reply in desk.history.replies
        if reply.kind in SCORED and reply.score is not None and due - WEEK < reply.at <= desk.now
    ]
    if assessment.week_km <= 0 and not scores and not assessment.strength.done:
        return []
    parts = [f"{whole_distance(assessment.week_km, runner)} {unit(runner)}"]
    if assessment.usual_week_km:
        parts[0] += f" (usual {whole_distance(assessment.usual_week_km, runner)})"
    if scores:
        low, high = min(scores), max(scores)
        parts.append(f"knee {low}" if low == high else f"knee {low}–{high}")
    if assessment.strength.done or assessment.strength.next_slot is not None:
        parts.append(f"strength {assessment.strength.done} of {assessment.strength.wanted}")
    return [f"{', '.join(parts)}."]


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
