"""Garmin on loopback, with both doors: the official Personal API, and what the app uses after a login."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime

from fakes import garmin_bodies as bodies
from fakes import garmin_nights as nights
from fakes.account import Account, Held, HeldNight
from fakes.garmin_nights import Nothing
from fakes.garmin_sso import GarminSso
from fakes.garmin_tokens import DoorName, GarminTokens
from fakes.places import OWNER
from fakes.vendor import Request, Vendor
from fakes.vendor_faults import Answer, json_answer

KEY_EXCHANGE = "/personalapitoken-service/personal-api/personal-api-key/token"
LOGIN_EXCHANGE = "/di-oauth2-service/oauth/token"
ACTIVITIES = "/activitylist-service/activities/search/activities"
SUMMARY_DAYS, SLEEP_DAYS, SLEEP_STATS_DAYS, HRV_DAYS, RESTING_DAYS = 31, 31, 28, 365, 365
MOST_CLASSIC = 1000


class GarminServer(Vendor):
    """The bearer tells which door was taken. `largest_page` is where the personal door begins to answer 500;
    `nothing` is how days without nights are answered, None for each endpoint's own way."""

    def __init__(self, now: Callable[[], datetime], account: Account) -> None:
        super().__init__(now)
        self.account = account
        self.tokens = GarminTokens(self.clock)
        self.sso = GarminSso()
        self.largest_page = 45
        self.nothing: Nothing | None = None

    def answer(self, request: Request) -> Answer:
        if request.method == "POST" and request.path == KEY_EXCHANGE:
            return self.tokens.exchange_key(request)
        if request.method == "POST" and request.path == LOGIN_EXCHANGE:
            return self.tokens.exchange_login(request, self.sso.ticket_is_good)
        if (signed_in := self.sso.answer(request)) is not None:
            return signed_in
        door = self.tokens.door_of(request.authorization)
        if door is None:
            return self.refusal(401, request)
        if request.method != "GET":
            return self.refusal(405, request)
        return self._read(request, door)

    def _read(self, request: Request, door: DoorName) -> Answer:
        parts = request.path.strip("/").split("/")
        match parts:
            case ["activitylist-service", "activities", "search", "activities"]:
                return self._listing(request, door)
            case ["activity-service", "activity", number] if (held := self._held(number)) is not None:
                return json_answer(bodies.detail(held, self._children(held)))
            case ["download-service", "files", "activity", number]:
                return self._download(request, number, door)
            case ["userprofile-service", "socialProfile"] if door == "classic":
                name = bodies.DISPLAY_NAME
                return json_answer({"id": bodies.OWNER_ID, "displayName": name, "fullName": OWNER})
            case ["sleep-service" | "hrv-service" | "usersummary-service" | "userstats-service", *_]:
                return self._night(request, parts, door)
            case ["wellness-service", "wellness", "dailySleepData" | "dailyHeartRate", *_]:
                return self._night(request, parts, door)
        return self.refusal(404, request)

    def _listing(self, request: Request, door: DoorName) -> Answer:
        """Newest first; `startDate` and `endDate` are local dates, both included. Legs of a multi-sport activity are
        hidden unless `excludeChildren` is "false"."""
        start, size = request.number("start", 0), request.number("limit", 99 if door == "personal" else 20)
        if size > (self.largest_page if door == "personal" else MOST_CLASSIC):
            return self.refusal(500, request)
        parents = {held.parent for held in self.account if held.parent is not None}
        seen = (held for held in self.account.newest_first() if held.id not in self.hidden)
        rows = [held for held in seen if _is_wanted(held, request)]
        if request.query.get("sortOrder") == "asc":
            rows.reverse()
        return json_answer([bodies.listed(held, parents) for held in rows[start : start + size]])

    def _download(self, request: Request, number: str, door: DoorName) -> Answer:
        """The original in a ZIP; the personal door hands it out only to who says that he takes a ZIP."""
        held = self._held(number)
        if held is None or held.fit is None:
            return self.refusal(404, request)
        takes = request.headers.get("accept", "")
        if door == "personal" and not any(kind in takes for kind in ("zip", "octet-stream")):
            return self.refusal(406, request)
        return Answer(200, bodies.original(held), content_type="application/x-zip-compressed")

    def _held(self, number: str) -> Held | None:
        return self.account.activities.get(int(number)) if number.isdigit() else None

    def _children(self, held: Held) -> list[int]:
        return [one.id for one in self.account if one.parent == held.id]

    def _night(self, request: Request, parts: list[str], door: DoorName) -> Answer:
        query = request.query
        first, last = query.get("startDate", ""), query.get("endDate", "")
        day = query.get("date", "")
        match door, parts:
            case "personal", ["sleep-service", "sleep", "dailySleepSummariesByDate"]:
                return self._told(request, first, last, SLEEP_DAYS, nights.sleep_summaries)
            case "personal", ["usersummary-service", "v2", "dailysummaries"]:
                return self._told(request, first, last, SUMMARY_DAYS, nights.daily_summaries, too_long=500)
            case "classic", ["sleep-service", "stats", "sleep", "daily", first, last]:
                return self._told(request, first, last, SLEEP_STATS_DAYS, nights.sleep_stats)
            case "classic", ["userstats-service", "wellness", "daily", bodies.DISPLAY_NAME]:
                first, last = query.get("fromDate", ""), query.get("untilDate", "")
                return self._told(request, first, last, RESTING_DAYS, nights.resting_range)
            case _, ["hrv-service", "hrv", "daily", first, last]:
                return self._told(request, first, last, HRV_DAYS, nights.hrv_range)
            case _, ["hrv-service", "hrv", day]:
                return self._told(request, day, day, 1, lambda held, one, _: nights.hrv_day(held, one))
            case ("personal", ["sleep-service", "sleep", "dailySleep"]) | (
                "classic",
                ["wellness-service", "wellness", "dailySleepData", bodies.DISPLAY_NAME],
            ):
                return self._told(request, day, day, 1, lambda held, one, _: nights.sleep_day(held, one))
            case _, ["wellness-service", "wellness", "dailyHeartRate", *_]:
                return self._told(request, day, day, 1, lambda held, one, _: nights.heart_rate_day(held, one))
        return self.refusal(404, request)

    def _told(
        self, request: Request, first: str, last: str, most: int, content: Nights, too_long: int = 400
    ) -> Answer:
        """Dates are local and both included; a range of more days than `most` is refused."""
        try:
            begin, end = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError:
            return self.refusal(400, request)
        days = (end - begin).days + 1
        if days < 1 or days > most:
            return self.refusal(400 if days < 1 else too_long, request)
        held = self.account.nights
        asked = nights.days_of(begin, end)
        if self.nothing is not None and not any(day in held for day in asked):
            usual = content(dict.fromkeys(asked, nights.A_NIGHT), begin, end)
            return nights.nothing(self.nothing, usual)
        told = content(held, begin, end)
        return Answer(204) if told is None else json_answer(told)

    def refusal(self, status: int, request: Request) -> Answer:
        """Most errors carry an empty object; a missing activity says a little more."""
        if status == 404:
            return json_answer({"message": "HTTP 404 Not Found", "error": "NotFoundException"}, 404)
        return json_answer({}, status)

    def first_page(self, request: Request) -> Request:
        return replace(request, query={**request.query, "start": "0"})


type Nights = Callable[[Mapping[date, HeldNight], date, date], object]


def _is_wanted(held: Held, request: Request) -> bool:
    first, last = request.query.get("startDate"), request.query.get("endDate")
    day, kind = held.local_start.date().isoformat(), request.query.get("activityType")
    return (
        (first is None or first <= day)
        and (last is None or day <= last)
        and (kind is None or bodies.is_of_type(held, kind))
        and (held.parent is None or request.query.get("excludeChildren") == "false")
    )
