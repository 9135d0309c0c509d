"""Somebody who looks at the page: a browser's cookies and forms, without the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from fakes.clock import StoppedClock
from werkzeug.test import Client
from werkzeug.wrappers import Response

from daemon.config import AthleteConfig, Config
from daemon.config_backup import BackupConfig
from daemon.config_page import PageConfig
from daemon.credentials import Secret
from daemon.store.engine import Store
from daemon.web.app import Page
from daemon.web.serving import house_of

FROM_HERE: dict[str, Any] = {"base_url": "http://localhost", "environ_base": {"REMOTE_ADDR": "127.0.0.1"}}
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_UNSEEN = frozenset({"script", "style", "title", "head", "template"})


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer of the page. `words` is what is to be read on it, white space as single spaces."""

    status: int
    html: str
    words: str
    headers: dict[str, str]
    location: str


class Visitor:
    """One browser on one athlete's page; follows redirects after forms as browsers do."""

    def __init__(self, page: Page, store: Store, athlete: AthleteConfig, clock: StoppedClock) -> None:
        self.client = Client(page)
        self.store = store
        self.athlete = athlete
        self.clock = clock
        self.last: Seen | None = None

    def get(self, path: str, **headers: str) -> Seen:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.last = seen(self.client.get(path, headers=named, **FROM_HERE))
        return self.last

    def post(
        self, path: str, *, follow: bool = True, csrf: str | None = None, **fields: str | list[str]
    ) -> Seen:
        """Send a form that stood on the page seen last; `follow` what it leads to."""
        proof = self.csrf() if csrf is None else csrf
        answer = seen(self.client.post(path, data={"csrf": proof} | fields, **FROM_HERE))
        if follow and answer.status == 303:
            return self.get(answer.location)
        self.last = answer
        return answer

    def csrf(self) -> str:
        """The proof on the page seen last; any form's will do."""
        found = _CSRF.search(self.last.html if self.last is not None else "") or _CSRF.search(
            self.get("/settings").html
        )
        return found[1] if found else ""


def visitor_of(
    store: Store,
    home: Path,
    athletes: dict[str, AthleteConfig],
    at: datetime,
    *,
    name: str | None = None,
    page: PageConfig | None = None,
) -> Visitor:
    """A visitor of the page of these athletes, at a clock that stands still. `name`: whose page is meant."""
    clock = StoppedClock(at)
    config = Config(
        path=None,
        home=home,
        athletes=athletes,
        store_url=Secret("plain", f"sqlite:///{home / 'niggled.db'}"),
        backup=BackupConfig(home / "backups"),
        tick_s=60,
        page=page or PageConfig(),
    )
    athlete = athletes[name] if name else next(iter(athletes.values()))
    return Visitor(Page(house_of(config, store, clock)), store, athlete, clock)


def seen(response: Response) -> Seen:
    body = response.get_data(as_text=True) if response.mimetype.startswith("text") else ""
    reader = _Words()
    reader.feed(body)
    return Seen(
        status=response.status_code,
        html=body,
        words=" ".join("".join(reader.found).split()),
        headers=dict(response.headers),
        location=response.headers.get("Location", ""),
    )


class _Words(HTMLParser):
    """The text of a page, without what nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag not in ("b", "i", "em", "strong", "small", "span", "a"):
            self.found.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN
        if tag not in ("b", "i", "em", "strong", "small", "span", "a"):
            self.found.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.found.append(data)
