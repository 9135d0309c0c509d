"""`niggled`: finds the verb, runs it, and turns failures into one clear line and an exit code.

Exit codes: 0 ok, 1 problem, 2 usage, 78 configuration.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

import click

VERBS = {
    "demo": (
        "daemon.cli.demo",
        "A season of a made-up runner through the whole pipeline; no account, no config.",
    ),
    "setup": (
        "daemon.cli.setup",
        "From nothing to the first status: source, knee, messages; each tried at once.",
    ),
    "run": ("daemon.cli.run", "The daemon, in the foreground."),
    "login": ("daemon.cli.login", "Connect Strava or Garmin, or connect it again."),
    "logout": ("daemon.cli.logout", "Disconnect Strava or Garmin; what was read stays."),
    "sync": ("daemon.cli.sync", "One look at Strava, Garmin or the inbox now."),
    "import": ("daemon.cli.import_files", "Read files, folders and exports now."),
    "status": ("daemon.cli.status", "Colour, budget, week, sources, and what is due next."),
    "pain": ("daemon.cli.pain", 'Tell how the knee is: 4, none, "left 5 right 2", "3 y", cleared, …'),
    "strength": ("daemon.cli.strength", "Today's exercises, the plan, and telling that a session is done."),
    "check": ("daemon.cli.check", "What if I ran this next?"),
    "pause": ("daemon.cli.pause", "No messages for a while."),
    "resume": ("daemon.cli.resume", "End a pause."),
    "activities": ("daemon.cli.activities", "List, show, split, exclude activities; mend their sport."),
    "replay": ("daemon.cli.replay", "What it would have said about the past; nothing is sent or stored."),
    "explain": ("daemon.cli.explain", "The numbers, the rule, the setting and the paper behind a message."),
    "doctor": ("daemon.cli.doctor", "Every part looked at: ✔ ! ✘, and the cure."),
    "test-alert": ("daemon.cli.test_alert", "Send a test message through each channel."),
    "backup": ("daemon.cli.backup", "Everything it knows in one file, also while the daemon runs."),
    "restore": ("daemon.cli.restore", "Put a backup in the place of the data; what was there is kept."),
    "export": ("daemon.cli.export", "Everything as JSON Lines and CSV, and a page for a physio."),
    "forget": ("daemon.cli.forget", "Delete the data of everybody, or of one athlete, for good."),
    "config": ("daemon.cli.config", "Check, show, or print an example configuration."),
    "health": ("daemon.cli.health", ""),
    "deliver": ("daemon.cli.deliver", ""),
    "arrivals": ("daemon.cli.arrivals", ""),
    "assess": ("daemon.cli.assess", ""),
    "hear": ("daemon.cli.hear", ""),
    "page": ("daemon.cli.page", ""),
}
HIDDEN = {"health", "deliver", "arrivals", "assess", "hear", "page"}
"""What a container asks, and what the daemon calls in its children."""
CONFIGURATION_ERROR = 78


class Verbs(click.Group):
    """Loads a verb's module only when that verb is called: `status` must not pay for `import`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb for verb in VERBS if verb not in HIDDEN]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(VERBS[cmd_name][0]).command
        # What is loaded stays to the end: no collection needs to look through it.
        gc.freeze()
        gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb][1]) for verb in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader (`| head`) has left and misses nothing; Python would complain again when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean {near[0]}?" if near else " `niggled --help` lists the verbs."
            ctx.fail(f"there is no verb {args[0]}.{hint}")
        return super().resolve_command(ctx, args)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="niggled", message="niggled %(version)s")
@click.pass_context
def niggled(context: click.Context) -> None:
    """Watches your running load and asks your knee, so that a niggle stays a niggle."""
    if os.environ.get("NO_COLOR"):
        context.color = False


def main() -> None:
    """The installed command."""
    # Loading makes many objects and hardly any garbage; the collector comes back with the verb.
    gc.disable()
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    from daemon.config import ConfigError
    from daemon.credentials import SecretError

    try:
        result = niggled.main(args=arguments, prog_name="niggled", standalone_mode=False)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        return CONFIGURATION_ERROR
    except SecretError as error:
        click.echo(f"configuration: {error}", err=True)
        return CONFIGURATION_ERROR
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if (told := _known_failure(error)) is None:
            raise
        click.echo(told, err=True)
        return 1
    return result if isinstance(result, int) else 0


def _known_failure(error: Exception) -> str | None:
    """The sentence for failures that carry their own cure; `None` for a bug, which keeps its traceback."""
    from connectors.errors import ConnectorError
    from daemon.cli.failures import failure_sentence

    if isinstance(error, ConnectorError):
        return failure_sentence(error)
    if type(error).__name__ in {"StoreError", "AlreadyRunningError"}:
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}. Check the path, its rights and the disk."
    return None


if __name__ == "__main__":
    main()
