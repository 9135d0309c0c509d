"""The unit file, as systemd's own tools see it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "niggled.service"
ANALYZE = shutil.which("systemd-analyze")
HIGHEST_EXPOSURE = 15


@pytest.fixture
def analyze() -> str:
    if ANALYZE is None:
        if os.environ.get("NIGGLED_REQUIRE_REAL_PARTS"):
            pytest.fail("systemd-analyze is not installed")
        pytest.skip("systemd-analyze is not installed")
    return ANALYZE


def installed_unit(folder: Path) -> Path:
    """The unit with a command that exists on this machine."""
    unit = folder / "niggled.service"
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE), encoding="utf-8"
    )
    return unit


def test_systemd_has_nothing_to_say_about_the_unit(analyze: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(installed_unit(tmp_path))],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in (done.stdout + done.stderr).splitlines() if "niggled" in line]
    assert told == []
    assert done.returncode == 0


def test_the_unit_is_locked_down(analyze: str, tmp_path: Path) -> None:
    command = [analyze, "security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}", "--no-pager"]
    done = subprocess.run(
        [*command, str(installed_unit(tmp_path))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


def test_a_wrong_configuration_does_not_loop() -> None:
    assert "RestartPreventExitStatus=78" in UNIT.read_text(encoding="utf-8")
