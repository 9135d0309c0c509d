"""`niggled setup`: from nothing to the first status, asking little."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from daemon.cli.context import athlete_options
from daemon.cli.setup_channel import set_up_channel
from daemon.cli.setup_channel_kinds import ChannelAnswers
from daemon.cli.setup_desk import Desk, open_desk
from daemon.cli.setup_page import PageAnswers, set_up_page
from daemon.cli.setup_runner import RunnerAnswers, ask_about_knee, ask_about_runner, ask_strength_days
from daemon.cli.setup_source import SourceAnswers, asked_export, connect, read_files, read_newest
from daemon.cli.setup_summary import tell_summary
from daemon.paths import make_private_folder

HELLO = """\
niggled watches your running load and asks your knee. This asks what it has to know and tries everything at once; what is
known already is not asked again, and Ctrl-C at any moment keeps what was settled."""
STOPPED = (
    "\nStopped. What was settled so far is kept, nothing is half-done: `niggled setup` goes on from here."
)


@click.command(name="setup")
@click.option("--source", type=click.Choice(["garmin", "strava", "files"]), help="Where the runs come from.")
@click.option(
    "--door", type=click.Choice(["personal", "login"]), help="Garmin by a key, or by mail and password."
)
@click.option("--key-file", metavar="FILE", help="Holds Garmin's key; - for standard input.")
@click.option("--ends", metavar="DAYS|DAY", help="How long Garmin's key is valid: 90, or 2027-06-30.")
@click.option("--client-id", metavar="NUMBER", help="Of your API application at Strava.")
@click.option("--client-secret-file", metavar="FILE", help="Holds its client secret; - for standard input.")
@click.option("--paste", is_flag=True, help="Strava: paste an address instead of a browser on this machine.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Strava: where this machine listens for the browser."
)
@click.option("--export", metavar="PATH", help="An export or a folder of files to read now.")
@click.option("--inbox", metavar="FOLDER", help="The folder that new files will appear in.")
@click.option("--timezone", metavar="ZONE", help="Like Europe/Berlin.")
@click.option("--units", metavar="km|miles", help="In messages.")
@click.option("--birth-year", metavar="YEAR", help="For the estimate of the maximum heart rate.")
@click.option("--knee", metavar="left|right", help="The one that hurts, or the worse one.")
@click.option("--pain", metavar="0-10", help="Today, on stairs down.")
@click.option("--usual", metavar="yes|no", help="Whether it is like that on most days.")
@click.option(
    "--recent", metavar="WORDS", help="Operation, fall, pregnancy of the last three months, or none."
)
@click.option("--red-flags", metavar="WORDS", help="What of the checklist applies, or none.")
@click.option("--strength-days", metavar="DAYS", help="Like Tue,Fri.")
@click.option("--channel", metavar="KIND", help="ntfy, telegram, email, apprise or none.")
@click.option("--channel-name", metavar="NAME", help="What the configuration calls it.")
@click.option("--server", metavar="URL", help="The ntfy server, or a Bot API server of your own.")
@click.option("--token-file", metavar="FILE", help="Holds the token of the bot, or of the ntfy server.")
@click.option("--to", metavar="ADDRESS", help="Mail: yours.")
@click.option("--from", "from_", metavar="ADDRESS", help="Mail: the one it comes from.")
@click.option("--smtp-file", metavar="FILE", help="Holds the URL by which mail goes out.")
@click.option("--imap-file", metavar="FILE", help="Holds the URL by which answers come in, or none.")
@click.option("--url-file", metavar="FILE", help="Holds the Apprise URL.")
@click.option("--page", metavar="yes|no", help="Whether the phone may open niggled's page at home.")
@click.option("--page-address", metavar="URL", help="How the phone reaches this machine.")
@click.option("--test/--no-test", default=True, help="Send a test message and a test question.")
@click.option(
    "--answer-within",
    "answer_within_s",
    type=click.FloatRange(1, 3600),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the answer to the test question is waited for.",
)
@athlete_options
def command(config_path: str | None, athlete_name: str | None, **said: Any) -> int:
    """Connect a source, answer five questions, choose a channel: each checked at once.

    Every question can be answered by an option instead. Safe to run again: it asks only what is not known yet.
    `--athlete NAME` adds one to the household. Ends with 1 where the test question got no answer.
    """
    desk = open_desk(config_path, athlete_name)
    make_private_folder(desk.home)
    channel = {"kind": said.pop("channel"), "name": said.pop("channel_name")}
    try:
        answered = _run(
            desk,
            _part(SourceAnswers, said),
            _part(RunnerAnswers, said),
            replace(_part(ChannelAnswers, said), **channel),
            _part(PageAnswers, said),
        )
    except (KeyboardInterrupt, click.Abort):
        click.echo(STOPPED, err=True)
        raise click.Abort from None
    return 0 if answered else 1


def _run(
    desk: Desk, source: SourceAnswers, runner: RunnerAnswers, channel: ChannelAnswers, page: PageAnswers
) -> bool:
    click.echo(HELLO)
    click.secho("\n1. Your runs", bold=True)
    sources = connect(desk, source)
    if sources:
        read_newest(desk, sources)
    else:
        source = replace(source, export=asked_export(source) if _is_new(desk) else source.export)
    click.secho("\n2. You and your knee", bold=True)
    ask_about_runner(desk, runner)
    if not sources:
        read_files(desk, source)
    ask_about_knee(desk, runner)
    ask_strength_days(desk, runner)
    click.secho("\n3. Messages", bold=True)
    answered = set_up_channel(desk, channel)
    click.secho("\n4. The page", bold=True)
    set_up_page(desk, page)
    tell_summary(desk)
    return answered


def _is_new(desk: Desk) -> bool:
    """Whether the questions about the runner are still to come, so that this is no second run."""
    return not desk.is_set("birth_year")


def _part[T](kind: type[T], said: dict[str, Any]) -> T:
    """The options that belong to one part of the questions."""
    from dataclasses import fields

    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in said.items() if name in names})
