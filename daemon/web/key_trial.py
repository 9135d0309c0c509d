"""Trying a key while somebody waits for the page: a service that is slow must not hold it up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError, Unavailable
from daemon.clock import Clock
from daemon.config_sources import SourceConfig

if TYPE_CHECKING:
    from connectors.sources.garmin_login import TriedKey

log = logging.getLogger(__name__)

LONGEST_S = 15.0
_turn = threading.Lock()


class Busy(Exception):
    """Another key is being tried just now; with two of them nobody would be left to answer."""


def tried(key: str, settings: SourceConfig, clock: Clock) -> TriedKey:
    """What Garmin says to a key within LONGEST_S; what it says later counts for nothing.

    Raises Busy, and as `try_key`.
    """
    from connectors.sources.garmin_login import try_key

    if not _turn.acquire(blocking=False):
        raise Busy
    try:
        return _within(LONGEST_S, lambda: try_key(key, clock.now, base_url=settings.base_url))
    finally:
        _turn.release()


def _within(longest_s: float, ask: Callable[[], TriedKey]) -> TriedKey:
    heard: SimpleQueue[TriedKey | ConnectorError] = SimpleQueue()

    def work() -> None:
        try:
            heard.put(ask())
        except ConnectorError as error:
            heard.put(error)
        except Exception as error:
            log.error("Trying a Garmin key failed (%s)", type(error).__name__)  # noqa: TRY400
            heard.put(Unavailable("Garmin could not be asked"))

    threading.Thread(target=work, name="key trial", daemon=True).start()
    try:
        outcome = heard.get(timeout=longest_s)
    except Empty:
        raise Unavailable(f"Garmin has not answered within {longest_s:.0f} seconds") from None
    if isinstance(outcome, ConnectorError):
        raise outcome
    return outcome
