"""What we ask of an ntfy server, and what its refusals mean. No address and no topic ever gets into a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.channels.posting import not_posted
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.http import CONNECT_S, READ_S, Session, json_of, lines, retry_at, unreachable

WHOLE_ANSWER_S = 60.0
_TOO_MANY_MESSAGES_TODAY = 42908
_NO_SUCH_TOPIC = frozenset({40009, 40010})


@dataclass(frozen=True, slots=True)
class Login:
    """An access token (`tk_…`), or user and password, or neither for a server that is open to all."""

    token: str | None = field(default=None, repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


class NtfyServer:
    """One server, asked in the name of the channel `name`."""

    def __init__(
        self,
        name: str,
        address: str,
        login: Login,
        now: Callable[[], datetime],
        *,
        whole_s: float = WHOLE_ANSWER_S,
    ) -> None:
        self._name = name
        self._service = f"{name} (ntfy)"
        self._address = address.rstrip("/")
        self._now = now
        self._session = Session(read_s=min(READ_S, whole_s), whole_s=whole_s)
        # Given with every request, or a .netrc of the machine would take its place.
        self._auth = _auth(login)

    def publish(self, content: bytes) -> str:
        """Publish one message (JSON, UTF-8); its id on the server."""
        try:
            response = self._session.post(
                f"{self._address}/",
                data=content,
                headers={"Content-Type": "application/json"},
                auth=self._auth,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            failure: ConnectorError = not_posted(self._service, error)
        else:
            return self._published_id(response)
        raise failure

    def waiting(self, topic: str, since: str) -> list[dict[str, Any]]:
        """The events that the server has kept behind `since` (an id, or "all"), oldest first."""
        try:
            response = self._subscribed(topic, since, poll=True, silence_s=None)
        except requests.RequestException as error:
            failure: ConnectorError = unreachable(self._service, error)
        else:
            return [self._event(line) for line in response.content.splitlines() if line.strip()]
        raise failure

    def stream(self, topic: str, since: str, silence_s: float) -> Iterator[dict[str, Any]]:
        """Those, then all that come, until the server ends it. Silence of more than `silence_s` is a broken stream."""
        failure = None
        try:
            with self._subscribed(topic, since, poll=False, silence_s=silence_s) as response:
                for line in lines(response, silence_s):
                    yield self._event(line)
        except requests.RequestException as error:
            failure = unreachable(self._service, error)
        if failure is not None:
            raise failure

    def _subscribed(
        self, topic: str, since: str, *, poll: bool, silence_s: float | None
    ) -> requests.Response:
        response = self._session.get(
            f"{self._address}/{topic}/json",
            params={"since": since} | ({"poll": "1"} if poll else {}),
            auth=self._auth,
            allow_redirects=False,
            stream=not poll,
            timeout=None if silence_s is None else (CONNECT_S, silence_s),
        )
        if response.status_code != requests.codes.ok:
            with response:
                body = response.content if silence_s is None else next(lines(response, silence_s), b"")
                raise self._refusal(response, body)
        return response

    def _event(self, line: bytes) -> dict[str, Any]:
        if line.lstrip().startswith(b"<"):
            raise Unavailable(f"{self._service} answered with a web page instead of data")
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise Broken(f"{self._service} does not answer as an ntfy server does. {self._server_cure()}")
        return event

    def _published_id(self, response: requests.Response) -> str:
        if response.status_code != requests.codes.ok:
            raise self._refusal(response, response.content)
        try:
            answer = json_of(self._service, response)
        except Broken:
            raise Unavailable(
                f"{self._service} answered with something that is not JSON; the message may still have arrived",
                may_have_arrived=True,
            ) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise Broken(f"{self._service} does not answer as an ntfy server does. {self._server_cure()}")
        return str(answer["id"])

    def _refusal(self, response: requests.Response, body: bytes) -> ConnectorError:
        status, code = response.status_code, _code(body)
        again = f"then run `niggled test-alert {self._name}`."
        if status == 401:
            return NeedsLogin(
                "login",
                f"{self._service} does not know our login. Renew the token or password of channel {self._name}, {again}",
            )
        if status == 403 and code is not None:
            return NeedsLogin(
                "login",
                f"{self._service} does not let us use the topic. Give our login the right to it on the server, or a "
                f"login to channel {self._name}, {again}",
            )
        if status == 429:
            at = retry_at(response, self._now())
            if at is None and code == _TOO_MANY_MESSAGES_TODAY:
                at = _next_midnight(self._now())  # that is when the server counts anew
            return Unavailable(f"{self._service}: too many messages or requests ({code or status}).", at)
        if status >= 500 or status in {403, 408}:
            at = retry_at(response, self._now())
            return Unavailable(f"{self._service}: trouble at the server (HTTP {status}).", at)
        if code in _NO_SUCH_TOPIC:
            return Broken(
                f"{self._service} does not accept the topic. Correct `topic` and `reply_topic`, {again}"
            )
        if code is not None and status == 400:
            return Broken(f"{self._service} refuses the message as it is ({code}).")
        if status == 413:
            return Broken(f"{self._service} refuses the message, it is too long ({code or status}).")
        return Broken(f"{self._service}: no ntfy server answers there (HTTP {status}). {self._server_cure()}")

    def _server_cure(self) -> str:
        return f"Correct `server` of channel {self._name}, then run `niggled test-alert {self._name}`."


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _auth(login: Login) -> AuthBase | None:
    if login.token is not None:
        return _Bearer(login.token)
    if login.user is not None:
        return HTTPBasicAuth(login.user.encode(), (login.password or "").encode())
    return None


def _code(body: bytes) -> int | None:
    """ntfy's own number of an error; None where something else answered."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    code = answer.get("code") if isinstance(answer, dict) else None
    return code if isinstance(code, int) else None


def _next_midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
