"""`config.example.toml` and the options table of the docs, made from the declarations so that they cannot drift."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.config_channels import ALLOWED, APPRISE, COMMON, EMAIL, NEEDED, NTFY, TELEGRAM
from daemon.options import OPTIONS, TABLE_SENTENCES, Option
from rules.policy import settings

HEAD = """\
# niggled - every option with its default. Everything here is optional: without a configuration there is one
# athlete, `me`, in this machine's time zone, and an inbox folder beside the data.
# `niggled config check` reads your file and tells everything that is wrong with it at once.
#
# A secret is a reference rather than a value:
#   { credential = "name" }   systemd's LoadCredential, or the file named by NIGGLED_NAME_FILE
#   { env = "NAME" }   { file = "/path" }   { command = ["pass", "show", "name"] }
"""


CHANNELS = "athletes.*.channels.*"
CHANNEL_EXAMPLES = {
    NTFY: ("phone", "Buttons on the lock screen; the answers come back. In the ntfy app subscribe to topic."),
    TELEGRAM: (
        "chat",
        "Buttons 0 to 10 in a chat with a bot of your own; `niggled login telegram` finds the chat.",
    ),
    EMAIL: ("mail", "Mail out, and your replies back in; the weekly digest with its picture."),
    APPRISE: ("other", "A hundred services, one-way."),
}
"""By kind: the name of its example, and what it is good for."""


LEFT_OUT = {TELEGRAM: frozenset({"server"})}
"""What hardly anybody needs: a Bot API server of one's own."""


def example() -> str:
    """The whole example file as text; every line is a comment, so that it changes nothing until it is edited."""
    return "\n".join([HEAD, *_option_lines(), *_policy_lines()]).rstrip() + "\n"


def _option_lines() -> Iterator[str]:
    for table in dict.fromkeys(option.table for option in OPTIONS):
        if table == CHANNELS:
            yield from _channel_lines()
            continue
        yield f"# {TABLE_SENTENCES[table]}"
        yield f"# [{table.replace('athletes.*', 'athletes.me')}]"
        for option in OPTIONS:
            if option.table == table:
                yield _line(f"{option.name} = {option.example}", f"{option.sentence}{_unset(option)}", 44)
        yield ""


def _channel_lines() -> Iterator[str]:
    """A channel of each kind, with the options that mean something to it; what all share stands with the first."""
    options = {option.name: option for option in OPTIONS if option.table == CHANNELS}
    yield f"# {TABLE_SENTENCES[CHANNELS]}"
    shared = COMMON - {"kind"}
    for kind, (name, sentence) in CHANNEL_EXAMPLES.items():
        yield f"# [athletes.me.channels.{name}]"
        yield _line(f'kind = "{kind}"', sentence, 44)
        for option in options.values():
            if option.name in (ALLOWED[kind] | shared) - LEFT_OUT.get(kind, frozenset()):
                needed = " Required." if option.name in NEEDED[kind] else _unset(option)
                yield _line(f"{option.name} = {option.example}", f"{option.sentence}{needed}", 44)
        shared = frozenset()
        yield ""


def _unset(option: Option) -> str:
    if option.if_unset:
        return f" Unset: {option.if_unset}."
    if option.choices and option.kind == "choice":
        return f" One of {', '.join(option.choices)}."
    return ""


def _policy_lines() -> Iterator[str]:
    yield "# Thresholds. For everybody under [policy.…], for one athlete under [athletes.NAME.policy.…]."
    yield "# Change one only if you know why: the numbers come from the research named beside them."
    group = ""
    for setting in settings():
        table, _, name = setting.name.rpartition(".")
        if table != group:
            yield f"\n# [policy.{table}]"
            group = table
        unit = f" ({setting.unit})" if setting.unit else ""
        yield _line(
            f"{name} = {toml_value(setting.default)}", f"{setting.sentence}{unit} [{setting.source}]", 30
        )


def _line(assignment: str, sentence: str, width: int) -> str:
    """An option and its sentence on one line, or the sentence above where they do not fit beside each other."""
    if len(assignment) < width:
        return f"# {assignment:<{width}}# {sentence}"
    return f"# # {sentence}\n# {assignment}"


def toml_value(value: object) -> str:
    """A policy value as TOML writes it; TOML has no word for a value that is not set."""
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
