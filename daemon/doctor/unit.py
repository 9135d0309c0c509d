"""What systemd says of the service, and whether the daemon lives: its lock, its last look, its memory."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from daemon.doctor.verdict import Verdict, bad, counted, from_stamp, good, warning, when
from daemon.paths import LAST_LOOK

UNIT = "niggled.service"
BOOTED = Path("/run/systemd/system")
MEMORY_MB = 70
BUSY_AT_MOST = timedelta(minutes=15)
"""A look takes up to ten minutes while a large export is read."""
SHOWN = (
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "WatchdogUSec",
    "NRestarts",
    "MainPID",
    "StatusText",
    "User",
)
_ANSWERS_WITHIN_S = 2.0
_CREDENTIAL = re.compile(r"^\s*LoadCredential(?:Encrypted)?\s*=\s*([^:\s]+)", re.MULTILINE)
_STARTING = ("activating", "reloading")

type Ask = Callable[[Sequence[str]], str | None]


@dataclass(frozen=True, slots=True)
class Unit:
    """niggled.service as systemd tells it. `manager` is "system" or "user"; `credentials` are names only."""

    manager: str
    active: str
    sub: str
    result: str
    watchdog: str
    restarts: int
    main_pid: int
    status: str
    credentials: frozenset[str]

    @property
    def journal(self) -> str:
        return "journalctl --user -u niggled" if self.manager == "user" else "journalctl -u niggled"

    @property
    def systemctl(self) -> str:
        return "systemctl --user" if self.manager == "user" else "sudo systemctl"


@dataclass(frozen=True, slots=True)
class Running:
    """The daemon of a home. `held`: somebody holds its lock, None where nobody can tell; `process` is who, where known."""

    held: bool | None
    process: int | None


def asked(command: Sequence[str]) -> str | None:
    """What a program of the system prints; None where there is none, or no answer."""
    try:
        # Fixed words of our own; the program is the system's.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=_ANSWERS_WITHIN_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def unit_facts(ask: Ask = asked, booted: Path = BOOTED) -> Unit | None:
    """The installed unit, the machine's before the user's own; None where there is none, or no systemd."""
    if not booted.is_dir():
        return None
    for manager, words in (("system", ()), ("user", ("--user",))):
        told = ask(["systemctl", *words, "show", UNIT, f"--property={','.join(SHOWN)}"])
        facts = _facts(told or "")
        if facts.get("LoadState") == "loaded":
            # `show` prints credentials as "[unprintable]"; the files themselves are readable.
            return _unit(manager, facts, ask(["systemctl", *words, "cat", UNIT]) or "")
    return None


def running(home: Path, unit: Unit | None, *, embedded: bool) -> Running:
    """Whether a daemon works on this home. Only an `embedded` database has a lock; else systemd is asked."""
    if not embedded:
        if unit is None or unit.main_pid == 0:
            return Running(None, None)
        return Running(True, unit.main_pid)
    try:
        lock = os.open(home / "daemon.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return Running(False, None)
    except OSError:
        return Running(None, None)
    try:
        # A shared lock disturbs nobody but a daemon that starts in this very moment, which systemd then starts again.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        written = os.read(lock, 32).decode(errors="replace").strip()
        return Running(True, int(written) if written.isdecimal() else None)
    finally:
        os.close(lock)
    return Running(False, None)


def unit_verdicts(unit: Unit | None, daemon: Running, *, booted: bool) -> Iterator[Verdict]:
    """The service itself: is it there, is it up, is it watched, does it keep falling over."""
    if unit is None:
        if booted and not daemon.held:
            yield warning(
                "unit",
                "systemd has no niggled.service, so nothing starts the daemon with the machine.",
                "Install the unit (docs/install.md).",
            )
        else:
            yield good("unit", "No systemd unit; `niggled run` is started by something else.")
        return
    if unit.active in _STARTING:
        yield good("unit", f"{UNIT} is {unit.active}.")
        return
    if unit.active != "active":
        result = f" ({unit.result})" if unit.result not in ("", "success") else ""
        cure = f"See `{unit.journal} -n 30`, then `{unit.systemctl} start niggled`."
        yield bad("unit", f"{UNIT} is {unit.active}{result}.", cure)
        return
    if unit.watchdog in ("", "0", "infinity"):
        yield warning("unit", f"{UNIT} is active and not watched.", "Set WatchdogSec=120s in the unit.")
    elif unit.restarts:
        yield warning(
            "unit",
            f"{UNIT} is active and was restarted {counted(unit.restarts, 'time')}.",
            f"`{unit.journal} -p warning` says why.",
        )
    else:
        yield good("unit", f"{UNIT} is active, watchdog {unit.watchdog}, no restarts.")
    if " has failed since " in unit.status:
        trouble = next(part for part in unit.status.split("; ") if " has failed since " in part)
        yield bad("steps", f"{trouble[:1].upper()}{trouble[1:]}.", f"`{unit.journal} -p warning` says why.")


def daemon_verdicts(
    home: Path, daemon: Running, unit: Unit | None, now: datetime, tick_s: int
) -> Iterator[Verdict]:
    """Whether the daemon runs and looks."""
    start = "`niggled run`" if unit is None else f"`{unit.systemctl} start niggled`"
    look = _last_look(home)
    last = "" if look is None else f"; its last look was {when(look, now)}"
    if daemon.held is False:
        yield bad("daemon", f"The daemon does not run{last}.", f"Start it: {start}.")
        return
    process = "" if daemon.process is None else f" (process {daemon.process})"
    fresh_for = max(BUSY_AT_MOST, timedelta(seconds=3 * tick_s))
    if look is None:
        yield warning(
            "daemon",
            f"The daemon{process} has not finished a look yet.",
            "Wait a minute and ask again.",
        )
    elif now - look > fresh_for:
        again = start if unit is None else f"`{unit.systemctl} restart niggled`"
        yield bad(
            "daemon",
            f"The daemon{process} has not looked since {when(look, now)}.",
            f"Read its log, then stop and start it: {again}.",
        )
    else:
        yield good("daemon", f"The daemon runs{process}, last look {when(look, now)}.")


def memory_verdicts(daemon: Running, proc: Path = Path("/proc")) -> Iterator[Verdict]:
    """What the running daemon holds in memory; nothing where it cannot be seen."""
    if daemon.process is None:
        return
    try:
        status = (proc / str(daemon.process) / "status").read_text(encoding="utf-8")
    except OSError:
        return
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    if found is None:
        return
    held_mb = round(int(found[1]) / 1024)
    if held_mb > MEMORY_MB:
        yield warning(
            "memory",
            f"The daemon holds {held_mb} MB, more than the {MEMORY_MB} it should.",
            "Restart it; if it grows again, report this line.",
        )
    else:
        yield good("memory", f"The daemon holds {held_mb} MB of memory.")


def _last_look(home: Path) -> datetime | None:
    try:
        return from_stamp((home / LAST_LOOK).stat().st_mtime)
    except OSError:
        return None


def _facts(told: str) -> dict[str, str]:
    """`systemctl show` -> values by name; a property told twice is told in lines."""
    facts: dict[str, str] = {}
    for line in told.splitlines():
        name, _, value = line.partition("=")
        facts[name] = f"{facts[name]}\n{value}" if name in facts else value
    return facts


def _unit(manager: str, facts: Mapping[str, str], files: str) -> Unit:
    return Unit(
        manager=manager,
        active=facts.get("ActiveState", ""),
        sub=facts.get("SubState", ""),
        result=facts.get("Result", ""),
        watchdog=facts.get("WatchdogUSec", ""),
        restarts=_number(facts.get("NRestarts", "")),
        main_pid=_number(facts.get("MainPID", "")),
        status=facts.get("StatusText", ""),
        credentials=frozenset(_CREDENTIAL.findall(files)),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
