"""Signing in with a passcode: it says who you are, too, so that the page names nobody."""

from __future__ import annotations

import hmac
import logging
import math

from werkzeug.wrappers import Response

from daemon.web.errors import Refused
from daemon.web.session import new_session
from daemon.web.visit import House, Visit

log = logging.getLogger(__name__)

WRONG = "That is not it."


def show(visit: Visit) -> Response:
    if visit.session.is_signed_in:
        return visit.see_other(_next(visit.request.args.get("next", "")))
    return _form(visit, visit.request.args.get("next", ""))


def take(visit: Visit) -> Response:
    house = visit.house
    refuse_the_impatient(visit)
    athlete = _opened(house, visit.field("name"), "".join(visit.field("passcode").split()))
    if athlete is None:
        count_failure(visit, "A wrong passcode")
        return _form(visit, visit.field("next"), WRONG, status=403)
    house.patience.succeeded(visit.address)
    visit.session = new_session(athlete, visit.now)
    return visit.see_other(_next(visit.field("next")))


def leave(visit: Visit) -> Response:
    visit.session = new_session(None, visit.now)
    return visit.see_other("/sign-in", told="Signed out on this device.")


def refuse_the_impatient(visit: Visit) -> None:
    """Raises Refused (429) while this address has to wait after too many failures."""
    wait = visit.house.patience.wait(visit.address, visit.now)
    if wait:
        minutes = math.ceil(wait.total_seconds() / 60)
        told = "a minute" if minutes == 1 else f"{minutes} minutes"
        raise Refused(
            429,
            "Too many tries",
            f"Wait {told}, then try again.",
            retry_after_s=math.ceil(wait.total_seconds()),
        )


def count_failure(visit: Visit, what: str) -> None:
    """A wrong passcode or a forged link: noted, and told in the log."""
    count = visit.house.patience.failed(visit.address, visit.now)
    log.warning("%s from %s, %d in a row", what, visit.address, count)


def _form(visit: Visit, next_path: str, wrong: str = "", status: int = 200) -> Response:
    passcodes = visit.house.passcodes
    return visit.page(
        "sign_in",
        status=status,
        wrong=wrong,
        next=_next(next_path),
        asks_name=len(passcodes) > 1 and "" in passcodes.values(),
        asks_passcode=any(passcodes.values()),
    )


def _opened(house: House, name: str, passcode: str) -> str | None:
    """Whose page a passcode opens; a runner without one is named, on a page for this machine alone."""
    if not passcode:
        return name if house.passcodes.get(name) == "" and house.config.page.is_private else None
    right = [
        athlete
        for athlete, own in house.passcodes.items()
        if own and hmac.compare_digest(own.encode(), passcode.encode())
    ]
    return right[0] if len(right) == 1 and name in ("", right[0]) else None


def _next(path: str) -> str:
    """Where to go on; never another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\", "/sign-in")) else "/"
