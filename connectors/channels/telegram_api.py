"""The Telegram Bot API, as much of it as a conversation with one runner needs.

The bot's token is part of every address, and so of every text that `requests` makes: none of those gets out of here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from connectors.channels.posting import not_posted
from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.http import CONNECT_S, LONGEST_WAIT, READ_S, Session, json_of, retry_at, unreachable

BASE_URL = "https://api.telegram.org"
WHOLE_ANSWER_S = 60.0
_TOKEN = re.compile(r"(\d{3,20}):[A-Za-z0-9_-]{10,100}")


@dataclass(frozen=True, slots=True)
class TelegramOptions:
    """The bot's token (from @BotFather) and the runner's chat with it, as pairing found it."""

    token: str = field(repr=False)
    chat_id: int = field(repr=False)
    base_url: str = field(default=BASE_URL, repr=False)


def check(name: str, token: str) -> None:
    """Raises Broken for what can be no bot's token, with the cure. Nothing is sent."""
    if not _TOKEN.fullmatch(token):
        raise Broken(
            f"{name} (Telegram): `token` is not one of a bot, such as 123456789:AAF… Copy it from @BotFather into "
            f"channel {name}, then run `niggled test-alert {name}`."
        )


class Refused(Broken):
    """Telegram does not do what was asked. `said` is its own reason, to compare with, never to show."""

    def __init__(self, detail: str, said: str) -> None:
        super().__init__(detail)
        self.said = said


class TelegramApi:
    """One bot, asked in the name of the channel `name`."""

    def __init__(
        self,
        name: str,
        token: str,
        now: Callable[[], datetime],
        *,
        base_url: str = BASE_URL,
        whole_s: float = WHOLE_ANSWER_S,
    ) -> None:
        self._name = name
        self._service = f"{name} (Telegram)"
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._now = now
        self._whole_s = whole_s

    def __repr__(self) -> str:
        return f"TelegramApi({self._name!r})"

    @property
    def bot(self) -> str:
        """The bot's number, which is no secret. Raises NeedsLogin where the token is none."""
        found = _TOKEN.fullmatch(self._token)
        if found is None:
            raise self._unknown_token()
        return found[1]

    def call(
        self,
        method: str,
        content: Mapping[str, Any],
        *,
        wait_s: float = 0.0,
        photo: bytes | None = None,
    ) -> Any:
        """The `result` of one method; `wait_s` is how long Telegram may take on purpose.

        Raises Unavailable (`may_have_arrived` where a message was on its way), NeedsLogin, Broken and Refused (400).
        """
        _ = self.bot
        try:
            with Session(whole_s=self._whole_s + wait_s) as session:
                response = session.post(
                    f"{self._base_url}/bot{self._token}/{method}",
                    timeout=(CONNECT_S, min(READ_S, self._whole_s) + wait_s),
                    allow_redirects=False,
                    **_body(content, photo),
                )
        except requests.RequestException as error:
            fault = not_posted if method.startswith("send") else unreachable
            failure: ConnectorError = fault(self._service, error)
        else:
            return self._result(response)
        raise failure

    def nonsense(self) -> Broken:
        """For an answer of a shape that Telegram's never have."""
        return Broken(f"{self._service} does not answer as Telegram does")

    def _result(self, response: requests.Response) -> Any:
        try:
            answer = json_of(self._service, response)
        except Broken:
            answer = None
        except Unavailable:
            if response.status_code < 500:
                raise
            answer = None
        if isinstance(answer, dict) and answer.get("ok") is True and "result" in answer:
            return answer["result"]
        if isinstance(answer, dict) and answer.get("ok") is False:
            raise self._refusal(answer, response)
        if response.status_code >= 500:
            raise self._trouble(response)
        raise self.nonsense()

    def _refusal(self, answer: dict[str, Any], response: requests.Response) -> ConnectorError:
        status = answer.get("error_code", response.status_code)
        said = str(answer.get("description", ""))
        match status:
            case 401 | 404:
                return self._unknown_token()
            case 403:
                return NeedsLogin(
                    "login",
                    f"{self._service} does not let the bot write to you any more. Open the chat with it and press "
                    f"Start or Unblock, then run `niggled test-alert {self._name}`.",
                )
            case 409 if "webhook" in said:
                return Broken(
                    f"{self._service}: the bot's answers go to a webhook. Give channel {self._name} a bot of its "
                    "own from @BotFather."
                )
            case 409:
                return Broken(
                    f"{self._service}: another program reads this bot's answers. Stop it, or give channel "
                    f"{self._name} a bot of its own from @BotFather."
                )
            case 429:
                return Unavailable(
                    f"{self._service}: too many messages (429).", self._retry_at(answer, response)
                )
            case int() if status >= 500:
                return self._trouble(response)
            case 400 if "chat not found" in said:
                return NeedsLogin(
                    "login", f"{self._service} does not find your chat. Pair channel {self._name} again."
                )
        return Refused(f"{self._service} refuses what was asked ({response.status_code}).", said)

    def _unknown_token(self) -> NeedsLogin:
        return NeedsLogin(
            "login",
            f"{self._service} does not know the bot. Copy its token from @BotFather into channel {self._name}, "
            f"then run `niggled test-alert {self._name}`.",
        )

    def _trouble(self, response: requests.Response) -> Unavailable:
        at = retry_at(response, self._now())
        return Unavailable(f"{self._service}: trouble at the server (HTTP {response.status_code}).", at)

    def _retry_at(self, answer: dict[str, Any], response: requests.Response) -> datetime | None:
        parameters = answer.get("parameters")
        seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
        if isinstance(seconds, int) and seconds >= 0:
            return self._now() + min(timedelta(seconds=min(seconds, 10**6)), LONGEST_WAIT)
        return retry_at(response, self._now())


def _body(content: Mapping[str, Any], photo: bytes | None) -> dict[str, Any]:
    if photo is None:
        return {"json": dict(content)}
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in content.items()}
    return {"data": fields, "files": {"photo": ("picture.png", photo, "image/png")}}
