"""What the log says and what it keeps to itself."""

from __future__ import annotations

import io
import logging
import os
import re
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


def test_under_the_journal_every_line_has_its_priority_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
