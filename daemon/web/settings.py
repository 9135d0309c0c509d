"""Sources, channels, pause and quiet hours, and a new key for Garmin."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from werkzeug.wrappers import Response

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from daemon.cli.source_lines import sentence, when
from daemon.config_sources import GARMIN
from daemon.connections import key_file
from daemon.garmin_key import (
    HOW_KEYS_ARE,
    LONGEST_VALIDITY,
    WHERE_KEYS_ARE,
    LastDayError,
    first_answer,
    last_day,
    today_of,
)
from daemon.store.preferences import set_quiet_hours
from daemon.store.sources import due_at_once
from daemon.web.errors import Refused
from daemon.web.key_trial import Busy, tried
from daemon.web.saying import once, say
from daemon.web.settings_view import pause_words, settings_view
from daemon.web.visit import Visit
from rules.wording import NOT_MEDICAL_ADVICE

log = logging.getLogger(__name__)

PAUSES = (("1", "1 day"), ("3", "3 days"), ("7", "7 days"), ("14", "14 days"), ("", "Until I resume"))
LONGEST_KEY_FIELD = 5000
AWAKE = timedelta(hours=10)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:\d\d)?")
NOT_CLOCK = "Give both times as hours and minutes, like 22:00 and 07:00."
SAME_TIME = "From and to are the same. Choose two different times."
NO_REMINDER = "You did not say when the key ends, so niggled cannot remind you in time."
MAKE_A_NEW_ONE = "Nothing was changed. Make a new key and paste it whole."
OTHER_DAY = "The last day of a key lies in the next 365 days. Choose it, or leave the field empty."
UNCHANGED = "Nothing was changed; try again later."


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong with a form, to be read beside it; `values` is what had been filled in and may be shown again."""

    form: str
    text: str
    values: dict[str, str]


def show(visit: Visit) -> Response:
    return _page(visit)


def pause(visit: Visit) -> Response:
    days = visit.field("days")
    if days not in dict(PAUSES):
        raise Refused(400, "Not understood", "There is no such pause. Nothing was changed.")
    say(visit, f"pause {days}d" if days else "pause")
    with visit.house.store.reading() as session:
        told = pause_words(session, visit.athlete, visit.now)
    return visit.see_other("/settings", told=told or "Nothing is paused.")


def resume(visit: Visit) -> Response:
    say(visit, "resume")
    with visit.house.store.reading() as session:
        told = pause_words(session, visit.athlete, visit.now)
    return visit.see_other("/settings", told=told or "Back again: messages come as usual.")


def quiet_hours(visit: Visit) -> Response:
    if visit.field("back"):
        window = None
        told = f"Quiet hours as in the configuration again: {_spoken(visit.athlete.policy.msg.quiet)}."
    else:
        begins, ends = visit.field("from", 8), visit.field("to", 8)
        problem = _clock_problem(begins, ends)
        if problem:
            return _page(visit, Problem("quiet", problem, {"from": begins, "to": ends}), status=422)
        window = f"{begins[:5]}-{ends[:5]}"
        told = f"Quiet from {_spoken(window)}."
    with visit.house.store.session() as session:
        set_quiet_hours(session, visit.athlete.name, window, visit.now)
    return visit.see_other("/settings", told=told)


def garmin_key(visit: Visit) -> Response:
    """Try a pasted key with Garmin and, where Garmin takes it, use it from the next look on."""
    athlete, config = visit.athlete, visit.house.config
    settings, today = athlete.sources[GARMIN], today_of(athlete, visit.now)
    if settings.door == "login":
        raise Refused(409, "Not by key", "The configuration says that Garmin is read by mail and password.")
    asked_end = visit.field("ends", 12) if settings.key_ends is None else ""
    try:
        ends = last_day(asked_end, today) if asked_end else None
        found = tried(visit.field("key", LONGEST_KEY_FIELD), settings, visit.house.clock)
    except (LastDayError, Busy, ConnectorError) as error:
        problem = Problem("key", _key_problem(error, visit), {"ends": asked_end})
        return _page(visit, problem, status=422)
    validity = {} if ends is None else {"key_ends": ends.isoformat(), "key_days": (ends - today).days}
    try:
        key_file(config.home, athlete.name, GARMIN).save(dict(found.content) | validity)
    except Broken as error:
        log.error("A new Garmin key was not saved: %s", error)  # noqa: TRY400  it says all there is to say
        text = "Garmin takes this key, but it could not be saved. `niggled doctor` says why."
        return _page(visit, Problem("key", text, {"ends": asked_end}), status=503)
    with visit.house.store.session() as session:
        due_at_once(session, athlete.name, GARMIN, visit.now)
    log.info("A new Garmin key was saved")
    reminder = NO_REMINDER if ends is None and settings.key_ends is None else ""
    told = f"{first_answer(found.connected, athlete)} The new key is saved and used from now on. {reminder}"
    return visit.see_other("/settings", told=told.rstrip())


def _page(visit: Visit, problem: Problem | None = None, status: int = 200) -> Response:
    today = today_of(visit.athlete, visit.now)
    return visit.page(
        "settings",
        status=status,
        view=settings_view(visit),
        pauses=PAUSES,
        problem=problem,
        once=once(),
        make_a_key=(WHERE_KEYS_ARE, HOW_KEYS_ARE),
        first_day=(today + timedelta(days=1)).isoformat(),
        last_day=(today + LONGEST_VALIDITY).isoformat(),
        has_passcode=bool(visit.house.passcodes.get(visit.athlete.name)),
        not_medical=NOT_MEDICAL_ADVICE,
    )


def _clock_problem(begins: str, ends: str) -> str:
    """What is wrong with quiet hours, as a sentence; empty where nothing is."""
    if not (_CLOCK.fullmatch(begins) and _CLOCK.fullmatch(ends)):
        return NOT_CLOCK
    first, last = (datetime.strptime(text[:5], "%H:%M") for text in (begins, ends))  # noqa: DTZ007  a time of any day
    lasting = (last - first) % timedelta(days=1)
    if not lasting:
        return SAME_TIME
    if timedelta(days=1) - lasting < AWAKE:
        hours = f"{lasting / timedelta(hours=1):.1f}".removesuffix(".0")
        return (
            f"From {begins[:5]} to {ends[:5]} is {hours} hours of silence, and niggled needs ten in which it may write. "
            "Are the two swapped? For more silence, pause."
        )
    return ""


def _spoken(window: str) -> str:
    return window.replace("-", " to ")


def _key_problem(error: Exception, visit: Visit) -> str:
    """What to read beside the field; the key itself is in no text."""
    match error:
        case LastDayError():
            return OTHER_DAY
        case Busy():
            return "A key is being tried just now. Wait half a minute, then look here again."
        case NeedsLogin(reason="key_expired"):
            return f"{sentence(str(error))} {MAKE_A_NEW_ONE}"
        case Unavailable(retry_at=datetime() as at):
            later = when(at, visit.athlete.runner, visit.now)
            return f"{sentence(str(error))} Nothing was changed; try again, not before {later}."
    return f"{sentence(str(error))} {UNCHANGED}"
