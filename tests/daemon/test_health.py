"""`niggled health`: what a container's health check reads."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from daemon.cli.health import command
from daemon.paths import LAST_LOOK


def health(home: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments, env={"NIGGLED_HOME": str(home)}, standalone_mode=False)
    return int(str(result.return_value)), result.output


def looked(home: Path, ago_s: float) -> None:
    (home / LAST_LOOK).touch()
    at_s = time.time() - ago_s
    os.utime(home / LAST_LOOK, (at_s, at_s))


def test_a_daemon_that_looked_a_minute_ago_is_healthy(tmp_path: Path) -> None:
    looked(tmp_path, 60)
    assert health(tmp_path) == (0, "The daemon's last look was 1 min ago.\n")


def test_a_daemon_that_reads_a_large_export_is_still_healthy(tmp_path: Path) -> None:
    looked(tmp_path, 11 * 60)
    assert health(tmp_path) == (0, "The daemon's last look was 11 min ago.\n")


@pytest.mark.parametrize(("ago_s", "told"), [(16 * 60, "16 min ago"), (86_400, "1,440 min ago")])
def test_a_daemon_that_hangs_is_not(tmp_path: Path, ago_s: float, told: str) -> None:
    looked(tmp_path, ago_s)
    status, text = health(tmp_path)
    assert status == 1
    assert told in text


def test_a_look_from_tomorrow_proves_nothing(tmp_path: Path) -> None:
    looked(tmp_path, -86_400)
    assert health(tmp_path)[0] == 1


def test_a_daemon_that_has_not_looked_yet_is_not_healthy(tmp_path: Path) -> None:
    assert health(tmp_path) == (1, "The daemon has not finished a look yet.\n")


def test_a_slow_rhythm_may_have_more_time(tmp_path: Path) -> None:
    looked(tmp_path, 61 * 60)
    assert health(tmp_path)[0] == 1
    assert health(tmp_path, "--within", "180")[0] == 0
