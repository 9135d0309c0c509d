"""Every option of the configuration, declared once: type, default, sentence, example.

`config.example.toml`, `niggled config show` and the checks all come from this table. `*` in a key stands for a name the
runner chooses. The thresholds under `[policy]` are declared in `rules.policy` in the same spirit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

type Kind = Literal["text", "integer", "choice", "choices", "secret", "path", "zone"]

SENDS = ("warning", "prompt", "reminder", "digest", "operations")


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `default` None: nothing is set and `if_unset` says what then holds."""

    key: str
    kind: Kind
    default: str | int | tuple[str, ...] | None
    sentence: str
    example: str
    if_unset: str = ""
    choices: tuple[str, ...] = ()
    lowest: int = 0
    highest: int = 0
    required: bool = False

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def table(self) -> str:
        return self.key.rpartition(".")[0]


OPTIONS: tuple[Option, ...] = (
    Option(
        "athletes.*.timezone", "zone", None, "IANA time zone: days, weeks, quiet hours.", '"Europe/Berlin"',
        if_unset="the zone of this machine",
    ),
    Option(
        "athletes.*.birth_year", "integer", None, "For an estimate of the maximum heart rate.", "1984",
        if_unset="heart rate does not count as intensity", lowest=1900, highest=2020,
    ),
    Option(
        "athletes.*.knee", "choice", "right", "The knee that is meant when a reply names no side.", '"right"',
        choices=("left", "right"),
    ),
    Option("athletes.*.units", "choice", "km", "Kilometres or miles in messages.", '"km"', choices=("km", "miles")),
    Option(
        "athletes.*.sources.files.folder", "path", None, "The inbox: files that appear here are imported.",
        '"~/niggled-inbox"', if_unset="the folder inbox/NAME beside the data",
    ),
    Option(
        "athletes.*.channels.*.kind", "choice", "apprise", "How this channel is spoken to.", '"apprise"',
        choices=("apprise",),
    ),
    Option(
        "athletes.*.channels.*.url", "secret", None,
        "An Apprise URL (ntfy://, mailtos://, tgram:// and a hundred more), or a reference to one.",
        '{ credential = "phone-url" }', required=True,
    ),
    Option(
        "athletes.*.channels.*.sends", "choices", SENDS, "What this channel is for.",
        '["warning", "prompt", "reminder", "digest", "operations"]', choices=SENDS,
    ),
    Option(
        "store.url", "secret", None, "An SQLAlchemy URL: sqlite:///… or postgresql://…, or a reference to one.",
        '"postgresql://niggled@/niggled"', if_unset="an SQLite file beside the data",
    ),
    Option(
        "service.tick_s", "integer", 60, "Seconds between two looks at what is due.", "60", lowest=1, highest=3600
    ),
)  # fmt: skip

TABLE_SENTENCES = {
    "athletes.*": "One table for each runner of the household. Without any there is one, called me.",
    "athletes.*.sources.files": "Files: FIT, GPX, TCX (also .gz), Strava and Garmin exports. Needs no account.",
    "athletes.*.channels.*": "Where messages go; as many channels as you like, each with a name of its own.",
    "store": "Where the data lives.",
    "service": "The running daemon.",
}
