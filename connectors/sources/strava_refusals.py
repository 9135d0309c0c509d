"""What Strava's refusals mean. Its errors read {"message": ..., "errors": [{"resource", "field", "code"}]}."""

from __future__ import annotations

import re
from datetime import datetime

import requests

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.http import retry_at
from connectors.sources.strava_limits import Usage, after_refusal

TITLE = "Strava"
LOG_IN = "Run `niggled login strava`."
LOG_IN_ALL_BOXES = "Run `niggled login strava` and leave every box on Strava's page ticked."
CHECK_APP = (
    "Compare client_id and client_secret with strava.com/settings/api, then run `niggled login strava`."
)
SUBSCRIBE = (
    "Subscribe to Strava and reactivate the application on strava.com/settings/api, or use Garmin or files."
)

_STRANGE = re.compile(r"[^\w:. -]")

type Complaint = tuple[str, str, str]
"""Resource, field and code of one error, in lower case."""


def refusal(response: requests.Response, usage: Usage | None, now: datetime) -> ConnectorError:
    """An answer of the API that is no success. A 401 is taken as final: the caller has renewed the token before."""
    status, complaints = response.status_code, complaints_of(response)
    if status == 401:
        if lacks_scope(response):
            return NeedsLogin("scope", LOG_IN_ALL_BOXES, f"{TITLE} does not let us read all activities")
        return NeedsLogin("login", LOG_IN, f"{TITLE} refuses our login")
    if status == 402 or (status == 403 and ("application", "status", "inactive") in complaints):
        return _inactive()
    if status == 429:
        return _too_many(response, usage, now)
    if status == 403 and not complaints:
        return Unavailable(f"{TITLE} turned the request away (403)", retry_at(response, now))
    return _other(response, complaints, now)


def token_refusal(response: requests.Response, now: datetime) -> ConnectorError:
    """An answer of the token endpoint that is no success."""
    status, complaints = response.status_code, complaints_of(response)
    if status == 403 and ("application", "status", "inactive") in complaints:
        return _inactive()
    if status in (400, 401, 403) and any(resource == "application" for resource, _, _ in complaints):
        return NeedsLogin(
            "login", CHECK_APP, f"{TITLE} does not know the application, or its secret is wrong"
        )
    if status == 400 and any(field == "code" for _, field, _ in complaints):
        return NeedsLogin(
            "login", LOG_IN, f"{TITLE} does not take this code; each works once and not for long"
        )
    if status in (400, 401) and complaints:
        return NeedsLogin("login", LOG_IN, f"{TITLE} no longer accepts our login")
    if status == 429:
        return _too_many(response, None, now)
    return _other(response, complaints, now)


def lacks_scope(response: requests.Response) -> bool:
    """Whether a 401 says that the runner did not grant a permission; a new token would not help."""
    return any(
        field.endswith("permission") and code == "missing" for _, field, code in complaints_of(response)
    )


def complaints_of(response: requests.Response) -> list[Complaint]:
    """The errors of an answer; none where it has none of that shape."""
    try:
        content = response.json()
    except ValueError:
        return []
    errors = content.get("errors") if isinstance(content, dict) else None
    if isinstance(errors, dict):
        errors = [errors]
    if not isinstance(errors, list):
        return []
    return [
        (_word(error, "resource"), _word(error, "field"), _word(error, "code"))
        for error in errors
        if isinstance(error, dict)
    ]


def _word(error: dict[str, object], name: str) -> str:
    return _STRANGE.sub("", str(error.get(name) or ""))[:40].lower()


def _inactive() -> NeedsLogin:
    return NeedsLogin(
        "inactive",
        SUBSCRIBE,
        f"{TITLE} has switched off your API application; it wants a subscription for it",
    )


def _too_many(response: requests.Response, usage: Usage | None, now: datetime) -> Unavailable:
    back = retry_at(response, now) or after_refusal(usage, now)
    return Unavailable(f"{TITLE} says that these were too many requests (429)", back)


def _other(response: requests.Response, complaints: list[Complaint], now: datetime) -> ConnectorError:
    status = response.status_code
    if status >= 500 or status in (408, 425):
        return Unavailable(f"{TITLE} answered with an error of its own ({status})", retry_at(response, now))
    if status < 300:
        return Broken(f"{TITLE} answered in a way that we do not know ({status})")
    if status < 400:
        return Unavailable(f"{TITLE} answered with a redirect instead of data ({status})")
    said = "; ".join(" ".join(word for word in one if word) for one in complaints[:2])
    return Broken(f"{TITLE} refuses what we ask ({status}{': ' if said else ''}{said})")
