"""The way back of a channel in memory: what comes in, what is confirmed, and how reading fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connectors.channels.contract import Incoming


@dataclass
class ScriptedListener:
    """Tells `sent` behind the position (positions count up from 1), then waits until stopped. `fails` holds what opening
    raises, one a time; `refuses` what confirming raises; `after` runs once everything was told."""

    sent: list[Incoming] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    refuses: list[Exception] = field(default_factory=list)
    confirmed: list[tuple[str, str, bool]] = field(default_factory=list)
    positions: list[str | None] = field(default_factory=list)
    quiet_moments: int = 1
    name: str = "phone"
    done: threading.Event = field(default_factory=threading.Event)

    def listen(self, position: str | None, stop: Callable[[], bool]) -> Iterator[Incoming | None]:
        self.positions.append(position)
        if self.fails:
            raise self.fails.pop(0)
        yield from [one for one in self.sent if int(one.position) > int(position or 0)]
        for _ in range(self.quiet_moments):
            yield None
        self.done.set()

    def confirm(self, incoming: Incoming, text: str, *, quiet: bool) -> None:
        if self.refuses:
            raise self.refuses.pop(0)
        self.confirmed.append((incoming.id, text, quiet))
