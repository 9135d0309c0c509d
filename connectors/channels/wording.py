"""Fitting a text into what a service takes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

_CUT = " …"
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s|\n")


def readable(text: str) -> str:
    """`text` without the halves of characters that no encoding can carry."""
    return text.encode("utf-8", "replace").decode()


def utf8_bytes(text: str) -> int:
    return len(text.encode())


def utf16_units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int, size: Callable[[str], int]) -> str:
    """`text`, or as many of its sentences as have a `size` of at most `limit`, and an ellipsis.

    Inside a sentence (else inside a word) only where its end would lose more than half.
    """
    if size(text) <= limit:
        return text
    longest = bisect_right(range(len(text)), limit - size(_CUT), key=lambda length: size(text[:length])) - 1
    kept = text[: max(longest, 0)]
    ends = (*(found.start() for found in _SENTENCE_END.finditer(kept)), kept.rfind(" "))
    sentences, words = max(ends[:-1], default=-1), ends[-1]
    end = next((place for place in (sentences, words) if place > len(kept) // 2), len(kept))
    return kept[:end].rstrip() + _CUT
