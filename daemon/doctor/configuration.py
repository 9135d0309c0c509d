"""The configuration: who may read the file, whether references lead somewhere, whether the zone is known."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.errors import Broken
from daemon.config import AthleteConfig, Config
from daemon.credentials import Secret, SecretError
from daemon.doctor.unit import Unit
from daemon.doctor.verdict import Verdict, bad, good, warning

CONFIGURATION = "configuration"
SECRET = "secret"  # noqa: S105  the name of a check


def file_verdicts(config: Config, own_group: int) -> Iterator[Verdict]:
    """The file and its mode. `own_group` is the group of whoever asks."""
    if config.path is None:
        yield good(CONFIGURATION, "No configuration file, so the defaults hold.")
        return
    plain = sorted(key for key, value in config.values.items() if is_plain_secret(key, value))
    status = config.path.stat()
    mode = stat.S_IMODE(status.st_mode)
    readers = _readers(mode, status.st_uid, status.st_gid, config.home, own_group)
    if plain and readers:
        yield bad(
            "configuration mode",
            f"{config.path} holds a secret ({plain[0]}) and {readers} may read it ({mode:04o}).",
            f"Run `chmod 600 {config.path}`, or write a reference in its place.",
        )
        return
    told = f"{config.path} ({mode:04o}): fine"
    if mode & stat.S_IWOTH:
        yield bad(
            "configuration mode",
            f"Everybody may change {config.path} ({mode:04o}).",
            f"Run `chmod o-w {config.path}`.",
        )
    else:
        yield good(
            CONFIGURATION,
            f"{told}, {len(config.athletes)} athletes." if len(config.athletes) > 1 else f"{told}.",
        )


def secret_verdicts(config: Config, unit: Unit | None) -> Iterator[Verdict]:
    """Every reference to a secret. One that only the service can follow is looked up in its unit."""
    told = good_ones = 0
    for key, value in sorted(config.values.items()):
        if not isinstance(value, Secret) or value.way == "plain":
            continue
        told += 1
        owner = key.split(".")[1] if key.startswith("athletes.") else None
        try:
            value.value()
        except SecretError as error:
            if value.way != "credential" or unit is None:
                yield bad(SECRET, f"{key}: {error}.", "Mend the reference, or what it points to.", owner)
            elif str(value.reference) in unit.credentials:
                good_ones += 1
            else:
                line = f"LoadCredential={value.reference}:/etc/niggled/credentials/{value.reference}"
                yield bad(
                    SECRET,
                    f"{key}: the unit does not load the credential {value.reference}.",
                    f"Add `{line}` with `{unit.systemctl} edit niggled`.",
                    owner,
                )
        else:
            good_ones += 1
    if told and told == good_ones:
        yield good(
            SECRET, f"{'One reference leads' if told == 1 else f'All {told} references lead'} to a secret."
        )


def life_sign_verdicts(config: Config, unit: Unit | None) -> Iterator[Verdict]:
    """Whether the address of the dead-man switch can be one; nothing where there is none."""
    if config.ping_url is None or only_service_has(config.ping_url, unit):
        return
    from connectors.life_sign import check, knows_more_than_success

    try:
        url = config.ping_url.value()
        check(url)
    except SecretError:
        return  # told among the secrets
    except Broken as error:
        yield bad("life signs", f"service.ping_url: {error}.", "Copy the whole address of your check.")
        return
    signs = "start, success and failure" if knows_more_than_success(url) else "success only"
    yield good("life signs", f"Life signs are given every few minutes: {signs}.")


def only_service_has(secret: Secret | None, unit: Unit | None) -> bool:
    """Whether a secret is out of reach here, and systemd gives it to the service."""
    if secret is None or secret.way != "credential" or unit is None:
        return False
    try:
        secret.value()
    except SecretError:
        return str(secret.reference) in unit.credentials
    return False


def zone_verdicts(config: Config, athlete: AthleteConfig) -> Iterator[Verdict]:
    """Days, weeks and quiet hours hang on the zone."""
    name, zone = athlete.name, athlete.runner.timezone
    try:
        ZoneInfo(zone)
    except (LookupError, ValueError, OSError):
        yield bad("zone", f"This machine does not know the time zone {zone}.", "Install tzdata.", name)
        return
    if f"athletes.{name}.timezone" in config.values or zone not in ("UTC", "Etc/UTC"):
        yield good("zone", f"Time zone {zone}.", name)
    else:
        yield warning(
            "zone",
            "No time zone is set and this machine's is UTC: quiet hours may fall into the day.",
            f'Write timezone = "Europe/Berlin" (or yours) under [athletes.{name}].',
            name,
        )


def is_plain_secret(key: str, value: object) -> bool:
    """A value that would let somebody in. The address of a database without a password is none."""
    if not isinstance(value, Secret) or value.way != "plain":
        return False
    if key != "store.url":
        return True
    try:
        return urlsplit(str(value.reference)).password is not None
    except ValueError:
        return True


def _readers(mode: int, owner: int, group: int, home: Path, own_group: int) -> str:
    """Who else may read a file of this mode, in words; empty where nobody can.

    root's file in the group of the service (0640) is what a machine's own configuration looks like.
    """
    if mode & stat.S_IROTH:
        return "everybody"
    if not mode & stat.S_IRGRP:
        return ""
    try:
        service_group = home.stat().st_gid
    except OSError:
        service_group = own_group
    return "" if owner == 0 and group in (own_group, service_group) else "its group"
