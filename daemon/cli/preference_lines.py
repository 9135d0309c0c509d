"""What was set on the page, over the configuration: quiet hours, and what is not sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from daemon.cli.source_lines import when
from daemon.config import AthleteConfig
from daemon.store.preferences import Mute
from rules.facts import Runner
from rules.muting_words import subject_words

SHOWN = 3


def preference_line(
    quiet: str | None, muted: Sequence[Mute], athlete: AthleteConfig, moment: datetime
) -> str:
    """All of it in one line; empty where the configuration holds. `quiet` None: nothing was set on the page."""
    configured = athlete.policy.msg.quiet
    parts = []
    if quiet is not None and quiet != configured:
        parts.append(f"quiet {_span(quiet)} (the configuration says {_span(configured)})")
    if muted:
        shown = [mute_words(one, athlete.runner, moment) for one in muted[:SHOWN]]
        more = [f"and {len(muted) - SHOWN} more"] if len(muted) > SHOWN else []
        parts.append(f"muted {', '.join([*shown, *more])}")
    return f"Set on the page: {'; '.join(parts)}." if parts else ""


def mute_words(mute: Mute, runner: Runner, moment: datetime) -> str:
    """ "strength reminders until Thursday 18:00"."""
    until = "for good" if mute.until is None else f"until {when(mute.until, runner, moment)}"
    return f"{subject_words(mute.subject)} {until}"


def _span(window: str) -> str:
    return window.replace("-", "–")
