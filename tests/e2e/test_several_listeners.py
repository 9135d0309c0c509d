"""Several daemons on one PostgreSQL that listen to the same phones: each answer is heard once, whoever is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fakes.clock import WEDNESDAY_NOON, SteeredClock
from fakes.pockets import NtfyPhone, Pocket, TelegramPhone

from daemon.jobs.listen import LEASE
from daemon.store.engine import Store, open_store
from daemon.store.tables import HEARING, INCOMING

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("north", "south", "west")
WITHIN_S = 120.0
# A lease that a jump of the clock has ended is renewed at the next word of the server.
SILENT_FOR_S = 0.3


@dataclass
class Club:
    """Three daemons, and what each runner carries."""

    folder: Path
    environment: dict[str, str]
    store: Store
    clock: SteeredClock
    pockets: dict[str, Pocket]
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    written: int = 0

    def start(self, name: str) -> None:
        script = ROOT / "tests" / "e2e" / "listening_daemon.py"
        home = {"NIGGLED_HOME": str(self.folder / name)}
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, str(script), str(self.folder / "config.toml"), str(self.folder / "clock")],
                env=self.environment | home,
                stderr=log,
            )
        self.running[process.pid] = process

    def listeners(self) -> dict[str, int]:
        """By athlete the process that listens."""
        with self.store.reading() as session:
            claims = session.execute(sa.select(HEARING.c.athlete, HEARING.c.claimed_by)).all()
        host = f"{socket.gethostname()}-"
        return {athlete: int(worker.removeprefix(host).split("-")[0]) for athlete, worker in claims if worker}

    def kill_a_listener(self) -> None:
        """With -9, and while everybody writes."""
        process = self.running.pop(min(self.listeners().values()))
        self.write()
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.write()
        self.clock.jump(self.clock.now() + LEASE + timedelta(minutes=1))

    def write(self) -> None:
        self.written += 1
        for pocket in self.pockets.values():
            pocket.write(str(self.written % 3))

    def all_confirmed(self) -> bool:
        return all(len(pocket.shown()) >= self.written for pocket in self.pockets.values())

    def wait_until(self, reached: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + WITHIN_S
        while not reached():
            assert all(process.poll() is None for process in self.running.values()), self.logs()
            assert time.monotonic() < deadline_s, self.logs()
            time.sleep(0.05)

    def logs(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def club(postgresql_url: str, tmp_path: Path, clean_environment: dict[str, str]) -> Iterator[Club]:
    clock = SteeredClock.started(tmp_path / "clock", WEDNESDAY_NOON, 1.0)
    python_path = [clean_environment["PYTHONPATH"], str(ROOT), str(ROOT / "tests")]
    with (
        NtfyPhone(clock.now, keepalive_s=SILENT_FOR_S) as anna,
        NtfyPhone(clock.now, keepalive_s=SILENT_FOR_S) as bea,
        TelegramPhone(clock.now) as carl,
    ):
        pockets: dict[str, Pocket] = {"anna": anna, "bea": bea, "carl": carl}
        tables = [
            f'[athletes.{name}]\ntimezone = "UTC"\n[athletes.{name}.channels.{pocket.name}]\n{pocket.settings}'
            for name, pocket in pockets.items()
        ]
        (tmp_path / "config.toml").write_text("\n".join([*tables, f'[store]\nurl = "{postgresql_url}"\n']))
        environment = clean_environment | {"PYTHONPATH": os.pathsep.join(python_path)}
        club = Club(tmp_path, environment, open_store(postgresql_url), clock, pockets)
        try:
            yield club
        finally:
            for process in club.running.values():
                process.kill()
                process.wait()
            club.store.close()


def test_each_answer_is_heard_once_although_two_of_three_listeners_are_killed(club: Club) -> None:
    for name in NAMES:
        club.start(name)
    club.wait_until(lambda: len(club.listeners()) == len(club.pockets))
    for _ in range(3):
        club.write()
        club.wait_until(club.all_confirmed)
    for _ in range(2):
        club.kill_a_listener()
        club.wait_until(club.all_confirmed)
    (last,) = club.running.values()
    last.terminate()
    assert last.wait(40) == 0
    assert club.listeners() == {}, "who stops gives the channels back at once"

    with club.store.reading() as session:
        heard = session.execute(
            sa.select(INCOMING.c.athlete, INCOMING.c.outcome, sa.func.count()).group_by(
                INCOMING.c.athlete, INCOMING.c.outcome
            )
        )
        assert {tuple(row) for row in heard} == {(name, "taken", club.written) for name in club.pockets}
    for name, pocket in club.pockets.items():
        assert club.written <= len(pocket.shown()) <= club.written + 2, f"{name}: a kill may repeat one"
