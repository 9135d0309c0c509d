"""A week of one runner with the running daemon, by script: runs, what appears, what is answered, and the transcript."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fakes.clock import SteeredClock
from fakes.pockets import Pocket

from connectors.formats.fit_encode import encode_activity
from connectors.formats.recording import Recording, Samples
from daemon import config as configuration
from daemon.cli.context import make_home
from daemon.config import AthleteConfig
from daemon.jobs.arrivals import take_in_arrivals
from daemon.store.answers import load_answers
from daemon.store.engine import Store, open_store
from daemon.store.outbox import DeliveryState, list_deliveries
from daemon.store.tables import ACTIVITIES, INCOMING
from daemon.store.turns import want_assessment
from rules.facts import PainReply

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2025, 6, 9, tzinfo=ZONE)
"""In the past, so that no clock of a real mail server is behind."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FACTOR = 20.0
"""A second of the test is a third of a minute of the runner: the shortest lease, three minutes, lasts longer than any call,
however busy the machine."""
PATIENCE_S = 120.0
SYNCED_AFTER = timedelta(minutes=4)
SPEED_MPS = 1000 / 360
DAEMON = ROOT / "tests" / "e2e" / "conversation_daemon.py"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript."""

    at: datetime
    who: str
    text: str

    def __str__(self) -> str:
        return f"{self.at:%a %H:%M}  {self.who:<9} {self.text}"


@dataclass
class Life:
    """The runner's side of it. `seen` counts what of each pocket was looked at already."""

    clock: SteeredClock
    pockets: dict[str, Pocket]
    store: Store
    athlete: AthleteConfig
    folder: Path
    process: subprocess.Popen[bytes]
    transcript: list[Line] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def instant(self, when: str) -> datetime:
        """ "Tue 07:00" of the week, "Mon+7 07:00" of the next one."""
        day, clock = when.split()
        name, _, later = day.partition("+")
        hour, minute = map(int, clock.split(":"))
        shift = timedelta(days=DAYS.index(name) + int(later or 0), hours=hour, minutes=minute)
        return (MONDAY + shift).astimezone(UTC)

    def goes_on(self, when: str) -> None:
        self.clock.jump(self.instant(when))

    def runs(self, start: str, km: float, *, descent_m: float = 0.0) -> None:
        """A run that the watch hands over some minutes after its end."""
        began, before = self.instant(start), self._stored_runs()
        self.clock.jump(began + timedelta(minutes=6 * km) + SYNCED_AFTER)
        write_run(self.athlete.inbox, began, km, descent_m=descent_m)
        wait_until(lambda: self._stored_runs() > before, lambda: "the run is not read")
        self.note("watch", f"{km:.1f} km in {6 * km:.0f} min, begun {began.astimezone(ZONE):%H:%M}")

    def hears(self, *words: str, at: str | None = None, on: str | None = None) -> str:
        """The next thing that appears, from `at` on; it must hold these words."""
        if at is not None:
            self.goes_on(at)
        name = on or next(iter(self.pockets))
        pocket = self.pockets[name]
        number = self.seen.get(name, 0)
        wait_until(lambda: len(pocket.shown()) > number, lambda: f"nothing appears: {words}")
        text = pocket.shown()[number]
        self.seen[name] = number + 1
        self.note("niggled", text)
        for part in words:
            assert part in text, f"{part!r} is not in {text!r}"
        return text

    def answers(self, words: str, *, on: str | None = None) -> None:
        self.note("runner", f"[{words}]")
        self.pockets[on or next(iter(self.pockets))].answer(words)

    def writes(self, words: str, *, on: str | None = None) -> None:
        self.note("runner", f'"{words}"')
        self.pockets[on or next(iter(self.pockets))].write(words)

    def hears_nothing_more(self, *, until: str, on: str | None = None) -> None:
        """Whatever is due by then has been looked at, and nothing new has appeared."""
        self.goes_on(until)
        self.wait_for_look()
        name = on or next(iter(self.pockets))
        assert self.pockets[name].shown()[self.seen.get(name, 0) :] == []

    def wait_for_look(self) -> None:
        """Until the daemon has assessed everything that is true now."""
        asked = self.clock.now()
        self.clock.jump(asked + timedelta(minutes=5))
        path = self.folder / "looked"

        def has_looked() -> bool:
            told = path.read_text() if path.exists() else ""
            if told and datetime.fromisoformat(told) > asked:
                return True
            self.want_look()
            return False

        wait_until(has_looked, lambda: "the daemon does not look")

    def want_look(self) -> None:
        """The assessment that the daemon is at may have begun too early: another is due after it."""
        with self.store.session() as session:
            want_assessment(session, [self.athlete.name])

    def kept(self, channel: str) -> list[tuple[str, str]]:
        """Everything that came in on a channel, in the order in which it was heard: the words and what became of them."""
        query = sa.select(INCOMING.c.text, INCOMING.c.outcome).where(INCOMING.c.channel == channel)
        with self.store.reading() as session:
            return [(text, outcome) for text, outcome in session.execute(query.order_by(INCOMING.c.heard_at))]

    def replies(self) -> list[tuple[str, int | str | None]]:
        """What is stored of the answers about pain: the kind, and the number, the button or whether it has settled."""
        with self.store.reading() as session:
            stored = load_answers(session, self.athlete.name, None).replies
        return [(one.kind.value, _value(one)) for one in stored]

    def sessions(self) -> int:
        with self.store.reading() as session:
            return len(load_answers(session, self.athlete.name, None).strength)

    def unsent(self) -> list[str]:
        """Keys of the messages that did not get out everywhere."""
        with self.store.reading() as session:
            others = set(DeliveryState) - {DeliveryState.SENT}
            return [one.message.key for one in list_deliveries(session, self.athlete.name, others)]

    def _stored_runs(self) -> int:
        with self.store.reading() as session:
            return session.execute(sa.select(sa.func.count()).select_from(ACTIVITIES)).scalar_one()

    def note(self, who: str, text: str) -> None:
        self.transcript.append(Line(self.clock.now().astimezone(ZONE), who, text))


