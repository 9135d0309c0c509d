"""`make bench`: every benchmark, one after the other, with GarminDB in a venv of its own.

`python benchmarks/run.py [--json FOLDER]` writes the figures as JSON too. Takes about ten minutes, most of them GarminDB's.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "benchmarks"
VENV = ROOT / ".venv-bench"
LOCK = HERE / "requirements-bench.lock"
INSTALLED = VENV / ".installed"
BENCHMARKS = ("import_bench", "rules_bench", "sync_bench", "page_bench", "rest_bench")


def install_peers() -> None:
    """Build `.venv-bench/` from its own hash-locked file, again when that file changes."""
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    private_uv = ROOT / ".build" / "uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(private_uv) if private_uv.exists() else None)
    if uv:
        make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)]
        install = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            str(VENV / "bin" / "python"),
        ]
    else:
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        install = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run(make, check=True)
    subprocess.run([*install, "--require-hashes", "-r", str(LOCK)], check=True)
    INSTALLED.touch()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="a folder for the figures as JSON")
    arguments = parser.parse_args()
    if arguments.json:
        arguments.json.mkdir(parents=True, exist_ok=True)
    install_peers()
    for name in BENCHMARKS:
        print(f"\n## {name}\n", flush=True)
        options = ["--json", str(arguments.json / f"{name}.json")] if arguments.json else []
        subprocess.run([sys.executable, str(HERE / f"{name}.py"), *options], check=True)


if __name__ == "__main__":
    main()
