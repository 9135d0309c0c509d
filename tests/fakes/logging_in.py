"""Somebody at a terminal who connects the fake services, with the installed command and a browser of their own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from fakes.command import NIGGLED, Environment, niggled
from fakes.strava_server import StravaServer

ADDRESS = re.compile(r"^  (http\S+)$", re.MULTILINE)


def configure(environment: Environment, text: str) -> Path:
    """Write the configuration of this home."""
    path = Path(environment["HOME"]) / ".config/niggled/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def at(source: str, base_url: str, more: str = "") -> str:
    """The table of a source that is played by a fake."""
    return f'[athletes.me.sources.{source}]\nbase_url = "{base_url}"\n{more}\n'


def answering(environment: Environment, *arguments: str, said: str) -> subprocess.CompletedProcess[str]:
    """Run a verb that asks, with the answers one a line."""
    return niggled(environment, *arguments, said=said)


@dataclass(slots=True)
class Login:
    """A verb at work that has shown the address to open; `finish` says the rest and waits for its end."""

    process: subprocess.Popen[str]
    address: str
    shown: str
    status: int | None = None

    def finish(self, said: str = "") -> str:
        """Everything that was printed, in the end with what went wrong."""
        # Not `communicate`: it would miss what `readline` has read ahead.
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if said:
            self.process.stdin.write(said)
        self.process.stdin.close()
        told = self.shown + self.process.stdout.read() + self.process.stderr.read()
        self.status = self.process.wait(timeout=60)
        return told


@contextmanager
def login_begun(environment: Environment, *arguments: str) -> Iterator[Login]:
    """`niggled login strava …` until it shows the address of Strava's page."""
    process = subprocess.Popen(
        [*NIGGLED, "login", "strava", *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        shown = ""
        while not (found := ADDRESS.search(shown)) and (line := process.stdout.readline()):
            shown += line
        assert found is not None, f"{shown}{process.stderr.read() if process.stderr else ''}"
        yield Login(process, found[1], shown)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def secret_file(folder: Path, server: StravaServer) -> str:
    path = folder / "strava-secret"
    path.write_text(server.tokens.client_secret + "\n", encoding="utf-8")
    return str(path)


def log_in_to_strava(environment: Environment, folder: Path, server: StravaServer) -> None:
    """The whole of it, by the browser of this machine."""
    chosen = ("--client-id", server.tokens.client_id, "--client-secret-file", secret_file(folder, server))
    with login_begun(environment, *chosen) as login:
        requests.get(login.address, timeout=30)
        told = login.finish()
    assert login.status == 0, told
