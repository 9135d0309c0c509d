"""What the page says no with."""

from __future__ import annotations


class Refused(Exception):
    """A page that says no, kindly: `title` in a few words, `text` with the way on; `retry_after_s` for too many tries."""

    def __init__(self, status: int, title: str, text: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text
        self.retry_after_s = retry_after_s


NOT_HERE = Refused(
    404, "Not here", "There is no such page. It may have been deleted, or belong to somebody else."
)
