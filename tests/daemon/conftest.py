"""A household of one: an empty store, and a runner whose phone takes every kind of message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.credentials import Secret
from daemon.store.engine import Store, open_store
from rules.facts import Runner
from rules.policy import Policy


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'niggled.db'}")
    yield opened
    opened.close()


@pytest.fixture
def athlete(tmp_path: Path) -> AthleteConfig:
    sends = ("warning", "prompt", "reminder", "digest")
    phone = ChannelConfig("phone", "apprise", Secret("plain", "json://127.0.0.1"), sends)
    return AthleteConfig("me", Runner(timezone="UTC"), Policy(), tmp_path / "inbox", (phone,))
