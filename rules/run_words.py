"""What a runner reads about one run: how heavy it was and why, what it is compared with, and why it may not count."""

from __future__ import annotations

from rules.facts import Estimates, Runner, TerrainClass
from rules.phrases import bare_distance, distance, pace
from rules.run_limits import Limit, Measure, Unjudged
from rules.run_shape import EASY_WITHIN, Kind, Pace, Shape, Slope, Steps

MEASURE_WORDS = {
    Measure.DISTANCE: "Distance",
    Measure.KNEE_LOAD: "Knee load, peaks weighted",
    Measure.DESCENT: "Metres down",
    Measure.ASCENT: "Metres up",
    Measure.WEEK: "7 days up to it",
    Measure.FAST: "Fast minutes in 7 days",
}
_BEFORE_WORDS = {
    Measure.DISTANCE: "Your longest in the 30 days before",
    Measure.KNEE_LOAD: "Your most in the 30 days before",
    Measure.DESCENT: "Your most in the 30 days before",
    Measure.ASCENT: "Your most in the 30 days before",
    Measure.WEEK: "Your usual week then",
    Measure.FAST: "Your usual week then",
}
_UNJUDGED_WORDS = {
    Unjudged.LEARNING: "Not compared: what is usual for you was still being learned.",
    Unjudged.FEW_RUNS: "Not compared: fewer than {runs} runs in the 30 days before.",
    Unjudged.FEW_ALIKE: "Not compared: fewer than {runs} runs with this watch in the 30 days before.",
    Unjudged.NO_TERRAIN: "Its hills are not known.",
    Unjudged.NO_SPEED: "How fast it was in detail is not known.",
    Unjudged.NO_WEEKS: "Not compared: one of the three weeks before is empty or not known.",
    Unjudged.SHORT: "Too short to compare.",
}
_GATE_WORDS = {
    "excluded": "you took it out",
    "gate.empty": "it has no distance or no time",
    "gate.speed_max_kmh": "it is faster than anybody runs, so a recording error",
    "gate.speed_min_kmh": "it is slower than walking, so a recording error",
    "gate.time_max_h": "it lasts longer than a recording can be believed",
    "gate.distance_max_km": "it is longer than a recording can be believed",
    "gate.date": "its date cannot be right",
}
SLOPE_WORDS = {
    Slope.CLIMBING: "Climbing",
    Slope.FLAT: "Flat",
    Slope.GENTLE: "Downhill, gentle",
    Slope.STEEP: "Downhill, steep",
    Slope.WALKING: "Walking",
}
_STEP_WORDS = {
    Steps.LONG: "Longer steps than usual",
    Steps.USUAL: "Your usual steps",
    Steps.SHORT: "Shorter, quicker steps",
    Steps.UNKNOWN: "Not recorded",
    Steps.WALKING: "Walking",
}


def not_counted_sentence(reason: str) -> str:
    """Why an activity is in no baseline, sum or warning; `reason` as `gate_reason` gives it."""
    return f"It does not count: {_GATE_WORDS.get(reason, 'it was left out')}."


def figure(limit: Limit, value: float, runner: Runner) -> str:
    """A value of a comparison in its unit: "13.0 km", "13.4", "420 m", "34 min"."""
    match limit.measure:
        case Measure.DISTANCE | Measure.WEEK:
            return distance(value, runner)
        case Measure.KNEE_LOAD:
            return bare_distance(value, runner)
        case Measure.FAST:
            return f"{value:.0f} min"
    return f"{value:.0f} m"


def limit_sentence(limit: Limit, runner: Runner, *, least_runs: int) -> str:
    """What a figure is compared with, or why it is not; `least_runs` is `r1.min_runs` or `terrain.min_runs`."""
    if limit.unjudged is not None or limit.before is None or limit.limit is None:
        return _UNJUDGED_WORDS[limit.unjudged or Unjudged.FEW_RUNS].format(runs=least_runs)
    before, beyond = figure(limit, limit.before, runner), figure(limit, limit.limit, runner)
    sentence = f"{_BEFORE_WORDS[limit.measure]}: {before}. Noticed beyond {beyond}."
    if limit.volume is not None:
        own, most = (bare_distance(amount, runner) for amount in limit.volume)
        sentence += f" By volume {own}, your most before {most}."
    return sentence


def weight_sentence(shape: Shape, runner: Runner) -> str:
    """How heavy a run was for the kneecap, both ways of counting; "About" where hills are only estimated."""
    about = "" if shape.terrain is TerrainClass.MEASURED else "about "
    return (
        f"For the kneecap {about}as much as {distance(shape.k1, runner)} of your easy flat running, "
        f"or {bare_distance(shape.k3, runner)} if hard steps weigh more."
    )


def part_words(kind: Kind, estimates: Estimates, runner: Runner) -> str:
    """What a part of a run is called; paces with their limits."""
    if isinstance(kind, Slope):
        return SLOPE_WORDS[kind]
    if isinstance(kind, Steps):
        return _STEP_WORDS[kind]
    easy, fast = estimates.easy_speed_mps, pace(estimates.threshold_speed_mps, runner)
    slow_end, quick_end = (pace(easy * (1 + way * EASY_WITHIN), runner) for way in (-1, 1))
    return {
        Pace.FAST: f"Fast, {fast} and quicker",
        Pace.QUICK: f"Quicker, {fast} to {quick_end}",
        Pace.EASY: f"Your easy pace, {quick_end} to {slow_end}",
        Pace.SLOW: f"Slower than {slow_end}",
        Pace.WALKING: "Walking",
    }[kind]
