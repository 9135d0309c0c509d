"""The container files ask for as little as the unit does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (ROOT / "Containerfile").read_text(encoding="utf-8")


@pytest.fixture
def service() -> dict[str, Any]:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = compose["services"]["niggled"]
    return found


def test_the_container_may_write_to_its_data_only(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["volumes"] == ["data:/data"]
    assert [place.partition(":")[0] for place in service["tmpfs"]] == ["/tmp"]  # noqa: S108  a folder of its own


def test_the_container_has_no_privileges(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service
    assert "\nUSER 10001:10001\n" in RECIPE


def test_the_image_is_made_from_locked_libraries() -> None:
    assert "--require-hashes -r /src/requirements.lock" in RECIPE
    assert 'CMD ["niggled", "health"]' in RECIPE


def test_only_the_program_goes_into_the_image() -> None:
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert kept[0] == "*"
    assert {"!daemon", "!connectors", "!rules", "!pyproject.toml", "!requirements.lock"} <= set(kept)
