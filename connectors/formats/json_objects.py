"""The objects of a JSON list, one at a time, however long the list is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import IO, Any

from connectors.formats.leg import Unreadable

CHUNK_CHARACTERS = 1 << 18
LARGEST_OBJECT_CHARACTERS = 1 << 24
AGAIN = "Ask for the export again."

_BLANK = " \t\r\n"


def objects_under(stream: IO[bytes], key: str) -> Iterator[dict[str, Any]]:
    """The objects of the list that stands under `key`, wherever in the file it is; several such lists follow on.

    Holds one object and a chunk in memory. Raises Unreadable where the JSON ends early or is none.
    """
    text = _Text(stream)
    while text.find(f'"{key}"'):
        text.expect(":")
        text.expect("[")
        while not text.accept("]"):
            yield text.object()
            text.accept(",")


class _Text:
    """A window on the text that only moves forward."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._source = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
        self._decoder = json.JSONDecoder()
        self._buffer = ""
        self._at = 0

    def _more(self) -> bool:
        chunk = self._source.read(CHUNK_CHARACTERS)
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def find(self, word: str) -> bool:
        """Move behind the next `word`; False at the end."""
        while (found := self._buffer.find(word, self._at)) < 0:
            self._at = max(self._at, len(self._buffer) - len(word))
            if not self._more():
                return False
        self._at = found + len(word)
        return True

    def accept(self, character: str) -> bool:
        """Move behind `character` if it is what comes next."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._buffer):
                break
            if not self._more():
                raise Unreadable("the JSON ends early", AGAIN)
        if self._buffer[self._at] != character:
            return False
        self._at += 1
        return True

    def expect(self, character: str) -> None:
        if not self.accept(character):
            raise Unreadable(f"the JSON has no {character!r} where one belongs", AGAIN)

    def object(self) -> dict[str, Any]:
        """The next object. Call after `accept`, which left the window at something other than a blank."""
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                # An object that the window cuts off looks like a broken one until more is read.
                if len(self._buffer) - self._at > LARGEST_OBJECT_CHARACTERS or not self._more():
                    raise Unreadable(f"the JSON is broken or ends early ({error.msg})", AGAIN) from None
                continue
            if not isinstance(value, dict):
                raise Unreadable("the JSON holds something other than activities", AGAIN)
            return value
