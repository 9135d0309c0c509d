"""Settings of what counts, the profile, the knee load and the load rules (RULES 2 to 5.1, 7)."""

from __future__ import annotations

from dataclasses import dataclass

from rules.settings import setting
from rules.sports import RUN_SPORTS, STRENGTH_SPORTS, WALK_SPORTS


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """When two recordings are one activity."""

    overlap: float = setting(
        0.50, "of the shorter", "Records that overlap by this part are one activity.", "RULES 2.1", high=1.0
    )


@dataclass(frozen=True, slots=True)
class SportSettings:
    """Which source names count for which family."""

    run: tuple[str, ...] = setting(RUN_SPORTS, "", "Source names that count as running.", "RULES 2.2")
    walk: tuple[str, ...] = setting(WALK_SPORTS, "", "Source names that count as walking.", "RULES 2.2")
    strength: tuple[str, ...] = setting(
        STRENGTH_SPORTS, "", "Source names that count as strength work.", "RULES 2.2, 10"
    )


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What is too odd to count."""

    speed_max_kmh: float = setting(
        25.0, "km/h", "A faster activity is a recording error and excluded.", "RULES 2.3"
    )
    speed_min_kmh: float = setting(
        1.0, "km/h", "A slower activity is a recording error and excluded.", "RULES 2.3 [default]"
    )
    time_max_h: float = setting(72.0, "h", "A longer lasting activity is excluded.", "RULES 2.3 [default]")
    distance_max_km: float = setting(400.0, "km", "A longer activity is excluded.", "RULES 2.3 [default]")
    ascent_m_per_km: float = setting(
        250.0,
        "m/km",
        "Above this climb or descent the terrain of a run counts as missing.",
        "RULES 2.3 [default]",
    )


@dataclass(frozen=True, slots=True)
class TerrainSettings:
    """When hills may be compared."""

    min_runs: int = setting(
        4, "runs", "Runs of the same class and device a hill rule needs in its window.", "RULES 2.4"
    )


@dataclass(frozen=True, slots=True)
class LearnSettings:
    """How long a new runner is only watched."""

    days: int = setting(28, "days", "Younger histories are still being learned.", "RULES 2.6")
    runs: int = setting(8, "runs", "Shorter histories are still being learned.", "RULES 2.6")


@dataclass(frozen=True, slots=True)
class ReturnSettings:
    """When a break is a break, and the size to come back with."""

    gap_days: int = setting(14, "days", "A run after this many days off starts a return.", "RULES 2.6")
    habit_gaps: int = setting(
        3, "runs", "With so many such gaps in 90 days it is a habit, not a return.", "RULES 2.6"
    )
    runs: int = setting(4, "runs", "Runs until a return is done.", "RULES 2.6", low=1)
    factor: float = setting(
        0.50,
        "x",
        "Part of the old longest run to come back with.",
        "RULES 2.6; return-to-run guideline [2nd]",
        high=1.0,
    )
    factor_long: float = setting(
        0.30, "x", "The same after a long break.", "RULES 2.6; return-to-run guideline [2nd]", high=1.0
    )
    long_days: int = setting(42, "days", "A longer break is a long one.", "RULES 2.6")
    hold_days: int = setting(8, "days", "From so many days off on, no growth.", "RULES 2.6 [default]")


@dataclass(frozen=True, slots=True)
class EstimateSettings:
    """Personal figures that replace the estimates."""

    v0: float | None = setting(
        None,
        "m/s",
        "Easy level speed, instead of the estimate.",
        "RULES 2.7",
        low=0.5,
        high=7.0,
        kind="number or unset",
    )
    v_thr: float | None = setting(
        None,
        "m/s",
        "Threshold speed, instead of the estimate.",
        "RULES 2.7",
        low=0.5,
        high=8.0,
        kind="number or unset",
    )
    hr_max: float | None = setting(
        None,
        "bpm",
        "Maximum heart rate, instead of the estimate.",
        "RULES 2.7",
        low=100.0,
        high=240.0,
        kind="number or unset",
    )
    c0: float | None = setting(
        None,
        "spm",
        "Usual cadence of both feet at every speed, instead of the estimate.",
        "RULES 2.7",
        low=100.0,
        high=240.0,
        kind="number or unset",
    )


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """How samples become a profile."""

    smooth_s: int = setting(10, "s", "Altitude is the mean of this long before and after.", "RULES 3.1")
    grade_min_m: float = setting(
        30.0, "m", "Grade is taken over at least this distance.", "RULES 3.1", low=1.0
    )
    walk_spm: float = setting(140.0, "spm", "A lower cadence is walking.", "RULES 3.1 [default]")
    walk_speed: float = setting(2.0, "m/s", "Without cadence, slower is walking.", "RULES 3.1 [default]")
    dh_grade: float = setting(
        -3.0, "%", "Descent counts where it is at least this steep.", "RULES 3.1", low=-45.0, high=0.0
    )
    steep_grade: float = setting(
        -8.0, "%", "Minutes count as steep descent from here on.", "RULES 3.1", low=-45.0, high=0.0
    )


@dataclass(frozen=True, slots=True)
class FastSettings:
    """What counts as fast, and how much of it is fine."""

    hr: float = setting(0.90, "x HRmax", "A heart rate from here on is fast running.", "RULES 3.1", high=1.0)
    min_bout_s: int = setting(20, "s", "Shorter stretches are not counted as fast running.", "RULES 3.1")
    week: float = setting(1.5, "x usual", "Fast minutes a week that are fine while all is green.", "RULES 8")
    floor: float = setting(
        10.0, "min", "At least so many fast minutes are fine while all is green.", "RULES 8"
    )
    rest_days: int = setting(7, "days", "No fast running for so long after a sore answer.", "RULES 8")


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """How a summary stands in for samples."""

    grade: float = setting(
        6.0,
        "%",
        "Grade assumed for climb and descent of a run without samples.",
        "RULES 3.2",
        low=1.0,
        high=20.0,
    )


@dataclass(frozen=True, slots=True)
class KneeLoadSettings:
    """The knee-load function."""

    lambda_: float = setting(
        0.5, "", "How much of the laboratory effect of cadence is credited.", "RULES 4 [ours]", high=1.0
    )


@dataclass(frozen=True, slots=True)
class R1:
    """One run against the longest of a month."""

    ratio: float = setting(
        1.10,
        "x",
        "A run beyond this times the longest of 30 days is a spike.",
        "RULES 5.1; Frandsen 2025",
        low=1.0,
    )
    bands: tuple[float, ...] = setting(
        (1.30, 2.00),
        "x",
        "Where the wording changes; beyond the second the load is red.",
        "RULES 5.1; Frandsen 2025",
        low=1.0,
    )
    min_km: float = setting(3.0, "km", "Shorter runs are no spike.", "RULES 5.1")
    min_extra_km: float = setting(1.0, "km", "It must be longer by so much.", "RULES 5.1")
    min_runs: int = setting(4, "runs", "Runs needed in the 30 days before.", "RULES 5.1", low=1)


@dataclass(frozen=True, slots=True)
class R2:
    """The knee load of one run."""

    note: float = setting(
        1.10,
        "x",
        "Peak-weighted knee load beyond this times the month's most is noted.",
        "RULES 5.1; Van Hooren 2024 [2nd]",
        low=1.0,
    )
    warn_k3: float = setting(
        1.30,
        "x",
        "Peak-weighted knee load needed for a warning.",
        "RULES 5.1; Van Hooren 2024 [2nd]",
        low=1.0,
    )
    warn_k1: float = setting(
        1.10, "x", "Knee load volume needed for a warning.", "RULES 5.1; Van Hooren 2024 [2nd]", low=1.0
    )


@dataclass(frozen=True, slots=True)
class R3:
    """The week against the usual week."""

    note: float = setting(
        1.20, "x", "A week beyond this times the usual is noted.", "RULES 5.1; Damsted 2019", low=1.0
    )
    warn: float = setting(
        1.30, "x", "A week beyond this warns, with a spike or pain.", "RULES 5.1; Nielsen 2014 [mem]", low=1.0
    )
    alone: float = setting(
        1.75, "x", "A week beyond this times every recent one warns alone.", "RULES 5.1 [ours]", low=1.0
    )
    alone_extra_km: float = setting(
        10.0, "km", "It must also be so much longer than every recent one.", "RULES 5.1 [ours]"
    )
    min_extra_km: float = setting(5.0, "km", "It must be so much above the usual week.", "RULES 5.1")


@dataclass(frozen=True, slots=True)
class R4:
    """Descent of one activity."""

    note: float = setting(
        1.10, "x", "Descent beyond this times the month's most is noted.", "RULES 5.1 [ours]", low=1.0
    )
    min_extra_m: float = setting(100.0, "m", "It must be so much more.", "RULES 5.1 [ours]")
    warn: float = setting(1.30, "x", "Descent beyond this warns.", "RULES 5.1 [ours]", low=1.0)
    warn_min_m: float = setting(200.0, "m", "Less descent does not warn.", "RULES 5.1 [ours]")
    steep_min: float = setting(10.0, "min", "So much steep descent may warn by itself.", "RULES 5.1 [ours]")
    steep_ratio: float = setting(
        2.0, "x", "Steep minutes beyond this times the month's most warn.", "RULES 5.1 [ours]", low=1.0
    )


@dataclass(frozen=True, slots=True)
class R5:
    """Ascent of one run."""

    note: float = setting(
        1.30, "x", "Ascent beyond this times the month's most is noted.", "RULES 5.1 [ours]", low=1.0
    )
    min_extra_m: float = setting(150.0, "m", "It must be so much more to be noted.", "RULES 5.1 [ours]")
    warn: float = setting(1.50, "x", "Ascent beyond this warns.", "RULES 5.1 [ours]", low=1.0)
    warn_extra_m: float = setting(200.0, "m", "It must be so much more to warn.", "RULES 5.1 [ours]")


@dataclass(frozen=True, slots=True)
class R6:
    """Fast minutes of a week."""

    ratio: float = setting(
        1.50,
        "x",
        "Fast minutes of 7 days beyond this times the usual are noted.",
        "RULES 5.1 [ours]",
        low=1.0,
    )
    min_extra: float = setting(10.0, "min", "They must be so many more.", "RULES 5.1 [ours]")
    session_min: float = setting(5.0, "min", "So many fast minutes make a fast session.", "RULES 5.1 [ours]")
    fresh_days: int = setting(28, "days", "The first fast session in so long is noted.", "RULES 5.1 [ours]")


@dataclass(frozen=True, slots=True)
class R7:
    """Several dimensions at once."""

    dims: int = setting(
        2,
        "dimensions",
        "So many of volume, intensity and terrain at once warn.",
        "RULES 5.1; Esculier 2018",
        low=2,
        high=3,
    )


@dataclass(frozen=True, slots=True)
class R8:
    """Steps that get longer."""

    drift: float = setting(
        -0.04,
        "",
        "Cadence so far from the usual is noted.",
        "RULES 5.1; Willson 2014, Hagen 2023",
        low=-1.0,
        high=0.0,
    )


@dataclass(frozen=True, slots=True)
class R9:
    """The size of a run after a break."""

    ratio: float = setting(
        1.10,
        "x",
        "A run beyond this times the return size warns.",
        "RULES 5.1; Frandsen 2025 by analogy",
        low=1.0,
    )


@dataclass(frozen=True, slots=True)
class R10:
    """The hills of a week."""

    floor_m: float = setting(
        100.0, "m", "A hill week is compared with at least this much.", "RULES 5.1 [ours]", low=1.0
    )
    note: float = setting(
        1.25,
        "x",
        "Metres of 7 days beyond this times every recent week are noted.",
        "RULES 5.1 [ours]",
        low=1.0,
    )
    note_extra_m: float = setting(150.0, "m", "They must be so many more to be noted.", "RULES 5.1 [ours]")
    warn: float = setting(1.50, "x", "Metres beyond this warn.", "RULES 5.1 [ours]", low=1.0)
    warn_extra_m: float = setting(200.0, "m", "They must be so many more to warn.", "RULES 5.1 [ours]")


@dataclass(frozen=True, slots=True)
class LoadStateSettings:
    """How long findings colour the load."""

    red_days: int = setting(7, "days", "How long a red load lasts.", "RULES 7", low=1)
    hold_days: int = setting(3, "days", "How long an amber load lasts.", "RULES 7", low=1)
