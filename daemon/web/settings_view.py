"""What the settings page shows: sources, channels, a pause, quiet hours, and what only the configuration can change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version

from markupsafe import Markup

from daemon.channels import hears
from daemon.cli.channel_lines import strangers_words, undelivered_line, unheard_words
from daemon.cli.source_lines import key_words, sentence, source_affairs, source_words, when
from daemon.config import AthleteConfig, Config
from daemon.config_channels import ChannelConfig
from daemon.config_sources import GARMIN
from daemon.connections import TITLES, garmin_door_in_use
from daemon.jobs.adapt import adapted_since
from daemon.jobs.deliver import NIGHT
from daemon.store.answers import load_pauses
from daemon.store.conversation import Hearing, hearings
from daemon.store.engine import Session
from daemon.store.outbox import Delivery, DeliveryState, last_sent, list_deliveries
from daemon.store.preferences import mutes, quiet_hours
from daemon.store.sources import AsideRecord, list_set_aside
from daemon.web.coded import coded
from daemon.web.visit import Visit
from rules.adaptation import adapted_sentence
from rules.facts import Pause, Runner, Side
from rules.phrases import capital, count, listing
from rules.policy import Policy

NEWS_LASTS = timedelta(days=14)
SOON = "It is asked again within a minute."
GOOD, LOOK, NEEDED = "✔", "!", "✘"
TONES = {GOOD: "good", LOOK: "sore", NEEDED: "bad"}
KINDS = {"apprise": "One-way", "ntfy": "ntfy", "telegram": "Telegram", "email": "Mail"}
SENDS = {
    "warning": "warnings",
    "prompt": "questions",
    "reminder": "strength reminders",
    "digest": "the weekly digest",
    "operations": "word about niggled itself",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence; `mark` is ✔, ! or ✘, or empty where nothing is to be marked."""

    mark: str
    text: str

    @property
    def tone(self) -> str:
        return TONES.get(self.mark, "quiet")

    @property
    def html(self) -> Markup:
        return coded(self.text)


@dataclass(frozen=True, slots=True)
class Part:
    """A source or a channel: what it is called, what it is, how it is doing."""

    title: str
    about: str
    lines: tuple[Line, ...]

    @property
    def needs_you(self) -> bool:
        return any(line.mark == NEEDED for line in self.lines)


@dataclass(frozen=True, slots=True)
class Quiet:
    """The quiet hours in force, and the configuration's. `here`: they were set on this page."""

    begins: str
    ends: str
    configured: str
    here: bool

    @property
    def none(self) -> bool:
        return self.begins == self.ends


@dataclass(frozen=True, slots=True)
class KeyForm:
    """Where a new key for Garmin is pasted. `by_login`: Garmin is read by mail and password now; `asks_end` is off where the
    configuration says when the key ends; `urgent`: without a new key nothing more comes in."""

    connected: bool
    by_login: bool
    asks_end: bool
    urgent: bool


@dataclass(frozen=True, slots=True)
class SettingsView:
    """Everything on the page. `paused` is empty while nothing is paused; `key_form` None where a key is of no use."""

    paused: str
    quiet: Quiet
    sources: tuple[Part, ...]
    channels: tuple[Part, ...]
    key_form: KeyForm | None
    muted: str
    adapted: str
    fixed: tuple[tuple[str, str], ...]
    config_name: str
    version: str

    @property
    def needs_you(self) -> str:
        """ "Garmin needs you"; empty where nothing does."""
        names = [part.title for part in (*self.sources, *self.channels) if part.needs_you]
        return f"{listing(names)} {'needs' if len(names) == 1 else 'need'} you" if names else ""

    @property
    def trouble_at(self) -> str:
        """The section in which the first of that is."""
        return "sources" if any(part.needs_you for part in self.sources) else "channels"