def _value(reply: PainReply) -> int | str | None:
    if reply.score is not None:
        return reply.score
    if reply.grade is not None:
        return reply.grade.value
    return reply.flag or {True: "settled", False: "not settled"}.get(reply.settled or False)


def wait_until(reached: Callable[[], bool], why: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


def write_run(folder: Path, start: datetime, km: float, *, descent_m: float = 0.0) -> Path:
    """A run at 6 min per km as a watch records it, on the flat or evenly down; it appears whole."""
    seconds = round(km * 360)
    at_s = range(seconds + 1)
    recording = Recording(
        start=start,
        elapsed_s=seconds,
        timer_s=seconds,
        distance_m=km * 1000,
        samples=Samples(
            at_s=at_s,
            distance_m=[SPEED_MPS * second for second in at_s],
            speed_mps=[SPEED_MPS] * len(at_s),
            altitude_m=[500.0 - descent_m * second / seconds for second in at_s],
            cadence_spm=[168.0] * len(at_s),
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{start:%Y%m%dT%H%M%S}.fit"
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(encode_activity(recording))
    return unfinished.rename(path)


def write_settings(folder: Path, pockets: list[Pocket], also: Mapping[str, str]) -> Path:
    """A configuration with these channels for Anna, who lives in Berlin; `also` are further lines by channel."""
    config = folder / "config.toml"
    channels = "".join(
        f"\n[athletes.anna.channels.{one.name}]\n{one.settings}{also.get(one.name, '')}\n" for one in pockets
    )
    config.write_text(
        f'[athletes.anna]\ntimezone = "Europe/Berlin"\n'
        f'sources.files.folder = "{folder / "inbox"}"\n{channels}'
    )
    return config


def usual_weeks(store: Store, athlete: AthleteConfig, folder: Path, *, weeks: int = 6) -> None:
    """The history that comes with the first import: 10 km on Sundays, 6 km on Tuesdays and Thursdays."""
    for week in range(1, weeks + 1):
        for day, km in ((1, 6.0), (3, 6.0), (6, 10.0)):
            start = MONDAY + timedelta(days=day - 7 * week, hours=9)
            write_run(folder, start.astimezone(UTC), km)
    first_import = (MONDAY - timedelta(hours=4)).astimezone(UTC)
    report = take_in_arrivals(store, athlete, sorted(folder.glob("*.fit")), first_import)
    assert not report.aside


@contextmanager
def living(
    folder: Path,
    environment: dict[str, str],
    *kinds: Callable[[Callable[[], datetime]], Pocket],
    also: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Life]:
    """A runner with six usual weeks behind her, these channels, and the daemon running from Monday 06:00 on."""
    clock = SteeredClock.started(folder / "clock", (MONDAY + timedelta(hours=6)).astimezone(UTC), FACTOR)
    with ExitStack() as stack:
        pockets = [stack.enter_context(kind(clock.now)) for kind in kinds]
        config_path = write_settings(folder, pockets, also)
        config = configuration.load(config_path, Path(environment["NIGGLED_HOME"]))
        make_home(config)
        athlete = config.athletes["anna"]
        store = open_store(config.store_url.value())
        stack.callback(store.close)
        usual_weeks(store, athlete, folder / "past")
        by_name = {one.name: one for one in pockets}
        life = Life(clock, by_name, store, athlete, folder, start_daemon(folder, environment))
        try:
            yield life
            life.process.terminate()
            assert life.process.wait(90) == 0
        finally:
            life.process.kill()
            life.process.wait()
            print(*life.transcript, sep="\n")
            print((folder / "daemon.log").read_text(), file=sys.stderr)


def start_daemon(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """In a process group of its own, so that one kill takes all of it."""
    places = [environment["PYTHONPATH"], str(ROOT), str(ROOT / "tests")]
    with (folder / "daemon.log").open("ab") as log:
        return subprocess.Popen(
            [
                sys.executable,
                str(DAEMON),
                *(str(folder / name) for name in ("config.toml", "clock", "looked")),
            ],
            env=environment | {"PYTHONPATH": os.pathsep.join(places)},
            stderr=log,
            start_new_session=True,
        )
