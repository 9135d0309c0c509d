"""`niggled activities list|show|split|exclude|include|set-sport`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import click

from daemon.cli.context import (
    athlete_options,
    json_option,
    now,
    opened,
    print_json,
)
from daemon.config import AthleteConfig
from daemon.merged_from import givers
from daemon.store import marks
from daemon.store.engine import Store
from daemon.store.history import ActivityDetail, list_activities, show_activity
from daemon.store.merging import Identity
from daemon.store.raw import raw_of
from rules.facts import Activity, Runner
from rules.sports import family_of, normalise


@click.group(name="activities", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, show, split, exclude activities; mend their sport."""
    if context.invoked_subcommand is None:
        context.invoke(list_them)


@command.command(name="list")
@athlete_options
@json_option
@click.option("--limit", default=20, show_default=True, help="How many, newest first; 0 for all.")
def list_them(
    config_path: str | None = None, athlete_name: str | None = None, as_json: bool = False, limit: int = 20
) -> None:
    """The newest activities, one a line."""
    with opened(config_path, athlete_name) as (store, athlete), store.reading() as session:
        found = list_activities(session, athlete.name, limit=limit or None)
    if as_json:
        for activity in found:
            print_json(activity_json(activity, athlete.runner))
        return
    for activity in found:
        click.echo(_line(activity, athlete.runner))
    if not found:
        click.echo("No activities yet. `niggled import PATH…` reads files and exports.")


@command.command()
@click.argument("activity_id", metavar="ID")
@click.option(
    "--raw", is_flag=True, help="What Strava or Garmin sent, without places, as long as it is kept."
)
@athlete_options
@json_option
def show(
    activity_id: str, raw: bool, config_path: str | None, athlete_name: str | None, as_json: bool
) -> None:
    """One activity and the recordings it was merged from.

    Where there are several, also which of them gave which figure.
    """
    with opened(config_path, athlete_name) as (store, athlete), store.reading() as session:
        detail = show_activity(session, athlete.name, activity_id)
        sent = raw_of(session, athlete.name, detail.activity.id) if raw else {}
    if raw:
        _show_raw(sent, as_json=as_json)
        return
    if as_json:
        print_json(_detail_json(detail, athlete.runner))
        return
    click.echo(_line(detail.activity, athlete.runner))
    if rated := _told_the_watch(detail.activity):
        click.echo(f"  you told the watch: {rated}")
    for giver in givers(detail):
        told = giver.told
        km = "no distance" if told.distance_m is None else f"{told.distance_m / 1000:.2f} km"
        hills = " ".join(
            f"{metres:.0f} m {way}"
            for metres, way in ((told.ascent_m, "up"), (told.descent_m, "down"))
            if metres is not None
        )
        click.echo(f"  from {giver.origin}: {km} {hills}".rstrip())
        if giver.gives:
            click.echo(f"    gives {', '.join(giver.gives)}")


@command.command()
@click.argument("activity_id", metavar="ID")
@athlete_options
def split(activity_id: str, config_path: str | None, athlete_name: str | None) -> None:
    """Undo a merge for good.

    Each recording becomes an activity of its own and stays one.
    """
    with _changed(config_path, athlete_name) as (store, athlete), store.session() as session:
        ids = marks.split(session, athlete.name, activity_id, overlap=athlete.policy.merge.overlap)
    click.echo(f"Now {len(ids)} activities: {', '.join(ids)}.")


@command.command()
@click.argument("activity_id", metavar="ID")
@athlete_options
def exclude(activity_id: str, config_path: str | None, athlete_name: str | None) -> None:
    """Leave an activity out of every baseline, sum and warning."""
    with _changed(config_path, athlete_name) as (store, athlete), store.session() as session:
        marks.exclude(session, athlete.name, activity_id)
    click.echo(
        f"Activity {activity_id} no longer counts. `niggled activities include {activity_id}` undoes this."
    )


@command.command()
@click.argument("activity_id", metavar="ID")
@athlete_options
def include(activity_id: str, config_path: str | None, athlete_name: str | None) -> None:
    """Undo `exclude`."""
    with _changed(config_path, athlete_name) as (store, athlete), store.session() as session:
        marks.include(session, athlete.name, activity_id)
    click.echo(f"Activity {activity_id} counts again.")


