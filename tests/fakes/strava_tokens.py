"""What Strava's OAuth hands out and takes back: codes for one use, access tokens for 6 h, refresh tokens that rotate."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fakes.strava_bodies import errors
from fakes.vendor import Request
from fakes.vendor_faults import Answer, json_answer

LIFE = timedelta(hours=6)
CODE_LIFE = timedelta(minutes=10)
FULL_SCOPE = "read,activity:read_all"


@dataclass(frozen=True, slots=True)
class Access:
    scope: frozenset[str]
    expires_at: datetime


class StravaTokens:
    """`exchanges` counts good answers, `refused` bad ones; `refresh_token` is the only one that is good now."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.client_id = "10001"
        self.client_secret = "example-strava-secret"
        self.refresh_token = ""
        self.exchanges = 0
        self.refused = 0
        self._clock = clock
        self._scope = FULL_SCOPE
        self._codes: dict[str, tuple[str, datetime]] = {}
        self._access: dict[str, Access] = {}
        self._issued = 0

    def sign_in(self, scope: str = FULL_SCOPE) -> dict[str, Any]:
        """A connection made earlier: what the token endpoint said then."""
        self._scope = scope
        return self._fresh()

    def issue_code(self, scope: str) -> str:
        self._issued += 1
        code = f"example-code-{self._issued}"
        self._codes[code] = (scope, self._clock() + CODE_LIFE)
        return code

    def scope_of(self, authorization: str) -> frozenset[str] | None:
        """What a bearer may do; None where its token is unknown or expired."""
        kind, _, token = authorization.partition(" ")
        access = self._access.get(token) if kind.lower() == "bearer" else None
        return access.scope if access is not None and self._clock() < access.expires_at else None

    def forget_access(self) -> None:
        """Every access token handed out so far is refused; the refresh token lives."""
        self._access.clear()

    def forget_all(self) -> None:
        """The person has withdrawn the permission on strava.com."""
        self._access.clear()
        self.refresh_token = ""

    def exchange(self, request: Request, athlete: dict[str, Any]) -> Answer:
        """POST /oauth/token with a form; a code brings the athlete along, a refresh does not."""
        form = request.form
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            return self._bad("Application", "client_id")
        match form.get("grant_type"):
            case "authorization_code":
                scope, until = self._codes.pop(form.get("code", ""), ("", self._clock()))
                if self._clock() >= until:
                    return self._bad("RequestToken", "code")
                self._scope = scope
                return json_answer(self._fresh() | {"athlete": athlete})
            case "refresh_token":
                if not self.refresh_token or form.get("refresh_token") != self.refresh_token:
                    return self._bad("RefreshToken", "refresh_token")
                return json_answer(self._fresh())
            case _:
                return self._bad("Application", "grant_type")

    def deauthorize(self, request: Request) -> Answer:
        token = request.authorization.partition(" ")[2]
        self.forget_all()
        return json_answer({"access_token": token})

    def revoke(self, request: Request) -> Answer:
        """RFC 7009: the token in the form, the client by form or Basic; 200 also for a token that is dead already."""
        form = request.form
        client = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        in_form = (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)
        if request.authorization != f"Basic {client}" and not in_form:
            return json_answer(errors("Authorization Error", "Application", "client_id", "invalid"), 401)
        if form.get("token") in (self.refresh_token, *self._access):
            self.forget_all()
        return Answer(200)

    def _fresh(self) -> dict[str, Any]:
        self._issued += 1
        self.exchanges += 1
        token = f"example-access-token-{self._issued}"
        self.refresh_token = f"example-refresh-token-{self._issued}"
        expires_at = self._clock() + LIFE
        self._access[token] = Access(frozenset(self._scope.replace(" ", ",").split(",")), expires_at)
        return {
            "token_type": "Bearer",
            "expires_at": int(expires_at.timestamp()),
            "expires_in": int(LIFE.total_seconds()),
            "refresh_token": self.refresh_token,
            "access_token": token,
        }

    def _bad(self, resource: str, name: str) -> Answer:
        self.refused += 1
        return json_answer(errors("Bad Request", resource, name, "invalid"), 400)
