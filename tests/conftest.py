"""What every test gets: no internet, a quiet environment, the real-material folder where it exists."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUARD = ROOT / "tests" / "guard"

sys.path.insert(0, str(GUARD))
import sitecustomize  # noqa: E402

# Another sitecustomize may already have been loaded by the interpreter: install ours by its own name.
if Path(sitecustomize.__file__ or "").parent != GUARD:
    del sys.modules["sitecustomize"]
    import sitecustomize
sitecustomize.install()


@pytest.fixture
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment for a child process: its own home, UTC, the internet guard, and nothing of the tester's."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "NIGGLED_HOME": str(tmp_path / "niggled"),
        "TZ": "UTC",
        "PYTHONPATH": str(GUARD),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
    }
