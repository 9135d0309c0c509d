"""The wizard's part about messages: a channel is chosen, tried both ways, and only then written down."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import click

from connectors.errors import ConnectorError
from daemon.channels import check_channel, hears, open_channel, open_listener
from daemon.cli.context import now, opened_store
from daemon.cli.failures import failure_sentence
from daemon.cli.setup_asking import answered, one_of, yes
from daemon.cli.setup_channel_kinds import ChannelAnswers, settings_of
from daemon.cli.setup_desk import Desk
from daemon.config import AthleteConfig, ConfigError
from daemon.config_channels import EMAIL, KINDS, NTFY, TELEGRAM, ChannelConfig
from daemon.config_example import CHANNEL_EXAMPLES
from daemon.credentials import SecretError
from daemon.setup_config import Tables
from daemon.setup_echo import Echoes, send_message
from daemon.store.conversation import Outcome, mark_confirmed, note_heard, note_reading

NONE = "none"
CHANNELS = """\
How should I reach you, and you me?
  ntfy       an app with buttons on the lock screen; free, no account
  telegram   a chat with a bot of your own
  email      mail, and your replies
  apprise    a hundred other services, one-way
  none       later; until then `niggled status` tells"""
NOTHING_SENT = (
    "Nothing is sent for now: `niggled status` tells how things are, `niggled pain` takes your answers. "
    "`niggled setup` adds a channel at any time."
)
WAITING = "Waiting for your answer, {:.0f} s at most."
PRESS_ENTER = " Enter skips this."
CHECK = {
    NTFY: "Is the app subscribed to the topic, with instant delivery on? Can the phone reach the server without the Wi-Fi?",
    TELEGRAM: "Does another program read the same bot? Does the chat show the question with its button?",
    EMAIL: "Did the question land in spam? Does your reply go to the mailbox that IMAP reads?",
}
SKIPPED = "Not tried both ways. `niggled test-alert` sends a message again."
NO_ANSWER = "! No answer came in. {check}"


@dataclass(frozen=True, slots=True)
class Tried:
    """Whether the channel is to be kept, and whether an answer came back over it where one can."""

    kept: bool
    answered: bool


def set_up_channel(desk: Desk, said: ChannelAnswers) -> bool:
    """A channel, unless there is one; False where its test question stayed without an answer."""
    there = desk.athlete.channels
    if there and (said.kind is None or any(one.kind == said.kind for one in there)):
        click.echo(f"Messages: {', '.join(f'{one.name} ({one.kind})' for one in there)}, set up already.")
        return True
    if said.kind is None:
        click.echo(CHANNELS)
    while True:
        kind = answered("Channel?", one_of((*KINDS, NONE)), "--channel", said.kind, proposal=NONE)
        if kind == NONE:
            click.echo(NOTHING_SENT)
            return True
        try:
            name = _free_name(said.name or CHANNEL_EXAMPLES[kind][0], there)
            values = settings_of(kind, said, name, desk.home)
            tables = {f"{desk.table}.channels.{name}": values}
            tried = _tried(desk, tables, name, said)
        except (ConnectorError, SecretError, ConfigError) as failure:
            if not sys.stdin.isatty():
                raise
            sentence = failure_sentence(failure) if isinstance(failure, ConnectorError) else str(failure)
            click.echo(f"✘ {sentence}\n  Once more; `none` leaves it for later.", err=True)
            said = replace(said, kind=None)
            continue
        if tried.kept:
            return tried.answered


def _tried(desk: Desk, tables: Tables, name: str, said: ChannelAnswers) -> Tried:
    """Send the two messages through a channel that stands nowhere yet; what works is written down."""
    athlete = desk.drafted(tables)
    channel = next(one for one in athlete.channels if one.name == name)
    check_channel(athlete, channel, desk.home, now)
    if not said.test:
        desk.add(tables)
        return Tried(kept=True, answered=True)
    opened = open_channel(athlete, channel, desk.home, now)
    service = send_message(opened, now)
    click.echo(f"✔ {service} took the test message.")
    if not hears(channel):
        click.echo("  Answers do not come back on this channel: give them with `niggled pain`.")
        desk.add(tables)
        return Tried(kept=True, answered=True)
    echoes = Echoes(opened, open_listener(athlete, channel, desk.home, now), now)
    try:
        return _heard(desk, tables, athlete, channel, echoes, said.answer_within_s)
    finally:
        echoes.close()


def _heard(
    desk: Desk,
    tables: Tables,
    athlete: AthleteConfig,
    channel: ChannelConfig,
    echoes: Echoes,
    within_s: float,
) -> Tried:
    """Ask until an answer comes, or the runner has had enough."""
    by_hand = sys.stdin.isatty()
    while True:
        echoes.ask()
        click.echo(WAITING.format(within_s) + (PRESS_ENTER if by_hand else ""))
        skipped: list[str] = []
        echo = echoes.wait(within_s, _enter_pressed(skipped) if by_hand else lambda: False)
        if echo.failure is not None and not isinstance(echo.failure, ConnectorError):
            raise echo.failure
        if echo.heard is not None:
            click.echo(f'✔ Your answer "{echo.heard.text}" came back.')
            if echo.failure is not None:
                click.echo(f"! It could not be confirmed. {failure_sentence(echo.failure)}", err=True)
            desk.add(tables)
            with opened_store(desk.config) as store, store.session() as session:
                moment = now()
                # The daemon goes on behind the test, and does not take it for a stranger's word.
                note_reading(session, athlete.name, channel.name, moment, None)
                note_heard(session, athlete.name, channel.name, echo.heard, moment, Outcome.TAKEN, None)
                mark_confirmed(session, athlete.name, channel.name, echo.heard.id, moment)
            return Tried(kept=True, answered=True)
        if isinstance(echo.failure, ConnectorError):
            raise echo.failure
        if skipped:
            click.echo(SKIPPED)
        else:
            click.echo(NO_ANSWER.format(check=CHECK[channel.kind]), err=True)
            if yes("Ask once more?"):
                continue
        if by_hand and not skipped and not yes(f"Keep {channel.name} as it is?"):
            return Tried(kept=False, answered=False)
        desk.add(tables)
        return Tried(kept=True, answered=bool(skipped))


def _enter_pressed(pressed: list[str]) -> Callable[[], bool]:
    """Whether a line was entered meanwhile, which `pressed` then holds."""

    def look() -> bool:
        if select.select([sys.stdin], [], [], 0)[0]:
            pressed.append(sys.stdin.readline())
        return bool(pressed)

    return look


def _free_name(wanted: str, there: tuple[ChannelConfig, ...]) -> str:
    taken = {one.name for one in there}
    names = (wanted, *(f"{wanted}{number}" for number in range(2, 100)))
    return next(name for name in names if name not in taken)
