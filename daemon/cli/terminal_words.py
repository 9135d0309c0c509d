"""What a message says to a phone, said at a terminal: there nothing is replied to, a verb takes the word."""

from __future__ import annotations

import re

_REPLY = re.compile(r"Reply (?=`[a-z]+`)")
_WORD = re.compile(r"`(seen|cleared)`")


def at_a_terminal(text: str, athlete: str | None = None) -> str:
    """ "Say `niggled pain seen` when you have read this …"; `athlete` where there are several."""
    whose = f" --athlete {athlete}" if athlete else ""
    if not _REPLY.search(text):
        return text
    return _WORD.sub(rf"`niggled pain \1{whose}`", _REPLY.sub("Say ", text))
