"""Where niggled keeps its configuration and its data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

LAST_LOOK = "last-look"
"""A file in the data folder; its time is when the daemon last finished a look that reached the store."""


def config_file(given: str | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The configuration to read: `--config`, `NIGGLED_CONFIG`, systemd's place, the XDG place, /etc.

    A file that was named is returned even if it does not exist (reading it then fails clearly); of the usual places
    only one that exists. `None`: there is no configuration, which is fine.
    """
    named = given or environ.get("NIGGLED_CONFIG")
    if named:
        return Path(named).expanduser()
    usual = [
        Path(environ.get("XDG_CONFIG_HOME") or "~/.config") / "niggled/config.toml",
        Path("/etc/niggled/config.toml"),
    ]
    if environ.get("CONFIGURATION_DIRECTORY"):
        usual.insert(0, Path(environ["CONFIGURATION_DIRECTORY"].split(":")[0]) / "config.toml")
    return next((path for path in (place.expanduser() for place in usual) if path.is_file()), None)


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where data lives: `NIGGLED_HOME`, systemd's `STATE_DIRECTORY`, or the XDG place. Not created here."""
    if environ.get("NIGGLED_HOME"):
        return Path(environ["NIGGLED_HOME"]).expanduser().absolute()
    if environ.get("STATE_DIRECTORY"):
        return Path(environ["STATE_DIRECTORY"].split(":")[0])
    return Path(environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "niggled"


def make_private_folder(folder: Path) -> None:
    """Create `folder` readable by its owner only; an existing one is left as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
