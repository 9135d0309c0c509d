"""Writing an export: a new folder that appears whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa

from daemon.exporting.tables import TABLES, ExportTable, cell, rows_of
from daemon.store.engine import Session
from daemon.store.errors import StoreError
from daemon.store.tables import SOURCE_RECORDS
from daemon.store.unfinished import through_to_disk
from rules.series import Series

NOT_MADE = "The export was not made."
PAGE = "summary.html"
SERIES_COLUMNS = ("second", "step_m", "speed_mps", "grade_pct", "heart_rate_bpm", "cadence_spm")


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to write into (0700); at the end of the block it is `target`, which must not hold anything yet.

    Raises StoreError; what is half-written is then removed.
    """
    target = target.absolute()
    part = target.with_name(f".{target.name}.part")
    try:
        _demand_new(target)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
        yield part
        through_to_disk(part)
        part.rename(target)
        through_to_disk(target.parent)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        if error.errno == ENOSPC:
            why, cure = (
                f"The disk that holds {target.parent} is full.",
                "Free some space there and try again.",
            )
        else:
            why, cure = f"{target}: {error.strerror}.", "Name a folder in a place that you may write to."
        raise StoreError(NOT_MADE, why, cure) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _demand_new(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise StoreError(NOT_MADE, f"{target} is no folder.", "Name a new folder.")
    if any(target.iterdir()):
        raise StoreError(NOT_MADE, f"{target} is there already and not empty.", "Name a new folder.")


def write_tables(session: Session, athlete: str, folder: Path) -> dict[str, int]:
    """Every table as JSON Lines and as CSV; the number of rows by table."""
    return {table.name: _write_table(session, athlete, table, folder) for table in TABLES}


def write_series(session: Session, athlete: str, folder: Path) -> int:
    """The 1 Hz series as one CSV an activity, named by its id; how many there are."""
    folder.mkdir(mode=0o700)
    columns = SOURCE_RECORDS.c
    wanted = ("activity_id", "series_seconds", "series_has_altitude", "series")
    query = sa.select(*(columns[name] for name in wanted)).where(
        columns.athlete == athlete, columns.gives_samples, columns.series.is_not(None)
    )
    written = 0
    for activity_id, seconds, has_altitude, packed in session.execute(
        query, execution_options={"stream_results": True}
    ):
        with private(folder / f"{activity_id}.csv") as stream:
            table = csv.writer(stream)
            table.writerow(SERIES_COLUMNS)
            table.writerows(_seconds(Series(seconds, bool(has_altitude), packed)))
        written += 1
    return written


@contextmanager
def private(path: Path) -> Iterator[TextIO]:
    """A new text file for its owner's eyes, through to the disk at the end."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def _write_table(session: Session, athlete: str, table: ExportTable, folder: Path) -> int:
    written = 0
    with private(folder / f"{table.name}.jsonl") as lines, private(folder / f"{table.name}.csv") as cells:
        sheet = csv.writer(cells)
        sheet.writerow(table.all_columns)
        for row in rows_of(session, athlete, table):
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            sheet.writerow([cell(row[name]) for name in table.all_columns])
            written += 1
    return written


def _seconds(series: Series) -> Iterator[tuple[object, ...]]:
    columns = series.columns()
    for second, (step, speed, grade, heart_rate, cadence) in enumerate(
        zip(
            columns.step_cm,
            columns.speed_mmps,
            columns.grade_cpct,
            columns.heart_rate_bpm,
            columns.cadence_spm,
            strict=True,
        )
    ):
        yield (
            second,
            step / 100,
            speed / 1000,
            grade / 100 if series.has_altitude else "",
            heart_rate or "",
            cadence or "",
        )
