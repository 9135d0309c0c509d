"""Where data lives: whose it is and who may read it, how much room is left, whether the inbox can be read."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from daemon import page_key
from daemon.doctor.verdict import Verdict, bad, counted, good, size, warning

LEAST_BYTES, FEW_BYTES = 100_000_000, 1_000_000_000
LEAST_INODES, FEW_INODES = 1_000, 10_000
_OTHERS = 0o077


def mode_verdicts(home: Path, database: Path | None) -> Iterator[Verdict]:
    """The modes of the data folder, the keys and the database, and whether whoever asks is their owner."""
    check = "modes"
    try:
        owner = home.stat().st_uid
    except FileNotFoundError:
        yield good(check, f"There is no data in {home} yet; `niggled run` makes the folder.")
        return
    except PermissionError:
        yield bad(check, f"{home} is closed to you.", "Ask as the user that runs niggled, or as root.")
        return
    if os.geteuid() not in (0, owner):
        yield bad(
            check,
            f"{home} belongs to {_user(owner)}, and you are {_user(os.geteuid())}.",
            f"Ask as that user: `sudo -u {_user(owner)} niggled doctor`.",
        )
        return
    if not _may_write(home):
        yield bad(check, f"{home} may not be written.", "Give it to the user that runs niggled (chown).")
        return
    page = home / page_key.NAME
    secret = [*_files(home / "keys"), *([page] if page.exists() else []), *_database_files(database)]
    told = [
        bad(check, f"Others may read {path} ({mode:04o}).", f"Run `chmod 600 {path}`.")
        for path, mode in _open(secret)
    ]
    told += [
        warning(check, f"Others may look into {path} ({mode:04o}).", f"Run `chmod 700 {path}`.")
        for path, mode in _open([home, home / "keys"])
    ]
    yield from told or [good(check, f"{home} is for {_user(owner)} only, and so are keys and database.")]


def room_verdicts(places: Iterable[Path]) -> Iterator[Verdict]:
    """Room on every disk that holds data. A place that does not exist yet counts as the folder it will be in."""
    seen: set[int] = set()
    for place in places:
        folder = next((one for one in (place, *place.parents) if one.is_dir()), Path("/"))
        device = folder.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield room_verdict(folder, os.statvfs(folder))


def room_verdict(folder: Path, disk: os.statvfs_result) -> Verdict:
    """What the figures of one disk come to."""
    free, inodes = disk.f_bavail * disk.f_frsize, disk.f_favail
    counts_inodes = disk.f_files > 0
    if disk.f_flag & os.ST_RDONLY:
        return bad(
            "disk", f"The disk of {folder} is mounted read-only.", "Check it (dmesg), and mount it writable."
        )
    if free < LEAST_BYTES or (counts_inodes and inodes < LEAST_INODES):
        left = size(free) if free < LEAST_BYTES else counted(inodes, "file")
        return bad("disk", f"The disk of {folder} is full: room for {left}.", "Free some space there.")
    if free < FEW_BYTES or (counts_inodes and inodes < FEW_INODES):
        left = size(free) if free < FEW_BYTES else counted(inodes, "file")
        return warning(
            "disk", f"The disk of {folder} fills up: room for {left}.", "Free some space there soon."
        )
    return good("disk", f"{size(free)} free in {folder}.")


def inbox_verdicts(inbox: Path, athlete: str) -> Iterator[Verdict]:
    """Whether the folder that files are dropped into can be read, and everything in it."""
    try:
        closed = [
            entry.name for entry in os.scandir(inbox) if entry.is_file() and not os.access(entry, os.R_OK)
        ]
    except FileNotFoundError:
        parent = next(one for one in inbox.parents if one.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            yield good("inbox", f"The inbox {inbox} is made at the first look.", athlete)
        else:
            yield bad(
                "inbox", f"There is no inbox {inbox}, and it cannot be made.", "Make the folder.", athlete
            )
    except NotADirectoryError:
        yield bad("inbox", f"{inbox} is no folder.", "Name a folder as sources.files.folder.", athlete)
    except PermissionError:
        yield bad(
            "inbox",
            f"The inbox {inbox} may not be read.",
            "Give niggled the right to (chmod, chown).",
            athlete,
        )
    else:
        if closed:
            yield warning(
                "inbox",
                f"{counted(len(closed), 'file')} in {inbox} may not be read.",
                "Give niggled the right to (chmod, chown).",
                athlete,
            )
        else:
            yield good("inbox", f"The inbox {inbox} can be read.", athlete)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _database_files(database: Path | None) -> list[Path]:
    if database is None:
        return []
    return [database, *(database.with_name(f"{database.name}{end}") for end in ("-wal", "-shm"))]


def _open(paths: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """The existing ones among them that others may do something with."""
    for path in paths:
        if path.exists() and (mode := stat.S_IMODE(path.stat().st_mode)) & _OTHERS:
            yield path, mode


def _may_write(home: Path) -> bool:
    """By its mode; a disk that is mounted read-only is told as that."""
    return os.access(home, os.W_OK) or bool(os.statvfs(home).f_flag & os.ST_RDONLY)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
