"""`niggled demo`: a season of a made-up runner, time-lapsed through the real pipeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import click

from connectors.channels.contract import Channel, OutgoingMessage, Receipt
from connectors.sources.demo import FileArrives, Season, events, make_season, write_season
from daemon.cli import status
from daemon.cli.context import now
from daemon.cli.demo_page import serve_demo
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.credentials import Secret
from daemon.jobs.assess import assess_athlete, look
from daemon.jobs.deliver import deliver_due
from daemon.jobs.sync import import_paths
from daemon.options import SENDS
from daemon.store.answers import load_answers, save_reply
from daemon.store.engine import Session, Store, open_store
from daemon.store.outbox import next_due_at
from rules.facts import PainReply, PromptKind, ReplyKind
from rules.policy import Policy

QUESTION_LASTS = timedelta(days=1)
FILES_BEFORE = 60
"""Read in one go before the story begins, as anybody's past would be; a first import says nothing."""
CHANNEL = ChannelConfig("terminal", "apprise", Secret("plain", "terminal"), SENDS)


class TimeLapse:
    """A clock that is set, and never waits."""

    def __init__(self, start: datetime) -> None:
        self.instant = start

    def now(self) -> datetime:
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Time does not pass by itself here."""


class Terminal:
    """The channel that prints where a phone would buzz."""

    name = CHANNEL.name

    def __init__(self, clock: TimeLapse, zone: ZoneInfo, *, quiet: bool = False) -> None:
        self._clock = clock
        self._zone = zone
        self._quiet = quiet
        self.messages = 0

    def send(self, message: OutgoingMessage) -> Receipt:
        """Print one message; never fails."""
        self.messages += 1
        if self._quiet:
            return Receipt("terminal", 0.0)
        at = self._clock.now().astimezone(self._zone)
        click.secho(f"{at:%a %d %b %H:%M}  ", fg="bright_black", nl=False)
        click.secho(message.title, bold=True, nl=False)
        first, *more = message.body.splitlines()
        click.echo(f"  {first}")
        for line in more:
            click.echo(f"{'':18}{line}")
        return Receipt("terminal", 0.0)

    def answer(self, reply: PainReply) -> None:
        """Print what the runner tapped, where it was more than nothing."""
        if reply.score and not self._quiet:
            when = "during" if reply.kind is ReplyKind.DURING else reply.kind.name.lower()
            at = reply.at.astimezone(self._zone)
            click.secho(f"{at:%a %d %b %H:%M}  ← {reply.score} {when}", fg="cyan")


@click.command(name="demo")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day on which the story ends.")
@click.option("--seed", default=1, show_default=True, help="Another number is another season.")
@click.option("--page", is_flag=True, help="Then serve her page, until Ctrl-C.")
@click.option(
    "--listen", default="127.0.0.1:8642", show_default=True, help="Where --page listens, on this machine."
)
def command(today: datetime | None, seed: int, page: bool, listen: str) -> None:
    """A season of a made-up runner: files, findings, messages, and what is fine today. Needs nothing, keeps nothing."""
    season = make_season(today.date() if today else now().date(), seed)
    with TemporaryDirectory(prefix="niggled-demo-") as folder:
        home = Path(folder)
        paths = write_season(season, home / "inbox")
        athlete = AthleteConfig("demo", season.runner, Policy(), home / "inbox", (CHANNEL,))
        store = open_store(f"sqlite:///{home / 'niggled.db'}")
        try:
            click.echo(
                f"{len(paths)} FIT and GPX files of a made-up runner, {season.first_day:%d %B %Y} to "
                f"{season.today:%d %B %Y}. The first {FILES_BEFORE} are read in one go; from then on, her phone:\n"
            )
            told, last = play(store, athlete, season, home / "inbox")
            weeks = (season.until - season.files[FILES_BEFORE - 1].arrives_at).days / 7
            click.echo(f"\n{told} messages in {weeks:.0f} weeks. This morning `niggled status` says:\n")
            status.tell(
                look(store, athlete, last).assessment, status.affairs(store, athlete, last), athlete, last
            )
            if page:
                serve_demo(store, athlete, home, last, listen)
        finally:
            store.close()
    if not page:
        click.echo("\nThe same to look at, in a browser:         niggled demo --page")
        click.echo("Your own past, nothing sent or stored:    niggled replay export_12345.zip")


def play(
    store: Store, athlete: AthleteConfig, season: Season, inbox: Path, *, quiet: bool = False
) -> tuple[int, datetime]:
    """Every event at its time, and between them the moments at which something was due; printed unless `quiet`.

    Returns (messages, the end).
    """
    zone = ZoneInfo(season.runner.timezone)
    clock = TimeLapse(season.until)
    terminal = Terminal(clock, zone, quiet=quiet)
    athletes = {athlete.name: athlete}

    def opened(_athlete: AthleteConfig, _channel: ChannelConfig) -> Channel:
        return terminal

    def tick(moment: datetime) -> None:
        clock.instant = moment
        due.clear()
        found = assess_athlete(store, athlete, moment)
        due.append(found.again_at)
        with store.reading() as session:
            waiting = next_due_at(session)
        if waiting is not None:
            due.append(waiting)
            deliver_due(store, athletes, clock, opened)

    def live_until(end: datetime) -> None:
        """The looks of a daemon that matter: when a message is due, or the clock may have made one so."""
        while True:
            moment = min(one for one in due if one > clock.instant)
            if moment >= end:
                return
            tick(moment)

    due: list[datetime] = []
    known_before = clock.instant = season.files[FILES_BEFORE - 1].arrives_at.astimezone(UTC)
    import_paths(store, athlete, [inbox / file.name for file in season.files[:FILES_BEFORE]], known_before)
    tick(known_before)
    for event in events(season):
        at = event.at.astimezone(UTC)
        if at <= known_before:
            continue
        live_until(at)
        if isinstance(event, FileArrives):
            import_paths(store, athlete, [inbox / event.name], at)
        else:
            terminal.answer(event)
            with store.session() as session:
                save_reply(session, athlete.name, replace(event, prompt_id=_asked(session, athlete, event)))
        tick(at)
    live_until(season.until.astimezone(UTC))
    return terminal.messages, clock.instant


def _asked(session: Session, athlete: AthleteConfig, reply: PainReply) -> str | None:
    """The newest question that such a reply answers."""
    prompts = load_answers(session, athlete.name, reply.at - QUESTION_LASTS).prompts
    wanted = PromptKind.MORNING if reply.kind is ReplyKind.MORNING else PromptKind.AFTER_RUN
    asked = [one for one in prompts if one.kind is wanted and one.sent_at <= reply.at <= one.expires_at]
    return max(asked, key=lambda one: one.sent_at).id if asked else None
