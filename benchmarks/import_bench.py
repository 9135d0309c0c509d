"""Import of 100 FIT files of 45 min at 1 Hz: niggled, the bare decoder and GarminDB, one after the other.

`python benchmarks/import_bench.py [--files FOLDER] [--json FILE]`. GarminDB is measured if `.venv-bench/` is there.
Figures only; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from cost import CommandError, Line, cost_of, report

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks"
NIGGLED = ROOT / ".venv" / "bin" / "niggled"
GARMINDB_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


def private_home(work: Path) -> dict[str, str]:
    """Environment of a niggled that sees neither this user's data nor configuration."""
    return {
        "NIGGLED_HOME": str(work / "home"),
        "NIGGLED_CONFIG": "",
        "XDG_CONFIG_HOME": str(work / "no-config"),
    }


def niggled_lines(files: Path, work: Path) -> list[Line]:
    """First and second import into a fresh home; another one before, so that every module has its bytecode."""
    one = next(iter(files.glob("*.fit")))
    cost_of([NIGGLED, "import", one], private_home(work / "warm-up"))
    home = private_home(work)
    command: list[str | Path] = [NIGGLED, "import", files]
    return [
        Line("niggled: import", cost_of(command, home), "15 s CPU, 120 MB"),
        Line("niggled: import again, nothing new", cost_of(command, home), "0.5 s CPU"),
    ]


def garmindb_lines(files: Path, work: Path) -> list[Line]:
    """GarminDB's own command line, `--import --activities`, on a copy of the files in the place it looks."""
    base, config = work / "garmindb", work / "garmindb-config"
    activities = base / "FitFiles" / "Activities"
    activities.mkdir(parents=True)
    config.mkdir()
    for path in files.glob("*.fit"):
        shutil.copy(path, activities)
    settings = {
        "db": {"type": "sqlite"},
        "directories": {"relative_to_home": False, "base_dir": str(base)},
        "settings": {"metric": True, "default_display_activities": ["running"]},
        "activities": {"display": []},
        "course_views": {"steps": []},
        "modes": {},
        "enabled_stats": {"activities": True},
    }
    (config / "GarminConnectConfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command: list[str | Path] = [
        GARMINDB_PYTHON,
        GARMINDB_PYTHON.with_name("garmindb_cli.py"),
        "--import",
        "--activities",
        "--config",
        config,
    ]
    home = {"HOME": str(work)}
    lines = [
        Line("GarminDB: import", cost_of(command, home)),
        Line("GarminDB: import again, nothing new", cost_of(command, home)),
    ]
    stored = _count(base / "DBs" / "garmin_activities.db", "activities")
    wanted = len(list(files.glob("*.fit")))
    if stored != wanted:
        raise CommandError(f"GarminDB stored {stored} of {wanted} activities, so its figures mean nothing")
    return lines


def _count(database: Path, relation: str) -> int:
    with sqlite3.connect(database) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {relation}").fetchone()[0])  # noqa: S608


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=Path, help="a folder of FIT files instead of made ones")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="niggled-bench-") as folder:
        work = Path(folder)
        files = arguments.files or work / "files"
        if arguments.files is None:
            cost_of([sys.executable, HERE / "fit_files.py", files])
        lines = niggled_lines(files, work)
        lines.append(
            Line(
                "bare decoder (fitdecode, every record)",
                cost_of([sys.executable, HERE / "bare_decoder.py", files]),
            )
        )
        if GARMINDB_PYTHON.exists():
            lines += garmindb_lines(files, work)
        else:
            print("GarminDB is not measured: `make bench` builds .venv-bench/ first", file=sys.stderr)
        report(lines, arguments.json)


if __name__ == "__main__":
    main()
