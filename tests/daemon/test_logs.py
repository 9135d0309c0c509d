"""What the log says and what it keeps to itself."""

from __future__ import annotations

import io
import logging
import os
import re
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import logs


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def written(secrets: tuple[str, ...] = ()) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(secrets, stream=stream)
    return stream


def test_a_line_has_utc_time_level_and_name() -> None:
    stream = written()
    logging.getLogger("daemon.service").info("One tick")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO daemon\.service: One tick\n", stream.getvalue()
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("posting to ntfy://runner:pw@home.example/topic failed", "posting to ntfy://*** failed"),
        (
            "HTTPSConnection(url='https://api.telegram.org/bot12:ab/send')",
            "HTTPSConnection(url='https://***')",
        ),
        ("Authorization: Bearer tk_abc123 refused", "Authorization: Bearer *** refused"),
        ("GET /x?token=abc&page=2", "GET /x?token=***&page=2"),
        ("hunter2-long and hunter2", "*** and ***"),
        ("3 files read in 2 s", "3 files read in 2 s"),
    ],
)
def test_addresses_and_tokens_are_hidden(said: str, shown: str) -> None:
    assert logs.hide(said, ("hunter2-long", "hunter2")) == shown


def test_a_traceback_hides_them_too() -> None:
    stream = written(("my-topic-1234",))
    error = OSError("no route to ntfy.example for my-topic-1234 at ntfy://ntfy.example/my-topic-1234")
    logging.getLogger("daemon").error("Delivery failed", exc_info=error)
    assert "OSError: no route to ntfy.example for *** at ntfy://***" in stream.getvalue()
    assert "my-topic-1234" not in stream.getvalue()


def test_without_the_journals_socket_every_line_has_its_priority_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "JOURNAL_SOCKET", str(tmp_path / "none"))
    with (tmp_path / "journal").open("w+") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        logs.configure(stream=stream)
        logging.getLogger("daemon").warning("first line\nsecond line")
        logging.getLogger("daemon").info("all is well")
        stream.seek(0)
        assert stream.read() == "<4>first line\n<4>second line\n<6>all is well\n"


def test_libraries_that_log_addresses_are_kept_quiet() -> None:
    stream = written()
    logging.getLogger("urllib3.connectionpool").info("Starting new HTTP connection (1): home.example:80")
    logging.getLogger("apscheduler.executors.default").info("Running job")
    assert stream.getvalue() == ""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """The journal's end of its socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "journal.socket"))
        receiver.settimeout(20)
        yield receiver


def entry(journal: socket.socket) -> dict[str, str]:
    """One entry, as the journal reads it."""
    data, fields = journal.recv(65_536), {}
    while data:
        name, _, data = data.partition(b"\n")
        (length,) = struct.unpack("<Q", data[:8])
        fields[name.decode()] = data[8 : 8 + length].decode()
        data = data[8 + length + 1 :]
    return fields


def to_journal(folder: Path, name: str = "journal.socket") -> io.StringIO:
    stream = io.StringIO()
    handler = logs.JournalHandler(stream, str(folder / name))
    handler.setFormatter(logs.DiscreetFormatter(("hunter2",), for_journal=True))
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(logging.INFO)
    return stream


def test_the_journal_is_told_whom_and_what_a_line_concerns(tmp_path: Path, journal: socket.socket) -> None:
    to_journal(tmp_path)
    with logs.about(athlete="anna"), logs.about(source="garmin"):
        logging.getLogger("daemon.jobs.poll").warning("Refused with hunter2 at https://example.org/x")
    assert entry(journal) == {
        "MESSAGE": "Refused with *** at https://***",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "niggled",
        "LOGGER": "daemon.jobs.poll",
        "NIGGLED_ATHLETE": "anna",
        "NIGGLED_SOURCE": "garmin",
    }
    with logs.about(athlete="ben", channel="phone"):
        logging.getLogger("daemon").info("Sent")
    assert entry(journal)["NIGGLED_CHANNEL"] == "phone"
    logging.getLogger("daemon").info("Stopped")
    assert not any(name.startswith("NIGGLED_") for name in entry(journal)), "what a block says ends with it"


def test_a_traceback_is_one_entry_of_the_journal(tmp_path: Path, journal: socket.socket) -> None:
    to_journal(tmp_path)
    try:
        (tmp_path / "hunter2").read_text()
    except OSError:
        logging.getLogger("daemon").exception("The tick failed")
    message = entry(journal)["MESSAGE"]
    assert message.startswith("The tick failed\nTraceback")
    assert "FileNotFoundError: [Errno 2] No such file or directory" in message
    assert "hunter2" not in message


def test_a_line_that_is_far_too_long_arrives_cut(tmp_path: Path, journal: socket.socket) -> None:
    to_journal(tmp_path)
    logging.getLogger("daemon").error("x" * 500_000)
    assert 10_000 < len(entry(journal)["MESSAGE"]) < 60_000


def test_one_thread_says_nothing_of_another(tmp_path: Path, journal: socket.socket) -> None:
    to_journal(tmp_path)
    with logs.about(source="strava"):
        other = threading.Thread(target=lambda: logging.getLogger("daemon").info("beside"))
        other.start()
        other.join()
    assert "NIGGLED_SOURCE" not in entry(journal)


def test_where_the_journal_is_closed_lines_go_to_stderr_with_their_priority(tmp_path: Path) -> None:
    stream = to_journal(tmp_path, "no such socket")
    logging.getLogger("daemon").warning("still heard")
    assert stream.getvalue() == "<4>still heard\n"
