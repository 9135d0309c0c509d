"""The configuration in force: children of the daemon read what it has read, whatever has become of the file since.

A configuration that is being edited, or was saved with a mistake, must hold up no warning until somebody reloads it.
"""

from __future__ import annotations

import os
from functools import cache

_NUMBER = "NIGGLED_CONFIG_IN_FORCE"


class ConfigurationInForce:
    """The text of a configuration, in memory that only this process and its children have."""

    def __init__(self, text: str) -> None:
        self._file = os.fdopen(os.memfd_create("niggled-configuration"), "wb")
        self._file.write(text.encode())
        self._file.flush()

    @property
    def descriptor(self) -> int:
        """What a child has to inherit …"""
        return self._file.fileno()

    @property
    def environment(self) -> dict[str, str]:
        """… and how it is told."""
        return {_NUMBER: str(self.descriptor)}


@cache
def text_in_force() -> str | None:
    """The text that was handed down to this process; None where none was."""
    number = os.environ.pop(_NUMBER, None)
    if number is None:
        return None
    descriptor = int(number)
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()
