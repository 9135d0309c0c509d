"""What every test gets: no internet, a quiet environment, the real-material folder where it exists."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fakes.command import environment_in
from fakes.postgresql import postgresql_server, postgresql_url
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
GUARD = ROOT / "tests" / "guard"

sys.path.insert(0, str(GUARD))
import sitecustomize  # noqa: E402

# Another sitecustomize may already have been loaded by the interpreter: install ours by its own name.
if Path(sitecustomize.__file__ or "").parent != GUARD:
    del sys.modules["sitecustomize"]
    import sitecustomize
sitecustomize.install()


# A busy machine is no finding.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

__all__ = ["clean_environment", "postgresql_server", "postgresql_url"]  # the fixtures of every folder


@pytest.fixture
def clean_environment(tmp_path: Path) -> dict[str, str]:
    """An environment for a child process: its own home, a Wednesday noon in UTC, the internet guard."""
    return environment_in(tmp_path)
