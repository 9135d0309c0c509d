"""Every option of the configuration, declared once: type, default, sentence, example.

`config.example.toml`, `niggled config show` and the checks all come from this table. `*` in a key stands for a name the
runner chooses. The thresholds under `[policy]` are declared in `rules.policy` in the same spirit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from daemon.config_page import LISTEN

type Kind = Literal[
    "text",
    "integer",
    "choice",
    "choices",
    "secret",
    "path",
    "zone",
    "date",
    "time",
    "address",
    "server",
    "listen",
]

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

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def table(self) -> str:
        return self.key.rpartition(".")[0]


def _pace(source: str, slowest: str = "") -> tuple[Option, ...]:
    """What every live source may be told."""
    table = f"athletes.*.sources.{source}"
    return (
        Option(
            f"{table}.every_min", "integer", 15, f"Minutes between two looks.{slowest}", "15", lowest=5, highest=1440
        ),
        Option(
            f"{table}.keep_days", "integer", 7,
            "Days for which the service's own answers are kept, without places. What we made of them stays.", "7",
            lowest=0, highest=7,
        ),
        Option(
            f"{table}.base_url", "address", None, "Where the service answers, should that change.",
            '"https://localhost:8443"', if_unset="the service's own address",
        ),
    )  # fmt: skip


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
        "athletes.*.passcode", "secret", None,
        "What opens this runner's page, at least six characters; or a reference to it.",
        '{ credential = "passcode" }', if_unset="none, which only a page for this machine alone may do without",
    ),
    Option(
        "athletes.*.sources.files.folder", "path", None, "The inbox: files that appear here are imported.",
        '"~/niggled-inbox"', if_unset="the folder inbox/NAME beside the data",
    ),
    Option(
        "athletes.*.sources.strava.client_id", "text", None, "The number of your API application at Strava.", '"12345"',
        if_unset="the one given to `niggled login strava`",
    ),
    Option(
        "athletes.*.sources.strava.client_secret", "secret", None, "Its client secret, or a reference to it.",
        '{ credential = "strava-secret" }', if_unset="the one given to `niggled login strava`",
    ),
    *_pace("strava"),
    Option(
        "athletes.*.sources.garmin.door", "choice", None,
        "By Garmin's key for your own data (personal), or by mail and password (login).",
        '"personal"', if_unset="the one of the last `niggled login garmin`", choices=("personal", "login"),
    ),
    Option(
        "athletes.*.sources.garmin.key", "secret", None, "The key of the personal way, or a reference to it.",
        '{ credential = "garmin-key" }', if_unset="the one given to `niggled login garmin`",
    ),
    Option(
        "athletes.*.sources.garmin.key_ends", "date", None, "The day on which that key ends; Garmin does not tell us.",
        '"2027-06-30"', if_unset="the day given to `niggled login garmin`",
    ),
    *_pace("garmin", " By login at least 15."),
    Option(
        "athletes.*.channels.*.kind", "choice", "apprise",
        "What this channel is. Only ntfy, telegram and email bring answers back.", '"ntfy"',
        choices=("apprise", "ntfy", "telegram", "email"),
    ),
    Option(
        "athletes.*.channels.*.sends", "choices", SENDS, "What this channel is for.",
        '["warning", "prompt", "reminder", "digest", "operations"]', choices=SENDS,
    ),
    Option(
        "athletes.*.channels.*.fallback", "text", None, "The channel that takes over where this one fails.", '"mail"',
        if_unset="none",
    ),
    Option(
        "athletes.*.channels.*.url", "secret", None,
        "Its URL (pover://, signal:// and a hundred more), or a reference to one.",
        '{ credential = "phone-url" }',
    ),
    Option(
        "athletes.*.channels.*.topic", "secret", None,
        "Where messages go. On a public server the name of a topic is its password.",
        '{ credential = "ntfy-topic" }',
    ),
    Option(
        "athletes.*.channels.*.reply_topic", "secret", None,
        "Where the phone puts the answers; another secret name, of 22 letters or more.",
        '{ credential = "ntfy-reply-topic" }', if_unset="one-way, without buttons",
    ),
    Option(
        "athletes.*.channels.*.server", "server", None, "The server, where it is not the usual one.",
        '"https://ntfy.example.org"', if_unset="https://ntfy.sh, or Telegram's own",
    ),
    Option(
        "athletes.*.channels.*.phone_server", "server", None,
        "The server as the phone reaches it, where that is another address.", '"https://ntfy.example.org"',
        if_unset="server",
    ),
    Option(
        "athletes.*.channels.*.token", "secret", None,
        "An access token of the server (tk_…), or the bot's token from @BotFather.",
        '{ credential = "phone-token" }', if_unset="no login",
    ),
    Option(
        "athletes.*.channels.*.reply_token", "secret", None,
        "A token that may only write to reply_topic; it travels to the phone.",
        '{ credential = "ntfy-reply-token" }', if_unset="posting an answer needs no login",
    ),
    Option(
        "athletes.*.channels.*.chat", "integer", None, "The number of your chat with the bot.", "123456789",
        if_unset="the one found by `niggled login telegram`", lowest=1, highest=2**53,
    ),
    Option("athletes.*.channels.*.to", "text", None, "Your address.", '"runner@example.org"'),
    Option("athletes.*.channels.*.from", "text", None, "The address it comes from.", '"niggled@example.org"'),
    Option(
        "athletes.*.channels.*.smtp", "secret", None,
        "How mail goes out, smtps:// or smtp:// (STARTTLS) with user and password.",
        '{ credential = "smtp-url" }',
    ),
    Option(
        "athletes.*.channels.*.imap", "secret", None,
        "Where your answers arrive, imaps:// or imap:// (STARTTLS) with user and password.",
        '{ credential = "imap-url" }', if_unset="one-way",
    ),
    Option(
        "athletes.*.channels.*.ca_file", "path", None, "The certificate of a server that signs its own.",
        '"/etc/niggled/mail-ca.pem"', if_unset="the machine's certificates",
    ),
    Option(
        "athletes.*.channels.*.plus_address", "choice", "on",
        "Whether niggled+something@ reaches from, too.", '"on"', choices=("on", "off"),
    ),
    Option("page.on", "choice", "on", "Whether there is a page to look at and to answer on.", '"on"', choices=("on", "off")),
    Option(
        "page.listen", "listen", LISTEN,
        "Where it listens. 127.0.0.1 is this machine alone; 0.0.0.0 lets the home network in.", '"127.0.0.1:8642"',
    ),
    Option(
        "page.address", "server", None, "How your phone reaches it; links in messages begin so (docs/page.md).",
        '"https://niggled.example.org"', if_unset="as listen says; no links where that is this machine alone",
    ),
    Option(
        "page.behind_proxy", "choice", "off", "Whether a proxy on this machine (Caddy, Tailscale) stands before it.",
        '"off"', choices=("on", "off"),
    ),
    Option(
        "store.url", "secret", None, "An SQLAlchemy URL: sqlite:///… or postgresql://…, or a reference to one.",
        '"postgresql://niggled@/niggled"', if_unset="an SQLite file beside the data",
    ),
    Option(
        "backup.daily", "choice", None, "Whether the daemon makes a backup every day.", '"on"',
        if_unset="on; off where the data lives in PostgreSQL", choices=("on", "off"),
    ),
    Option(
        "backup.folder", "path", None, "Where the daily backups go; another disk is better.", '"/mnt/nas/niggled"',
        if_unset="the folder backups beside the data",
    ),
    Option("backup.at", "time", "03:30", "When, in the local time of this machine; missed, it is made up for.", '"03:30"'),
    Option("backup.keep_days", "integer", 7, "So many of the last days are kept,", "7", lowest=1, highest=366),
    Option("backup.keep_weeks", "integer", 4, "and of so many weeks before them one each.", "4", highest=520),
    Option(
        "service.tick_s", "integer", 60, "Seconds between two looks at what is due.", "60", lowest=1, highest=3600
    ),
    Option(
        "service.ping_url", "secret", None,
        "A dead-man switch (Healthchecks, Uptime Kuma …) that raises the alarm when niggled falls silent.",
        '{ credential = "ping-url" }', if_unset="no life signs",
    ),
)  # fmt: skip

TABLE_SENTENCES = {
    "athletes.*": "One table for each runner of the household. Without any there is one, called me.",
    "athletes.*.sources.files": "Files: FIT, GPX, TCX (also .gz), Strava and Garmin exports. Needs no account.",
    "athletes.*.sources.strava": "Strava, live. `niggled login strava` asks for what is missing here.",
    "athletes.*.sources.garmin": "Garmin, live. `niggled login garmin` asks for what is missing here.",
    "athletes.*.channels.*": "Where messages go; as many channels as you like, each with a name of its own. One of each kind:",
    "page": "The phone page (docs/page.md).",
    "store": "Where the data lives.",
    "backup": "The daily backup: one file a day, without keys and without this configuration (docs/backup.md).",
    "service": "The running daemon.",
}
