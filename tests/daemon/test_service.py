"""The service: what a tick does, how trouble is told, how it starts and ends."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.clock import StoppedClock

from daemon.lock import AlreadyRunningError, only_daemon_of
from daemon.polling import LiveJobs
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store import outbox
from daemon.store.engine import Store, open_store
from daemon.store.errors import StoreError
from daemon.store.sources import claim_this, record_success
from daemon.store.turns import lock, note_assessed, to_be_assessed, want_assessment
from rules.outcome import Level, Message, MessageKind

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Household:
    """Jobs that write down what was asked of them. Who is assessed is due again after half an hour, as in the daemon."""

    store: Store
    clock: StoppedClock = field(default_factory=lambda: StoppedClock(NOON))
    log: list[str] = field(default_factory=list)
    arrived: bool = False
    again_at: datetime = NOON + timedelta(days=1)
    troubles: dict[str, Exception] = field(default_factory=dict)
    delivered: threading.Event = field(default_factory=threading.Event)
    sources: dict[str, list[str]] = field(default_factory=dict)
    asked: threading.Event = field(default_factory=threading.Event)
    answer: threading.Event = field(default_factory=threading.Event)

    def note(self, what: str) -> None:
        self.log.append(what)
        if what in self.troubles:
            raise self.troubles[what]

    def athlete(self, name: str) -> AthleteJobs:
        def take_in(now: datetime) -> bool:
            self.note(f"look {name}")
            if self.arrived:
                with self.store.session() as session:
                    want_assessment(session, [name])
            return self.arrived

        return AthleteJobs(name, take_in, self.live(name))

    def assess(self, names: Sequence[str]) -> None:
        now = self.clock.now()
        with self.store.reading() as session:
            due = to_be_assessed(session, names, now)
        for name in due:
            self.note(f"assess {name}")
            with self.store.session() as session:
                lock(session, name)
                note_assessed(session, name, now, self.again_at)

    def live(self, name: str) -> LiveJobs | None:
        def sync(source: str, stop: threading.Event) -> None:
            self.note(f"ask {source} of {name}")
            self.asked.set()
            while not (self.answer.wait(0.01) or stop.is_set()):
                pass
            if not stop.is_set():
                with self.store.session() as session:
                    due_at = NOON + timedelta(minutes=15)
                    record_success(session, name, source, NOON, due_at=due_at, new_activities=1, cursor=None)
                    want_assessment(session, [name])

        def lost(source: str, reason: str, now: datetime) -> None:
            self.note(f"lost {source} of {name}: {reason}")

        return LiveJobs(lambda: self.sources.get(name, []), sync, lost) if self.sources else None

    def deliver(self, stop: threading.Event) -> None:
        self.delivered.set()
        self.note("deliver")

    def jobs(self, *names: str) -> Jobs:
        names = names or ("me",)
        return Jobs(
            tuple(self.athlete(name) for name in names), lambda stop: self.assess(names), self.deliver
        )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    yield opened
    opened.close()


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's end of sd_notify."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(address))
        receiver.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        yield receiver


def heard(manager: socket.socket, until: Callable[[str], bool]) -> list[str]:
    lines: list[str] = []
    while not lines or not until(lines[-1]):
        lines += manager.recv(4096).decode().splitlines()
    return lines


def silent_within(manager: socket.socket, messages: int) -> bool:
    """Whether a second passes without a word before so many more have come (some may have been on their way)."""
    try:
        for _ in range(messages):
            manager.recv(4096)
    except TimeoutError:
        return True
    return False


def in_background(service: Service) -> tuple[threading.Thread, list[int]]:
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(service.run()), daemon=True)
    thread.start()
    return thread, statuses


def queue(store: Store, due_at: datetime, athlete: str = "me") -> None:
    message = Message(
        "load|1",
        MessageKind.LOAD,
        Level.WARN,
        "Long run",
        "13.0 km",
        NOON,
        due_at,
        due_at + timedelta(hours=12),
    )
    with store.session() as session:
        outbox.enqueue(session, athlete, message, ["phone"], NOON)


def test_one_tick_looks_assesses_and_sends_in_this_order(store: Store) -> None:
    queue(store, NOON, "anna")
    household = Household(store)
    Service(household.clock, store, household.jobs("anna", "ben")).tick()
    assert household.log == ["look anna", "look ben", "assess anna", "assess ben", "deliver"]


def test_between_ticks_only_an_arrival_is_followed_up(store: Store) -> None:
    queue(store, NOON + timedelta(seconds=10))
    household = Household(store)
    clock = household.clock
    service = Service(clock, store, household.jobs())
    service.tick()
    household.log.clear()
    clock.sleep(600)
    service.glance()
    assert household.log == ["look me"]
    household.arrived = True
    service.glance()
    assert household.log == ["look me", "look me", "assess me", "deliver"]


def test_nothing_is_sent_for_before_something_is_due(store: Store) -> None:
    queue(store, NOON + timedelta(seconds=1))
    household = Household(store)
    Service(household.clock, store, household.jobs()).tick()
    assert household.log == ["look me", "assess me"]


def test_an_athlete_is_assessed_when_something_arrives_when_something_is_to_be_decided_and_every_half_hour(
    store: Store,
) -> None:
    household = Household(store)
    clock = household.clock
    service = Service(clock, store, household.jobs())
    assessed_at = []
    for minute in range(90):
        clock.at = NOON + timedelta(minutes=minute)
        household.arrived = minute == 2
        household.again_at = NOON + timedelta(minutes=7 if minute == 2 else 600)
        household.log.clear()
        service.tick()
        if "assess me" in household.log:
            assessed_at.append(minute)
    assert assessed_at == [0, 2, 7, 37, 67]


def test_what_another_process_stored_is_assessed_at_the_next_tick(store: Store) -> None:
    household = Household(store)
    service = Service(household.clock, store, household.jobs())
    service.tick()
    with store.session() as session:
        want_assessment(session, ["me"])
    household.log.clear()
    service.tick()
    assert household.log == ["look me", "assess me"]


def test_an_assessment_that_fails_is_tried_again_after_five_minutes_and_its_end_told(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    household = Household(store, troubles={"assess me": KeyError("x")})
    service = Service(household.clock, store, household.jobs())
    tried_at = []
    for minute in range(12):
        household.clock.at = NOON + timedelta(minutes=minute)
        household.log.clear()
        if minute == 10:
            household.troubles.clear()
        service.tick()
        if "assess me" in household.log:
            tried_at.append(minute)
    assert tried_at == [0, 5, 10]
    assert [record.getMessage() for record in caplog.records] == [
        "The assessment failed and is tried again: 'x'",
        "The assessment works again; it had failed since 2026-03-01 12:00 UTC",
    ]


def test_a_clock_that_is_put_back_silences_nobody(store: Store) -> None:
    household = Household(store)
    clock = household.clock
    service = Service(clock, store, household.jobs())
    service.tick()
    clock.at = NOON - timedelta(days=1)
    service.tick()
    assert household.log.count("assess me") == 2


def test_what_is_worth_nothing_any_more_is_given_up_and_told(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    queue(store, NOON - timedelta(hours=12))
    household = Household(store)
    Service(household.clock, store, household.jobs()).tick()
    assert "deliver" not in household.log
    assert "1 deliveries came too late to be worth anything and are given up" in caplog.text
    with store.reading() as session:
        (delivery,) = outbox.deliveries_of(session, "me", "load|1")
    assert delivery.state == "expired"


def test_one_athletes_trouble_stops_neither_the_others_nor_the_sending(store: Store) -> None:
    queue(store, NOON, "anna")
    household = Household(
        store, troubles={"look anna": OSError("the folder is gone"), "assess ben": KeyError("x")}
    )
    Service(household.clock, store, household.jobs("anna", "ben")).tick()
    assert household.log == ["look anna", "look ben", "assess anna", "assess ben", "deliver"]


def test_trouble_is_told_once_and_its_end_once(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    household = Household(store, troubles={"look me": OSError("the folder is gone")})
    clock = household.clock
    service = Service(clock, store, household.jobs())
    for _ in range(3):
        service.tick()
        clock.sleep(60)
    household.troubles.clear()
    service.tick()
    service.tick()
    assert [record.getMessage() for record in caplog.records] == [
        "The inbox of me failed and is tried again: the folder is gone",
        "The inbox of me works again; it had failed since 2026-03-01 12:00 UTC",
    ]
    assert "Traceback" in caplog.text


def test_a_store_that_explains_itself_needs_no_traceback(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    household = Household(
        store, troubles={"assess me": StoreError("Nothing was saved.", "The disk is full.", "Free some.")}
    )
    Service(household.clock, store, household.jobs()).tick()
    assert "Nothing was saved. The disk is full. Free some." in caplog.text
    assert "Traceback" not in caplog.text


def test_systemd_hears_ready_status_and_stopping(store: Store, manager: socket.socket) -> None:
    household = Household(store, troubles={"look me": OSError("gone")})
    service = Service(household.clock, store, household.jobs(), tick_s=60)
    thread, statuses = in_background(service)
    lines = heard(manager, lambda line: line.startswith("STATUS=Last look"))
    assert lines[0] == "READY=1"
    assert lines[-1] == (
        "STATUS=Last look 2026-03-01 12:00 UTC; the inbox of me has failed since 2026-03-01 12:00 UTC"
    )
    service.stop()
    assert "STOPPING=1" in heard(manager, lambda line: line.startswith("STATUS=Stopping"))
    thread.join(60)
    assert statuses == [0]


def test_the_watchdog_is_fed_after_a_tick_and_only_while_the_store_answers(
    store: Store, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    service = Service(StoppedClock(NOON), store, Household(store).jobs(), tick_s=60)
    thread, _ = in_background(service)
    lines = heard(manager, lambda line: line == "WATCHDOG=1")
    assert any(line.startswith("STATUS=Last look") for line in lines)

    def gone() -> None:
        raise StoreError("The database cannot be reached.", "It is gone.", "Bring it back.")

    monkeypatch.setattr(store, "reading", gone)
    manager.settimeout(1.0)
    assert silent_within(manager, 5)
    service.stop()
    thread.join(60)


def test_without_a_tick_the_watchdog_hears_nothing(store: Store, manager: socket.socket) -> None:
    service = Service(StoppedClock(NOON), store, Household(store).jobs())
    service._heartbeat()
    manager.settimeout(0.2)
    with pytest.raises(TimeoutError):
        manager.recv(100)
    service.tick()
    service._heartbeat()
    assert heard(manager, lambda line: line == "WATCHDOG=1")


def test_a_reload_takes_the_new_jobs_and_a_bad_one_keeps_the_old(
    store: Store, manager: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    old, new = Household(store), Household(store)
    answers: list[Jobs | Exception] = [ValueError("line 3: there is no option slepp"), new.jobs("anna")]

    def reload() -> Jobs:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    service = Service(StoppedClock(NOON), store, old.jobs("me"), reload=reload)
    thread, _ = in_background(service)
    heard(manager, lambda line: line.startswith("STATUS=Last look"))
    service._on_hangup(signal.SIGHUP, None)
    assert heard(manager, lambda line: line == "READY=1")[0] == "RELOADING=1"
    assert (
        "The changed configuration is not used, the old one stays: line 3: there is no option slepp"
        in caplog.text
    )
    service.tick()
    assert new.log == []
    service._on_hangup(signal.SIGHUP, None)
    heard(manager, lambda line: line == "READY=1")
    service.tick()
    assert new.log == ["look anna", "assess anna"]
    service.stop()
    thread.join(60)


def test_what_a_source_brought_is_assessed_at_the_next_glance(store: Store) -> None:
    household = Household(store, sources={"anna": ["strava"]})
    household.answer.set()
    service = Service(household.clock, store, household.jobs("anna", "ben"))
    service.tick()
    household.log.clear()
    service.poll()
    service.glance()
    service.glance()
    assert household.log == [
        "ask strava of anna",
        "look anna",
        "look ben",
        "assess anna",
        "look anna",
        "look ben",
    ]


def test_a_source_that_hangs_holds_up_neither_looks_nor_the_watchdog(
    store: Store, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    household = Household(store, sources={"me": ["strava"]})
    service = Service(household.clock, store, household.jobs(), tick_s=0.2)
    thread, statuses = in_background(service)
    assert household.asked.wait(60)
    household.log.clear()
    seen: list[str] = []
    while not (seen.count("WATCHDOG=1") >= 3 and household.log.count("look me") >= 3):
        seen += manager.recv(4096).decode().splitlines()
    assert household.log.count("ask strava of me") == 0
    household.answer.set()
    heard(manager, lambda line: line.endswith("; next check of strava 2026-03-01 12:15 UTC"))
    service.stop()
    thread.join(60)
    assert statuses == [0]


def test_a_stop_ends_a_look_at_a_source_and_leaves_it_free(store: Store) -> None:
    household = Household(store, sources={"me": ["strava"]})
    service = Service(household.clock, store, household.jobs(), tick_s=60)
    thread, statuses = in_background(service)
    assert household.asked.wait(60)
    service.stop()
    thread.join(60)
    assert statuses == [0]
    with store.session() as session:
        assert claim_this(session, "me", "strava", "the next", NOON, timedelta(minutes=6))
    assert not [line for line in household.log if line.startswith("lost")]


def test_trouble_with_asking_is_told_once_and_its_end_once(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    household = Household(store, sources={"me": ["strava"]})
    household.answer.set()
    service = Service(household.clock, store, household.jobs())

    def gone() -> None:
        raise StoreError("Nothing was saved.", "The disk is full.", "Free some.")

    with monkeypatch.context() as patch:
        patch.setattr(store, "session", gone)
        service.poll()
        service.poll()
    service.poll()
    assert [record.getMessage() for record in caplog.records] == [
        "Asking the sources failed and is tried again: Nothing was saved. The disk is full. Free some.",
        "Asking the sources works again; it had failed since 2026-03-01 12:00 UTC",
    ]


def test_a_second_daemon_on_the_same_home_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    told = rf"already runs on .*home \(process {os.getpid()}\)\. Stop it first"
    with only_daemon_of(tmp_path / "home"), pytest.raises(AlreadyRunningError, match=told):
        only_daemon_of(tmp_path / "home").__enter__()
    with only_daemon_of(tmp_path / "home"):
        pass


RUNS = """
import signal, sys, threading, time
from datetime import UTC, datetime
from pathlib import Path
from daemon.clock import SystemClock
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store.engine import open_store

