"""Every source behind one handle, each holding the same account, so that one suite can speak about all of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from fakes.account import Account, Held
from fakes.account_builders import from_fit, recorded
from fakes.clock import StoppedClock
from fakes.garmin_server import ACTIVITIES as GARMIN_ACTIVITIES
from fakes.garmin_server import KEY_EXCHANGE, LOGIN_EXCHANGE, GarminServer
from fakes.strava_server import ACTIVITIES as STRAVA_ACTIVITIES
from fakes.strava_server import StravaServer
from fakes.vendor import Vendor
from fakes.vendor_faults import odd_record

from connectors.keyfile import KeyFile
from connectors.sources.contract import Known, SourceItem, SourceRecord
from connectors.sources.demo import TIMEZONE, make_season
from connectors.sources.demo_plan import Kind
from connectors.sources.door import Door
from connectors.sources.file_records import Desk
from connectors.sources.files import FilesSource
from connectors.sources.garmin import GarminDoor
from connectors.sources.garmin_login_client import LoginClient
from connectors.sources.garmin_personal import PersonalClient
from connectors.sources.live import LiveSource
from connectors.sources.strava import StravaDoor
from connectors.sources.strava_tokens import StravaApp
from rules.policy import Policy

_season = cache(make_season)

LIVE_KINDS = ("strava", "garmin by key", "garmin by login")
KINDS = ("files", "export", "demo", *LIVE_KINDS)


class KeptSource(Protocol):
    """`account` is what the source holds now. `keeps_ids`: an edit leaves the external id. `tells_rows_again`: what is
    cheap to read is told at every pass, and its hash says whether it is news."""

    account: Account
    keeps_ids: bool
    tells_rows_again: bool

    def fetch(
        self, known: Mapping[str, Known], since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[SourceItem]:
        """One pass, as another process would make it."""
        ...

    def spoil_one(self) -> None:
        """One more record, or one of those there are, makes no sense at the next pass."""
        ...


class LiveKept:
    """A service on loopback, read through its door. `start_fields` say in its listing when an activity began."""

    keeps_ids = True
    tells_rows_again = False

    def __init__(self, server: Vendor, account: Account, keys: KeyFile, clock: StoppedClock) -> None:
        self.server = server
        self.account = account
        self.keys = keys
        self._clock = clock

    listing = ""
    token_endpoint = ""
    start_fields: tuple[str, ...] = ()

    def door(self) -> Door:
        raise NotImplementedError

    def secrets(self) -> list[str]:
        """What nobody may read: every key and token of the fakes begins alike, and addresses hold more of them."""
        return ["example-", "eyJ", "127.0.0.1", "http:"]

    def requests_of(self, items: Iterable[SourceItem]) -> list[str]:
        """The paths that were asked for while the items were taken."""
        before = len(self.server.log)
        for _ in items:
            pass
        return [entry.path for entry in self.server.log[before:]]

    def expire_access(self) -> None:
        """What gives access now is refused; what renews it lives."""
        raise NotImplementedError

    def fetch(
        self, known: Mapping[str, Known], since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[SourceItem]:
        source = LiveSource(self.door(), Desk(Policy(), self._clock.now()))
        return source.fetch(since, known, until)

    def spoil_one(self) -> None:
        spoiled: dict[str, Any] = dict.fromkeys(self.start_fields, ...)
        self.server.fail(odd_record(1, **spoiled), self.listing)

    def refuse_login(self) -> None:
        """Whatever is saved is worth nothing any more."""
        raise NotImplementedError


class StravaKept(LiveKept):
    listing = STRAVA_ACTIVITIES
    token_endpoint = "/oauth/token"
    start_fields = ("start_date",)
    server: StravaServer

    def __init__(self, server: StravaServer, account: Account, keys: KeyFile, clock: StoppedClock) -> None:
        super().__init__(server, account, keys, clock)
        told = server.tokens.sign_in()
        names = ("access_token", "refresh_token", "expires_at")
        keys.save({name: told[name] for name in names} | {"scope": "read,activity:read_all"})

    def door(self) -> Door:
        tokens = self.server.tokens
        app = StravaApp(tokens.client_id, tokens.client_secret)
        return StravaDoor(self.keys, Policy().sport, self._clock.now, app=app, base_url=self.server.base_url)

    def expire_access(self) -> None:
        self.server.tokens.forget_access()

    def refuse_login(self) -> None:
        self.server.tokens.forget_all()


class GarminPersonalKept(LiveKept):
    listing = GARMIN_ACTIVITIES
    token_endpoint = KEY_EXCHANGE
    start_fields = ("startTimeGMT", "beginTimestamp")
    server: GarminServer

    def __init__(self, server: GarminServer, account: Account, keys: KeyFile, clock: StoppedClock) -> None:
        super().__init__(server, account, keys, clock)
        keys.save({"api_key": "example-garmin-key"})

    def door(self) -> Door:
        client = PersonalClient(self.keys, self._clock.now, api_key=None, base_url=self.server.base_url)
        return GarminDoor(client, Policy().sport, self._clock.now)

    def expire_access(self) -> None:
        self.server.tokens.forget_bearers()

    def refuse_login(self) -> None:
        self.server.tokens.delete_key("example-garmin-key")


class GarminLoginKept(LiveKept):
    listing = GARMIN_ACTIVITIES
    token_endpoint = LOGIN_EXCHANGE
    start_fields = ("startTimeGMT", "beginTimestamp")
    server: GarminServer

    def __init__(self, server: GarminServer, account: Account, keys: KeyFile, clock: StoppedClock) -> None:
        super().__init__(server, account, keys, clock)
        keys.save({"tokens": server.tokens.sign_in()})

    def door(self) -> Door:
        client = LoginClient(self.keys, self._clock.now, base_url=self.server.base_url)
        return GarminDoor(client, Policy().sport, self._clock.now)

    def expire_access(self) -> None:
        self.server.tokens.forget_bearers()

    def refuse_login(self) -> None:
        self.server.tokens.forget_login()


class FolderKept:
    """A folder of FIT files, one an activity."""

    keeps_ids = False
    tells_rows_again = False

    def __init__(self, account: Account, folder: Path, clock: StoppedClock) -> None:
        self.account = account
        self._folder = folder
        self._clock = clock
        self._spoiled = False

    def fetch(
        self, known: Mapping[str, Known], since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[SourceItem]:
        self.write()
        source = FilesSource([self._folder], Policy(), self._clock.now())
        return source.fetch(since, frozenset(known))

    def write(self) -> None:
        self._folder.mkdir(exist_ok=True)
        for path in self._folder.iterdir():
            path.unlink()
        for held in self.account:
            assert held.fit is not None, "a folder holds recorded activities only"
            (self._folder / f"{held.id}.fit").write_bytes(held.fit)
        if self._spoiled:
            (self._folder / "0-odd.fit").write_bytes(b"no recording at all")

    def spoil_one(self) -> None:
        self._spoiled = True


class DemoKept(FolderKept):
    """Seven weeks of the made-up runner's season, the hills among them, as her phone and watch left them."""

    days = range(14 * 7, 21 * 7)

    def __init__(self, folder: Path, clock: StoppedClock) -> None:
        season = _season(clock.now().date())
        self._files = [file for file in season.files if file.outing.day in self.days]
        words = {Kind.HIKE: "hike", Kind.STRENGTH: "weight training"}
        zone = ZoneInfo(TIMEZONE)
        account = Account()
        for number, file in enumerate(self._files, 1):
            day = season.first_day + timedelta(days=file.outing.day)
            start = datetime.combine(day, file.outing.at, zone).astimezone(UTC)
            account.add(Held(id=number, sport=words.get(file.outing.kind, "run"), start=start))
        super().__init__(account, folder, clock)

    def write(self) -> None:
        self._folder.mkdir(exist_ok=True)
        for number, file in enumerate(self._files, 1):
            path = self._folder / file.name
            path.write_bytes(file.content)
            if number not in self.account.activities:
                path.unlink()
        if self._spoiled:
            (self._folder / "0-odd.fit").write_bytes(b"no recording at all")


