"""Pain replies from a CSV file, for `replay --replies`."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from rules.facts import PainReply, ReplyKind, Side

KINDS = {
    "during": ReplyKind.DURING,
    "after": ReplyKind.AFTER,
    "morning": ReplyKind.MORNING,
    "spot": ReplyKind.SPOT,
    "flag": ReplyKind.FLAG,
    "seen": ReplyKind.SEEN,
    "cleared": ReplyKind.CLEARED,
}
SIDES = {"": (None,), "left": (Side.LEFT,), "right": (Side.RIGHT,), "both": (Side.LEFT, Side.RIGHT)}
HEADER = "at,kind,score,side,flags"
EXAMPLE = "2024-05-12T11:30,during,4,left,limp"


def read_replies(path: Path, zone: ZoneInfo) -> tuple[PainReply, ...]:
    """A CSV file with the columns at, kind, score, side, flags -> replies; times without an offset are in `zone`.

    `score` is 0-10, for `after` also `yes` (settled) or `no`, for `flag` a checklist code. Raises a click error that
    names every line that cannot be read.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        table = csv.DictReader(stream)
        missing = [name for name in ("at", "kind") if name not in (table.fieldnames or ())]
        if missing:
            raise click.ClickException(
                f"{path.name}: no column {' or '.join(missing)}. The first line must be {HEADER}"
            )
        replies: list[PainReply] = []
        problems: list[str] = []
        for row in table:
            try:
                replies += _replies(row, table.line_num, zone)
            except (ValueError, KeyError) as error:
                problems.append(f"{path.name}:{table.line_num}: {error}. Example: {EXAMPLE}")
    if problems:
        raise click.ClickException("\n".join(problems))
    return tuple(replies)


def _replies(row: dict[str, str | None], line: int, zone: ZoneInfo) -> list[PainReply]:
    at = datetime.fromisoformat((row.get("at") or "").strip())
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    word = (row.get("kind") or "").strip().lower()
    if word not in KINDS:
        raise ValueError(f"{word!r} is not a kind; there is {', '.join(KINDS)}")
    side = (row.get("side") or "").strip().lower()
    if side not in SIDES:
        raise ValueError(f"{side!r} is not a side; there is left, right, both")
    kind, score = KINDS[word], (row.get("score") or "").strip().lower()
    flags = {flag for flag in (row.get("flags") or "").lower().replace("+", " ").split() if flag}
    unknown = flags - {"limp", "pills"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} is not a flag; there is limp, pills")
    number = None
    if kind not in (ReplyKind.FLAG, ReplyKind.SEEN, ReplyKind.CLEARED) and score not in ("yes", "no"):
        number = int(score) if score.isdigit() else -1
        if not 0 <= number <= 10:
            raise ValueError(f"{score!r} is not a pain score from 0 to 10")
    return [
        PainReply(
            id=f"csv-{line}{'' if one is None else one.value}",
            at=at,
            kind=kind,
            score=number,
            settled=(score == "yes" if score in ("yes", "no") else False)
            if kind is ReplyKind.AFTER
            else None,
            side=one,
            limp="limp" in flags,
            painkillers="pills" in flags,
            flag=score if kind is ReplyKind.FLAG else None,
        )
        for one in SIDES[side]
    ]
