"""The page of two athletes in this process, one of them signed in, for requests of every kind."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from fakes.clock import StoppedClock
from fakes.kept_home import fill
from fakes.open_question import ask
from fakes.page_forms import PageForm, forms_in
from fakes.strange_requests import HOST, URLENCODED, Sent, paths_to_look_at
from fakes.wsgi import Answer, call

from daemon.config import AthleteConfig, Config
from daemon.config_backup import BackupConfig
from daemon.config_page import PageConfig
from daemon.config_sources import unconfigured
from daemon.credentials import Secret
from daemon.links import signed
from daemon.page_key import page_key
from daemon.store.engine import Store, open_store
from daemon.store.tables import ACTIVITIES, FINDINGS, MESSAGES, REPLIES
from daemon.web.app import Page
from daemon.web.serving import house_of

MINE, THEIRS = "demo", "ben"
PASSCODES = {MINE: "four stairs", THEIRS: "other stairs"}
SECRET = "zugzwang"
"""Stands in everything of the other athlete's that has words."""
DEAD = "http://127.0.0.1:9"
"""Where a vendor would be; nobody answers."""
PACE = timedelta(seconds=10)


class Fuzzed:
    """`forms` are all that the runner could fill in at the beginning. A connection of its own sees every write."""

    def __init__(self, page: Page, store: Store, database: Path, clock: StoppedClock, key: bytes) -> None:
        self.page = page
        self.store = store
        self.clock = clock
        self._watching = sqlite3.connect(database)
        cookie, csrf = self._sign_in()
        token = ask(store, MINE, clock.at)
        opened = call(page, "GET", f"/a/{signed(key, token)}".encode(), [("Host", HOST)])
        self._marks = self._known(key, token) | {
            b"@csrf@": csrf,
            b"@link-csrf@": _csrf_in(opened),
            b"@cookie@": cookie + b"; " + _cookie_header(opened),
        }
        self.forms = self._offered()

    def send(self, sent: Sent) -> Answer:
        self.clock.at += PACE
        headers = [(name, self._filled(value)) for name, value in sent.headers]
        target, body = self._filled(sent.target), self._filled(sent.body)
        return call(self.page, sent.method, target, headers, body, sent.address)

    def look(self, path: str, *, method: str = "GET", signed_in: bool = True) -> Sent:
        """Somebody who only looks."""
        cookies = (("Cookie", b"@cookie@"),) if signed_in else ()
        return Sent(method, path.encode(), (("Host", HOST), *cookies), b"", signed_in, "127.0.0.1")

    def version(self) -> int:
        """Changes whenever anybody else has written into the database."""
        return int(self._watching.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._watching.close()

    def _filled(self, text: bytes) -> bytes:
        for mark, value in self._marks.items():
            text = text.replace(mark, value)
        return text

    def _sign_in(self) -> tuple[bytes, bytes]:
        """The cookie of the runner, and the proof for her forms."""
        form = call(self.page, "GET", b"/sign-in", [("Host", HOST)])
        fields = b"csrf=" + _csrf_in(form) + b"&passcode=" + quote_plus(PASSCODES[MINE]).encode()
        headers = [("Host", HOST), ("Cookie", _cookie_header(form)), ("Content-Type", URLENCODED)]
        opened = call(self.page, "POST", b"/sign-in", headers, fields)
        assert (opened.status, opened.header("Location")) == (303, "/")
        cookie = _cookie_header(opened)
        return cookie, _csrf_in(call(self.page, "GET", b"/settings", [("Host", HOST), ("Cookie", cookie)]))

    def _known(self, key: bytes, token: str) -> dict[bytes, bytes]:
        with self.store.reading() as session:
            mine = sa.select(MESSAGES.c.token).where(
                MESSAGES.c.athlete == MINE, MESSAGES.c.token.is_not(None), MESSAGES.c.token != token
            )
            older = session.scalars(mine.order_by(MESSAGES.c.due_at.desc()).limit(1)).one()
            key_of, finding_of, run_of = (
                {
                    who: session.scalars(sa.select(column).where(owner == who).limit(1)).one()
                    for who in PASSCODES
                }
                for column, owner in (
                    (MESSAGES.c.key, MESSAGES.c.athlete),
                    (FINDINGS.c.id, FINDINGS.c.athlete),
                    (ACTIVITIES.c.id, ACTIVITIES.c.athlete),
                )
            )
        whole = signed(key, token)
        told = {
            "@link@": whole,
            "@older-link@": signed(key, str(older)),
            "@forged@": whole[:-2] + "__",
            "@key@": quote(key_of[MINE]),
            "@their-key@": quote(key_of[THEIRS]),
            "@finding@": str(finding_of[MINE]),
            "@their-finding@": str(finding_of[THEIRS]),
            "@run@": str(run_of[MINE]),
            "@their-run@": str(run_of[THEIRS]),
        }
        return {mark.encode(): value.encode() for mark, value in told.items()}

    def _offered(self) -> list[PageForm]:
        pages = [self.send(self.look(path)) for path in paths_to_look_at()]
        found = [form for page in pages for form in forms_in(page.body.decode(errors="replace"))]
        return [form for form in found if form.method == "post"]


@contextmanager
def fuzzed_page(home: Path, athlete: AthleteConfig, now: datetime) -> Iterator[Fuzzed]:
    """The page on the database in `home`, which gets a second athlete."""
    database = home / "niggled.db"
    store = open_store(f"sqlite:///{database}")
    fill(store, THEIRS)
    words = (ACTIVITIES, "title"), (REPLIES, "note"), (MESSAGES, "text"), (FINDINGS, "subject")
    with store.session() as session:
        for table, column in words:
            session.execute(sa.update(table).where(table.c.athlete == THEIRS).values({column: SECRET}))
    sources = {name: replace(one, base_url=DEAD) for name, one in unconfigured().items()}
    athletes = {
        name: replace(athlete, name=name, passcode=Secret("plain", passcode), sources=sources)
        for name, passcode in PASSCODES.items()
    }
    config = Config(
        path=None,
        home=home,
        athletes=athletes,
        store_url=Secret("plain", f"sqlite:///{database}"),
        backup=BackupConfig(home / "backups"),
        tick_s=60,
        page=PageConfig(address="https://knee.home"),
    )
    clock = StoppedClock(now)
    fuzzed = Fuzzed(Page(house_of(config, store, clock)), store, database, clock, page_key(home))
    try:
        yield fuzzed
    finally:
        fuzzed.close()
        store.close()


def _cookie_header(answer: Answer) -> bytes:
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items()).encode()


def _csrf_in(answer: Answer) -> bytes:
    found = re.search(rb'name="csrf" value="([^"]+)"', answer.body)
    assert found is not None, answer.body
    return found[1]
