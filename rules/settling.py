"""The question after pain during a run: whether it has settled within the hour (RULES 9, A60)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from rules.facts import PainReply, Prompt, PromptKind, ReplyKind, Side

SETTLES_WITHIN = timedelta(minutes=60)
ON_TIME = timedelta(minutes=90)
"""Until then the runner can look at the knee; later only memory helps, so the question names the hour."""
IN_TIME = timedelta(minutes=15)
"""The question is pushed so long after it was due, and not later."""
ASKED_UNTIL = timedelta(hours=12)
SETTLED_TEXT = "Settled to before-run level? y / n"
SETTLED_LATE_TEXT = "Settled to before-run level an hour after? y / n"


def settled_text(end: datetime, asked_at: datetime) -> str:
    """The question as it is put at `asked_at` about a run that ended at `end`."""
    return SETTLED_TEXT if asked_at - end <= ON_TIME else SETTLED_LATE_TEXT


def hurt(told: Mapping[Side | None, PainReply]) -> bool:
    """Whether the newest answers of each side about a run tell of pain, as a number."""
    return any(reply.score is not None and reply.score >= 1 for reply in told.values())


def worth_asking(told: Mapping[Side | None, PainReply], limit: int) -> bool:
    """Whether they leave the question open: it hurt, but not so that running stops anyway (above `limit`, or a limp) and the
    checklist is the question to ask."""
    stops = any(reply.limp or (reply.score is not None and reply.score > limit) for reply in told.values())
    return hurt(told) and not stops


def newest_by_side(replies: Iterable[PainReply]) -> dict[Side | None, PainReply]:
    """The last answer of each side counts (RULES 6)."""
    return {reply.side: reply for reply in sorted(replies, key=lambda each: each.at)}


def asked_or_told(about_run: Iterable[PainReply], prompts: Iterable[Prompt], activity_id: str) -> bool:
    """Whether the question was asked about this run, or answered unasked."""
    return any(reply.kind is ReplyKind.AFTER for reply in about_run) or any(
        prompt.kind is PromptKind.SETTLED and prompt.activity_id == activity_id for prompt in prompts
    )
