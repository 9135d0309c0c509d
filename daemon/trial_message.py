"""The message that only shows where messages arrive."""

from __future__ import annotations

from datetime import datetime

from connectors.channels.contract import OutgoingMessage

TITLE = "niggled test"
BODY = "This is where warnings will arrive. Nothing to do."


def trial_message(now: datetime) -> OutgoingMessage:
    """A test message with a key of its own each time: a service that drops repeats must not drop the second test."""
    return OutgoingMessage(key=f"test:{now.isoformat()}", title=TITLE, body=BODY)
