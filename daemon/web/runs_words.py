"""What stands on the pages of runs: days, sports, answers and figures in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from daemon.web.told import reply_words
from rules.facts import (
    Activity,
    Family,
    Grade,
    PainReply,
    PromptKind,
    ReplyKind,
    RunLoad,
    Runner,
    TerrainClass,
)
from rules.gates import moving_seconds
from rules.phrases import MONTHS, WEEKDAYS, clock_words, day, distance, lasting, local_date, pace, unit
from rules.policy import Policy
from rules.run_shape import Shape, Stretch
from rules.week_view import Knee, worst_knee

SOURCES = {"strava": "Strava", "garmin": "Garmin", "files": "A file"}
ASKED_WORDS = {
    PromptKind.AFTER_RUN: "During the run",
    PromptKind.SETTLED: "After it",
    PromptKind.MORNING: "Next morning",
}
TABLE_ROWS = 12


def long_day(on: date, today: date) -> str:
    """ "Saturday 6 June", with the year where it is not this one."""
    words = f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"
    return words if on.year == today.year else f"{words} {on.year}"


def short_day(on: date) -> str:
    """ "Sat 6"."""
    return f"{WEEKDAYS[on.weekday()][:3]} {on.day}"


def month_words(on: date) -> str:
    return f"{MONTHS[on.month - 1]} {on.year}"


def sport_words(activity: Activity) -> str:
    """What it was: "Trail run", "Hike"."""
    sport = activity.sport
    if activity.family is Family.RUN:
        where = "Trail run" if "trail" in sport else "Run"
        return "Run indoors" if activity.indoor else where
    if activity.family is Family.WALK:
        return "Hike" if sport in ("hike", "hiking", "mountaineering") else "Walk"
    return "Strength" if activity.family is Family.STRENGTH else "Something else"


def lasted(activity: Activity) -> str:
    seconds = moving_seconds(activity)
    return lasting(seconds) if seconds > 0 else ""


def pace_words(activity: Activity, runner: Runner) -> str:
    """ "6:11 /km"; empty without distance or time."""
    seconds, metres = moving_seconds(activity), activity.distance_m or 0.0
    return f"{pace(metres / seconds, runner)} /{unit(runner)}" if seconds > 0 and metres > 0 else ""


def hill_words(ascent_m: float | None, descent_m: float | None) -> str:
    """ "254 m up, 250 m down", as far as known."""
    ways = ((ascent_m, "up"), (descent_m, "down"))
    return ", ".join(f"{metres:.0f} m {way}" for metres, way in ways if metres is not None)


def figures(activity: Activity, load: RunLoad, *, on_foot: bool) -> list[tuple[str, str]]:
    """Name and value of everything else that is known."""
    ascent, descent = activity.ascent_m, activity.descent_m
    if on_foot:
        ascent = load.ascent_m
        if descent is None and activity.profile is not None:
            descent = activity.profile.descent_m
    if on_foot and load.terrain_class is TerrainClass.NONE:
        ascent = descent = None
    effort = None if activity.effort is None else f"effort {activity.effort:g} of 10"
    feel = None if activity.feel is None else f"feel {activity.feel} of 100"
    rates = ((activity.mean_heart_rate_bpm, "mean"), (activity.max_heart_rate_bpm, "highest"))
    cadence, fast_min = activity.mean_cadence_spm, load.fast_min if on_foot else None
    found = [
        ("Hills", hill_words(ascent, descent)),
        ("Fast", f"{fast_min:.0f} min" if fast_min is not None and fast_min >= 0.5 else ""),
        ("Heart rate", ", ".join(f"{which} {rate:.0f}" for rate, which in rates if rate is not None)),
        ("Cadence", "" if cadence is None else f"{cadence:.0f} steps a minute"),
        ("You told the watch", ", ".join(part for part in (effort, feel) if part)),
        ("Watch", activity.device or ""),
    ]
    return [(name, value) for name, value in found if value]


def reply_label(reply: PainReply, ended: datetime, runner: Runner) -> str:
    if reply.kind is ReplyKind.DURING:
        return "During the run"
    if reply.kind is ReplyKind.AFTER:
        return "After it"
    on = local_date(reply.at, runner)
    if reply.kind is ReplyKind.MORNING:
        after = (on - local_date(ended, runner)).days
        return "Next morning" if after == 1 else f"{WEEKDAYS[on.weekday()]} morning"
    return "In between"


def reply_value(reply: PainReply) -> str:
    """The answer in words, with what was said beside the number."""
    words = reply_words([reply])
    if reply.kind is ReplyKind.AFTER and reply.score is not None:
        words = f"{words}, now {reply.score}"
    extra = [
        text for told, text in ((reply.limp, "with a limp"), (reply.painkillers, "painkillers taken")) if told
    ]
    return ", ".join([words, *extra])


def reply_grade(reply: PainReply, policy: Policy) -> str:
    """ "good", "sore" or "bad"; empty where the answer has no colour."""
    if reply.kind is ReplyKind.AFTER and reply.settled is not None:
        return "good" if reply.settled else "sore"
    knee = worst_knee([reply], policy)
    return "" if knee is None else grade_word(knee.grade)


def knee_words(knee: Knee) -> str:
    """ "knee 4", "knee sore"."""
    if knee.score is not None:
        return f"knee {knee.score}"
    return {Grade.GREEN: "knee fine", Grade.AMBER: "knee sore", Grade.RED: "knee bad"}.get(knee.grade, "")


def grade_word(grade: Grade) -> str:
    return {Grade.GREEN: "good", Grade.AMBER: "sore", Grade.RED: "bad"}.get(grade, "")


def when(instant: datetime, runner: Runner, now: datetime) -> str:
    """ "Sunday 07:41"."""
    return f"{day(local_date(instant, runner), local_date(now, runner))} {clock_words(instant, runner)}"


def grouped(stretches: Sequence[Stretch]) -> list[Stretch]:
    """A dozen longer stretches: what can be read as a table."""
    size = max(1, -(-len(stretches) // TABLE_ROWS))
    groups = [stretches[index : index + size] for index in range(0, len(stretches), size)]
    return [
        Stretch(
            group[0].from_m,
            group[-1].to_m,
            *(
                sum(getattr(one, name) for one in group)
                for name in ("metres", "seconds", "rise_m", "k1", "k3")
            ),
        )
        for group in groups
    ]


def described(shape: Shape, runner: Runner) -> str:
    """The profile in a sentence: how long, and where it was heaviest."""
    stretches = [one for one in grouped(shape.stretches) if one.metres > 0]
    length = distance(shape.stretches[-1].to_m / 1000, runner)
    if not stretches:
        return f"{length} without running."
    heaviest = max(stretches, key=lambda one: one.k3 / one.metres)
    per_km = heaviest.k3 / heaviest.metres * 1000
    return (
        f"Ground, knee load and pace along {length}. Heaviest from {distance(heaviest.from_m / 1000, runner)} to "
        f"{distance(heaviest.to_m / 1000, runner)}: {per_km:.2f} times an easy flat {'mile' if runner.miles else 'kilometre'}."
    )


def table_rows(shape: Shape, runner: Runner) -> list[tuple[str, ...]]:
    """From, to, metres of height, pace, and the knee load of a kilometre or mile both ways."""
    rows: list[tuple[str, ...]] = []
    for one in grouped(shape.stretches):
        moved = one.metres > 0 and one.seconds > 0
        rows.append(
            (
                distance(one.to_m / 1000, runner),
                f"{one.rise_m:+.0f}",
                pace(one.metres / one.seconds, runner) if moved else "–",
                f"{one.k1 / one.metres * 1000:.2f}" if moved else "–",
                f"{one.k3 / one.metres * 1000:.2f}" if moved else "–",
            )
        )
    return rows
