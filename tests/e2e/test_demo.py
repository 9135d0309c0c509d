"""`niggled demo`: the README's promise, kept by the installed command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

INSTALLED = Path(sys.executable).with_name("niggled")


def test_the_demo_tells_a_season_and_ends_with_today(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [INSTALLED, "demo", "--today", "2026-11-25"],
        env=clean_environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = done.stdout
    # The message that the README shows.
    assert (
        "Long run  13.0 km: 24 % beyond your longest in 30 days (10.5). Unusually long for you. "
        "Next: from Thursday, up to 9.5 km. Worst knee pain during the run, 0–10?" in told
    )
    for title in (
        "Knee?",
        "Hills",
        "Strength today",
        "Time off",
        "No running for now",
        "Calm again",
        "Week 47",
    ):
        assert f"  {title}  " in told, title
    assert "This morning `niggled status` says:" in told
    assert "● amber: knee amber, load amber" in told
    assert list(tmp_path.iterdir()) == [tmp_path / "home"], "the demo keeps nothing"
