"""`niggled pain 4 [--when …] [--side …] [--at TIME] [--note TEXT]`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from daemon.cli.context import athlete_options, now, opened
from daemon.cli.terminal_words import at_a_terminal
from daemon.config import AthleteConfig
from daemon.replies import take_answer
from rules.confirmations import WHEN_QUESTION
from rules.facts import ReplyKind, Side

WHEN = {
    "during": ReplyKind.DURING,
    "after": ReplyKind.AFTER,
    "morning": ReplyKind.MORNING,
    "now": ReplyKind.SPOT,
}


@click.command(name="pain", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, metavar="ANSWER")
@click.option(
    "--when", type=click.Choice(list(WHEN)), help="What the number is about; else the newest question."
)
@click.option("--side", type=click.Choice(["left", "right"]), help="Which knee; else the usual one.")
@click.option("--at", metavar="TIME", help="When it was: 07:30, or 2026-05-12T07:30. Else now.")
@click.option("--note", default="", metavar="TEXT", help="A few words to remember.")
@athlete_options
@click.pass_context
def command(
    context: click.Context,
    words: tuple[str, ...],
    when: str | None,
    side: str | None,
    at: str | None,
    note: str,
    config_path: str | None,
    athlete_name: str | None,
) -> None:
    """Tell how the knee is: 4, none, "left 5 right 2", "3 y", "2 pills", seen, cleared, …

    It answers the newest open question that such words can answer: also y, n 5, run, now, yes, skip.
    """
    moment = now()
    with opened(config_path, athlete_name) as (store, athlete):
        taken = take_answer(
            store,
            athlete,
            " ".join(words),
            _instant(at, athlete, moment),
            moment,
            when=WHEN[when] if when else None,
            side=Side(side[0].upper()) if side else None,
            note=note,
        )
    hint = " Answer: niggled pain run, or niggled pain now." if taken.text == WHEN_QUESTION else ""
    click.echo(at_a_terminal(taken.text, athlete_name) + hint, err=not taken.understood)
    context.exit(0 if taken.understood else 1)


def _instant(at: str | None, athlete: AthleteConfig, moment: datetime) -> datetime:
    """A time of today, or a date and time, in the runner's zone; never in the future."""
    if at is None:
        return moment
    zone = ZoneInfo(athlete.runner.timezone)
    today = moment.astimezone(zone).date()
    try:
        found = datetime.fromisoformat(at if len(at) > 5 else f"{today}T{at}")
    except ValueError:
        raise click.UsageError(f"{at!r} is not a time. Examples: --at 07:30, --at 2026-05-12T07:30") from None
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    if found > moment:
        raise click.UsageError(f"{at} lies in the future")
    return found