def settings_view(visit: Visit) -> SettingsView:
    """Read what the page shows. Raises StoreError."""
    athlete, config, now = visit.athlete, visit.house.config, visit.now
    with visit.house.store.reading() as session:
        sources, urgent = _sources(session, athlete, config, now)
        silenced = len(mutes(session, athlete.name, now))
        return SettingsView(
            paused=pause_words(session, athlete, now),
            quiet=_quiet(session, athlete),
            sources=sources,
            channels=tuple(_channels(session, athlete, now)),
            key_form=_key_form(athlete, config, sources, urgent=urgent),
            muted="" if not silenced else _muted(silenced),
            adapted=_adapted(session, athlete, now),
            fixed=_fixed(athlete.runner, athlete.policy),
            config_name=config.path.name if config.path is not None else "",
            version=_version(),
        )


def pause_words(session: Session, athlete: AthleteConfig, now: datetime) -> str:
    """ "Paused until Thursday 18:00."; empty while nothing is paused."""
    standing = [
        pause
        for pause in load_pauses(session, athlete.name)
        if pause.start <= now and (pause.until is None or now < pause.until)
    ]
    if not standing:
        return ""
    until = _last(standing)
    return (
        "Paused until you resume." if until is None else f"Paused until {when(until, athlete.runner, now)}."
    )


def _last(pauses: Sequence[Pause]) -> datetime | None:
    ends = [pause.until for pause in pauses]
    return None if None in ends else max(end for end in ends if end is not None)


def _quiet(session: Session, athlete: AthleteConfig) -> Quiet:
    chosen, configured = quiet_hours(session, athlete.name), athlete.policy.msg.quiet
    begins, ends = (chosen or configured).split("-")
    return Quiet(begins, ends, configured.replace("-", "–"), here=chosen is not None)


def _sources(
    session: Session, athlete: AthleteConfig, config: Config, now: datetime
) -> tuple[tuple[Part, ...], bool]:
    """Every live source, and whether Garmin waits for a key."""
    aside: dict[str, list[AsideRecord]] = {}
    for record in list_set_aside(session, athlete.name):
        if now - record.last_seen_at <= NEWS_LASTS:
            aside.setdefault(record.source, []).append(record)
    parts, urgent = [], False
    for one in source_affairs(session, athlete, config.home, now):
        words, key = source_words(one, athlete.runner, now), key_words(one, athlete.runner, now)
        mark, about_to_be_asked = words.mark or GOOD, words.mark == NEEDED and one.state.due_at <= now
        lines = [Line(LOOK if about_to_be_asked else mark, capital(words.text))]
        if about_to_be_asked:
            lines.append(Line("", SOON))
        if key is not None:
            lines.append(Line(key.mark, f"The key {key.text}".replace("The key it was", "The key was")))
        lines += _aside(aside.pop(one.state.source, []))
        if one.state.source == GARMIN:
            urgent = lines[0].mark == NEEDED or (key is not None and bool(key.mark))
        parts.append(Part(words.title, "", tuple(lines)))
    rest = [record for records in aside.values() for record in records]
    if rest:
        parts.append(Part("Files", "", tuple(_aside(rest))))
    return tuple(parts), urgent


def _aside(records: Sequence[AsideRecord]) -> Iterator[Line]:
    if records:
        latest = max(records, key=lambda one: one.last_seen_at)
        number = capital(count(len(records)))
        yield Line(
            LOOK, f"{number} could not be read; the latest is {latest.origin}: {sentence(latest.reason)}"
        )


def _channels(session: Session, athlete: AthleteConfig, now: datetime) -> Iterator[Part]:
    heard = {one.channel: one for one in hearings(session, athlete.name)}
    sent = last_sent(session, athlete.name)
    retried = list_deliveries(session, athlete.name, [DeliveryState.RETRY])
    failed = list_deliveries(session, athlete.name, [DeliveryState.FAILED], since=now - NEWS_LASTS)
    for channel in athlete.channels:
        lines = [
            *_sending(
                sent.get(channel.name),
                [one for one in retried if one.channel == channel.name],
                [one for one in failed if one.channel == channel.name],
                athlete.runner,
                now,
            ),
            *_hearing(channel, heard.get(channel.name), athlete.runner, now),
            *_fallbacks(channel, athlete.channels),
        ]
        words = listing([SENDS[word] for word in channel.sends])
        yield Part(channel.name, f"{KINDS[channel.kind]}: {words}", tuple(lines))


