"""Where a runner's secrets lie: files that niggled may delete together with the data, and what only a person can take away."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from daemon.config import Config
from daemon.credentials import Secret, file_of
from daemon.doctor.configuration import is_plain_secret
from daemon.options import OPTIONS

FOLDER = "secrets"
"""Beside the configuration `niggled setup` keeps what it was told in it; beside the data it is niggled's in any case."""
_SECRET_OPTIONS = "|".join(sorted({option.name for option in OPTIONS if option.kind == "secret"}))


@dataclass(frozen=True, slots=True)
class KeptSecrets:
    """`files` are niggled's to delete. `elsewhere` names the others in words; `plain`: some stand in the configuration."""

    files: tuple[Path, ...]
    elsewhere: tuple[str, ...]
    plain: bool


def kept_secrets(config: Config, athlete: str | None, environ: Mapping[str, str] = os.environ) -> KeptSecrets:
    """The secrets of everybody, or of one athlete: what somebody else's option refers to is not theirs alone."""
    told = {key: value for key, value in config.values.items() if isinstance(value, Secret)}
    wanted = sorted(key for key in told if athlete is None or key.startswith(f"athletes.{athlete}."))
    places = {key: file_of(secret, environ) for key, secret in told.items()}
    shared = {path.resolve(): key for key, path in places.items() if path and key not in wanted}
    named = (path for key in wanted if (path := places[key]))
    found = {*_lying_about(config, athlete), *(path for path in named if _is_within(path, config.home))}
    files = sorted(path for path in found if path.is_file() and path.resolve() not in shared)
    gone = {path.resolve() for path in files}
    elsewhere = [
        f"{words} ({key})" for key in wanted if (words := _words(told[key], places[key], gone, shared))
    ]
    plain = any(is_plain_secret(key, told[key]) for key in wanted)
    return KeptSecrets(tuple(files), tuple(elsewhere), plain)


def secret_folders(config: Config) -> list[Path]:
    """Where niggled keeps secrets: beside the data, and beside the configuration."""
    beside = [config.home, *([config.path.resolve().parent] if config.path else [])]
    return [folder / FOLDER for folder in beside]


def _lying_about(config: Config, athlete: str | None) -> Iterator[Path]:
    """Files in those folders, whether or not the configuration still refers to them."""
    names = config.athletes if athlete is None else (athlete,)
    for folder in secret_folders(config):
        everything = athlete is None and _is_within(folder, config.home)
        with suppress(OSError):
            yield from (path for path in folder.iterdir() if everything or _was_set_up(path.name, names))


def _was_set_up(file_name: str, athletes: Iterable[str]) -> bool:
    """Whether the wizard made this file for one of them, or had begun to: "anna.phone.token", ".anna.phone.token.new"."""
    names = "|".join(map(re.escape, athletes))
    return re.fullmatch(rf"\.?({names})\.[^.]+\.({_SECRET_OPTIONS})(\.new)?", file_name) is not None


def _is_within(path: Path, folder: Path) -> bool:
    """A link to a file elsewhere is not within."""
    return path.resolve().is_relative_to(folder.resolve())


def _words(
    secret: Secret, path: Path | None, gone: Collection[Path], shared: Mapping[Path, str]
) -> str | None:
    """What stays of a secret; None for nothing that a person would have to look for."""
    if path is not None:
        if path.resolve() in gone or _is_missing(path):
            return None
        other = shared.get(path.resolve())
        return str(path) if other is None else f"{path}, which {other} refers to as well"
    match secret.way:
        case "credential":
            return f"the file behind the credential {secret.reference}: LoadCredential= of the unit names it"
        case "env":
            return f"the environment variable {secret.reference}"
        case "command":
            return f"what `{secret.shown().removeprefix('command: ')}` tells"
    return None


def _is_missing(path: Path) -> bool:
    """Only what certainly is not there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
