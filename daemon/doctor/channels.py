"""Each channel: settings that can work, messages that get out, answers that come in; on request a message through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from connectors.errors import Broken, ConnectorError, NeedsLogin
from daemon.channels import check_channel, hears, open_channel
from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.credentials import Secret, SecretError
from daemon.doctor.configuration import only_service_has
from daemon.doctor.unit import Unit
from daemon.doctor.verdict import Verdict, as_sentence, bad, counted, good, warning, when
from daemon.store.conversation import Hearing
from daemon.store.outbox import Delivery
from daemon.trial_message import trial_message

STRANGERS_LATELY = timedelta(days=14)


def settings_verdicts(
    athlete: AthleteConfig, home: Path, now: Callable[[], datetime], unit: Unit | None
) -> Iterator[Verdict]:
    """Whether every channel's settings can work; nothing is sent."""
    if not athlete.channels:
        yield warning(
            "channel",
            "There is no channel: warnings reach nobody.",
            f"Choose one: `niggled setup --athlete {athlete.name}`.",
            athlete.name,
        )
    for channel in athlete.channels:
        yield _settings(athlete, channel, home, now, unit)


def hearing_verdicts(
    athlete: AthleteConfig, hearings: dict[str, Hearing], unheard: str, now: datetime
) -> Iterator[Verdict]:
    """Whether answers can be read, and who else writes. `unheard` is said of a channel that was never listened to."""
    zone = athlete.runner.timezone
    for channel in filter(hears, athlete.channels):
        check, hearing = f"answers {channel.name}", hearings.get(channel.name)
        if hearing is None:
            yield good(check, f"{channel.name}: {unheard}", athlete.name)
        elif hearing.failing_since is not None:
            since = when(hearing.failing_since, now, zone)
            failure = as_sentence(hearing.failure or "The log says why.")
            yield bad(
                check,
                f"{channel.name}: answers cannot be read since {since}. {failure}",
                f"See `niggled doctor --send`, and what {channel.kind} needs in docs/channels.md.",
                athlete.name,
            )
        elif hearing.last_stranger_at is not None and now - hearing.last_stranger_at < STRANGERS_LATELY:
            yield warning(
                check,
                f"{channel.name}: answers are read; {counted(hearing.strangers, 'message')} of strangers ignored, "
                f"the last {when(hearing.last_stranger_at, now, zone)}.",
                "If they go on, choose a new topic, bot or address.",
                athlete.name,
            )
        else:
            yield good(check, f"{channel.name}: answers are read.", athlete.name)


def delivery_verdicts(
    athlete: AthleteConfig,
    waiting: list[Delivery],
    failed: list[Delivery],
    now: datetime,
    patience: timedelta,
) -> Iterator[Verdict]:
    """What waits for longer than `patience`, and what was given up lately. Titles and texts are not told."""
    name, zone = athlete.name, athlete.runner.timezone
    late = [one for one in waiting if one.message.due_at < now - patience]
    if late:
        oldest = min(late, key=lambda one: one.message.due_at)
        reason = f" {as_sentence(oldest.reasons[-1].text)}" if oldest.reasons else ""
        yield bad(
            "outbox",
            f"{counted(len(late), 'message')} overdue, the oldest for {oldest.channel} "
            f"since {when(oldest.message.due_at, now, zone)}.{reason}",
            "See whether the daemon runs; `niggled doctor --send` tries the channel.",
            name,
        )
    if failed:
        latest = failed[-1]
        reason = as_sentence(latest.reasons[-1].text) if latest.reasons else "No reason was given."
        yield warning(
            "outbox",
            f"{counted(len(failed), 'message')} given up in the last 14 days, the latest for {latest.channel}. {reason}",
            f"`niggled test-alert {latest.channel}` shows whether it works now.",
            name,
        )
    if not late and not failed:
        waits = "nothing waits" if not waiting else f"{counted(len(waiting), 'message')} for later"
        yield good("outbox", f"Outbox: {waits}.", name)


def sent_verdicts(athlete: AthleteConfig, home: Path, now: Callable[[], datetime]) -> Iterator[Verdict]:
    """A test message through each channel, and who took it."""
    for channel in athlete.channels:
        check = f"sent {channel.name}"
        try:
            receipt = open_channel(athlete, channel, home, now).send(trial_message(now()))
        except NeedsLogin as error:
            yield bad(
                check, f"{channel.name}: {as_sentence(str(error))}", as_sentence(error.cure), athlete.name
            )
        except (ConnectorError, SecretError) as error:
            yield bad(check, _named(channel, str(error)), "Mend that, then send again.", athlete.name)
        else:
            took = f"{receipt.service} took it in {receipt.elapsed_s:.1f} s"
            yield good(check, f"{channel.name}: {took}.", athlete.name)


def _settings(
    athlete: AthleteConfig, channel: ChannelConfig, home: Path, now: Callable[[], datetime], unit: Unit | None
) -> Verdict:
    check = f"channel {channel.name}"
    try:
        open_channel(athlete, channel, home, now)
        check_channel(athlete, channel, home, now)
    except NeedsLogin as error:
        return bad(
            check,
            f"{channel.name}: no chat is paired with the bot yet.",
            as_sentence(error.cure),
            athlete.name,
        )
    except Broken as error:
        return bad(check, _named(channel, str(error)), "Mend the settings of the channel.", athlete.name)
    except SecretError as error:
        if any(only_service_has(secret, unit) for secret in _secrets(channel)):
            return good(
                check, f"{channel.name} ({channel.kind}): its secret is with the service only.", athlete.name
            )
        return bad(
            check, _named(channel, str(error)), "Mend the reference, or what it points to.", athlete.name
        )
    back = "both ways" if hears(channel) else "out only"
    return good(check, f"{channel.name} ({channel.kind}, {back}): its settings make sense.", athlete.name)


def _secrets(channel: ChannelConfig) -> tuple[Secret | None, ...]:
    return (
        channel.url,
        channel.topic,
        channel.reply_topic,
        channel.token,
        channel.reply_token,
        channel.smtp,
        channel.imap,
    )


def _named(channel: ChannelConfig, words: str) -> str:
    words = as_sentence(words)
    return words if words.startswith(channel.name) else f"{channel.name}: {words}"
