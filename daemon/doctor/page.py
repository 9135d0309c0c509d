"""The page: whether it answers, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException

from daemon.config import AthleteConfig, Config
from daemon.doctor.unit import Running
from daemon.doctor.verdict import Verdict, bad, good, warning

ANSWERS_WITHIN_S = 10.0
PROOF = "/assets/icon.svg"


def page_verdicts(config: Config, daemon: Running) -> Iterator[Verdict]:
    """Asks the page of this very machine for a picture."""
    page = config.page
    if not page.on:
        yield good("page", "Switched off.")
        return
    yield from _passcode_verdicts(config.athletes, private=page.is_private)
    if daemon.held is False:
        yield good("page", f"It will be on {page.here} once the daemon runs.")
        return
    answer = _answer(page.here.removeprefix("http://"))
    if answer == 200:
        links = (
            f"; links in messages begin with {page.base_url}"
            if page.base_url
            else "; messages carry no links"
        )
        yield good("page", f"It answers on {page.here}{links}.")
    else:
        told = "does not answer" if answer is None else f"answers with {answer}"
        yield bad("page", f"The page on {page.here} {told}.", "Look into the log: it says why.")


def _passcode_verdicts(athletes: Mapping[str, AthleteConfig], *, private: bool) -> Iterator[Verdict]:
    for name, athlete in athletes.items():
        if athlete.passcode is None and not private:
            yield warning(
                "page",
                "There is no passcode, so only the links in messages open anything.",
                f"Set [athletes.{name}] passcode, or run `niggled setup --athlete {name}`.",
                name,
            )


def _answer(place: str) -> int | None:
    connection = HTTPConnection(place, timeout=ANSWERS_WITHIN_S)
    try:
        connection.request("GET", PROOF)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
