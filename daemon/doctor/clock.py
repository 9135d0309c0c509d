"""The machine's clock: plausible, kept by the network, and not behind what was already written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from daemon.doctor.unit import BOOTED, Ask, asked
from daemon.doctor.verdict import Verdict, bad, good, warning, when

EARLIEST_YEAR, LATEST_YEAR = 2026, 2100
TOLERANCE = timedelta(minutes=2)
CURE = "Set the clock; `timedatectl set-ntp true` has the network keep it."


def clock_verdicts(now: datetime, written: datetime | None, synchronised: bool | None) -> Iterator[Verdict]:
    """`written` is the latest instant that the program has noted, `synchronised` what the system says of its clock."""
    if not EARLIEST_YEAR <= now.year < LATEST_YEAR:
        yield bad("clock", f"The clock says {now:%Y-%m-%d %H:%M} UTC, which cannot be.", CURE)
    elif written is not None and written > now + TOLERANCE:
        yield bad(
            "clock",
            f"The clock was put back: something was noted {when(written, now)}, and now it is {now:%H:%M} UTC.",
            CURE,
        )
    elif synchronised is False:
        yield warning("clock", f"{now:%Y-%m-%d %H:%M} UTC, and the network does not keep the clock.", CURE)
    else:
        kept = ", kept by the network" if synchronised else ""
        yield good("clock", f"{now:%Y-%m-%d %H:%M} UTC{kept}.")


def compared(now: datetime, server: str, told: datetime) -> Verdict:
    """The clock beside the one of a server."""
    ahead = now - told
    if abs(ahead) <= TOLERANCE:
        return good("clock", f"The clock agrees with that of {server}.")
    minutes = round(abs(ahead) / timedelta(minutes=1))
    direction = "ahead of" if ahead > timedelta() else "behind"
    return bad("clock", f"The clock is {minutes:,} minutes {direction} that of {server}.", CURE)


def synchronised(ask: Ask = asked, booted: Path = BOOTED) -> bool | None:
    """Whether the network keeps the clock (systemd-timesyncd, chrony, ntpd); None where nobody can tell."""
    told = ask(["timedatectl", "show", "--property=NTPSynchronized", "--value"]) if booted.is_dir() else None
    return {"yes": True, "no": False}.get((told or "").strip())
