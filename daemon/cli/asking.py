"""Asking for what only the runner knows: at the keyboard, or from a pipe; a secret is never shown and never an argument."""

from __future__ import annotations

import sys
from pathlib import Path

import click


def ask(question: str, missing: str) -> str:
    """One line of answer. A usage error that says `missing` where nobody answers."""
    if sys.stdin.isatty():
        return str(click.prompt(question)).strip()
    return _piped(missing)


def ask_secret(question: str, missing: str, file: str | None = None) -> str:
    """A secret from `file`, from a hidden prompt, or from a pipe."""
    if file is not None and file != "-":
        return _from_file(Path(file), missing)
    if sys.stdin.isatty():
        return str(click.prompt(f"{question} (not shown)", hide_input=True)).strip()
    return _piped(missing)


def _piped(missing: str) -> str:
    line = sys.stdin.readline().strip()
    if not line:
        raise click.UsageError(missing)
    return line


def _from_file(path: Path, missing: str) -> str:
    try:
        lines = path.expanduser().read_text(encoding="utf-8").split()
    except UnicodeDecodeError:
        raise click.ClickException(f"{path}: this is not text.") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}.") from None
    if not lines:
        raise click.UsageError(f"{path} is empty: {missing}")
    return lines[0]
