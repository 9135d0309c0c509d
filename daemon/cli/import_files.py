"""`niggled import PATH…`."""

from __future__ import annotations

import click

from daemon.cli.context import (
    athlete_options,
    choose_athlete,
    existing_paths,
    json_option,
    now,
    opened_store,
    print_json,
    read_config,
    reading_bar,
)
from daemon.jobs.sync import Report, import_paths
from daemon.store.errors import StoreError
from daemon.store.records import Outcome

STOPPED = "The import stopped half-way."
GO_ON = "What was stored before is kept: import the same again to go on."


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@athlete_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[str, ...],
    config_path: str | None,
    athlete_name: str | None,
    as_json: bool,
) -> None:
    """Read FIT, GPX and TCX files (also .gz), folders of them, and Strava or Garmin exports (zip or folder).

    Nothing is read twice: the same file again changes nothing. Ends with 1 if something could not be read.
    """
    config = read_config(config_path)
    athlete = choose_athlete(config, athlete_name)
    chosen = existing_paths(paths)
    with opened_store(config) as store:
        try:
            with reading_bar(hidden=as_json) as progress:
                report = import_paths(store, athlete, chosen, now(), progress)
        except KeyboardInterrupt:
            click.echo(f"\n{STOPPED} {GO_ON}", err=True)
            raise
        except StoreError as error:
            raise StoreError(STOPPED, error.why, f"{error.cure} {GO_ON}") from error
        if report.changed:
            from daemon.jobs.assess import assess_athlete

            assess_athlete(store, athlete, now())
    if as_json:
        print_json(as_json_object(report))
    else:
        tell(report)
    context.exit(1 if report.aside else 0)


def tell(report: Report) -> None:
    """What an import brought, for people."""
    for item in report.aside:
        click.echo(f"✘ {item.origin}: {item.reason} {item.cure}", err=True)
    for warning in report.warnings:
        click.echo(f"! {warning}", err=True)
    if not (report.saved or report.aside or report.skipped):
        click.echo("Nothing to read there: no FIT, GPX or TCX file, no Strava or Garmin export.")
        return
    added, merged, changed = (report.count(one) for one in (Outcome.ADDED, Outcome.MERGED, Outcome.CHANGED))
    known = report.count(Outcome.UNCHANGED) + report.skipped
    parts = [f"{added} new {'activity' if added == 1 else 'activities'}"]
    parts += (
        [f"{merged} more {'recording' if merged == 1 else 'recordings'} of a known one"] if merged else []
    )
    parts += [f"{changed} changed"] if changed else []
    parts += [f"{known} known already"] if known else []
    parts += [f"{len(report.aside)} could not be read"] if report.aside else []
    click.echo(", ".join(parts) + ".")
    if report.aside:
        click.echo("What could not be read changed nothing; mend it and import it again.")


def as_json_object(report: Report) -> dict[str, object]:
    """The same for programs."""
    return {
        "records": len(report.saved) + report.skipped,
        **{outcome.value: report.count(outcome) for outcome in Outcome},
        "known": report.skipped,
        "set_aside": [{"origin": i.origin, "reason": i.reason, "cure": i.cure} for i in report.aside],
        "warnings": report.warnings,
    }
