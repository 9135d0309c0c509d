"""What the runner says of the knee at set-up: kept as answers, so that the rules and a second set-up know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from daemon.config import AthleteConfig
from daemon.jobs.assess import assess_athlete
from daemon.replies import take_answer
from daemon.store.answers import load_answers, save_reply
from daemon.store.engine import Store
from rules.confirmations import pain_confirmation
from rules.facts import PainReply, ReplyKind
from rules.open_questions import open_prompts
from rules.prompts import CHECKLIST_TEXT


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of the knee already, whoever asked."""

    pain: bool
    checklist: bool


def told(store: Store, athlete: str) -> Told:
    """Whether a number and an answer to the checklist were ever given."""
    with store.reading() as session:
        replies = load_answers(session, athlete, None).replies
    return Told(
        pain=any(reply.score is not None or reply.grade is not None for reply in replies),
        checklist=any(reply.kind is ReplyKind.FLAG for reply in replies),
    )


def keep_pain(store: Store, athlete: AthleteConfig, score: int, now: datetime) -> str:
    """Pain of this moment; what it means now, without the checklist, which set-up asks anyway. Raises StoreError."""
    side = athlete.runner.default_side
    taken = take_answer(store, athlete, str(score), now, now, when=ReplyKind.SPOT, side=side, note="set-up")
    return taken.text.replace(CHECKLIST_TEXT, "").strip()


def keep_checklist(store: Store, athlete: AthleteConfig, flags: Sequence[str], now: datetime) -> str:
    """Items of the checklist that apply, none of them also being an answer; what it means now. Raises StoreError."""
    with store.reading() as session:
        waiting = open_prompts(load_answers(session, athlete.name, None), now)
    asked = next((one.id for one in waiting if one.kind.value == "checklist"), None)
    replies = [
        PainReply(
            f"{ReplyKind.FLAG.value}:{now.isoformat()}:{flag}",
            now,
            ReplyKind.FLAG,
            prompt_id=asked,
            flag=flag,
            note="set-up",
        )
        for flag in (tuple(dict.fromkeys(flags)) or ("none",))
    ]
    with store.session() as session:
        for reply in replies:
            save_reply(session, athlete.name, reply)
    assessed = assess_athlete(store, athlete, now)
    new = [stored.finding for stored in (*assessed.recorded.new, *assessed.recorded.returned)]
    return pain_confirmation(replies, new, assessed.assessment, athlete.runner) if flags else ""