class ExportKept(FolderKept):
    """The table of a Strava export, asked for anew before every pass."""

    keeps_ids = True
    tells_rows_again = True

    def write(self) -> None:
        self._folder.mkdir(exist_ok=True)
        with (self._folder / "activities.csv").open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(_COLUMNS)
            table.writerows(_row(held) for held in self.account.newest_first())
            if self._spoiled:
                table.writerow(["1", "yesterday evening", "Run", "Run", "1.0", "600", "600", "1000"])


_COLUMNS = (
    "Activity ID",
    "Activity Date",
    "Activity Name",
    "Activity Type",
    "Distance",
    "Elapsed Time",
    "Moving Time",
    "Distance",
    "Elevation Gain",
    "Average Heart Rate",
    "Average Cadence",
    "From Upload",
)


def _row(held: Held) -> list[object]:
    metres = held.distance_m or 0.0
    return [
        held.id,
        f"{held.start:%b %d, %Y, %I:%M:%S %p}",
        held.title,
        held.sport.removeprefix("treadmill ").title(),
        f"{metres / 1000:.2f}",
        *("" if value is None else value for value in (held.elapsed_s, held.moving_s)),
        metres,
        *(
            "" if value is None else value
            for value in (held.ascent_m, held.mean_heart_rate_bpm, held.cadence_per_leg)
        ),
        "0.0" if held.manual else "1.0",
    ]


def life(now: datetime) -> Account:
    """Runs, one of them indoors and one long ago, a walk, a ride and a strength session, all recorded."""
    ago = {days: now - timedelta(days=days) for days in (1, 2, 3, 4, 5, 6, 20, 120)}
    return from_fit(
        [
            recorded(ago[1], 2.0),
            recorded(ago[2], 1.0, "walking"),
            recorded(ago[3], 0.8),
            recorded(ago[4], 1.5, "cycling"),
            recorded(ago[5], 0.5, "training", "strength_training"),
            recorded(ago[6], 0.6, sub_sport="treadmill"),
            recorded(ago[20], 0.5),
            recorded(ago[120], 0.5),
        ]
    )


@contextmanager
def kept(kind: str, folder: Path, account: Account, clock: StoppedClock) -> Iterator[KeptSource]:
    """One of `KINDS`, with its service running; the demo brings its own account."""
    keys = KeyFile(folder / "keys.json")
    match kind:
        case "files":
            yield FolderKept(account, folder / "files", clock)
        case "export":
            yield ExportKept(account, folder / "export", clock)
        case "demo":
            yield DemoKept(folder / "demo", clock)
        case "strava":
            with StravaServer(clock.now, account) as strava:
                yield StravaKept(strava, account, keys, clock)
        case "garmin by key" | "garmin by login":
            with GarminServer(clock.now, account) as garmin:
                made = GarminPersonalKept if kind == "garmin by key" else GarminLoginKept
                yield made(garmin, account, keys, clock)


def stored(items: Iterable[SourceItem], before: Mapping[str, Known] | None = None) -> dict[str, Known]:
    """What a store holds after these items."""
    known = dict(before or {})
    for item in items:
        if isinstance(item, SourceRecord):
            old = known.get(item.external_id)
            sampled = item.activity.series is not None or bool(item.adds and old and old.sampled)
            known[item.external_id] = Known(item.activity, item.content_hash, sampled)
    return known
