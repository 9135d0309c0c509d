"""Connecting Garmin: by a key, or by mail address and password. What worked before stays until the new way has worked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from connectors.errors import Broken, NeedsLogin, Unavailable
from connectors.keyfile import KeyFile, TrialKeys
from connectors.sources.door import Listed
from connectors.sources.garmin_client import ACTIVITIES, BLOCKED_FOR, GarminClient, Refused, plain_failure
from connectors.sources.garmin_facts import read_row
from connectors.sources.garmin_key import KEY_CURE, key_problem
from connectors.sources.garmin_login_client import LoginClient
from connectors.sources.garmin_personal import PersonalClient

if TYPE_CHECKING:
    from connectors.sources.garmin_connect import ConnectClient

PASSWORD_CURE = "Check both, then run `niggled login garmin --door login` again."  # noqa: S105
CODE_CURE = "Type the newest code, or run `niggled login garmin --door login` again."


@dataclass(frozen=True, slots=True)
class Connected:
    """The way works. `newest`: when the newest activity began, None for an account without any."""

    newest: datetime | None


@dataclass(frozen=True, slots=True)
class NeedsCode:
    """Garmin has sent the runner a code. `state` is as secret as the password, and must go into no file."""

    state: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TriedKey:
    """A key that Garmin takes. `content` is what a key file keeps of it."""

    connected: Connected
    content: Mapping[str, Any] = field(repr=False)


def try_key(key: str, now: Callable[[], datetime], *, base_url: str | None = None) -> TriedKey:
    """Try a key with one exchange and one look; nothing is saved.

    Asks even with a key that was refused before. Raises NeedsLogin for a text that is no key or a key that Garmin does
    not take, and Unavailable or Broken.
    """
    key = key.strip()
    if problem := key_problem(key):
        raise NeedsLogin("key_expired", KEY_CURE, problem)
    trial = TrialKeys({"api_key": key})
    try:
        connected = _look(PersonalClient(trial, now, api_key=None, base_url=base_url))
    except NeedsLogin as refusal:
        if refusal.reason == "key_expired":
            raise NeedsLogin("key_expired", KEY_CURE, "Garmin does not accept this key.") from None
        raise
    return TriedKey(connected, trial.load())


def check_key(
    key: str,
    keys: KeyFile,
    now: Callable[[], datetime],
    *,
    ends: date | None = None,
    keep: bool = True,
    base_url: str | None = None,
) -> Connected:
    """Try a key as `try_key`, then save it with its last day; `keep` is off for a configured key.

    Where it fails, what was saved stays as it was.
    """
    tried = try_key(key, now, base_url=base_url)
    content = dict(tried.content) | {"key_ends": ends.isoformat() if ends else None}
    if not keep:
        content["api_key"] = None
    keys.save({name: value for name, value in content.items() if value is not None})
    return tried.connected


def begin(
    mail: str, password: str, keys: KeyFile, now: Callable[[], datetime], *, base_url: str | None = None
) -> Connected | NeedsCode:
    """Log in once and save the tokens; neither mail address nor password is kept.

    Takes seconds to minutes: the library waits between its requests as a person would. Raises NeedsLogin where Garmin
    does not accept the two, and Unavailable or Broken.
    """
    from garminconnect.exceptions import GarminConnectAuthenticationError

    from connectors.sources.garmin_connect import ConnectClient, NoLastingTokensError

    client = ConnectClient(now, base_url)
    with _library_failures(now):
        try:
            status, state = client.login(mail, password, return_on_mfa=True)
        except NoLastingTokensError:
            raise
        except GarminConnectAuthenticationError:
            raise NeedsLogin(
                "login", PASSWORD_CURE, "Garmin does not accept this mail address and password."
            ) from None
    if status == "needs_mfa":
        return NeedsCode(state)
    return _connected(client, keys, now, base_url)


def finish(
    needed: NeedsCode, code: str, keys: KeyFile, now: Callable[[], datetime], *, base_url: str | None = None
) -> Connected:
    """Hand in the code and save the tokens. Raises NeedsLogin for a wrong code, after which another may be tried."""
    from garminconnect.exceptions import GarminConnectAuthenticationError

    from connectors.sources.garmin_connect import ConnectClient, NoLastingTokensError

    client = ConnectClient(now, base_url)
    with _library_failures(now):
        try:
            client.resume_login(dict(needed.state), code.strip())
        except NoLastingTokensError:
            raise
        except GarminConnectAuthenticationError:
            raise NeedsLogin("login", CODE_CURE, "Garmin does not accept this code.") from None
    return _connected(client, keys, now, base_url)


@contextmanager
def _library_failures(now: Callable[[], datetime]) -> Iterator[None]:
    """What the library's failures mean; its own texts hold addresses with tickets in them."""
    from garminconnect.exceptions import GarminConnectConnectionError, GarminConnectTooManyRequestsError

    from connectors.sources.garmin_connect import NoLastingTokensError

    try:
        yield
    except NoLastingTokensError:
        raise Unavailable("Garmin let us in, but gave no login that lasts") from None
    except GarminConnectTooManyRequestsError:
        raise Unavailable("Garmin allows no more logins for now", now() + BLOCKED_FOR) from None
    except GarminConnectConnectionError:
        raise Unavailable("Garmin could not be asked for a login") from None


def _connected(
    client: ConnectClient, keys: KeyFile, now: Callable[[], datetime], base_url: str | None
) -> Connected:
    trial = TrialKeys({"tokens": client.dumps()})
    connected = _look(LoginClient(trial, now, base_url=base_url))
    keys.save(trial.load())
    return connected


def _look(client: GarminClient) -> Connected:
    try:
        rows = client.get(ACTIVITIES, {"start": "0", "limit": "1"}) or []
    except Refused as refused:
        raise plain_failure(refused) from None
    if not isinstance(rows, list):
        raise Broken("Garmin sent something other than a list of activities")
    newest = read_row(rows[0]) if rows else None
    return Connected(newest.leg.start if isinstance(newest, Listed) else None)
