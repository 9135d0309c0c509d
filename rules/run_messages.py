"""One message per run: its warnings, its notes and its question in a single push (RULES 11.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from rules.desk import RULE_ORDER, Desk, told_by, worst_first
from rules.facts import Activity, PromptKind
from rules.gates import end_of
from rules.limits import alert_allowed, free_at, question_allowed, question_free_at
from rules.messages import question_text, race_text, run_text, sentences, subject_text
from rules.outcome import Finding, Level, Message, MessageKind, PromptWanted
from rules.questions import KNEE, opening, take_resolved
from rules.settling import IN_TIME, settled_text
from rules.timing import after_quiet, first_seen_at
from rules.wording import title

RIDING_RULES = frozenset(RULE_ORDER)
QUESTION_WAIT = timedelta(minutes=90)
ABOUT_RUN = frozenset({PromptKind.AFTER_RUN, PromptKind.SETTLED})
"""A run has one of them: what was told before it could be asked leaves only whether it has settled."""
AHEAD = timedelta(minutes=10)
"""A question is queued this early, so that the minutes before quiet hours are not missed between two looks."""


def run_messages(desk: Desk) -> Iterator[Message]:
    """Accepts and yields the warnings and after-run questions that are due, oldest run first."""
    findings: dict[str, list[Finding]] = {}
    for finding in desk.untold():
        if finding.rule in RIDING_RULES and finding.activity_id is not None:
            findings.setdefault(finding.activity_id, []).append(finding)
    questions = {
        prompt.activity_id: prompt
        for prompt in desk.assessment.prompts
        if prompt.kind in ABOUT_RUN and prompt.activity_id is not None
    }
    wanted = {activity_id for activity_id, own in findings.items() if _warns(own)} | questions.keys()
    activities = [activity for activity in map(desk.activity, wanted) if activity is not None]
    for activity in sorted(activities, key=lambda each: (end_of(each), each.id)):
        yield from _messages(desk, activity, findings.get(activity.id, []), questions.get(activity.id))


def asked_after(desk: Desk, question: PromptWanted) -> bool:
    """Whether this question about a run was queued, alone or with a warning."""
    activity_id = question.activity_id
    return any(
        message.kind is MessageKind.AFTER_RUN
        and (message.key == _key(question) or message.key.startswith(f"load:{activity_id}:"))
        for message in desk.sent
    )


def _key(question: PromptWanted) -> str:
    name = "settled" if question.kind is PromptKind.SETTLED else "ask"
    return f"{name}:{question.activity_id}"


def _warns(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level is Level.WARN]


def _messages(
    desk: Desk, activity: Activity, findings: list[Finding], question: PromptWanted | None
) -> Iterator[Message]:
    """The warning with the question, or each alone where a limit keeps them apart."""
    if activity.planned:
        findings = []
    if desk.first_imported(activity):
        question = None
    told_before = desk.was_sent(f"load:{activity.id}:{Level.WARN}")
    if _warns(findings) and not told_before and not activity.race and desk.pushable(activity):
        free = question if question is not None and not asked_after(desk, question) else None
        alert = _alert(desk, activity, findings, free)
        if alert is not None:
            yield desk.accept(alert)
            findings = [finding for finding in findings if finding.key not in desk.told]
    if question is not None and question.due_at <= desk.now + AHEAD and not asked_after(desk, question):
        message = _question(desk, activity, findings, question)
        if message is not None:
            yield desk.accept(message)


def _alert(
    desk: Desk, activity: Activity, findings: list[Finding], question: PromptWanted | None
) -> Message | None:
    """The warning, with the question where it need not wait long for it; None where a limit sends it to the digest."""
    known = max(first_seen_at(activity), min(finding.at for finding in _warns(findings)))
    patience = max(known, end_of(activity) + QUESTION_WAIT)
    asking = question if question is not None and question.due_at <= patience else None
    if asking is not None:
        due = _alert_due(desk, max(known, asking.due_at))
        if due is not None and question_allowed(due, desk.sent, desk.policy, desk.runner):
            return _alert_message(desk, activity, findings, due, asking)
    due = _alert_due(desk, known)
    if due is None:
        return None
    morning = _morning_soon(desk, due)
    if morning is not None:
        return _alert_message(desk, activity, findings, morning.due_at, morning)
    return _alert_message(desk, activity, findings, due, None)


def _alert_due(desk: Desk, natural: datetime) -> datetime | None:
    """When the warning may go. A limit that was full at its natural hour keeps it out for good: no stale warnings."""
    quiet = desk.policy.msg.quiet
    at_first = after_quiet(natural, quiet, desk.runner)
    at_once = after_quiet(max(natural, desk.now), quiet, desk.runner)
    due = free_at(at_once, desk.sent, desk.policy, desk.runner)
    # At each of them: waiting for its turn must not carry a warning over into a day or week that has room.
    moments = (at_first, at_once, due)
    fits = all(alert_allowed(moment, desk.sent, desk.policy, desk.runner) for moment in moments)
    return due if fits else None


def _morning_soon(desk: Desk, due: datetime) -> PromptWanted | None:
    """The morning question that a warning held by quiet hours can ride on, instead of coming first and alone."""
    for prompt in desk.assessment.prompts:
        soon = timedelta() <= prompt.due_at - due < timedelta(hours=desk.policy.msg.gap_h)
        if (
            prompt.kind is PromptKind.MORNING
            and soon
            and free_at(prompt.due_at, desk.sent, desk.policy, desk.runner) == prompt.due_at
            and alert_allowed(prompt.due_at, desk.sent, desk.policy, desk.runner)
            and question_allowed(prompt.due_at, desk.sent, desk.policy, desk.runner)
        ):
            return prompt
    return None


def _alert_message(
    desk: Desk,
    activity: Activity,
    findings: list[Finding],
    due: datetime,
    question: PromptWanted | None,
) -> Message:
    ordered = worst_first(findings)
    text, shown = run_text(ordered, desk.assessment, desk.runner, question.text if question else "")
    kind = MessageKind.LOAD
    if question is not None:
        kind = MessageKind.MORNING if question.kind is PromptKind.MORNING else MessageKind.AFTER_RUN
    return Message(
        key=f"load:{activity.id}:{Level.WARN}",
        kind=kind,
        level=Level.WARN,
        title=title(ordered[0]),
        text=text,
        decided_at=desk.now,
        due_at=due,
        expires_at=max(due, end_of(activity) + timedelta(hours=desk.policy.alert.max_age_h)),
        findings=told_by(shown, findings),
        alert=True,
        question=question,
    )


def _question(
    desk: Desk, activity: Activity, findings: list[Finding], question: PromptWanted
) -> Message | None:
    """The question alone, with the notes of the run; None once its time is over (RULES 11.4)."""
    due = question_free_at(max(desk.now, question.due_at), desk.sent, desk.policy, desk.runner)
    if due >= question.expires_at:
        return None
    if question.kind is PromptKind.SETTLED:
        if due >= question.due_at + IN_TIME:
            return None
        question = replace(question, text=settled_text(end_of(activity), due))
    shown: tuple[Finding, ...] = ()
    if activity.race:
        heading, text = "Race", race_text(activity, desk.assessment, desk.runner, question.text)
    else:
        heading = KNEE
        notes = [finding for finding in worst_first(findings) if finding.level is Level.NOTE]
        noticed = any(finding.activity_id == activity.id for finding in desk.assessment.findings)
        subject = subject_text(activity, desk.runner, calm=not noticed and not desk.assessment.learning)
        text, shown = question_text(sentences(subject, opening(desk)), notes, desk.runner, question.text)
    return Message(
        key=_key(question),
        kind=MessageKind.AFTER_RUN,
        level=Level.ASK,
        title=heading,
        text=text,
        decided_at=desk.now,
        due_at=due,
        expires_at=question.expires_at,
        findings=(*told_by(shown, findings), *take_resolved(desk)),
        question=replace(question, due_at=due),
    )
