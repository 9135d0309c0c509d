"""The page as a WSGI application: who may come in, which function answers, and what every answer carries."""

from __future__ import annotations

import gzip
import logging
import math
from collections.abc import Callable, Iterable
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from daemon.logs import about
from daemon.store.errors import StoreError
from daemon.web.errors import Refused
from daemon.web.routes import Door, Route, route_map
from daemon.web.session import LASTS, Session, is_ours, new_session, read, sealed, unsealed, written
from daemon.web.visit import House, PageRequest, Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

COOKIE, LINK_COOKIE, TOLD_COOKIE = "niggled", "niggled-link", "niggled-told"
LINK_PATH = "/a/"
TOLD_LASTS = timedelta(minutes=1)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
WORTH_PACKING_BYTES = 1000
SAFE = ("GET", "HEAD")
EXPIRED_FORM = "This form is no longer valid, so nothing was stored. Load the page again and repeat it; it needs cookies."


class Page:
    """Answers requests; `heard` is called with each, so that somebody can tell how long it has been quiet."""

    def __init__(self, house: House, heard: Callable[[], None] = lambda: None) -> None:
        self._house = house
        self._heard = heard
        self._routes = route_map()
        self._hosts = _hosts(house)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._heard()
        request = PageRequest(environ)
        response = self._answer(request)
        self._dress(request, response)
        return response(environ, start_response)

    def _answer(self, request: PageRequest) -> Response:
        house, now = self._house, self._house.clock.now()
        of_link = request.path.startswith(LINK_PATH)
        cookie = LINK_COOKIE if of_link else COOKIE
        known = read(request.cookies.get(cookie, ""), house.key, house.passcodes, now)
        visit = Visit(house, request, known or new_session(None, now), now)
        try:
            self._check_host(request)
            if not of_link and not visit.session.is_signed_in:
                visit.session = self._without_passcode(visit) or visit.session
            route, values = self._match(request)
            if route.door is Door.ASSET:
                return route.opened()(visit, **values)
            visit.told = unsealed(request.cookies.get(TOLD_COOKIE, ""), house.key)
            if request.method not in SAFE:
                self._check_form(visit)
            response = self._handled(route, values, visit)
        except RequestRedirect as error:
            return Response(status=308, headers={"Location": urlsplit(error.new_url).path})
        except Exception as error:
            response = self._failed(error, visit)
        if visit.session != known:
            lock = house.passcodes.get(visit.session.athlete or "", "")
            path = LINK_PATH if of_link else "/"
            self._leave(response, cookie, written(visit.session, house.key, lock), LASTS, path)
        if visit.told_next:
            self._leave(response, TOLD_COOKIE, sealed(visit.told_next, house.key), TOLD_LASTS)
        elif visit.told and response.mimetype == "text/html":
            self._leave(response, TOLD_COOKIE, "", timedelta(0))
        return response

    def _handled(self, route: Route, values: dict[str, Any], visit: Visit) -> Response:
        if route.door is Door.SIGNED_IN and not visit.session.is_signed_in:
            if visit.request.method not in SAFE:
                raise Refused(403, "Not signed in", "Nothing was stored. Sign in and try again.")
            return visit.see_other(f"/sign-in?next={quote(visit.request.path, safe='')}")
        with about(athlete=visit.session.athlete):
            return route.opened()(visit, **values)

    def _match(self, request: PageRequest) -> tuple[Route, dict[str, Any]]:
        route, values = self._routes.bind_to_environ(request.environ).match(method=request.method)
        return cast("Route", route), dict(values)

    def _check_host(self, request: PageRequest) -> None:
        """A stranger's name that leads here (DNS rebinding) opens nothing."""
        try:
            host = (urlsplit(f"//{request.environ.get('HTTP_HOST', '')}").hostname or "").rstrip(".")
        except ValueError:
            host = ""
        if host in self._hosts or _is_address(host):
            return
        raise Refused(
            421,
            "Unknown address",
            "This page does not know itself by that name. Set it in the configuration: [page] address = …",
        )

    def _check_form(self, visit: Visit) -> None:
        request = visit.request
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        token = request.form.get("csrf", "")
        if site not in ("same-origin", "none") or not is_ours(token, visit.session, self._house.key):
            raise Refused(403, "Please try again", EXPIRED_FORM)

    def _without_passcode(self, visit: Visit) -> Session | None:
        """On a page of this machine alone, the only runner needs no passcode."""
        if self._house.config.page.is_private and list(self._house.passcodes.values()) == [""]:
            return new_session(next(iter(self._house.passcodes)), visit.now)
        return None

    def _leave(self, response: Response, name: str, value: str, lasts: timedelta, path: str = "/") -> None:
        secure = (self._house.config.page.address or "").startswith("https://")
        response.set_cookie(
            name, value, max_age=lasts, path=path, secure=secure, httponly=True, samesite="Strict"
        )

    def _failed(self, error: Exception, visit: Visit) -> Response:
        """A page for what went wrong; never an error of the machine's own kind."""
        retry_after_s = None
        match error:
            case Refused():
                status, title, text = error.status, error.title, error.text
                retry_after_s = error.retry_after_s
            case HTTPException():
                status, title = error.code or 500, error.name
                text = _WORDS.get(status, error.name)
                title = _TITLES.get(status, title)
            case StoreError():
                log.error("The page could not be shown: %s", error)
                status, title, text = 503, "Not now", f"{error.what} {error.cure}"
            case _:
                log.error("The page %s failed", visit.request.path, exc_info=error)
                status, title = 500, "That went wrong"
                text = "niggled's log says why. Your data is as it was."
        response = visit.page("refused", status=status, heading=title, text=text)
        if isinstance(error, HTTPException) and status == 405:
            response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or SAFE))
        if retry_after_s is not None:
            response.headers["Retry-After"] = str(math.ceil(retry_after_s))
        return response

    def _dress(self, request: PageRequest, response: Response) -> None:
        response.headers.extend(
            {name: value for name, value in HEADERS.items() if name not in response.headers}
        )
        if _is_encrypted(self._house):
            # Without encryption browsers ignore it, and complain of it on every page.
            response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        packed = response.headers.get("Content-Encoding") is not None
        if packed or (response.mimetype or "").startswith("image/png") or not response.is_sequence:
            return
        response.headers["Vary"] = "Accept-Encoding"
        if (
            request.accept_encodings.quality("gzip")
            and (body := response.get_data())
            and len(body) >= WORTH_PACKING_BYTES
        ):
            response.set_data(gzip.compress(body, 6, mtime=0))
            response.headers["Content-Encoding"] = "gzip"


_TITLES = {404: "Not here", 405: "Not like this", 413: "Too much"}
_WORDS = {
    400: "This request makes no sense to niggled. Nothing was stored.",
    404: "There is no such page.",
    405: "This page does not take that. Nothing was stored.",
    413: "That is more than fits into this form. Nothing was stored.",
}


def _is_encrypted(house: House) -> bool:
    return (house.config.page.address or "").startswith("https://")


def _hosts(house: House) -> frozenset[str]:
    """The names this page goes by, beside numeric addresses."""
    named = urlsplit(house.config.page.address or "").hostname
    return frozenset({"localhost", named or "localhost"})


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
