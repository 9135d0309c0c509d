"""What a failed connector says to somebody at a terminal: what happened, and what to do about it."""

from __future__ import annotations

from connectors.errors import ConnectorError, NeedsLogin, Unavailable


def failure_sentence(error: ConnectorError) -> str:
    """What happened, with the cure where the runner has to do something, and when the service wants to be asked again."""
    said = str(error).strip()
    if not said.endswith((".", "!", "?")):
        said += "."
    if isinstance(error, NeedsLogin) and error.cure not in said:
        said += f" {error.cure}"
    if isinstance(error, Unavailable) and error.retry_at is not None and not error.paced:
        said += f" Not before {error.retry_at.astimezone():%A %H:%M %Z}."
    return said
