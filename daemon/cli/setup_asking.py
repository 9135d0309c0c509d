"""A question of the wizard: answered by an option, at the keyboard or from a pipe; a wrong answer gets another try."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from daemon.cli.asking import ask_secret


def answered[T](
    question: str,
    read: Callable[[str], T],
    option: str,
    given: str | None = None,
    *,
    proposal: str | None = None,
    hidden: bool = False,
) -> T:
    """The answer as `read` makes it, which raises ValueError with a sentence for what cannot be.

    `given` is what the `option` says, and is not asked again. `proposal` holds where Enter is pressed or a pipe says nothing.
    A usage error where nobody answers, or where `given` is wrong.
    """
    if given is not None:
        try:
            return read(given.strip())
        except ValueError as problem:
            raise click.UsageError(f"{option}: {problem}") from None
    while True:
        text = _line(question, option, proposal, hidden=hidden)
        try:
            return read(text)
        except ValueError as problem:
            click.echo(f"! {problem}", err=True)


def secret_answer[T](
    question: str, read: Callable[[str], T], option: str, file: str | None, *, proposal: str | None = None
) -> T:
    """The same for a secret: `file` holds it (- is standard input), or it is typed and not shown."""
    given = None if file is None else ask_secret(question, f"{option} FILE", file)
    return answered(question, read, option, given, proposal=proposal, hidden=True)


def yes(question: str) -> bool:
    """Whether somebody at the keyboard says yes; no where nobody is there."""
    return sys.stdin.isatty() and click.confirm(question, default=True, prompt_suffix=" ")


def one_of(words: Iterable[str]) -> Callable[[str], str]:
    """Reads one of some words, or the beginning of only one of them."""
    known = tuple(words)

    def read(text: str) -> str:
        meant = [word for word in known if text and word.startswith(text.lower())]
        if text.lower() in known:
            return text.lower()
        if len(meant) != 1:
            raise ValueError(f"{text!r} is none of {', '.join(known)}")
        return meant[0]

    return read


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise ValueError(f"{text!r} is no whole number from {lowest} to {highest}")
        return int(text)

    return read


def existing_path(text: str) -> Path:
    path = Path(text).expanduser()
    if not text or not seen(path):
        raise ValueError(f"there is no {text or 'name'} on this machine")
    if not os.access(path, os.R_OK):
        raise ValueError(closed(path))
    return path.absolute()


def seen(path: Path) -> bool:
    """Whether it is there. Raises ValueError where nobody tells us."""
    try:
        return path.exists()
    except OSError:
        raise ValueError(closed(path)) from None


def closed(path: Path) -> str:
    """As a service niggled is a user of its own, and a runner's home is closed to it."""
    return f"{path} may not be read by the user that niggled runs as: put it where that user may, for example in the inbox"


def filled(text: str) -> str:
    if not text:
        raise ValueError("that was nothing")
    return text


def _line(question: str, option: str, proposal: str | None, *, hidden: bool) -> str:
    if sys.stdin.isatty():
        shown = f"{question} (not shown)" if hidden else question
        # An empty default lets Enter through, which is then told to be no answer.
        told = click.prompt(
            shown,
            default="" if proposal is None else proposal,
            hide_input=hidden,
            prompt_suffix=" ",
            show_default=bool(proposal),
        )
        return str(told).strip()
    line = sys.stdin.readline()
    if not line and proposal is None:
        raise click.UsageError(f"{question} Nobody answers here: say it with {option}.")
    text = line.strip() or proposal or ""
    click.echo(f"{question} {'(not shown)' if hidden else text}")
    return text
