"""`niggled restore FILE`."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli.context import config_option, now, read_config
from daemon.cli.keeping import nobody_else, told


@click.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@click.option("--check", is_flag=True, help="Only see whether the file is whole and fits; nothing changes.")
@config_option
def command(file: Path, check: bool, config_path: str | None) -> None:
    """Put a backup in the place of the data; the daemon must not run. What was there is kept beside it."""
    from daemon.store.contents import contents_of
    from daemon.store.restoring import NOT_RESTORED, restore

    config, file = read_config(config_path), file.expanduser()
    if check:
        contents = contents_of(file)
        older = " It was made by an older niggled and would be brought up to date." if contents.older else ""
        click.echo(f"{file} is whole: {told(contents)}.{older}")
        return
    contents_of(file)
    with nobody_else(config, NOT_RESTORED):
        contents, kept = restore(config.store_url.value(), file, config.home, now())
    click.echo(f"Restored: {told(contents)}.")
    if kept is not None:
        click.echo(f"What was there before is kept in {kept}. Delete it once all is well.")
    click.echo(
        f"Keys and logins in {config.home / 'keys'} were not touched. On a new machine copy that folder over, or run "
        "`niggled login` again. Then start the daemon."
    )
