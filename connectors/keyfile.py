"""Keys and tokens that change while the daemon runs: one small JSON file each, for its owner's eyes only.

They rotate, so they cannot live in the configuration; written through at once, they survive a kill at any moment.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from connectors.errors import Broken


class KeyFile:
    """A JSON object in a file of mode 0600. Never printed, never logged."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"KeyFile({self.path.name})"

    def load(self) -> dict[str, Any]:
        """What was saved last; empty where nothing was. Raises Broken with the cure for an unreadable file."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
            raise Broken(
                f"The keys in {self.path} cannot be read ({reason}). Mend the file, or log in again."
            ) from None
        if not isinstance(content, dict):
            raise Broken(f"The keys in {self.path} cannot be read (no object). Log in again.")
        return content

    def save(self, content: dict[str, Any]) -> None:
        """Replace everything, in one step and through to the disk. Raises Broken where that cannot be done."""
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(content, stream)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise Broken(
                f"The keys in {self.path} cannot be saved ({error.strerror}). Make room, or make the folder writable."
            ) from error

    def update(self, **changes: Any) -> dict[str, Any]:
        """Save with some entries changed, None taking one away; everything as it then stands."""
        content = {name: value for name, value in (self.load() | changes).items() if value is not None}
        self.save(content)
        return content

    def delete(self) -> bool:
        """Forget everything; whether there was anything."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
