"""How the wizard ends: what would have been said last year, what is fine now, and how to let it run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from daemon.cli.context import now, opened_store
from daemon.cli.setup_desk import Desk
from daemon.cli.status import affairs
from daemon.cli.status import tell as tell_status
from daemon.cli.terminal_words import at_a_terminal
from daemon.doctor.unit import running
from daemon.jobs.assess import assess_athlete
from daemon.store.history import load_history
from rules.facts import Family, History
from rules.replay import replay
from rules.set_up import A_YEAR, ready_sentence

BEFORE_LAST_YEAR = timedelta(days=120)
"""What happened in the weeks before says what was usual."""
SYSTEM_UNIT = Path("/etc/systemd/system/niggled.service")
USER_UNIT = "systemd/user/niggled.service"
OF_SYSTEM = "Let the service take it up:  sudo systemctl reload-or-restart niggled"
OF_USER = "Let the service take it up:  systemctl --user reload-or-restart niggled"
OF_NOBODY = """\
The daemon runs already. Let it take this up:  kill -HUP {process}
From outside a container:  docker compose kill -s HUP niggled"""
NO_SERVICE = """\
Let it run:  niggled run
For good, as a service of yours, from a checkout:  sh systemd/install.sh --user"""


def tell_summary(desk: Desk) -> None:
    """Ready: the past in one sentence, today in a few lines, and the next command."""
    moment = now()
    with opened_store(desk.config) as store:
        athlete = desk.athlete
        assessment = assess_athlete(store, athlete, moment).assessment
        with store.reading() as session:
            since = moment - A_YEAR - BEFORE_LAST_YEAR
            history = load_history(session, athlete.name, athlete.runner, since=since)
            everything = load_history(session, athlete.name, athlete.runner, series="none")
        runs = sum(1 for one in everything.activities if one.family is Family.RUN)
        events = replay(_as_it_came(history), athlete.policy)
        click.echo()
        ready = ready_sentence(runs, events, assessment, athlete.runner, moment)
        click.secho(at_a_terminal(ready, desk.named), bold=True)
        click.echo()
        if runs:
            tell_status(assessment, affairs(store, athlete, moment, desk.home), athlete, moment, desk.named)
            click.echo()
    click.echo(f"Written: {desk.path}")
    click.echo(_how_to_run(desk.path, desk.home))


def _how_to_run(config: Path, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The command that makes a daemon of this configuration."""
    if SYSTEM_UNIT.exists() and config.is_relative_to("/etc/niggled"):
        return OF_SYSTEM
    folder = Path(environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    if (folder / USER_UNIT).exists():
        return OF_USER
    process = running(home, None, embedded=True).process
    return NO_SERVICE if process is None else OF_NOBODY.format(process=process)


def _as_it_came(history: History) -> History:
    """The runs alone, each known at its own end: without answers nothing is asked, as nothing was at the time."""
    known_at_once = tuple(replace(one, first_seen_at=None) for one in history.activities)
    return replace(
        history, activities=known_at_once, replies=(), prompts=(), strength=(), first_import_until=None
    )
