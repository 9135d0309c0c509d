"""Strava on loopback: OAuth with rotating tokens, the activity API, and its rate limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from fakes import strava_bodies as bodies
from fakes.account import Account, Held
from fakes.fit_streams import streams_of
from fakes.strava_limits import Meter
from fakes.strava_tokens import StravaTokens
from fakes.vendor import Request, Vendor
from fakes.vendor_faults import Answer, Fault, json_answer

ACTIVITIES = "/api/v3/athlete/activities"
MOST_PER_PAGE = 200
PLACES = ("latlng",)
KINDS = ("time", "distance", "altitude", "velocity_smooth", "heartrate", "cadence")


def inactive_answer() -> Answer:
    return json_answer(bodies.errors("Forbidden", "Application", "Status", "Inactive"), 403)


INACTIVE = Fault("403 Inactive", refusal=inactive_answer())


class StravaServer(Vendor):
    """`tokens` knows what was handed out. On demand: `inactive` (403 for all but the token endpoint), `denies` and
    `grants` (what the person answers on the consent page), `short_by` (a full page lacks so many rows),
    `order_with_after`, `enforces_limits`."""

    def __init__(self, now: Callable[[], datetime], account: Account) -> None:
        super().__init__(now)
        self.account = account
        self.tokens = StravaTokens(self.clock)
        self.inactive = False
        self.denies = False
        self.grants: str | None = None
        self.short_by = 0
        self.order_with_after: Literal["oldest", "newest"] = "oldest"
        self.enforces_limits = True
        self.overall = Meter(200, 2000)
        self.reads = Meter(100, 1000)

    def answer(self, request: Request) -> Answer:
        self._complain_of_secrets_in(request)
        match request.method, request.path:
            case "GET", "/oauth/authorize":
                return self._consent(request)
            case "POST", "/oauth/token" | "/api/v3/oauth/token":
                return self.tokens.exchange(request, bodies.summary_athlete(self.account, self.clock()))
            case "POST", "/oauth/revoke":
                return self.tokens.revoke(request)
        if self.inactive:
            return inactive_answer()
        if not self._is_metered_within_limits(request):
            return self.refusal(429, request)
        told = self._within(request)
        # Recorded refusals carry no usage headers.
        return replace(told, headers={**told.headers, **self._usage()}) if told.status == 200 else told

    def _within(self, request: Request) -> Answer:
        scope = self.tokens.scope_of(request.authorization)
        if scope is None:
            return self.refusal(401, request)
        if request.path in ("/oauth/deauthorize", "/api/v3/oauth/deauthorize") and request.method == "POST":
            return self.tokens.deauthorize(request)
        if request.method != "GET":
            return self.refusal(404, request)
        if request.path == "/api/v3/athlete":
            return json_answer(bodies.athlete(self.account, self.clock()))
        if not scope & {"activity:read", "activity:read_all"}:
            missing = bodies.errors(
                "Authorization Error", "AccessToken", "activity:read_permission", "missing"
            )
            return json_answer(missing, 401)
        if request.path == ACTIVITIES:
            return self._listing(request)
        return self._activity(request)

    def _listing(self, request: Request) -> Answer:
        page, size = request.number("page", 1), request.number("per_page", 30)
        if page < 1 or not 1 <= size <= MOST_PER_PAGE:
            return json_answer(bodies.errors("Bad Request", "Application", "per_page", "invalid"), 400)
        seen = (one for one in self.account.newest_first() if one.id not in self.hidden)
        held = [one for one in seen if _lies_within(one, request)]
        if "after" in request.query and self.order_with_after == "oldest":
            held.reverse()
        served = max(1, size - self.short_by)
        return json_answer([bodies.summary(one) for one in held[(page - 1) * served : page * served]])

    def _activity(self, request: Request) -> Answer:
        match request.path.removeprefix("/api/v3/").split("/"):
            case ["activities", number] if (held := self._held(number)) is not None:
                return json_answer(bodies.detail(held))
            case ["activities", number, "streams"] if (held := self._held(number)) is not None:
                return self._streams(held, request)
        return self.refusal(404, request)

    def _held(self, number: str) -> Held | None:
        return self.account.activities.get(int(number)) if number.isdigit() else None

    def _streams(self, held: Held, request: Request) -> Answer:
        """Of a manual activity, or one whose file is not here, there are none: 404. Without `keys`, distance only."""
        keys = request.query.get("keys", "distance").split(",")
        if asked := [key for key in keys if key in PLACES]:
            self.violations.append(f"asked for {asked[0]}: positions are never wanted")
        if held.fit is None:
            return self.refusal(404, request)
        columns = streams_of(held.fit)
        told: dict[str, Any] = {
            key: {
                "data": columns[key],
                "series_type": "distance",
                "original_size": len(columns[key]),
                "resolution": "high",
            }
            for key in KINDS
            if key in columns and (key in keys or key == "distance")
        }
        if request.query.get("key_by_type", "").lower() != "true":
            return json_answer([{"type": key} | stream for key, stream in told.items()])
        return json_answer(told)

    def _consent(self, request: Request) -> Answer:
        """What the person's browser is told once they have answered the consent page."""
        asked = request.query
        if asked.get("client_id") != self.tokens.client_id or asked.get("response_type") != "code":
            return json_answer(bodies.errors("Bad Request", "Application", "client_id", "invalid"), 400)
        back = {"state": asked.get("state", "")}
        if self.denies:
            back["error"] = "access_denied"
        else:
            scope = asked.get("scope", "read") if self.grants is None else self.grants
            back |= {"code": self.tokens.issue_code(scope), "scope": scope}
        location = f"{asked['redirect_uri']}?{urlencode(back)}"
        return Answer(302, headers={"Location": location}, content_type="text/html; charset=utf-8")

    def refusal(self, status: int, request: Request) -> Answer:
        match status:
            case 401:
                return json_answer(bodies.errors("Authorization Error", "Application", "", "invalid"), 401)
            case 403:
                return inactive_answer()
            case 404:
                return Answer(404)
            case 429:
                told = {"errors": "Rate Limit Exceeded", "status": 429, "message": "Too Many Requests"}
                return replace(json_answer(told, 429), headers=self._usage())
            case _:
                return json_answer({"message": "error"}, status)

    def first_page(self, request: Request) -> Request:
        told = {name: value for name, value in request.query.items() if name != "before"}
        return replace(request, query=told | {"page": "1"})

    def _is_metered_within_limits(self, request: Request) -> bool:
        within = self.overall.count(self.clock())
        if request.method == "GET":
            within = self.reads.count(self.clock()) and within
        return within or not self.enforces_limits

    def _usage(self) -> dict[str, str]:
        return {
            "X-Ratelimit-Limit": self.overall.limit_header,
            "X-Ratelimit-Usage": self.overall.usage_header,
            "X-Readratelimit-Limit": self.reads.limit_header,
            "X-Readratelimit-Usage": self.reads.usage_header,
        }

    def _complain_of_secrets_in(self, request: Request) -> None:
        for name in ("access_token", "refresh_token", "client_secret"):
            if name in request.query:
                self.violations.append(f"{name} was sent in the address of {request.path}")


def _lies_within(held: Held, request: Request) -> bool:
    """`after` and `before` are epoch seconds, both excluded."""
    at = held.start.timestamp()
    after, before = request.query.get("after"), request.query.get("before")
    return (after is None or at > float(after)) and (before is None or at < float(before))
