"""What a command costs: CPU seconds and peak memory of one child process and everything it started."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """`peak_mb` is None where something was measured inside a process that also does other things."""

    cpu_s: float
    wall_s: float
    peak_mb: float | None = None


class CommandError(Exception):
    """The measured command ended with an error; its last lines say why."""


def cost_of(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, accept: Sequence[int] = (0,)
) -> Cost:
    """Run `command` once. Raises CommandError on an exit code that is not in `accept`.

    Linux counts the memory of the forking process into its child's peak, so callers keep themselves small.
    """
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        child = subprocess.Popen(
            [str(word) for word in command],
            # an installed command runs from bytecode, also where the shell forbids writing it
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - began
        if child.returncode not in accept:
            output.seek(0)
            tail = output.read()[-2000:].decode(errors="replace")
            raise CommandError(f"{' '.join(map(str, command))}: exit {child.returncode}\n{tail}")
    return Cost(used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss / 1024)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a results table; `budget` is the promise of DESIGN 9 in words, empty where there is none."""

    what: str
    cost: Cost
    budget: str = ""


def table(lines: Sequence[Line]) -> str:
    """Lines -> a Markdown table."""
    rows = ["| what | CPU s | wall s | peak MB | budget |", "|---|---:|---:|---:|---|"]
    rows += [
        f"| {line.what} | {line.cost.cpu_s:.3g} | {line.cost.wall_s:.3g} | {_whole(line.cost.peak_mb)} | {line.budget} |"
        for line in lines
    ]
    return "\n".join(rows)


def _whole(number: float | None) -> str:
    return "" if number is None else f"{number:.0f}"


def cost_here(work: Callable[[], object]) -> Cost:
    """CPU and wall seconds of one call in this process."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return Cost(time.process_time() - cpu, time.monotonic() - wall)


def report(lines: Sequence[Line], json_file: Path | None) -> None:
    """Print the table; write the same as JSON if asked."""
    print(table(lines))
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(line) for line in lines], indent=1) + "\n", encoding="utf-8")
