"""What the doctor says of the page: whether it answers, and who could open it."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from fakes.ports import free_port
from fakes.receiver import Receiver

from daemon.config import Config, load
from daemon.doctor.page import page_verdicts
from daemon.doctor.unit import Running
from daemon.doctor.verdict import Verdict

RUNS, RESTS = Running(held=True, process=812), Running(held=False, process=None)


class Pictures(Receiver):
    """Answers whatever is asked for."""

    def handle_get(self, request: BaseHTTPRequestHandler) -> None:
        self.handle(request)


@pytest.fixture
def answering() -> Iterator[str]:
    with Pictures() as server:
        yield server.base_url.removeprefix("http://")


def config_of(folder: Path, page: str, athletes: str = "") -> Config:
    path = folder / "config.toml"
    path.write_text(f"{athletes}[page]\n{page}\n")
    return load(path, folder)


def said(verdicts: Iterator[Verdict]) -> list[str]:
    return [f"{one.mark.value}: {one.what} {one.cure}".rstrip() for one in verdicts]


def test_a_page_that_answers_is_told_with_where_links_lead(tmp_path: Path, answering: str) -> None:
    config = config_of(tmp_path, f'listen = "{answering}"')
    assert said(page_verdicts(config, RUNS)) == [
        f"ok: It answers on http://{answering}; messages carry no links."
    ]
    config = config_of(
        tmp_path,
        f'listen = "{answering}"\naddress = "https://n.example.org"',
        '[athletes.anna]\npasscode = "open sesame"\n[athletes.ben]\n',
    )
    assert said(page_verdicts(config, RUNS)) == [
        "warning: There is no passcode, so only the links in messages open anything. "
        "Set [athletes.ben] passcode, or run `niggled setup --athlete ben`.",
        f"ok: It answers on http://{answering}; links in messages begin with https://n.example.org.",
    ]


def test_a_page_that_is_not_there_is_bad_only_while_the_daemon_runs(tmp_path: Path) -> None:
    place = f"127.0.0.1:{free_port()}"
    config = config_of(tmp_path, f'listen = "{place}"')
    assert said(page_verdicts(config, RUNS)) == [
        f"bad: The page on http://{place} does not answer. Look into the log: it says why."
    ]
    assert said(page_verdicts(config, RESTS)) == [f"ok: It will be on http://{place} once the daemon runs."]
    assert said(page_verdicts(config_of(tmp_path, 'on = "off"'), RUNS)) == ["ok: Switched off."]
