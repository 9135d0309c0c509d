"""What bypasses the message budget: emergency, refer and stop (RULES 11.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rules.desk import Desk, worst_first
from rules.facts import PromptKind, ReplyKind
from rules.messages import refer_text, stop_text
from rules.outcome import Finding, Level, Message, MessageKind, PainState, PromptWanted, Sent
from rules.prompts import SAME_STOP
from rules.timing import after_quiet
from rules.wording import title

ANSWERS_WITHIN = timedelta(minutes=15)
STOP_LASTS = timedelta(hours=48)
PHYSIO = "physio"
BY_DATE = frozenset({"red_weeks", "high_mornings", PHYSIO})
"""Causes that can become true as a date begins, without an answer."""
KINDS = {Level.EMERGENCY: MessageKind.EMERGENCY, Level.REFER: MessageKind.REFER}


def urgent_messages(desk: Desk, *, paused: bool) -> Iterator[Message]:
    """Accepts and yields emergencies, then referrals and their repeats, then the stop."""
    for level in (Level.EMERGENCY, Level.REFER):
        findings = [finding for finding in desk.assessment.findings if finding.level is level]
        new = [
            finding
            for finding in findings
            if finding.key not in desk.told and _recent(desk, finding) and not _just_referred(desk, finding)
        ]
        causes = {finding.numbers.get("cause") for finding in new}
        again = [
            finding
            for finding in findings
            if finding.numbers.get("cause") not in causes and _due_again(desk, finding)
        ]
        for group in (*_by_subject(new), *_by_subject(again)):
            yield desk.accept(_referral(desk, group))
    checklist = _checklist(desk)
    stops = [
        finding
        for finding in desk.untold()
        if finding.level is Level.STOP
        and desk.fresh(finding.at)
        and (checklist is not None or not _just_stopped(desk, finding))
    ]
    if stops and not paused and desk.assessment.pain.overall is not PainState.REFERRED:
        yield desk.accept(_stop(desk, worst_first(stops), checklist))


def _checklist(desk: Desk) -> PromptWanted | None:
    return next((prompt for prompt in desk.assessment.prompts if prompt.kind is PromptKind.CHECKLIST), None)


def _just_stopped(desk: Desk, finding: Finding) -> bool:
    """Whether a stop of the last hour, or one that waits for the morning, says the same already: the direct answer tells
    what is new."""
    return any(
        message.kind is MessageKind.STOP and message.due_at > finding.at - SAME_STOP for message in desk.sent
    )


def _just_referred(desk: Desk, finding: Finding) -> bool:
    """Likewise for one more item of the checklist while running is stopped for a clinician."""
    return (
        finding.level is Level.REFER
        and bool(finding.numbers.get("stops"))
        and any(
            message.key.startswith("halt:")
            and finding.key not in message.findings
            and message.due_at > finding.at - SAME_STOP
            for message in desk.sent
        )
    )


def _recent(desk: Desk, finding: Finding) -> bool:
    return desk.now - finding.at <= timedelta(hours=desk.policy.alert.max_age_h)


def _earlier(desk: Desk, finding: Finding) -> list[Sent]:
    return [message for message in desk.sent if finding.key in message.findings]


def _due_again(desk: Desk, finding: Finding) -> bool:
    """Every week until it is answered `seen`, once for all findings of one cause; a physio's case becomes a new finding
    when its own time has passed."""
    cause = finding.numbers.get("cause")
    if not _earlier(desk, finding) or cause == PHYSIO:
        return False
    same = [
        one
        for one in desk.assessment.findings
        if one.level is finding.level and one.numbers.get("cause") == cause and _earlier(desk, one)
    ]
    if finding != max(same, key=lambda one: (one.at, one.key)):
        return False
    answered = any(
        reply.kind in (ReplyKind.SEEN, ReplyKind.CLEARED) and reply.at >= finding.at
        for reply in desk.history.replies
    )
    wait = timedelta(days=desk.policy.refer.repeat_days)
    last = max(message.due_at for one in same for message in _earlier(desk, one))
    return not answered and desk.now - last >= wait


def _by_subject(findings: list[Finding]) -> list[list[Finding]]:
    """The physio apart; everything else that needs a clinician is one message."""
    physio = [finding for finding in findings if finding.numbers.get("cause") == PHYSIO]
    clinician = [finding for finding in findings if finding not in physio]
    return [sorted(group, key=lambda one: one.key) for group in (clinician, physio) if group]


def _referral(desk: Desk, findings: list[Finding]) -> Message:
    lead = findings[0]
    stopped = desk.assessment.pain.overall is PainState.REFERRED
    name = "halt" if stopped and lead.level is Level.REFER else lead.level.value
    repeats = len(_earlier(desk, lead))
    due = desk.now
    if lead.level is Level.REFER:
        due = _referral_due(desk, findings)
    return Message(
        key=f"{name}:{lead.key}" + (f"#{repeats + 1}" if repeats else ""),
        kind=KINDS[lead.level],
        level=lead.level,
        title="Stop running for now" if name == "halt" else title(lead),
        text=refer_text(lead, desk.assessment, desk.runner),
        decided_at=desk.now,
        due_at=due,
        expires_at=due + timedelta(days=desk.policy.refer.repeat_days),
        findings=tuple(finding.key for finding in findings),
    )


def _referral_due(desk: Desk, findings: list[Finding]) -> datetime:
    """As `_urgent_due`; what a new date alone has made true answers nobody and waits for the morning."""
    answered = {reply.at for reply in desk.history.replies}
    told = [
        finding.at
        for finding in findings
        if finding.numbers.get("cause") not in BY_DATE or finding.at in answered
    ]
    if not told:
        return after_quiet(desk.now, desk.policy.msg.quiet, desk.runner)
    return _urgent_due(desk, max(told))


def _urgent_due(desk: Desk, since: datetime) -> datetime:
    """At once where it answers a reply of the last minutes, else outside quiet hours."""
    if timedelta() <= desk.now - since <= ANSWERS_WITHIN:
        return desk.now
    return after_quiet(desk.now, desk.policy.msg.quiet, desk.runner)


def _stop(desk: Desk, stops: list[Finding], checklist: PromptWanted | None) -> Message:
    due = _urgent_due(desk, max(finding.at for finding in stops))
    return Message(
        key=f"stop:{stops[0].key}",
        kind=MessageKind.STOP,
        level=Level.STOP,
        title="No running for now",
        text=stop_text(stops, desk.runner, checklist.text if checklist else ""),
        decided_at=desk.now,
        due_at=due,
        expires_at=due + STOP_LASTS,
        findings=tuple(sorted(finding.key for finding in stops)),
        question=checklist,
    )
