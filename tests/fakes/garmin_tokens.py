"""Who may read at Garmin: personal keys and their bearers, and the tokens of a login, which rotate."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from fakes.vendor import Request
from fakes.vendor_faults import Answer, json_answer

type DoorName = Literal["personal", "classic"]

LIFE = timedelta(hours=24)
DI_CLIENT = "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2"


@dataclass(frozen=True, slots=True)
class Bearer:
    door: DoorName
    key: str
    expires_at: datetime


class GarminTokens:
    """`keys` are the personal API keys that are good now, `refresh_token` the only good one of the login."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.keys: set[str] = {"example-garmin-key"}
        self.refresh_token = ""
        self.exchanges = 0
        self.refused = 0
        self._clock = clock
        self._bearers: dict[str, Bearer] = {}
        self._issued = 0

    def delete_key(self, key: str) -> None:
        """Expired, or deleted on the web page: it and every bearer that came of it are refused."""
        self.keys.discard(key)
        self._bearers = {token: one for token, one in self._bearers.items() if one.key != key}

    def forget_bearers(self) -> None:
        """Every bearer handed out so far is refused; keys and refresh token live."""
        self._bearers.clear()

    def forget_login(self) -> None:
        """The login is over: password changed, or signed out everywhere."""
        self.refresh_token = ""
        self._bearers = {token: one for token, one in self._bearers.items() if one.door != "classic"}

    def door_of(self, authorization: str) -> DoorName | None:
        """Which door a bearer opens; None where it is unknown or expired."""
        kind, _, token = authorization.partition(" ")
        bearer = self._bearers.get(token) if kind == "Bearer" else None
        return bearer.door if bearer is not None and self._clock() < bearer.expires_at else None

    def exchange_key(self, request: Request) -> Answer:
        """POST with `Authorization: ApiKey …` and no body; the answer is the bare text of a JWT."""
        kind, _, key = request.authorization.partition(" ")
        if kind != "ApiKey" or key not in self.keys:
            self.refused += 1
            return json_answer({}, 401)
        self.exchanges += 1
        return Answer(200, self._bearer("personal", key).encode(), content_type="text/plain; charset=utf-8")

    def sign_in(self) -> str:
        """A login made earlier, as garminconnect dumps it."""
        fresh = self._login()
        names = {"di_token": "access_token", "di_refresh_token": "refresh_token"}
        return json.dumps({name: fresh[told] for name, told in names.items()} | {"di_client_id": DI_CLIENT})

    def exchange_login(self, request: Request, ticket_is_good: Callable[[str], bool]) -> Answer:
        """POST /di-oauth2-service/oauth/token: a service ticket once, or the refresh token, which rotates."""
        form = request.form
        expected = "Basic " + base64.b64encode(f"{form.get('client_id', '')}:".encode()).decode()
        if request.authorization != expected:
            return self._bad("invalid_client", 401)
        match form.get("grant_type", "").rpartition("/")[2]:
            case "service_ticket" if ticket_is_good(form.get("service_ticket", "")):
                return json_answer(self._login())
            case "refresh_token" if self.refresh_token and form.get("refresh_token") == self.refresh_token:
                return json_answer(self._login())
        return self._bad("invalid_grant", 400)

    def _login(self) -> dict[str, Any]:
        self.exchanges += 1
        token = self._bearer("classic", "")
        self.refresh_token = f"example-garmin-refresh-{self._issued}"
        return {
            "scope": "CONNECT_READ CONNECT_WRITE",
            "jti": f"00000000-0000-4000-8000-{self._issued:012d}",
            "token_type": "Bearer",
            "access_token": token,
            "refresh_token": self.refresh_token,
            "expires_in": int(LIFE.total_seconds()),
            "refresh_token_expires_in": 30 * 86_400,
        }

    def _bearer(self, door: DoorName, key: str) -> str:
        self._issued += 1
        expires_at = self._clock() + LIFE
        claims = {"jti": self._issued, "exp": int(expires_at.timestamp())}
        if door == "classic":
            claims |= {"client_id": DI_CLIENT}
        token = ".".join((_part({"alg": "RS256", "typ": "JWT"}), _part(claims), "example-signature"))
        self._bearers[token] = Bearer(door, key, expires_at)
        return token

    def _bad(self, error: str, status: int) -> Answer:
        self.refused += 1
        return json_answer({"error": error, "error_description": f"example {error}"}, status)


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
