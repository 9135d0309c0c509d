"""Secrets are references, not values: a credential, an environment variable, a file or a command (DESIGN 10)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WAYS = ("credential", "env", "file", "command")
EXAMPLE = '{ credential = "phone-url" }, { env = "PHONE_URL" }, { file = "/run/secrets/phone-url" } or { command = ["pass", "phone-url"] }'


class SecretError(Exception):
    """A secret could not be had; the text says which and why, never its value."""


@dataclass(frozen=True, slots=True)
class Secret:
    """How to get at a secret. `way` is one of WAYS, or "plain" for a value written into the file itself."""

    way: str
    reference: str | tuple[str, ...]

    def __repr__(self) -> str:
        return f"Secret({self.shown()})"

    def shown(self) -> str:
        """The reference as it may be shown; a plain value is never shown."""
        if self.way == "plain":
            return "(written in the file)"
        words = self.reference if isinstance(self.reference, str) else " ".join(self.reference)
        return f"{self.way}: {words}"

    def value(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret itself. Raises SecretError where the reference leads nowhere."""
        if self.way == "plain":
            return str(self.reference)
        found = _READERS[self.way](self.reference, environ).strip()
        if not found:
            raise SecretError(f"the secret from {self.shown()} is empty")
        return found


def parse(raw: object) -> Secret:
    """A TOML value -> Secret. Raises ValueError with an example where it is no reference."""
    if isinstance(raw, str) and raw:
        return Secret("plain", raw)
    if isinstance(raw, dict) and len(raw) == 1:
        way, reference = next(iter(raw.items()))
        if (
            way == "command"
            and isinstance(reference, list)
            and reference
            and all(isinstance(w, str) for w in reference)
        ):
            return Secret(way, tuple(reference))
        if way in WAYS and way != "command" and isinstance(reference, str) and reference:
            return Secret(way, reference)
    raise ValueError(f"a secret is a text or one of {EXAMPLE}")


def file_of(secret: Secret, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file that holds a secret, there or not; None where it is in none, or only systemd knows which."""
    if secret.way == "file":
        return Path(str(secret.reference)).expanduser().absolute()
    if secret.way == "credential" and (named := environ.get(_variable(secret.reference))):
        return Path(named).expanduser().absolute()
    return None


def _variable(name: object) -> str:
    return f"NIGGLED_{str(name).upper().replace('-', '_')}_FILE"


def _credential(name: object, environ: Mapping[str, str]) -> str:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / str(name)).is_file():
        return _read(Path(folder) / str(name))
    variable = _variable(name)
    if environ.get(variable):
        return _read(Path(environ[variable]))
    raise SecretError(
        f"there is no credential {name}: systemd gives it with LoadCredential={name}:FILE, or set {variable}"
    )


def _env(name: object, environ: Mapping[str, str]) -> str:
    try:
        return environ[str(name)]
    except KeyError:
        raise SecretError(f"the environment variable {name} is not set") from None


def _read(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SecretError(f"the secret in {path} cannot be read: {reason}") from None


def _file(name: object, _environ: Mapping[str, str]) -> str:
    return _read(Path(str(name)))


def _command(words: object, environ: Mapping[str, str]) -> str:
    command = [str(word) for word in words] if isinstance(words, tuple) else [str(words)]
    try:
        # The runner wrote this command into their own configuration; no shell takes part.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=30, check=True, env=dict(environ)
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SecretError(f"the command {command[0]} gave no secret: {type(error).__name__}") from None
    return done.stdout


_READERS = {"credential": _credential, "env": _env, "file": _file, "command": _command}
