"""Kill -9 at random moments, again and again: nothing is lost, and only a kill inside the channel call repeats."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from e2e.kill_campaign_daemon import ATHLETE, Plan
from fakes.clock import SteeredClock
from fakes.receiver import Receiver

from connectors.formats.fit_encode import encode_activity
from connectors.formats.recording import Recording, Samples
from daemon.jobs.deliver import LEASE
from daemon.store.engine import Store, open_store
from daemon.store.tables import ACTIVITIES, DELIVERIES

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# A lease of three minutes lasts far longer than a call, however busy the machine; a dead daemon's is jumped over.
FACTOR = 10.0
CALL_S = 0.15
# Start, look and decide take this long; the other kills come once it sends.
KILL_WITHIN_S = 3.0
WHILE_SENDING = 0.6
END_WITHIN_S = 240.0


@dataclass
class Campaign:
    plan: Plan
    clock: SteeredClock
    receiver: Receiver
    store: Store
    folder: Path
    environment: dict[str, str]
    dice: random.Random
    kills: int = 0
    kills_in_call: Counter[str] = field(default_factory=Counter)
    files: int = 0

    def start(self) -> subprocess.Popen[bytes]:
        """The daemon and its children in a process group, so that one kill takes all of them."""
        script = str(ROOT / "tests" / "e2e" / "kill_campaign_daemon.py")
        log = (self.folder / "daemon.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, script, "serve", str(self.folder / "plan.json")],
                env=self.environment,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, process: subprocess.Popen[bytes], since: datetime) -> None:
        assert process.poll() is None, (self.folder / "daemon.log").read_text()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.kills += 1
        self.kills_in_call.update(self.begun(since))
        self.clock.jump(self.clock.now() + LEASE)

    def waiting(self) -> int:
        """Deliveries that are neither sent nor given up."""
        with self.store.reading() as session:
            open_ = sa.select(sa.func.count()).where(DELIVERIES.c.done_at.is_(None))
            return session.execute(open_).scalar_one()

    def begun(self, since: datetime) -> list[str]:
        """Messages whose channel call has begun since then and whose end nobody has recorded."""
        with self.store.reading() as session:
            return list(
                session.execute(
                    sa.select(DELIVERIES.c.message_key).where(
                        DELIVERIES.c.done_at.is_(None), DELIVERIES.c.attempt_started_at >= since
                    )
                ).scalars()
            )

    def drop_file(self) -> None:
        """A run of its own day appears in the inbox, whole at once."""
        self.files += 1
        seconds = 600
        steps = range(seconds)
        recording = Recording(
            start=START - timedelta(days=40 - self.files % 40, hours=3 + self.files // 40),
            elapsed_s=seconds,
            timer_s=seconds,
            distance_m=3.0 * seconds,
            samples=Samples(at_s=steps, distance_m=[3.0 * s for s in steps], speed_mps=[3.0] * seconds),
        )
        unfinished = self.folder / "unfinished"
        unfinished.write_bytes(encode_activity(recording))
        unfinished.rename(Path(self.plan.inbox) / f"{self.files}.fit")

    def stored_runs(self) -> int:
        with self.store.reading() as session:
            runs = sa.select(sa.func.count()).where(ACTIVITIES.c.athlete == ATHLETE)
            return session.execute(runs).scalar_one()

    def copies(self) -> Counter[str]:
        return Counter(post.headers["X-Niggled-Key"] for post in self.receiver.received)

    def wait_for_request(self, process: subprocess.Popen[bytes]) -> None:
        before = self.receiver.requests
        self.wait_until(lambda: self.receiver.requests > before, process)

    def wait_until(self, reached: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + END_WITHIN_S
        while not reached():
            assert process.poll() is None, (self.folder / "daemon.log").read_text()
            assert time.monotonic() < deadline, (self.folder / "daemon.log").read_text()
            time.sleep(0.05)


def run(campaign: Campaign, kills: int) -> None:
    """Kill `kills` times, then let the daemon finish in peace."""
    for _ in range(kills):
        campaign.drop_file()
        started_at = campaign.clock.now()
        process = campaign.start()
        if campaign.dice.random() < WHILE_SENDING:
            campaign.wait_for_request(process)
            time.sleep(campaign.dice.uniform(0.0, 4 * CALL_S))
        else:
            time.sleep(campaign.dice.uniform(0.0, KILL_WITHIN_S))
        campaign.kill(process, started_at)
    process = campaign.start()
    try:
        wanted = {f"load|{number}" for number in range(campaign.plan.messages)}
        campaign.wait_until(lambda: set(campaign.copies()) == wanted and not campaign.waiting(), process)
        campaign.wait_until(lambda: campaign.stored_runs() == campaign.files, process)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("kills", "messages"),
    [pytest.param(5, 25, id="a twentieth"), pytest.param(100, 900, id="whole", marks=pytest.mark.soak)],
)
def test_no_kill_loses_a_message_and_only_one_inside_the_channel_call_repeats_it(
    kills: int, messages: int, tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with Receiver() as receiver:
        receiver.wait_s = CALL_S
        plan = Plan(
            store_url=f"sqlite:///{tmp_path / 'niggled.db'}",
            channel_url=receiver.url,
            inbox=str(tmp_path / "inbox"),
            start=START.isoformat(),
            steering=str(tmp_path / "clock"),
            messages=messages,
        )
        (tmp_path / "plan.json").write_text(json.dumps(asdict(plan)))
        Path(plan.inbox).mkdir()
        python_path = [clean_environment["PYTHONPATH"], str(ROOT), str(ROOT / "tests")]
        campaign = Campaign(
            plan=plan,
            clock=SteeredClock.started(Path(plan.steering), START, FACTOR),
            receiver=receiver,
            store=open_store(plan.store_url),
            folder=tmp_path,
            environment=clean_environment | {"PYTHONPATH": os.pathsep.join(python_path)},
            dice=random.Random(20260301),
        )
        run(campaign, kills)
        copies = campaign.copies()
        campaign.store.close()
    repeats = {key: count - 1 for key, count in copies.items() if count > 1}
    print(
        f"{kills} kills, {sum(campaign.kills_in_call.values())} inside a channel call; {messages} messages, "
        f"{messages - len(copies)} lost, {sum(repeats.values())} repeats; {campaign.files} files, "
        f"{campaign.files} runs"
    )
    assert len(copies) == messages
    for key, count in repeats.items():
        assert count <= campaign.kills_in_call[key], f"{key} came {count + 1} times"