folder, state = Path(sys.argv[1]), sys.argv[2]

def take_in(now):
    (folder / "ticked").touch()
    if state == "hang":
        time.sleep(600)
    if state.isdigit():
        signal.pthread_kill(threading.get_ident(), int(state))
    return False

jobs = Jobs((AthleteJobs("me", take_in),), lambda stop: None, lambda stop: None)
store = open_store(f"sqlite:///{folder / 'niggled.db'}")
sys.exit(Service(SystemClock(), store, jobs, tick_s=1, stop_within_s=0.5).run())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("state", ["idle", "hang"])
def test_a_stop_signal_ends_it_with_status_0_even_if_a_job_hangs(
    tmp_path: Path, clean_environment: dict[str, str], number: signal.Signals, state: str
) -> None:
    environment = clean_environment | {"PYTHONPATH": f"{clean_environment['PYTHONPATH']}:{ROOT}"}
    process = subprocess.Popen([sys.executable, "-c", RUNS, str(tmp_path), state], env=environment)
    try:
        while not (tmp_path / "ticked").exists():
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_that_another_thread_receives_ends_it_too(
    tmp_path: Path, clean_environment: dict[str, str], number: signal.Signals
) -> None:
    environment = clean_environment | {"PYTHONPATH": f"{clean_environment['PYTHONPATH']}:{ROOT}"}
    command = [sys.executable, "-c", RUNS, str(tmp_path), str(int(number))]
    assert subprocess.run(command, env=environment, timeout=60, check=False).returncode == 0


def test_the_resting_daemon_loads_no_heavy_library() -> None:
    code = (
        "import sys, daemon.service, daemon.jobs.inbox, daemon.jobs.child, daemon.jobs.deliver, daemon.jobs.poll_outcome, daemon.connections, daemon.lock, daemon.logs\n"
        "heavy = {'apprise', 'alembic', 'fitdecode', 'stravalib', 'garminconnect', 'requests'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
