"""`niggled export DIR`."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.context import athlete_options, now, opened


@click.command(name="export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, readable=False))
@click.option("--series", is_flag=True, help="Also every second of every run, one CSV each.")
@athlete_options
def command(folder: Path, series: bool, config_path: str | None, athlete_name: str | None) -> None:
    """Write everything about one athlete to a new folder: JSON Lines, CSV, and a page for a physio."""
    from daemon.exporting.files import PAGE, new_folder, private, write_series, write_tables
    from daemon.exporting.page import summary_page

    folder = folder.expanduser()
    with opened(config_path, athlete_name) as (store, athlete), new_folder(folder) as part:
        with store.reading() as session:
            written = write_tables(session, athlete.name, part)
            runs = write_series(session, athlete.name, part / "series") if series else 0
        with private(part / PAGE) as page:
            page.write(summary_page(store, athlete, now()))
    counts = [f"{number:,} {name}" for name, number in written.items() if number]
    if series:
        counts.append(f"{runs:,} series")
    click.echo(
        f"{folder}: {', '.join(counts) or 'nothing yet'}. Each as .jsonl and .csv; docs/export.md explains them."
    )
    click.echo(f"To take along: {folder / PAGE}")
