"""One request of the page, and what its answer may need."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from werkzeug.wrappers import Request, Response

from daemon.clock import Clock
from daemon.config import AthleteConfig, Config
from daemon.jobs.assess import Look, look
from daemon.store.engine import Store
from daemon.web.patience import Patience
from daemon.web.session import Session, csrf_token

LARGEST_BODY_BYTES = 64 * 1024


class PageRequest(Request):
    """Forms of ours are short."""

    max_content_length = LARGEST_BODY_BYTES
    max_form_memory_size = LARGEST_BODY_BYTES
    max_form_parts = 100


@dataclass(frozen=True, slots=True)
class House:
    """What all requests share. `passcodes` holds one of every athlete, empty where there is none."""

    config: Config
    store: Store
    clock: Clock
    key: bytes
    passcodes: dict[str, str]
    pages: Environment
    patience: Patience = field(default_factory=Patience)

    @property
    def home(self) -> Path:
        return self.config.home


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link stands for: whom a question was put to, and the token that an answer carries."""

    athlete: str
    token: str


@dataclass
class Visit:
    """One request. `told` is shown once at the top; `told_next` on the page that comes next. `asked` is set on the page
    of a link."""

    house: House
    request: PageRequest
    session: Session
    now: datetime
    told: str = ""
    told_next: str = ""
    asked: Asked | None = None

    @cached_property
    def athlete(self) -> AthleteConfig:
        """Whose page this is: of whoever is signed in, or was asked the question that a link opens."""
        name = self.session.athlete if self.asked is None else self.asked.athlete
        if name is None:
            raise LookupError("nobody is signed in")
        return self.house.config.athletes[name]

    @cached_property
    def _look(self) -> Look:
        return look(self.house.store, self.athlete, self.now)

    def look(self) -> Look:
        """What is true of the athlete now, assessed once for each request. Raises StoreError."""
        return self._look

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page from `templates/<template>.html`, within the frame."""
        return Response(self.part(template, **values), status=status, mimetype="text/html")

    def part(self, template: str, **values: Any) -> str:
        """The same as text, for an answer that replaces a part of a page."""
        frame = {
            "visit": self,
            "signed_in": self.session.is_signed_in,
            "csrf_field": self._csrf_field,
            "told": self.told,
        }
        return self.house.pages.get_template(f"{template}.html").render(frame | values)

    def _csrf_field(self) -> Markup:
        """What proves that a form is ours; belongs into every one."""
        token = csrf_token(self.session, self.house.key)
        return Markup('<input type="hidden" name="csrf" value="{}">').format(token)

    def see_other(self, path: str, told: str = "") -> Response:
        """After a form: go and look there; `told` says what came of it."""
        self.told_next = told
        return Response(status=303, headers={"Location": path})

    def field(self, name: str, longest: int = 200) -> str:
        """What was written into a field: one line, no control characters; empty where it is absent."""
        return _plain(self.request.form.get(name, ""), longest)

    def chosen(self, name: str, longest: int = 200) -> list[str]:
        """Every value of a field that may be there several times."""
        return [_plain(value, longest) for value in self.request.form.getlist(name)[:20]]

    @property
    def address(self) -> str:
        """Where the visitor comes from."""
        return self.request.remote_addr or "?"


def _plain(text: str, longest: int) -> str:
    kept = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)
    kept = "".join(sign for sign in kept if unicodedata.category(sign) not in ("Cs", "Cf", "Co", "Cn"))
    return " ".join(kept.split())[:longest]
