"""Templates and what all pages share: the joined styles and scripts, the words for distances and days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

HERE = Path(__file__).parent
MARKS = {
    "/": "Today",
    "/trends": "Trends",
    "/strength": "Strength",
    "/messages": "Messages",
    "/settings": "Settings",
}
"""The five places that can be reached from everywhere, in their order."""
_COMMAND = re.compile("`([^`]+)`")
SECTIONS = {"runs": "/trends", "what-if": "/", "findings": "/messages", "knee": "/"}
"""Which of them a page without a place of its own belongs to."""


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that never changes under its name."""

    name: str
    body: bytes
    mimetype: str


@cache
def stylesheet() -> Asset:
    return _joined("style", "css", "text/css")


@cache
def script() -> Asset:
    return _joined("script", "js", "text/javascript")


def environment() -> Environment:
    """Templates that escape everything, and fail where a value is missing."""
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    pages.filters["commands"] = with_commands
    pages.globals["places"] = MARKS
    pages.globals["place_of"] = place_of
    pages.globals["stylesheet"] = f"/assets/{stylesheet().name}"
    pages.globals["script"] = f"/assets/{script().name}"
    return pages


def with_commands(text: str) -> Markup:
    """A text of the rules with its `commands` set as such."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped just before


def place_of(path: str) -> str:
    """Which of the five places a page belongs to."""
    first = path.strip("/").partition("/")[0]
    return SECTIONS.get(first, f"/{first}")


def _joined(folder: str, suffix: str, mimetype: str) -> Asset:
    body = "\n".join(_parts(folder, suffix)).encode()
    return Asset(f"page-{sha256(body).hexdigest()[:12]}.{suffix}", body, mimetype)


def _parts(folder: str, suffix: str) -> Iterator[str]:
    for path in sorted((HERE / folder).glob(f"*.{suffix}")):
        yield path.read_text(encoding="utf-8").strip()
