"""Keys and tokens that change while the daemon runs: one small JSON file each, for its owner's eyes only.

They rotate, so they cannot live in the configuration; written through at once, they survive a kill at any moment.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
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
                f"The keys in {self.path} cannot be read ({reason}). Mend the file, or delete it and log in again."
            ) from None
        if not isinstance(content, dict):
            raise Broken(
                f"The keys in {self.path} cannot be read (no object). Delete the file and log in again."
            )
        return content

    def save(self, content: dict[str, Any]) -> None:
        """Replace everything, in one step and through to the disk. Raises Broken where that cannot be done."""
        with self._alone() as folder:
            self._write(content, folder)

    def update(self, **changes: Any) -> dict[str, Any]:
        """Save with some entries changed, None taking one away; everything as it then stands. Raises Broken."""
        with self._alone() as folder:
            content = {name: value for name, value in (self.load() | changes).items() if value is not None}
            self._write(content, folder)
        return content

    def delete(self) -> bool:
        """Forget everything, also what a write that was cut short has left; whether there was anything."""
        self._fresh.unlink(missing_ok=True)
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True

    @property
    def _fresh(self) -> Path:
        return self.path.with_name(f".{self.path.name}.new")

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """Nobody else writes in the folder, whose descriptor it gives: a login and a look at the same moment must not
        write over each other's keys."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise self._unsaved(error) from error
        try:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
            except OSError as error:
                raise self._unsaved(error) from error
            yield folder
        finally:
            os.close(folder)

    def _write(self, content: dict[str, Any], folder: int) -> None:
        try:
            descriptor = os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(content, stream)
                stream.flush()
                os.fsync(stream.fileno())
            self._fresh.replace(self.path)
            os.fsync(folder)
        except OSError as error:
            self._fresh.unlink(missing_ok=True)
            raise self._unsaved(error) from error

    def _unsaved(self, error: OSError) -> Broken:
        return Broken(
            f"The keys in {self.path} cannot be saved ({error.strerror}). Make room, or make the folder writable."
        )


class TrialKeys(KeyFile):
    """Keys that are being tried: in no file until they have worked."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(Path("trial"))
        self._content = dict(content)

    def load(self) -> dict[str, Any]:
        return dict(self._content)

    def save(self, content: dict[str, Any]) -> None:
        self._content = dict(content)

    def update(self, **changes: Any) -> dict[str, Any]:
        self._content = {
            name: value for name, value in (self._content | changes).items() if value is not None
        }
        return self.load()

    def delete(self) -> bool:
        was = bool(self._content)
        self._content = {}
        return was
