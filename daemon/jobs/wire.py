"""What passes between the daemon and the child that takes an answer in, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from connectors.channels.contract import Incoming
from daemon.jobs.incoming import DirectAnswer


def incoming_as_json(incoming: Incoming) -> str:
    return json.dumps(asdict(incoming) | {"at": incoming.at.isoformat()})


def incoming_of(text: str) -> Incoming:
    fields = json.loads(text)
    return Incoming(**fields | {"at": datetime.fromisoformat(fields["at"])})


def answer_as_json(answer: DirectAnswer | None) -> str:
    return json.dumps(None if answer is None else asdict(answer))


def answer_of(text: str) -> DirectAnswer | None:
    """Raises ValueError for what is no answer: a child that broke off."""
    fields = json.loads(text)
    return None if fields is None else DirectAnswer(**fields)
