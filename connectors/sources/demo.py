"""A made-up runner's season as the files her phone and watch would have left behind, and what her knee said.

Everything follows from (today, seed): the same two give the same bytes. The files are real FIT and GPX files and go
through the same reading as anybody's; the positions in them are in the open ocean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from connectors.formats.fit_encode import encode_activity
from connectors.formats.gpx_write import encode_gpx
from connectors.formats.recording import Recording
from connectors.sources.demo_knee import Done, answers
from connectors.sources.demo_plan import DAYS, Kind, Outing, plan
from connectors.sources.demo_runner import record
from rules.facts import PainReply, Runner, Side

TIMEZONE = "Atlantic/Azores"
SEED = 1


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One activity file: its name, its bytes, and when the watch has synced it, just after the end."""

    name: str
    content: bytes = field(repr=False)
    arrives_at: datetime
    outing: Outing


@dataclass(frozen=True, slots=True)
class FileArrives:
    """A file has appeared in the folder."""

    at: datetime
    name: str


type SeasonEvent = FileArrives | PainReply


@dataclass(frozen=True, slots=True)
class Season:
    """The whole story: who, from when until when, the files and the replies, each in order of time.

    `until` is the morning of `today` just after the knee was asked: the instant at which the story ends.
    """

    runner: Runner
    first_day: date
    today: date
    until: datetime
    files: tuple[DemoFile, ...]
    replies: tuple[PainReply, ...]


def make_season(today: date, seed: int = SEED) -> Season:
    """The 34 weeks that end on the morning of `today`."""
    zone = ZoneInfo(TIMEZONE)
    first_day = today - timedelta(days=DAYS)
    files, done = [], []
    for index, outing in enumerate(plan(Random(f"{seed} plan"))):
        start = datetime.combine(first_day + timedelta(days=outing.day), outing.at, zone)
        offset = start.utcoffset() or timedelta()
        recording = record(outing, start, round(offset.total_seconds()), Random(f"{seed} outing {index}"))
        ended_at = recording.end.astimezone(zone)
        name, content = _written(outing, recording)
        files.append(DemoFile(name, content, ended_at + timedelta(minutes=2), outing))
        done.append(Done(outing, ended_at))
    return Season(
        runner=Runner(timezone=TIMEZONE, default_side=Side.RIGHT, birth_year=today.year - 38),
        first_day=first_day,
        today=today,
        until=datetime.combine(today, time(8), zone),
        files=tuple(files),
        replies=tuple(answers(done, first_day, today, zone, Random(f"{seed} knee"))),
    )


def write_season(season: Season, folder: Path) -> tuple[Path, ...]:
    """Write every file of the season into `folder` (made if absent), in order of time."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in season.files:
        path = folder / file.name
        path.write_bytes(file.content)
        paths.append(path)
    return tuple(paths)


def events(season: Season) -> tuple[SeasonEvent, ...]:
    """Files and replies as they come in, for a time-lapse."""
    arrivals = [FileArrives(file.arrives_at, file.name) for file in season.files]
    return tuple(sorted((*arrivals, *season.replies), key=lambda event: event.at))


def _written(outing: Outing, recording: Recording) -> tuple[str, bytes]:
    """The phone exports runs as GPX; everything else is FIT."""
    stem = f"{recording.start:%Y-%m-%d-%H%M}-{_WORDS.get(outing.kind, 'run')}"
    if outing.by_phone and outing.kind is not Kind.STRENGTH:
        return f"{stem}.gpx", encode_gpx(recording, name=_WORDS.get(outing.kind, "run").capitalize())
    return f"{stem}.fit", encode_activity(recording)


_WORDS = {Kind.HIKE: "hike", Kind.STRENGTH: "strength"}
