"""Several daemons on one PostgreSQL share the work by lease; killing some of them loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from e2e.shared_store_daemon import RUNS, WARNING, Plan
from fakes.receiver import Receiver

from daemon.store.engine import Store, open_store
from daemon.store.tables import ACTIVITIES, DELIVERIES, FINDINGS, MESSAGES

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAEMONS, KILLED = 4, 2
END_WITHIN_S = 240.0
# The shortest lease, three minutes, lasts far longer than a call, however busy the machine.
FACTOR = 40.0


@dataclass(frozen=True)
class Look:
    """A look at an account: who, and from when to when on the monotonic clock."""

    daemon: str
    began_s: float
    ended_s: float


@dataclass
class Campaign:
    plan: Plan
    receiver: Receiver
    store: Store
    environment: dict[str, str]
    dice: random.Random
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed_at_s: dict[str, float] = field(default_factory=dict)
    in_call: Counter[tuple[str, str]] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        script, folder = ROOT / "tests" / "e2e" / "shared_store_daemon.py", Path(self.plan.folder)
        with (folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, str(script), str(folder / "plan.json"), name]
            self.running[name] = subprocess.Popen(command, env=self.environment, stderr=log)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        assert process.poll() is None, self.logs()
        process.send_signal(signal.SIGKILL)
        process.wait()
        # What it had sent to the database before its death may still be at work there.
        self.wait_until(lambda: self.sessions_of(name) == 0)
        self.killed_at_s[name] = time.monotonic()
        begun = sa.select(DELIVERIES.c.athlete, DELIVERIES.c.message_key).where(
            DELIVERIES.c.done_at.is_(None),
            DELIVERIES.c.attempt_started_at.isnot(None),
            DELIVERIES.c.claimed_by.contains(f"-{process.pid}-"),
        )
        with self.store.reading() as session:
            self.in_call.update((athlete, key) for athlete, key in session.execute(begun))

    def sessions_of(self, name: str) -> int:
        query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
        with self.store.reading() as session:
            return int(session.execute(query, {"name": name}).scalar_one())

    def count(self, *where: sa.ColumnElement[bool]) -> int:
        with self.store.reading() as session:
            return session.execute(sa.select(sa.func.count()).where(*where)).scalar_one()

    def runs(self) -> int:
        return self.count(ACTIVITIES.c.athlete.isnot(None))

    def is_over(self) -> bool:
        warned = self.count(MESSAGES.c.key == WARNING)
        waiting = self.count(DELIVERIES.c.done_at.is_(None), DELIVERIES.c.due_at <= self.plan.clock().now())
        return (
            self.runs() >= RUNS * self.plan.athletes
            and warned >= self.plan.athletes
            and not waiting
            and self.everybody_looked_again()
        )

    def everybody_looked_again(self) -> bool:
        """Whether each source was asked by a survivor after the last kill."""
        last = max(self.killed_at_s.values())
        looks = self.looks()
        return all(any(look.began_s > last for look in looks[name]) for name in self.plan.names)

    def all_have_looked(self) -> bool:
        told = self.plan.looks.read_text()
        return all(name in told for name in self.running)

    def looks(self) -> dict[str, list[Look]]:
        """By athlete, in order of their beginning. One that a kill cut short ended with its daemon."""
        found: dict[str, list[Look]] = defaultdict(list)
        open_: dict[tuple[str, str], float] = {}
        for line in self.plan.looks.read_text().splitlines():
            athlete, daemon, what, at = line.split()
            if what == "begin":
                open_[athlete, daemon] = float(at)
            else:
                found[athlete].append(Look(daemon, open_.pop((athlete, daemon)), float(at)))
        for (athlete, daemon), began_s in open_.items():
            ended_s = self.killed_at_s.get(daemon, time.monotonic())
            found[athlete].append(Look(daemon, began_s, ended_s))
        for looks in found.values():
            looks.sort(key=lambda look: look.began_s)
        return found

    def copies(self) -> Counter[tuple[str, str]]:
        """How often each message of each athlete arrived."""
        return Counter(
            (post.path.strip("/"), post.headers["X-Niggled-Key"]) for post in self.receiver.received
        )

    def wait_until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + END_WITHIN_S
        while not reached():
            assert all(process.poll() is None for process in self.running.values()), self.logs()
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(path.read_text()[-4000:] for path in sorted(Path(self.plan.folder).glob("*.log")))


def run(campaign: Campaign) -> None:
    """Start all, kill some while they ask and some while they send, and let the others finish."""
    names = [f"daemon{number}" for number in range(DAEMONS)]
    for name in names:
        campaign.start(name)
    doomed = campaign.dice.sample(names, KILLED)
    campaign.wait_until(lambda: campaign.plan.looks.exists() and campaign.all_have_looked())
    time.sleep(campaign.dice.uniform(0.0, 1.0))
    campaign.kill(doomed[0])
    campaign.wait_until(lambda: campaign.runs() == (RUNS - 1) * campaign.plan.athletes)
    campaign.plan.uploaded.touch()
    campaign.wait_until(lambda: campaign.receiver.requests > 0)
    time.sleep(campaign.dice.uniform(0.0, 1.0))
    campaign.kill(doomed[1])
    campaign.wait_until(campaign.is_over)
    for process in campaign.running.values():
        process.terminate()
    assert [process.wait(40) for process in campaign.running.values()] == [0] * (DAEMONS - KILLED)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        receiver.wait_s = 0.2
        yield receiver


@pytest.mark.parametrize(
    "athletes",
    [pytest.param(8, id="a twentieth"), pytest.param(200, id="whole", marks=pytest.mark.soak)],
)
def test_four_daemons_share_the_work_and_two_killed_ones_lose_and_double_nothing(
    athletes: int,
    receiver: Receiver,
    postgresql_url: str,
    tmp_path: Path,
    clean_environment: dict[str, str],
) -> None:
    plan = Plan(
        store_url=postgresql_url,
        receiver_port=receiver.port,
        folder=str(tmp_path),
        start=START.isoformat(),
        factor=FACTOR,
        origin_s=time.monotonic(),
        athletes=athletes,
        request_s=0.02,
    )
    (tmp_path / "plan.json").write_text(json.dumps(asdict(plan)))
    python_path = [clean_environment["PYTHONPATH"], str(ROOT), str(ROOT / "tests")]
    campaign = Campaign(
        plan,
        receiver,
        open_store(postgresql_url),
        clean_environment | {"PYTHONPATH": os.pathsep.join(python_path)},
        random.Random(20260302),
    )
    try:
        run(campaign)
        looks, copies = campaign.looks(), campaign.copies()
        with campaign.store.reading() as session:
            stored = {
                (athlete, key): state
                for athlete, key, state in session.execute(
                    sa.select(DELIVERIES.c.athlete, DELIVERIES.c.message_key, DELIVERIES.c.state).where(
                        DELIVERIES.c.due_at <= plan.clock().now()
                    )
                )
            }
            by_athlete = sa.select(ACTIVITIES.c.athlete, sa.func.count()).group_by(ACTIVITIES.c.athlete)
            runs = dict(session.execute(by_athlete).all())
            load = MESSAGES.c.key == WARNING
            warned = Counter(session.execute(sa.select(MESSAGES.c.athlete).where(load)).scalars())
            findings = sa.select(FINDINGS.c.athlete, sa.func.count()).group_by(FINDINGS.c.athlete)
            found = {number for _, number in session.execute(findings)}
    finally:
        for process in campaign.running.values():
            process.kill()
            process.wait()
        campaign.store.close()
    doubled = [
        (athlete, first, second)
        for athlete, ordered in looks.items()
        for first, second in pairwise(ordered)
        if second.began_s < first.ended_s
    ]
    share = Counter(look.daemon for ordered in looks.values() for look in ordered)
    repeats = {one: number - 1 for one, number in copies.items() if number > 1}
    lost = [one for one, state in stored.items() if state == "sent" and one not in copies]
    print(
        f"{athletes} athletes, {DAEMONS} daemons, {KILLED} killed, {campaign.in_call.total()} inside a channel call; "
        f"{share.total()} looks ({', '.join(f'{name} {share[name]}' for name in sorted(share))}), "
        f"{len(doubled)} doubled; {sum(runs.values())} runs of {athletes * RUNS}; {len(stored)} messages, "
        f"{len(lost)} lost, {sum(repeats.values())} repeats; {sum(warned.values())} warnings of {athletes}"
    )
    assert doubled == []
    assert set(share) == {f"daemon{number}" for number in range(DAEMONS)}
    assert runs == dict.fromkeys(plan.names, RUNS)
    assert warned == dict.fromkeys(plan.names, 1)
    assert len(found) == 1, "the same runs mean the same to everybody"
    assert lost == []
    assert set(copies) <= set(stored)
    for one, number in repeats.items():
        assert number <= campaign.in_call[one], f"{one} came {number + 1} times"
