"""`niggled forget --all | --athlete NAME`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import click

from daemon import page_key
from daemon.cli.context import config_option, read_config
from daemon.cli.keeping import nobody_else
from daemon.cli.logout import ELSEWHERE
from daemon.config import Config
from daemon.config_sources import LIVE_SOURCES
from daemon.doctor.verdict import counted
from daemon.kept_secrets import KeptSecrets, kept_secrets, secret_folders

WORD = "forget everything"


@click.command(name="forget")
@click.option("--all", "everybody", is_flag=True, help="Everything of everybody.")
@click.option("--athlete", "athlete_name", metavar="NAME", help="Everything of one athlete.")
@config_option
def command(everybody: bool, athlete_name: str | None, config_path: str | None) -> int:
    """Delete the data for good: the database, keys, logins, secrets, and the backups niggled made. The daemon must not run."""
    if everybody is (athlete_name is not None):
        raise click.UsageError("say --all, or --athlete with a name")
    config = read_config(config_path)
    with nobody_else(config, "Nothing was forgotten."):
        if athlete_name is None:
            return _forget_everybody(config)
        return _forget_one(config, athlete_name)


def _forget_everybody(config: Config) -> int:
    from daemon.store.forgetting import forget_everything

    backups, keys, secrets = list(_backups(config)), _keys(config), kept_secrets(config, None)
    click.echo(
        f"This deletes the database ({_place(config)}), {', '.join(_files(keys, secrets))}, and "
        f"{counted(len(backups), 'backup')}. It cannot be undone."
    )
    if not _agreed(WORD):
        return 1
    _delete(keys)
    forget_everything(config.store_url.value())
    _delete([*backups, *_left_over(config)])
    left = _delete_secrets(config, secrets)
    for folder in (config.home / "keys", config.backup.folder):
        _remove_if_empty(folder)
    click.echo("Forgotten.")
    configuration = f", and the configuration {config.path}{_written(secrets)}" if config.path else ""
    click.echo(f"What is yours stays: the inbox, backups and exports made elsewhere{configuration}.")
    if config.path and secrets.files:
        click.echo(
            "What it refers to in the deleted files of secrets has to be told anew before the next start."
        )
    _say_elsewhere(keys, secrets)
    return _say_left(left)


def _forget_one(config: Config, name: str) -> int:
    from daemon.store.errors import StoreError
    from daemon.store.forgetting import NOT_FORGOTTEN, forget_athlete, forget_athlete_in, known_athletes

    keys = _keys_of(config, name)
    url = config.store_url.value()
    known = known_athletes(url)
    secrets = kept_secrets(config, name)
    if name not in known and not keys and not secrets.files:
        raise click.UsageError(f"nothing is known of {name}; there is {', '.join(known) or 'nobody'}")
    backups = list(_backups(config))
    click.echo(
        f"This deletes everything of {name} from the database and from {counted(len(backups), 'backup')}, with "
        f"{' and '.join(_files(keys, secrets))}. It cannot be undone."
    )
    if not _agreed(f"forget {name}"):
        return 1
    _delete(keys)
    # The database last: as long as it knows the name, all of this can be said again.
    refused = []
    for backup in backups:
        try:
            forget_athlete_in(backup, name)
        except StoreError as error:
            refused.append(f"✘ {backup} still holds {name}. {error.why} Delete that file.")
    _delete(_left_over(config))
    left = _delete_secrets(config, secrets)
    forget_athlete(url, name)
    if refused:
        raise click.ClickException("\n".join([NOT_FORGOTTEN, *refused]))
    click.echo(f"{name} is forgotten. The inbox, and backups and exports made elsewhere, stay.")
    if name in config.athletes and config.path:
        click.echo(
            f"[athletes.{name}] is still in {config.path}{_written(secrets)}: take it out, or {name} begins anew."
        )
    _say_elsewhere(keys, secrets)
    return _say_left(left)


def _agreed(words: str) -> bool:
    """Whether exactly these words were typed."""
    if click.prompt(f"Type `{words}` to go on", default="", show_default=False).strip() == words:
        return True
    click.echo("Nothing was deleted.")
    return False


def _backups(config: Config) -> Iterator[Path]:
    """The daily backups, and databases that a restore has put aside."""
    from daemon.jobs.backup import daily_file, days_kept
    from daemon.store.restoring import KEPT

    yield from (daily_file(config.backup.folder, on) for on in days_kept(config.backup.folder))
    yield from sorted(_data_folder(config).glob(KEPT))


def _left_over(config: Config) -> Iterator[Path]:
    """Copies that a power cut left half-written, and the log of a damaged database that a restore has put aside."""
    from daemon.jobs.backup import DAILY
    from daemon.store.backup import embedded_file
    from daemon.store.restoring import KEPT
    from daemon.store.unfinished import unfinished

    folder, embedded = _data_folder(config), embedded_file(config.store_url.value())
    yield from folder.glob(f"{KEPT}-*")
    for name in (DAILY, KEPT, *([] if embedded is None else [embedded.name])):
        for place in (folder, config.backup.folder):
            yield from place.glob(f"{unfinished(Path(name)).name}*")


def _data_folder(config: Config) -> Path:
    from daemon.store.backup import embedded_file

    embedded = embedded_file(config.store_url.value())
    return config.home if embedded is None else embedded.absolute().parent


def _keys(config: Config) -> list[Path]:
    folder, page = config.home / "keys", config.home / page_key.NAME
    return [
        *sorted(folder.glob("*.json*")),
        *sorted(folder.glob(".*.json*")),
        *([page] if page.exists() else []),
        # What a power cut left of making it.
        *sorted(config.home.glob(f".{page_key.NAME}.*")),
    ]


def _keys_of(config: Config, name: str) -> list[Path]:
    """Of one athlete, and not of another whose name begins alike."""
    folder = config.home / "keys"
    own = [folder / f"{name}-{source}.json" for source in LIVE_SOURCES]
    own += folder.glob(f"{name}.channel.*.json")
    # A power cut may have left the next content of one beside it.
    own += [path.with_name(f".{path.name}.new") for path in own]
    return sorted(path for path in own if path.exists())


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _delete_secrets(config: Config, secrets: KeptSecrets) -> list[str]:
    """Those that could not be deleted, with the reason: beside root's configuration not everything is ours to delete."""
    left = []
    for path in secrets.files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            left.append(f"{path}: {error.strerror}.")
    for folder in secret_folders(config):
        _remove_if_empty(folder)
    return left


