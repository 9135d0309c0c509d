"""The ways in which a service's answer goes wrong, each a `Fault` for `Vendor.fail`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

WEB_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>We'll be right back</title></head><body>Maintenance</body></html>"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, headers beyond the usual ones, and the body as it leaves."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def json_answer(content: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(content).encode(), named)


@dataclass(frozen=True, slots=True)
class Fault:
    """`status`: refuse with that, in the service's own words. `refusal`: refuse with this. Otherwise the request is
    handled (tokens rotate!) unless `unheard`, then `change` works on an answer in JSON, and it is sent: with the
    connection cut "before" the first byte or "in body", and with `drip_s` between any two bytes of the body. `lies_on_page` answers
    every page with the first one. `dead_afterwards`: a good answer, and from then on every connection is cut."""

    name: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    refusal: Answer | None = None
    unheard: bool = False
    change: Callable[[Answer], Answer] | None = None
    cut: Literal["", "before", "in body"] = ""
    drip_s: float = 0.0
    lies_on_page: bool = False
    dead_afterwards: bool = False


def refused(status: int, **headers: str) -> Fault:
    """401, 404, 500, 503 …: the body is what this service says then."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(f"status {status}", status=status, headers=named)


def too_many(retry_after: int | str | None = None) -> Fault:
    """429, with `Retry-After` in seconds or as a date, or without."""
    return refused(429) if retry_after is None else refused(429, Retry_After=str(retry_after))


def drip(seconds: float) -> Fault:
    """The head at once, then a byte of the body every so many seconds."""
    return Fault("slow drip", drip_s=seconds)


def renamed(**names: str) -> Fault:
    """Fields have other names from now on, wherever they stand: `renamed(start_date="began_at")`."""

    def rename(node: Any) -> Any:
        if isinstance(node, dict):
            return {names.get(key, key): rename(value) for key, value in node.items()}
        return [rename(one) for one in node] if isinstance(node, list) else node

    told = ", ".join(names)
    return Fault(f"{told} renamed", change=lambda answer: _with_json(answer, rename(answer.json)))


def odd_record(number: int = 0, **fields: Any) -> Fault:
    """One record of a page says something else in these fields; a field given as `...` is missing."""

    def spoil(answer: Answer) -> Answer:
        rows = answer.json
        if isinstance(rows, list) and number < len(rows):
            told = rows[number] | fields
            rows[number] = {name: value for name, value in told.items() if value is not ...}
        return _with_json(answer, rows)

    return Fault("odd record", change=spoil)


def _with_json(answer: Answer, content: Any) -> Answer:
    return replace(answer, body=json.dumps(content).encode()) if answer.status == 200 else answer


def _truncated(answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: max(1, len(answer.body) * 2 // 3)])


def _of_another_shape(answer: Answer) -> Answer:
    return _with_json(answer, {"result": "ok"} if isinstance(answer.json, list) else [1, "two"])


PAGE = Fault("a web page", refusal=Answer(200, WEB_PAGE, content_type="text/html; charset=utf-8"))
PAGE_404 = Fault(
    "a web page, not found", refusal=Answer(404, WEB_PAGE, content_type="text/html; charset=utf-8")
)
CUT = Fault("cut before the answer", unheard=True, cut="before")
CUT_IN_BODY = Fault("cut in the middle of the body", cut="in body")
CUT_AFTER_HANDLING = Fault("did it, and died before the answer", cut="before")
DIES_AFTER_ANSWER = Fault("did it, answered, and died", dead_afterwards=True)
TRUNCATED = Fault("truncated JSON", change=_truncated)
OTHER_SHAPE = Fault("JSON of another shape", change=_of_another_shape)
REPEATS_FIRST_PAGE = Fault("every page is the first", lies_on_page=True)
