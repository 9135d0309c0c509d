"""Settings of questions, answers, strength work and messages (RULES 5.3, 9 to 11)."""

from __future__ import annotations

from dataclasses import dataclass

from rules.settings import setting


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """How long an answer still finds its question."""

    token_h: float = setting(
        48.0, "h", "An answer to a question counts this long after it was sent.", "RULES 6"
    )
    bare_h: float = setting(
        12.0, "h", "A bare number belongs to a run that ended within this time.", "RULES 9"
    )


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """When the runner is asked."""

    min_minutes: float = setting(10.0, "min", "Shorter runs are not asked about.", "RULES 9")
    after_min: float = setting(
        75.0, "min", "The question comes so long after a run.", "RULES 9", low=0, high=720
    )
    morning: str = setting("07:30", "", "When the morning question is asked.", "RULES 9", kind="clock time")
    red_silent: int = setting(
        3, "mornings", "After so many unanswered ones red is asked every third morning.", "RULES 9", low=1
    )
    expiry_h: float = setting(12.0, "h", "A question is unanswered after this time.", "RULES 9", low=0.1)
    evening_min: float = setting(
        20.0, "min", "An evening run is asked about this soon before quiet hours.", "RULES 9"
    )
    calm_runs: int = setting(
        5, "runs", "After so many green runs in a row only some are asked.", "RULES 9", low=1
    )
    sample: int = setting(3, "runs", "Then every so many-th run is asked.", "RULES 9", low=1)
    silent_runs: int = setting(
        3, "runs", "After so many runs without an answer only the week is asked.", "RULES 9", low=1
    )


@dataclass(frozen=True, slots=True)
class S1:
    """Strength sessions of the week."""

    day: str = setting(
        "Fri", "", "From this weekday on a missing session is mentioned.", "RULES 5.3", kind="weekday"
    )


@dataclass(frozen=True, slots=True)
class S2:
    """Muscle groups left out."""

    days: int = setting(14, "days", "A muscle group untouched for so long is noted.", "RULES 5.3", low=1)


@dataclass(frozen=True, slots=True)
class StrengthSettings:
    """When strength work fits."""

    per_week: int = setting(2, "sessions", "Strength sessions wanted a week.", "RULES 10", high=3)
    min_minutes: float = setting(10.0, "min", "Shorter sessions do not count.", "RULES 10")
    title_words: tuple[str, ...] = setting(
        ("strength", "weights", "gym", "core", "knee", "rehab", "physio"),
        "",
        "A workout with one of these words in its title counts as strength work.",
        "RULES 10 [default]",
    )
    time: str = setting("18:00", "", "When a session starts.", "RULES 10", kind="clock time")
    days: tuple[str, ...] = setting(("Tue", "Fri"), "", "Preferred weekdays.", "RULES 10", kind="weekdays")
    shift_days: int = setting(2, "days", "A session may move by so much.", "RULES 10", high=6)
    gap_h: float = setting(48.0, "h", "Rest between sessions.", "RULES 10")
    before_h: float = setting(24.0, "h", "No session so shortly before a long or hard run.", "RULES 10")
    after_run_h: float = setting(6.0, "h", "Rest after a run of the same day.", "RULES 10")
    nudge: str = setting("17:00", "", "When the reminder is sent.", "RULES 10", kind="clock time")
    delay_h: float = setting(3.0, "h", "A reminder waits at most so long for its turn.", "RULES 10")
    quad_max: int = setting(
        2, "of 10", "Thigh exercises of level A only up to this pain.", "RULES 10", high=10
    )


@dataclass(frozen=True, slots=True)
class MessageSettings:
    """The message budget."""

    alerts_7d: int = setting(2, "in 7 days", "At most so many load alerts.", "RULES 11")
    pushes_7d: int = setting(10, "in 7 days", "At most so many messages that are no questions.", "RULES 11")
    questions_day: int = setting(2, "a day", "At most so many questions.", "RULES 11")
    gap_h: float = setting(2.0, "h", "Time between two messages.", "RULES 11")
    quiet: str = setting(
        "22:00-07:00", "", "No messages in these hours of the runner.", "RULES 11", kind="clock window"
    )


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """When a finding is too old to push."""

    max_age_h: float = setting(48.0, "h", "Older runs are only told in the digest.", "RULES 11")


@dataclass(frozen=True, slots=True)
class AdaptSettings:
    """When less sensitive limits are offered."""

    alerts: int = setting(
        12, "alerts", "So many alerts without a flare offer to warn later.", "RULES 11", low=1
    )


@dataclass(frozen=True, slots=True)
class SourcesSettings:
    """When a silent source is worth a word."""

    quiet_days: int = setting(
        10, "days", "Nothing new from a source for so long is told.", "RULES 5.3", low=1
    )