def _remove_if_empty(folder: Path) -> None:
    # One with something in it, and one that is not ours, stays.
    with suppress(OSError):
        folder.rmdir()


def _place(config: Config) -> str:
    from daemon.store.backup import embedded_file

    return str(embedded_file(config.store_url.value()) or "all tables in PostgreSQL")


def _files(keys: list[Path], secrets: KeptSecrets) -> list[str]:
    """ "2 files of keys and logins", "1 file of secrets"."""
    kinds = ((len(keys), "keys and logins"), (len(secrets.files), "secrets"))
    return [f"{counted(number, 'file')} of {kind}" for number, kind in kinds]


def _written(secrets: KeptSecrets) -> str:
    return " with the secrets written in it" if secrets.plain else ""


def _say_elsewhere(keys: list[Path], secrets: KeptSecrets) -> None:
    """What niggled does not reach: secrets in other places, and the access that a service still grants."""
    if secrets.elsewhere:
        click.echo("Secrets that lie elsewhere stay; delete them yourself where nothing else needs them:")
        for words in secrets.elsewhere:
            click.echo(f"  {words}")
    for source in LIVE_SOURCES:
        if any(path.name.endswith(f"-{source}.json") for path in keys):
            click.echo(f"{source.capitalize()}: {ELSEWHERE[source]}")


def _say_left(left: list[str]) -> int:
    """The exit status."""
    for words in left:
        click.echo(f"✘ {words} Delete that file of secrets as its owner.", err=True)
    return 1 if left else 0
