"""Three kinds of failure, no more; what follows is the caller's business, not the connector's."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

type LoginReason = Literal["login", "key_expired", "scope", "inactive"]


class ConnectorError(Exception):
    """Anything a door to the outside can fail with."""


class Unavailable(ConnectorError):
    """The other side cannot answer now. `retry_at`: when it said to come back, `None` if it did not say.

    `may_have_arrived`: we stopped waiting, but the other side may still do what was asked; do not ask again at once.
    `paced`: nothing is wrong, the requests allowed for now are used up and the rest comes later.
    """

    def __init__(
        self,
        detail: str,
        retry_at: datetime | None = None,
        *,
        may_have_arrived: bool = False,
        paced: bool = False,
    ) -> None:
        super().__init__(detail)
        self.retry_at = retry_at
        self.may_have_arrived = may_have_arrived
        self.paced = paced


class NeedsLogin(ConnectorError):
    """Only the runner can mend this. The text says what happened, `cure` is the next thing to do."""

    def __init__(self, reason: LoginReason, cure: str, detail: str = "") -> None:
        super().__init__(detail or cure)
        self.reason = reason
        self.cure = cure


class Broken(ConnectorError):
    """The answer makes no sense; trying again unchanged will not help."""
