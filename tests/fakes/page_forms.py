"""The forms of a page, as a browser would offer them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """`fields`: what each may be sent with, as the page stands; a button counts as a field."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)


def forms_in(html: str) -> list[PageForm]:
    reader = _Forms()
    reader.feed(html)
    return reader.found


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[PageForm] = []
        self._form: PageForm | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = PageForm(told.get("action", ""), told.get("method", "get").lower())
            self.found.append(self._form)
        elif tag == "select":
            self._select = told.get("name", "")
        elif tag == "option":
            self._add(self._select, told.get("value", ""))
        elif tag in ("input", "button", "textarea"):
            self._add(told.get("name", ""), told.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _add(self, name: str, value: str) -> None:
        if self._form is not None and name:
            self._form.fields.setdefault(name, []).append(value)