def _sending(
    last: datetime | None, retried: list[Delivery], failed: list[Delivery], runner: Runner, now: datetime
) -> Iterator[Line]:
    """How messages get out: what waits because it did not, what was given up since, else when the last one did."""
    reasons = [reason for one in retried for reason in one.reasons if reason.text != NIGHT]
    if reasons:
        since = when(min(reason.at for reason in reasons), runner, now)
        again = when(min(one.due_at for one in retried), runner, now)
        why = sentence(max(reasons, key=lambda reason: reason.at).text)
        yield Line(NEEDED, f"Nothing gets through since {since}. {why} Next try {again}.")
    elif failed and (last is None or (failed[-1].reasons and failed[-1].reasons[-1].at > last)):
        yield _marked(undelivered_line(failed[-1]))
    elif last is None:
        yield Line("", "Nothing was sent yet.")
    else:
        yield Line(GOOD, f"Last message: {when(last, runner, now)}.")


def _hearing(
    channel: ChannelConfig, hearing: Hearing | None, runner: Runner, now: datetime
) -> Iterator[Line]:
    if not hears(channel):
        yield Line("", "It brings no answers back; give them on this page.")
    elif hearing is None:
        yield Line("", "Answers were not listened for yet.")
    elif unheard := unheard_words(hearing, runner, now):
        yield Line(NEEDED, f"Answers {unheard}")
    else:
        yield Line(GOOD, "Answers are read.")
    if hearing is not None and (strangers := strangers_words(hearing)):
        yield Line(LOOK, f"{strangers}.")


def _fallbacks(channel: ChannelConfig, channels: Iterable[ChannelConfig]) -> Iterator[Line]:
    if channel.fallback:
        yield Line("", f"Where it fails, {channel.fallback} takes over.")
    helped = [one.name for one in channels if one.fallback == channel.name]
    if helped:
        yield Line("", f"It takes over where {listing(helped)} fails.")


def _marked(line: str) -> Line:
    mark, _, text = line.partition(" ")
    return Line(mark, capital(text))


def _key_form(
    athlete: AthleteConfig, config: Config, sources: Sequence[Part], *, urgent: bool
) -> KeyForm | None:
    settings = athlete.sources[GARMIN]
    if settings.door == "login":
        return None
    connected = any(part.title == TITLES[GARMIN] for part in sources)
    by_login = connected and garmin_door_in_use(athlete, config.home) == "login"
    return KeyForm(connected, by_login, asks_end=settings.key_ends is None, urgent=urgent)


def _muted(number: int) -> str:
    return (
        "One kind of message is muted."
        if number == 1
        else f"{capital(count(number))} kinds of messages are muted."
    )


def _adapted(session: Session, athlete: AthleteConfig, now: datetime) -> str:
    since = adapted_since(session, athlete.name, now)
    return "" if since is None else adapted_sentence(since, athlete.runner, now)


def _fixed(runner: Runner, policy: Policy) -> tuple[tuple[str, str], ...]:
    """What only the configuration changes, as far as a runner may look for it here."""
    strength = policy.strength
    times = f"{strength.per_week} a week" if strength.per_week else "off"
    days = f", best {listing(strength.days)}" if strength.per_week and strength.days else ""
    return (
        ("Time zone", runner.timezone.replace("_", " ")),
        ("Units", "miles" if runner.miles else "kilometres"),
        ("Usual knee", "left" if runner.default_side is Side.LEFT else "right"),
        ("Strength", f"{times}{days}"),
        ("Morning question", policy.prompt.morning),
    )


@cache
def _version() -> str:
    return version("niggled")
