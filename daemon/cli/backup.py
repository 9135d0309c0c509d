"""`niggled backup FILE`, and the daily backup that the daemon starts as a child."""

from __future__ import annotations

import logging
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from daemon import logs
from daemon.cli.context import config_option, now, opened_store, read_config
from daemon.cli.keeping import left_out, told
from daemon.config import Config, machine_zone
from daemon.store.errors import StoreError

log = logging.getLogger(__name__)


@click.command(name="backup")
@click.argument("file", required=False, type=click.Path(path_type=Path, readable=False))
@click.option(
    "--daily", is_flag=True, help="Make today's backup in the folder of [backup], as the daemon does."
)
@click.option("--scheduled", is_flag=True, hidden=True)
@config_option
def command(file: Path | None, daily: bool, scheduled: bool, config_path: str | None) -> int:
    """Write everything niggled knows to one file, verified; also while the daemon runs. Keys are not in it."""
    if (file is None) is not daily:
        raise click.UsageError("name one file, or --daily. Example: niggled backup /mnt/nas/niggled.db")
    config = read_config(config_path)
    if file is None:
        return _daily(config, scheduled=scheduled)

    from daemon.store.backup import write_backup

    contents = write_backup(config.store_url.value(), file.expanduser())
    click.echo(f"{file}: {told(contents)}, verified.")
    click.echo(f"{left_out(config)} How to carry them over: docs/backup.md.")
    return 0


def _daily(config: Config, *, scheduled: bool) -> int:
    from daemon.jobs.backup import back_up, last_before, tell_end, tell_failure

    if scheduled:
        logs.configure()
    at, zone = now(), ZoneInfo(machine_zone())
    last = last_before(config.backup, at, zone)
    try:
        path, made = back_up(config.store_url.value(), config.backup, at, zone)
    except StoreError as error:
        # A timer of one's own fails as silently as the daemon.
        with opened_store(config) as store:
            tell_failure(store, config.athletes.values(), last, f"{error.why} {error.cure}", at)
        if not scheduled:
            raise
        log.error("The daily backup failed: %s", error)  # noqa: TRY400  it says all there is to say
        return 1
    if made is None:
        click.echo(f"{path}: made already.")
        return 0
    with opened_store(config) as store:
        tell_end(store, config.athletes.values(), last, at)
    if not scheduled:
        click.echo(f"{path}: {told(made)}, verified.")
    return 0