@command.command(name="set-sport")
@click.argument("activity_id", metavar="ID")
@click.argument("sport", metavar="SPORT")
@athlete_options
def set_sport(activity_id: str, sport: str, config_path: str | None, athlete_name: str | None) -> None:
    """Say which sport an activity was.

    For example run, "trail run", treadmill, walk, hike, "strength training".
    """
    with _changed(config_path, athlete_name) as (store, athlete), store.session() as session:
        word = normalise(sport)
        family = family_of(word, athlete.policy.sport)
        kept = marks.set_sport(session, athlete.name, activity_id, word, family)
    click.echo(f"Activity {kept} is now {word}, which counts as {family.value}.")


@contextmanager
def _changed(config_path: str | None, athlete_name: str | None) -> Iterator[tuple[Store, AthleteConfig]]:
    """As `_opened`, and what changed is assessed at the end."""
    from daemon.jobs.assess import assess_athlete

    with opened(config_path, athlete_name) as (store, athlete):
        yield store, athlete
        assess_athlete(store, athlete, now())


def _line(activity: Activity, runner: Runner) -> str:
    start = activity.start.astimezone(ZoneInfo(runner.timezone))
    distance = "       –" if activity.distance_m is None else f"{activity.distance_m / 1000:5.1f} km"
    seconds = activity.moving_s or activity.elapsed_s
    minutes = "" if not seconds else f"{seconds / 60:4.0f} min"
    hills = "".join(
        f" {metres:.0f} m {way}"
        for metres, way in ((activity.ascent_m, "up"), (activity.descent_m, "down"))
        if metres is not None
    )
    marked = " (excluded)" if activity.excluded else " (race)" if activity.race else ""
    return f"{activity.id:>5}  {start:%a %Y-%m-%d %H:%M}  {activity.sport or activity.family.value:<12} {distance} {minutes:>8}{hills}{marked}"


def _told_the_watch(activity: Activity) -> str:
    effort = None if activity.effort is None else f"effort {activity.effort:g} of 10"
    feel = None if activity.feel is None else f"feel {activity.feel} of 100"
    return ", ".join(part for part in (effort, feel) if part)


def activity_json(activity: Activity, runner: Runner) -> dict[str, object]:
    """What a program may read of an activity; times in the runner's zone."""
    return {
        "id": activity.id,
        "start": activity.start.astimezone(ZoneInfo(runner.timezone)).isoformat(),
        "family": activity.family.value,
        "sport": activity.sport,
        "km": None if activity.distance_m is None else round(activity.distance_m / 1000, 4),
        "moving_s": activity.moving_s,
        "elapsed_s": activity.elapsed_s,
        "ascent_m": activity.ascent_m,
        "descent_m": activity.descent_m,
        "mean_heart_rate_bpm": activity.mean_heart_rate_bpm,
        "mean_cadence_spm": activity.mean_cadence_spm,
        "effort": activity.effort,
        "feel": activity.feel,
        "source": activity.source,
        "excluded": activity.excluded,
        "race": activity.race,
        "manual": activity.manual,
        "indoor": activity.indoor,
    }


def _show_raw(sent: Mapping[Identity, bytes], *, as_json: bool) -> None:
    if not sent and not as_json:
        click.echo(
            "Nothing is kept of what a service sent: it comes from a file, or `keep_days` have passed."
        )
    for (source, external_id), payload in sent.items():
        told = json.loads(payload)
        if as_json:
            print_json({"source": source, "external_id": external_id, "raw": told})
        else:
            click.secho(f"{source} {external_id}", bold=True)
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _detail_json(detail: ActivityDetail, runner: Runner) -> dict[str, object]:
    return activity_json(detail.activity, runner) | {
        "records": [
            dict(zip(("source", "external_id"), stored.recording.identity, strict=True))
            | {"origin": stored.origin}
            for stored in detail.records
        ],
        "provenance": {name: ":".join(identity) for name, identity in detail.provenance.items()},
    }
