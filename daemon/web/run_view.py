"""One run as its page shows it: figures, drawings and sentences made of what is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from markupsafe import Markup

from daemon.merged_from import Giver, givers
from daemon.store.findings import StoredFinding
from daemon.web import runs_words as words
from daemon.web.drawings.run_bars import draw_limit, draw_part
from daemon.web.drawings.run_profile import SHADE_WORDS, SHADES, Way, draw_profile
from daemon.web.run_facts import RunFacts
from rules.core import zone_named
from rules.facts import Family, Runner, TerrainClass
from rules.gates import end_of
from rules.outcome import Level
from rules.phrases import bare_distance, count, distance, listing, local_date, unit
from rules.policy import Policy
from rules.records import local_start
from rules.run_limits import Limit, Measure
from rules.run_shape import Part
from rules.run_words import (
    MEASURE_WORDS,
    figure,
    limit_sentence,
    not_counted_sentence,
    part_words,
    weight_sentence,
)
from rules.wording import finding_sentence

SHOWN_FROM_M = 50.0
"""Less of a kind of running would be a line of zeros."""
LEVEL_WORDS = {
    Level.NOTE: "Noted",
    Level.WARN: "Warning",
    Level.STOP: "Stop",
    Level.REFER: "Clinician",
    Level.EMERGENCY: "Emergency",
}
LEVEL_MARKS = {Level.NOTE: "note", Level.WARN: "warn"}
"""Anything louder has the mark of a stop."""


@dataclass(frozen=True, slots=True)
class PartLine:
    name: str
    distance: str
    volume: str
    peaks: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class PartList:
    """One way of dividing the run; the lines add up to `whole`."""

    title: str
    lines: list[PartLine]
    whole: PartLine


@dataclass(frozen=True, slots=True)
class LimitLine:
    name: str
    figure: str
    sentence: str
    over: bool
    bar: Markup


@dataclass(frozen=True, slots=True)
class FindingLine:
    number: str
    level: str
    mark: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    label: str
    value: str
    grade: str
    when: str
    note: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    name: str
    origin: str
    figures: str
    gives: str


def run_view(facts: RunFacts, runner: Runner, policy: Policy, now: datetime) -> dict[str, Any]:
    """The values of `run.html`."""
    activity, zone = facts.activity, zone_named(runner.timezone)
    start = local_start(activity, zone)
    on_foot = activity.family in (Family.RUN, Family.WALK)
    return {
        "run": activity,
        "on": words.long_day(start.date(), local_date(now, runner)),
        "at": f"{start:%H:%M}",
        "sport": words.sport_words(activity),
        "distance": "" if activity.distance_m is None else bare_distance(activity.distance_m / 1000, runner),
        "unit": unit(runner),
        "lasted": words.lasted(activity),
        "pace": words.pace_words(activity, runner) if on_foot else "",
        "figures": words.figures(activity, facts.load, on_foot=on_foot),
        "standing": standing(facts),
        "cure": f"niggled activities include {activity.id}" if facts.why_not == "excluded" else "",
        "weight": weight_sentence(facts.shape, runner)
        if facts.shape is not None and activity.family is Family.RUN
        else "",
        "basis": _basis(facts),
        "profile": _profile(facts, runner),
        "shades": list(zip(SHADES, SHADE_WORDS, strict=True)),
        "table": words.table_rows(facts.shape, runner) if facts.shape and facts.shape.stretches else [],
        "lists": list(_lists(facts, runner)),
        "limits": [_limit(limit, runner, policy, facts) for limit in facts.limits if _tells(limit)],
        "uncompared": list(_uncompared(facts, runner, policy)),
        "findings": [_finding(one, runner) for one in facts.findings],
        "answers": list(_answers(facts, runner, policy, now)),
        "sources": [_source(giver, runner) for giver in givers(facts.detail)],
        "earlier": facts.earlier,
        "later": facts.later,
    }


def standing(facts: RunFacts) -> tuple[str, str]:
    """(mark, sentence): whether it counts, and whether anything was noticed."""
    activity = facts.activity
    if activity.family not in (Family.RUN, Family.WALK):
        return "none", "Neither a run nor a walk: it counts for no load."
    if facts.why_not is not None:
        return "none", not_counted_sentence(facts.why_not)
    found = [one.finding for one in facts.findings]
    if not found and any(limit.over for limit in facts.limits):
        return "note", "Nothing new was noticed."
    if not found:
        compared = any(limit.limit is not None for limit in facts.limits)
        return "good", "Inside your usual." if compared else "Nothing was noticed."
    loud = any(finding.level is not Level.NOTE for finding in found)
    things = "thing was" if len(found) == 1 else "things were"
    return "warn" if loud else "note", f"{count(len(found)).capitalize()} {things} noticed."


def _basis(facts: RunFacts) -> str:
    """How well the parts are known."""
    shape, activity = facts.shape, facts.activity
    if shape is None or activity.family is not Family.RUN:
        return ""
    match shape.terrain:
        case TerrainClass.ESTIMATED:
            return "From the summary: climb and descent are put on slopes of 6 %, all at one pace."
        case TerrainClass.NONE:
            indoors = "Indoors" if activity.indoor else "No hills are known"
            return f"{indoors}: flat is assumed."
    return ""


def _profile(facts: RunFacts, runner: Runner) -> Markup | None:
    shape = facts.shape
    if shape is None or not any(stretch.metres > 0 for stretch in shape.stretches):
        return None
    hilly = shape.terrain is TerrainClass.MEASURED
    return draw_profile(
        Way(shape.stretches, facts.estimates.easy_speed_mps, runner, hilly, words.described(shape, runner))
    )


def _lists(facts: RunFacts, runner: Runner) -> Iterator[PartList]:
    shape = facts.shape
    if shape is None or facts.activity.family is not Family.RUN:
        return
    for name, parts in (("By slope", shape.slopes), ("By pace", shape.paces), ("By steps", shape.steps)):
        if len(parts) > 1 or (parts and name == "By slope"):
            most = max(max(part.k1, part.k3) for part in parts)
            lines = [_part(part, most, facts, runner) for part in parts if part.metres >= SHOWN_FROM_M]
            yield PartList(name, lines, _whole(parts, runner))


def _part(part: Part, most: float, facts: RunFacts, runner: Runner) -> PartLine:
    return PartLine(
        name=part_words(part.kind, facts.estimates, runner),
        distance=bare_distance(part.metres / 1000, runner),
        volume=bare_distance(part.k1, runner),
        peaks=bare_distance(part.k3, runner),
        bar=draw_part(part.k1, part.k3, most),
    )


def _whole(parts: tuple[Part, ...], runner: Runner) -> PartLine:
    metres, k1, k3 = (sum(getattr(part, name) for part in parts) for name in ("metres", "k1", "k3"))
    return PartLine(
        name="Whole run",
        distance=bare_distance(metres / 1000, runner),
        volume=bare_distance(k1, runner),
        peaks=bare_distance(k3, runner),
        bar=Markup(""),
    )


def _tells(limit: Limit) -> bool:
    """Nothing now and nothing before needs no line."""
    return limit.limit is not None and bool(limit.value or limit.before)


def _uncompared(facts: RunFacts, runner: Runner, policy: Policy) -> Iterator[str]:
    """What had nothing to be compared with, by the reason."""
    names: dict[str, list[str]] = {}
    for limit in facts.limits:
        if limit.unjudged is not None:
            sentence = limit_sentence(limit, runner, least_runs=_least(limit, policy))
            names.setdefault(sentence, []).append(MEASURE_WORDS[limit.measure])
    for sentence, named in names.items():
        words_of = listing([named[0], *(name[:1].lower() + name[1:] for name in named[1:])])
        yield f"{words_of}: {sentence[:1].lower()}{sentence[1:]}"


def _least(limit: Limit, policy: Policy) -> int:
    return policy.r1.min_runs if limit.measure is Measure.DISTANCE else policy.terrain.min_runs


def _limit(limit: Limit, runner: Runner, policy: Policy, facts: RunFacts) -> LimitLine:
    name = MEASURE_WORDS[limit.measure]
    if limit.measure is Measure.DESCENT and facts.load.terrain_class is TerrainClass.MEASURED:
        name = f"{name}, {-policy.profile.dh_grade:g} % and steeper"
    return LimitLine(
        name=name,
        figure="–" if limit.value is None else figure(limit, limit.value, runner),
        sentence=limit_sentence(limit, runner, least_runs=_least(limit, policy)),
        over=limit.over,
        bar=draw_limit(limit),
    )


def _finding(stored: StoredFinding, runner: Runner) -> FindingLine:
    level = stored.finding.level
    return FindingLine(
        number=stored.id,
        level=LEVEL_WORDS.get(level, level.value.capitalize()),
        mark=LEVEL_MARKS.get(level, "stop"),
        sentence=finding_sentence(stored.finding, runner),
    )


def _answers(facts: RunFacts, runner: Runner, policy: Policy, now: datetime) -> Iterator[AnswerLine]:
    ended = end_of(facts.activity)
    for reply in facts.told.replies:
        yield AnswerLine(
            label=words.reply_label(reply, ended, runner),
            value=words.reply_value(reply),
            grade=words.reply_grade(reply, policy),
            when=words.when(reply.at, runner, now),
            note=reply.note,
        )
    for prompt in facts.told.open:
        waiting = prompt.expires_at > now
        value = "Skipped" if prompt.skipped else "Not answered yet" if waiting else "No answer"
        yield AnswerLine(
            words.ASKED_WORDS[prompt.kind], value, "", words.when(prompt.sent_at, runner, now), ""
        )


def _source(giver: Giver, runner: Runner) -> SourceLine:
    told = giver.told
    km = "no distance" if told.distance_m is None else distance(told.distance_m / 1000, runner)
    hills = words.hill_words(told.ascent_m, told.descent_m)
    return SourceLine(
        name=words.SOURCES.get(giver.source, giver.source),
        origin=PurePath(giver.origin).name,
        figures=", ".join(part for part in (km, hills) if part),
        gives=", ".join(giver.gives),
    )
