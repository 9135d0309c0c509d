"""What goes wrong at two services within a month, and what the runner does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from fakes.connected_home import GARMIN_KEY
from fakes.garmin_server import ACTIVITIES as GARMIN_LIST
from fakes.garmin_server import KEY_EXCHANGE, LOGIN_EXCHANGE, GarminServer
from fakes.month import Month
from fakes.strava_server import ACTIVITIES as STRAVA_LIST
from fakes.strava_server import INACTIVE, StravaServer
from fakes.vendor import Vendor
from fakes.vendor_faults import (
    CUT,
    CUT_AFTER_HANDLING,
    CUT_IN_BODY,
    DIES_AFTER_ANSWER,
    OTHER_SHAPE,
    PAGE,
    PAGE_404,
    TRUNCATED,
    Answer,
    Fault,
    drip,
    odd_record,
    refused,
    renamed,
    too_many,
)

type Relogin = Callable[[str], None]
"""The runner runs `niggled login` for a source."""

STRAVA_TOKEN = "/oauth/token"
DRIP_DAY, DRIP_HOUR, DRIP_LASTS_H, PATIENCE_S = 23, 17, 1.5, 0.5
"""For so many hours from then on both services send a byte now and then; a test waits that long for a whole answer."""
NEW_KEY = "example-garmin-key-of-the-spring"
ONE_AFTER_THE_OTHER = (CUT, CUT_IN_BODY, TRUNCATED, OTHER_SHAPE, refused(503), too_many(1200), too_many())


def _for_hours(
    month: Month, server: Vendor, day: int, hour: float, hours: float, fault: Fault, on: str
) -> None:
    until = month.at(day, time(int(hour), round(hour % 1 * 60))) + timedelta(hours=hours)
    month.when(day, hour, lambda: server.fail(fault, on, until=until))


def at_strava(month: Month, server: StravaServer, relogin: Relogin) -> None:
    """A month of Strava: ten outages that are worth telling of, and many that are not."""
    _for_hours(month, server, 1, 10, 10, refused(500), "*")
    month.when(2, 12, lambda: _line_up(server, STRAVA_LIST))
    _for_hours(month, server, 3, 17, 2, PAGE, "*")
    _for_hours(month, server, 4, 8, 48, INACTIVE, "*")
    _for_hours(month, server, 7, 17, 3, refused(404), STRAVA_LIST)
    _for_hours(month, server, 8, 9, 24, renamed(start_date="began_at"), STRAVA_LIST)
    _odd(
        month, server, 10, STRAVA_LIST, lambda: month.outing(8, "run").strava, start_date="yesterday evening"
    )
    _skewed(month, server, 11, 7)
    _skewed(month, server, 12, -7)
    month.when(13, 9, server.tokens.forget_access)
    month.when(13, 9, lambda: server.fail(DIES_AFTER_ANSWER, STRAVA_TOKEN))
    month.when(13, 11, server.recover)
    month.when(14, 9, server.tokens.forget_access)
    month.when(14, 9, lambda: server.fail(CUT_AFTER_HANDLING, STRAVA_TOKEN))
    month.when(14, 20, lambda: relogin("strava"))
    _for_hours(month, server, 15, 12, 5, refused(401), STRAVA_LIST)
    month.when(18, 7, server.tokens.forget_all)
    month.when(20, 12, lambda: relogin("strava"))
    _lies(month, server, 22, lambda: month.outing(19, "run").strava)
    _for_hours(month, server, DRIP_DAY, DRIP_HOUR, DRIP_LASTS_H, drip(PATIENCE_S * 1.2), STRAVA_LIST)
    _for_hours(month, server, 24, 12, 2, PAGE_404, "/api/v3/activities/*")
    month.when(26, 13, lambda: _use_up(server))
    month.when(28, 12, lambda: _line_up(server, "/api/*"))


def at_garmin(month: Month, server: GarminServer, relogin: Relogin, *, by_key: bool) -> None:
    """The same weeks at Garmin, partly on the same days."""
    exchange = KEY_EXCHANGE if by_key else LOGIN_EXCHANGE
    _for_hours(month, server, 1, 14, 10, refused(500), "*")
    _for_hours(month, server, 3, 10, 8, PAGE, "*")
    month.when(5, 8, lambda: _line_up(server, GARMIN_LIST))
    month.when(5, 20, lambda: setattr(server, "largest_page", 12))
    _for_hours(month, server, 6, 9, 3, refused(404), GARMIN_LIST)
    moved = renamed(startTimeGMT="startedAt", beginTimestamp="began", startTimeLocal="startedLocally")
    _for_hours(month, server, 9, 9, 24, moved, GARMIN_LIST)
    missing: dict[str, Any] = {"startTimeGMT": ..., "beginTimestamp": ...}
    _odd(month, server, 11, GARMIN_LIST, lambda: month.outing(10, "run").garmin, **missing)
    _skewed(month, server, 12, -7)
    _skewed(month, server, 13, 7)
    month.when(14, 8, server.tokens.forget_bearers)
    month.when(14, 8, lambda: server.fail(DIES_AFTER_ANSWER, exchange))
    month.when(14, 10, server.recover)
    month.when(15, 8, server.tokens.forget_bearers)
    month.when(15, 8, lambda: server.fail(CUT_AFTER_HANDLING, exchange))
    if by_key:
        month.when(17, 7, lambda: server.tokens.delete_key(GARMIN_KEY))
    else:
        month.when(15, 19, lambda: relogin("garmin"))
        month.when(17, 7, server.tokens.forget_login)
    month.when(20, 12.5, lambda: relogin("garmin"))
    _lies(month, server, 22, lambda: month.outing(19, "run").garmin)
    _for_hours(month, server, DRIP_DAY, DRIP_HOUR, DRIP_LASTS_H, drip(PATIENCE_S * 1.2), GARMIN_LIST)
    _for_hours(month, server, 25, 12, 2, PAGE_404, "/activity-service/*")
    month.when(27, 12, lambda: _line_up(server, "/act*"))


def _line_up(server: Vendor, on: str) -> None:
    """Never where tokens are exchanged: one that is lost on its way ends a login, which is a misfortune of its own."""
    for fault in ONE_AFTER_THE_OTHER:
        server.fail(fault, on)


def _odd(
    month: Month, server: Vendor, day: int, on: str, which: Callable[[], int | None], **fields: Any
) -> None:
    """One activity makes no sense for a day, wherever it stands."""

    def begin() -> None:
        odd_id = which()

        def spoil(answer: Answer) -> Answer:
            rows = answer.json if answer.status == 200 else []
            number = next((at for at, row in enumerate(rows) if odd_id in row.values()), None)
            change = None if number is None else odd_record(number, **fields).change
            return answer if change is None else change(answer)

        server.fail(Fault("odd record", change=spoil), on, until=month.at(day + 1, time(9)))

    month.when(day, 9, begin)


def _skewed(month: Month, server: Vendor, day: int, hours: int) -> None:
    """A day on which the service's clock is off."""
    month.when(day, 6, lambda: setattr(server, "skew", timedelta(hours=hours)))
    month.when(day, 23, lambda: setattr(server, "skew", timedelta()))


def _lies(month: Month, server: Vendor, day: int, which: Callable[[], int | None]) -> None:
    """For two days the listing leaves out an activity that is there."""

    def hide() -> None:
        hidden = which()
        assert hidden is not None
        server.hidden.add(hidden)

    month.when(day, 6, hide)
    month.when(day + 2, 6, server.hidden.clear)


def _use_up(server: StravaServer) -> None:
    """Another program of the household has read nearly all that the day allows."""
    server.reads.used_on_day = 990
