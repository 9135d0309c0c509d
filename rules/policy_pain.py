"""Settings of the pain states, their rules and recovery (RULES 5.3, 6)."""

from __future__ import annotations

from dataclasses import dataclass

from rules.settings import setting


@dataclass(frozen=True, slots=True)
class PainSettings:
    """The pain state machine."""

    hurts: int = setting(3, "of 10", "A run with this pain or more is a painful one.", "RULES 5", high=10)
    b_n: int = setting(
        14, "mornings", "The usual morning is taken from the last so many.", "RULES 6", low=1, high=30
    )
    b_min: int = setting(5, "mornings", "With fewer the starting value is used.", "RULES 6", low=1)
    b_start: int = setting(
        0, "of 10", "The usual morning pain before enough answers are known.", "RULES 6", high=3
    )
    attribute_h: float = setting(
        36.0, "h", "A morning answer belongs to a run that ended within this time.", "RULES 6"
    )
    back: int = setting(
        1, "of 10", "Back to normal means at most this much above the usual.", "RULES 6 [default]", high=10
    )
    green_stale_days: int = setting(
        14, "days", "Green is forgotten after so long without an answer.", "RULES 6", low=1
    )
    amber_stale_days: int = setting(
        10, "days", "Amber is forgotten after so long without an answer.", "RULES 6", low=1
    )
    red_stale_days: int = setting(
        21, "days", "Red and returning are forgotten after so long without an answer.", "RULES 6", low=1
    )
    return_max: int = setting(3, "of 10", "A higher morning does not end red.", "RULES 6", high=10)
    rest_h: float = setting(48.0, "h", "Red lasts at least this long.", "RULES 6")


@dataclass(frozen=True, slots=True)
class P1:
    """Pain during the run."""

    green: int = setting(2, "of 10", "Pain in a run up to this is fine.", "RULES 5.3; Esculier 2018", high=10)
    amber: int = setting(
        5, "of 10", "Pain in a run above this stops.", "RULES 5.3; Thomee 1997 [mem]", high=10
    )


@dataclass(frozen=True, slots=True)
class P2:
    """Pain an hour later."""

    warn: int = setting(
        1,
        "of 10",
        "So much above the level before the run, an hour later, warns.",
        "RULES 5.3; Esculier 2016",
        low=1,
        high=10,
    )
    stop: int = setting(2, "of 10", "So much above it stops.", "RULES 5.3; Esculier 2016", low=1, high=10)


@dataclass(frozen=True, slots=True)
class P3:
    """The next morning."""

    warn: int = setting(
        2,
        "of 10",
        "A morning so much above the usual warns.",
        "RULES 5.3; Crossley 2004 [mem]",
        low=1,
        high=10,
    )
    amber_abs: int = setting(
        4, "of 10", "A morning from here on warns, whatever is usual.", "RULES 5.3", high=10
    )
    stop: int = setting(3, "of 10", "A morning so much above the usual stops.", "RULES 5.3", low=1, high=10)
    stop_abs: int = setting(
        5, "of 10", "A morning from here on stops, whatever is usual.", "RULES 5.3", high=10
    )


@dataclass(frozen=True, slots=True)
class P4:
    """Pain that lingers."""

    note_h: float = setting(24.0, "h", "Sore for longer is noted.", "RULES 5.3 [ours]")
    warn_h: float = setting(48.0, "h", "Sore for so long warns.", "RULES 5.3 [ours]")
    stop_h: float = setting(72.0, "h", "Sore for so long stops.", "RULES 5.3 [ours]")
    refer_h: float = setting(168.0, "h", "Sore for so long needs a clinician.", "RULES 5.3 [ours]")


@dataclass(frozen=True, slots=True)
class P5:
    """Mornings that creep up."""

    replies: int = setting(3, "mornings", "Answers needed in each of the two weeks.", "RULES 5.3", low=1)
    note: int = setting(
        1,
        "of 10",
        "A week so much worse than the one before is noted.",
        "RULES 5.3; after Silbernagel 2007",
        low=1,
        high=10,
    )
    warn: int = setting(
        2, "of 10", "A week so much worse warns.", "RULES 5.3; after Silbernagel 2007", low=1, high=10
    )


@dataclass(frozen=True, slots=True)
class P6:
    """When a clinician should look."""

    red_weeks: int = setting(
        3, "of 8 weeks", "So many weeks with red need a clinician.", "RULES 5.3", low=1, high=8
    )
    high: int = setting(
        5, "of 10", "A whole week of mornings from here on needs a clinician.", "RULES 5.3", high=10
    )
    second_red_days: int = setting(
        28, "days", "A second red within this time needs a clinician.", "RULES 5.3", low=1
    )
    amber_days: int = setting(
        21, "of 28 days", "So many amber days are a case for a physio.", "RULES 5.3", low=1, high=28
    )
    amber_runs: int = setting(
        3, "runs", "So many sore runs in 14 days are a case for a physio.", "RULES 5.3", low=1
    )


@dataclass(frozen=True, slots=True)
class P7:
    """More than planned."""

    ratio: float = setting(
        1.20,
        "x",
        "A run beyond this times the figure in force is more than planned.",
        "RULES 5.3 [ours]",
        low=1.0,
    )
    min_extra_km: float = setting(1.0, "km", "It must be so much more.", "RULES 5.3 [ours]")


@dataclass(frozen=True, slots=True)
class ReferSettings:
    """How often a referral is repeated."""

    repeat_days: int = setting(
        7, "days", "A word about a clinician is repeated until it is `seen`.", "RULES 5.3", low=1
    )
    physio_days: int = setting(
        42, "days", "A word about a physio is repeated at most this often.", "RULES 5.3", low=1
    )


@dataclass(frozen=True, slots=True)
class ChecklistSettings:
    """Words that bring up the checklist."""

    words: tuple[str, ...] = setting(
        ("swollen", "locked", "gave way", "popped", "twisted", "fell", "fever", "chest", "breath"),
        "",
        "An answer with one of these words is asked the checklist at once.",
        "RULES 5.3",
    )


@dataclass(frozen=True, slots=True)
class H1:
    """Short nights and other signs of poor recovery."""

    sleep_h: float = setting(
        6.0, "h", "A shorter night is a short one.", "RULES 5.3; Johnston 2020", high=24.0
    )
    short_min: float = setting(
        45.0, "min", "So much below the own mean is a short night.", "RULES 5.3 [ours]"
    )
    nights: int = setting(4, "of 7", "So many short nights hold growth.", "RULES 5.3 [ours]", low=1, high=7)
    rhr: float = setting(
        5.0, "bpm", "A resting heart rate so much up on 3 mornings holds growth.", "RULES 5.3 [ours]"
    )
    max_days: int = setting(
        14, "of 28 days", "Recovery holds growth on at most so many days.", "RULES 5.3 [ours]", high=28
    )


@dataclass(frozen=True, slots=True)
class O1:
    """Calm weeks."""

    runs: int = setting(8, "runs", "Calm weeks need so many runs in 28 days.", "RULES 5.3 [ours]")
    mornings: int = setting(
        4, "mornings", "Calm weeks need so many morning answers in 28 days.", "RULES 5.3 [ours]"
    )
