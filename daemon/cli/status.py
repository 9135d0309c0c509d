"""`niggled status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from daemon.cli.channel_lines import strangers_line, undelivered_line, unheard_line
from daemon.cli.context import (
    athlete_options,
    choose_athlete,
    json_option,
    now,
    opened_store,
    print_json,
    read_config,
)
from daemon.cli.preference_lines import preference_line
from daemon.cli.source_lines import SourceAffairs, source_affairs, source_json, source_lines
from daemon.cli.terminal_words import at_a_terminal
from daemon.config import AthleteConfig
from daemon.jobs.adapt import adapted_since
from daemon.jobs.assess import look
from daemon.store.conversation import Hearing, hearings
from daemon.store.engine import Store
from daemon.store.history import list_activities
from daemon.store.outbox import WAITING, Delivery, DeliveryState, list_deliveries
from daemon.store.preferences import Mute, mutes, quiet_hours
from daemon.store.sources import AsideRecord, list_set_aside
from rules.adaptation import adapted_sentence
from rules.outcome import Assessment, LongestRun
from rules.phrases import day, distance
from rules.wording import BINDING_WORDS, LEARNING, NEXT_NOT_KNOWN, budget_sentence

NEWS_LASTS = timedelta(days=14)
MARKS = {"green": "●", "amber": "●", "red": "●", "grey": "○"}
COLOURS = {"green": "green", "amber": "yellow", "red": "red", "grey": "bright_black"}


@dataclass(frozen=True, slots=True)
class Affairs:
    """Everything beside the assessment that `status` tells."""

    sources: list[SourceAffairs]
    aside: list[AsideRecord]
    waiting: list[Delivery]
    failed: list[Delivery]
    hearings: list[Hearing]
    empty: bool
    adapted_since: datetime | None
    quiet: str | None
    muted: tuple[Mute, ...]


@click.command(name="status")
@athlete_options
@json_option
def command(config_path: str | None, athlete_name: str | None, as_json: bool) -> None:
    """Colour, budget, week, sources, and what is due next."""
    config = read_config(config_path)
    chosen = (
        [choose_athlete(config, athlete_name)]
        if athlete_name or len(config.athletes) == 1
        else config.athletes.values()
    )
    with opened_store(config) as store:
        for athlete in chosen:
            moment = now()
            assessment = look(store, athlete, moment).assessment
            beside = affairs(store, athlete, moment, config.home)
            if as_json:
                print_json({"athlete": athlete.name} | as_json_object(assessment, beside, athlete))
            else:
                if len(config.athletes) > 1:
                    click.secho(athlete.name, bold=True)
                tell(assessment, beside, athlete, moment, athlete.name if len(config.athletes) > 1 else None)


def affairs(store: Store, athlete: AthleteConfig, moment: datetime, home: Path | None = None) -> Affairs:
    """What `status` tells beside the assessment; what could not be read is news for a fortnight.

    `home` is where keys are; None for somebody who has no live source.
    """
    with store.reading() as session:
        return Affairs(
            sources=[] if home is None else source_affairs(session, athlete, home, moment),
            aside=[
                one
                for one in list_set_aside(session, athlete.name)
                if moment - one.last_seen_at <= NEWS_LASTS
            ],
            waiting=list_deliveries(session, athlete.name, WAITING),
            failed=list_deliveries(session, athlete.name, [DeliveryState.FAILED]),
            hearings=hearings(session, athlete.name),
            empty=not list_activities(session, athlete.name, limit=1),
            adapted_since=adapted_since(session, athlete.name, moment),
            quiet=quiet_hours(session, athlete.name),
            muted=mutes(session, athlete.name, moment),
        )


def tell(
    assessment: Assessment,
    affairs: Affairs,
    athlete: AthleteConfig,
    moment: datetime,
    named: str | None = None,
) -> None:
    """Everything on one screen. `named` is what `--athlete` has to name where there are several."""
    if affairs.empty:
        click.echo(
            "No activities yet. `niggled setup` connects a service or a folder, `niggled import PATH…` reads files and "
            "exports; `niggled demo` shows a season."
        )
        _tell_affairs(affairs, athlete, moment)
        return
    runner, budget = athlete.runner, assessment.budget
    today = moment.astimezone(ZoneInfo(runner.timezone)).date()
    colour = assessment.colour.value
    click.secho(MARKS[colour], fg=COLOURS[colour], nl=False)
    click.echo(f" {colour}: knee {assessment.pain.overall.value.lower()}, load {assessment.load.value}")
    if assessment.learning:
        click.echo(LEARNING)
    for sentence in assessment.advice.sentences:
        click.echo(at_a_terminal(sentence, named))
    longest = budget.longest_run_km
    if longest.flat is None:
        click.echo(NEXT_NOT_KNOWN)
    else:
        fine = budget_sentence(budget, runner, moment, pain=assessment.pain.overall, load=assessment.load)
        click.echo(at_a_terminal(fine, named))
        click.echo(f"  {_routes(longest, athlete)}; set by: {BINDING_WORDS[budget.binding]}")
    if affairs.adapted_since is not None:
        click.echo(adapted_sentence(affairs.adapted_since, runner, moment))
    week = distance(assessment.week_km, runner)
    usual = (
        "" if assessment.usual_week_km is None else f", usual {distance(assessment.usual_week_km, runner)}"
    )
    click.echo(f"7 days: {week}{usual}. Left: {_left(assessment, athlete)}.")
    click.echo(
        f"Strength: {assessment.strength.done} of {assessment.strength.wanted} this week{_slot(assessment, athlete, today)}."
    )
    for prompt in assessment.prompts:
        at = prompt.due_at.astimezone(ZoneInfo(runner.timezone))
        click.echo(f"Due: {prompt.kind.value.replace('_', ' ')} question, {day(at.date(), today)} {at:%H:%M}")
    _tell_affairs(affairs, athlete, moment)


def _tell_affairs(affairs: Affairs, athlete: AthleteConfig, moment: datetime) -> None:
    if line := preference_line(affairs.quiet, affairs.muted, athlete, moment):
        click.echo(line)
    for source in affairs.sources:
        for line in source_lines(source, athlete.runner, moment):
            click.echo(line)
    if affairs.waiting:
        click.echo(f"Messages waiting: {len(affairs.waiting)}")
    for hearing in affairs.hearings:
        for line in (unheard_line(hearing, athlete.runner, moment), strangers_line(hearing)):
            if line:
                click.echo(line)
    for delivery in affairs.failed[-3:]:
        click.echo(undelivered_line(delivery))
    if affairs.aside:
        click.echo(
            f"! {len(affairs.aside)} could not be read; the latest is {affairs.aside[0].origin}: {affairs.aside[0].reason}"
        )


def _routes(longest: LongestRun, athlete: AthleteConfig) -> str:
    named = (("flat", longest.flat), ("rolling", longest.rolling), ("long downhill", longest.downhill))
    return ", ".join(f"{name} {distance(km, athlete.runner)}" for name, km in named if km is not None)


def _left(assessment: Assessment, athlete: AthleteConfig) -> str:
    budget = assessment.budget
    parts = [
        None if budget.week_km is None else distance(budget.week_km, athlete.runner),
        None if budget.descent_m is None else f"{budget.descent_m} m down",
        None if budget.fast_min is None else f"{budget.fast_min} fast min",
    ]
    return ", ".join(part for part in parts if part) or "not known yet"


def _slot(assessment: Assessment, athlete: AthleteConfig, today: object) -> str:
    slot = assessment.strength.next_slot
    if slot is None:
        return ""
    at = slot.astimezone(ZoneInfo(athlete.runner.timezone))
    return f", next {at:%A %H:%M}"


def as_json_object(assessment: Assessment, affairs: Affairs, athlete: AthleteConfig) -> dict[str, object]:
    """The contract of `status --json` (DESIGN 7)."""
    budget, zone = assessment.budget, ZoneInfo(athlete.runner.timezone)
    longest = budget.longest_run_km
    return {
        "colour": assessment.colour.value,
        "pain": assessment.pain.overall.value,
        "load": assessment.load.value,
        "learning": assessment.learning,
        "advice": " ".join(assessment.advice.sentences),
        "budget": {
            "longest_run_km": {
                "flat": longest.flat,
                "rolling": longest.rolling,
                "downhill": longest.downhill,
            },
            "not_before": None if budget.not_before is None else budget.not_before.isoformat(),
            "week_km": budget.week_km,
            "descent_m": budget.descent_m,
            "fast_min": budget.fast_min,
            "binding": budget.binding,
        },
        "week_km": round(assessment.week_km, 3),
        "usual_week_km": None if assessment.usual_week_km is None else round(assessment.usual_week_km, 3),
        "strength": {
            "done": assessment.strength.done,
            "wanted": assessment.strength.wanted,
            "next": None
            if assessment.strength.next_slot is None
            else assessment.strength.next_slot.astimezone(zone).isoformat(),
            "level": assessment.strength.level,
        },
        "sources": {one.state.source: source_json(one) for one in affairs.sources},
        "adapted_since": None
        if affairs.adapted_since is None
        else affairs.adapted_since.astimezone(zone).isoformat(),
        "due": [
            {"kind": prompt.kind.value, "at": prompt.due_at.astimezone(zone).isoformat(), "text": prompt.text}
            for prompt in assessment.prompts
        ],
        "messages": {"waiting": len(affairs.waiting), "failed": len(affairs.failed)},
        "channels": {
            one.channel: {
                "heard": one.failing_since is None,
                "failing_since": None if one.failing_since is None else one.failing_since.isoformat(),
                "failure": one.failure,
                "strangers": one.strangers,
            }
            for one in affairs.hearings
        },
        "set_aside": len(affairs.aside),
        "quiet_hours": affairs.quiet or athlete.policy.msg.quiet,
        "muted": {
            one.subject: None if one.until is None else one.until.astimezone(zone).isoformat()
            for one in affairs.muted
        },
    }
