"""Requests to the page as Hypothesis thinks them up: proper, spoiled, forged, huge. What only the store knows stands in
them as a mark ("@csrf@" …)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from fakes.page_forms import PageForm
from fakes.wsgi import Header
from hypothesis import strategies as st

import daemon.web
from daemon.web.routes import ROUTES

HOST = b"127.0.0.1:8642"
URLENCODED = b"application/x-www-form-urlencoded"
OTHER_METHODS = (
    *("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND"),
)
PLACES = {
    "number": [
        "@run@",
        "@their-run@",
        "@finding@",
        "@their-finding@",
        "0",
        "-1",
        "9" * 30,
        "1.5",
        "%D9%A1",
        "0x1",
    ],
    "key": ["@key@", "@their-key@", "load:1:warn", "a/b/../c", "%00", "%2e%2e", "ask:morning:2026-11-18"],
    "link": ["@link@", "@older-link@", "@forged@", "ABCDEFGHIJ", "A" * 5000, "%FF%FE", "@link@%0d%0aX:y"],
    "name": ["icon.svg", "icon-192.png", "page.css", "..%2f..%2fapp.py", "%00", "app.py"],
}
"""What may stand in the places of a route."""
VALUES = [
    *(
        "",
        "0",
        "4",
        "10",
        "11",
        "-1",
        "4.5",
        "1e400",
        "nan",
        "inf",
        "-inf",
        "1e-320",
        "٤",
        "4 or 5",
        "9" * 500,
    ),
    *(
        "on",
        "off",
        "left",
        "right",
        "both",
        "during",
        "after",
        "morning",
        "done",
        "skip",
        "later",
        "none",
        "yes",
    ),
    *(
        "3d",
        "99999999d",
        "0d",
        "kind:nudge",
        "kind:emergency",
        "rule:R3",
        "rule:",
        "kind:",
        "week",
        "forever",
    ),
    *("22:00", "24:61", "22:00-07:00", "22:00–07:00", "2026-11-18", "2026-02-30", "9999-12-31", "0000-00-00"),
    *(
        "<script>alert(1)</script>",
        "'; DROP TABLE replies; --",
        "{{ 7 * 7 }}",
        "%s%n",
        "../../etc/passwd",
        "\0",
    ),
    *("//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "\r\nX: y", "no"),
    *("chest", "breath", "twist", "pause 3d", "resume", "x" * 3000, "🦵" * 200, "\u202e\u2028\ufffe", "é"),
    *("@link@", "@key@", "@csrf@"),
]


@dataclass(frozen=True, slots=True)
class Sent:
    method: str
    target: bytes
    headers: tuple[Header, ...]
    body: bytes
    signed_in: bool
    address: str

    @property
    def bears_proof(self) -> bool:
        return self.signed_in and re.search(rb"@(link-)?csrf@", self.body) is not None


def paths_to_look_at() -> list[str]:
    """Every page, with the first two things that its places may hold."""
    paths = [route.path for route in ROUTES if route.method == "GET"]
    for place, known in PLACES.items():
        pattern = rf"<(?:\w+:)?{place}>"
        paths = [
            re.sub(pattern, filling, path)
            for path in paths
            for filling in (known[:2] if re.search(pattern, path) else known[:1])
        ]
    return paths


def _names_read(pattern: str) -> list[str]:
    """Names of fields that the page's own code asks for, so that a new one is tried at once."""
    sources = Path(daemon.web.__file__).parent.glob("*.py")
    found = {name for one in sources for name in re.findall(pattern, one.read_text(encoding="utf-8"))}
    assert found
    return sorted(found)


_FIELDS = _names_read(r"""(?:field|chosen|form\.get|form\.getlist)\(\s*["']([\w-]+)["']""")
_PARAMETERS = _names_read(r"""args(?:\.get|\.getlist)\(\s*["']([\w-]+)["']""")

_texts = st.one_of(
    st.sampled_from(VALUES), st.text(max_size=40), st.integers().map(str), st.floats().map(str)
)
_encoded = st.one_of(
    _texts.map(lambda text: quote_plus(text.encode("utf-8", "surrogatepass"), safe="@").encode()),
    st.binary(max_size=20).map(lambda raw: quote_plus(raw).encode()),
    st.sampled_from([b"%", b"%zz", b"%ff%fe", b"%ed%a0%80", b"+" * 50, b"a=b&c"]),
)


def _pairs(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Some names of ours and of nobody's with values, joined as in a query or a form."""
    name = st.one_of(st.sampled_from([*names, "x"]).map(str.encode), _encoded)
    return st.lists(st.tuples(name, _encoded).map(b"=".join), max_size=8).map(b"&".join)


def _target(draw: st.DrawFn, path: str) -> bytes:
    """A route's path with something in its places, sometimes spoiled, sometimes with a query."""
    for place, known in PLACES.items():
        quoted = _texts.map(lambda text: quote(text.encode("utf-8", "replace")))
        filling = draw(st.one_of(st.sampled_from(known), quoted))
        path = re.sub(rf"<(?:\w+:)?{place}>", lambda _, filling=filling: filling, path)
    spoiled = {
        "slash": b"/",
        "double": b"//x",
        "dots": b"/../..%2f",
        "bytes": quote(draw(st.binary(max_size=8))).encode(),
        "long": b"/x" * 3000,
    }
    spoil = draw(st.sampled_from(["not"] * 8 + list(spoiled)))
    query = b"?" + draw(_pairs(_PARAMETERS)) if draw(st.booleans()) else b""
    return path.encode() + spoiled.get(spoil, b"") + query


def _filled_in(draw: st.DrawFn, form: PageForm) -> bytes:
    """A form of ours, most of it as the page offers it."""
    parts = [b"csrf=@link-csrf@" if form.action.startswith("/a/") else b"csrf=@csrf@"]
    for name, offered in form.fields.items():
        how = draw(st.sampled_from(["offered"] * 8 + ["anything", "anything", "left out", "twice"]))
        if name == "csrf" or how == "left out":
            continue
        value = draw(_encoded) if how == "anything" else quote_plus(draw(st.sampled_from(offered))).encode()
        parts += [name.encode() + b"=" + value] * (2 if how == "twice" else 1)
    return b"&".join(parts)


def _body(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """(content type, body): a form with our proof, without it, with a wrong one, or no form at all."""
    wrong = [b"", b"csrf=", b"csrf=AAAA", b"csrf=@csrf@A", b"csrf=%ff"]
    proof = draw(st.sampled_from([b"csrf=@csrf@", b"csrf=@link-csrf@"] * 4 + wrong))
    fields = b"&".join(part for part in (proof, draw(_pairs(_FIELDS))) if part)
    kinds = ["multipart", "broken", "raw", "huge", "many", "json", "charset"]
    match draw(st.sampled_from(["form"] * 7 + kinds)):
        case "multipart":
            return b"multipart/form-data; boundary=B", _parts(fields) + b"--B--\r\n"
        case "broken":
            return b"multipart/form-data; boundary=B", _parts(fields) + draw(st.binary(max_size=20))
        case "raw":
            return URLENCODED, draw(st.binary(max_size=200))
        case "huge":
            return URLENCODED, fields + b"&note=" + b"x" * draw(
                st.sampled_from([5_000, 64_000, 66_000, 130_000])
            )
        case "many":
            return URLENCODED, fields + b"&x=1" * 2000
        case "json":
            return b"application/json", b'{"csrf": "@csrf@"}'
        case "charset":
            strange = st.sampled_from([b"utf-7", b"utf-16", b"\xff", b'"', b"rot13"])
            return URLENCODED + b"; charset=" + draw(strange), fields
    return URLENCODED, fields


def _parts(fields: bytes) -> bytes:
    pairs = (pair.partition(b"=") for pair in fields.split(b"&"))
    head = b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(head % (name, value) for name, _, value in pairs)


_cookies = st.one_of(
    st.sampled_from(
        [
            *(b"niggled=", b"niggled=a.b.c.d", b"niggled=demo.0.x.AAAA", b"niggled=ben.1.x.\xff", b"=; ;;=;"),
            *(
                b"@cookie@x",
                b"x@cookie@",
                b"@cookie@; @cookie@",
                b"niggled-told=AAAA.BBBB",
                b"niggled-told=\xff.\xff",
            ),
            *(
                b"niggled-link=\xed\xa0\x80.1.2.3",
                b'niggled="\\377\\376"',
                b'niggled="unclosed',
                b"a=" + b"b" * 8000,
            ),
            b"$Version=1; niggled=1",
        ]
    ),
    st.binary(max_size=40).map(lambda raw: b"niggled=" + raw.replace(b"\r", b"").replace(b"\n", b"")),
)
_odd_headers = st.sampled_from(
    [
        *(
            ("Accept-Encoding", one)
            for one in (b"gzip", b"gzip;q=0", b"br, *;q=0.1", b";;q=x", b"\xff", b"gzip;q=nan")
        ),
        *(("Sec-Fetch-Site", one) for one in (b"same-origin", b"none", b"cross-site", b"\xff")),
        *(("Content-Length", one) for one in (b"x", b"999999", b"-1")),
        *(
            ("If-None-Match", b"*"),
            ("If-Modified-Since", b"yesterday"),
            ("Range", b"bytes=0-5"),
            ("Range", b"9-1"),
        ),
        *(("X-Forwarded-For", b"9.9.9.9"), ("X-Forwarded-Host", b"evil.example"), ("Expect", b"100")),
        *(
            ("X-HTTP-Method-Override", b"DELETE"),
            ("X-Part", b"verdict"),
            ("X-Part", b"\xff"),
            ("Accept", b"a/b"),
        ),
        *(("Origin", b"https://evil.example"), ("Referer", b"\xff"), ("Accept-Language", b";;;")),
        *(("Authorization", b"Basic \xff"), ("User-Agent", b"\xff" * 50), ("Transfer-Encoding", b"chunked")),
    ]
)
_hosts = st.sampled_from(
    [HOST] * 50
    + [
        b"localhost",
        b"knee.home",
        b"KNEE.HOME.",
        b"evil.example",
        b"[::1]:8642",
        b"[::1",
        b"",
        b"\xff",
        b"a@b",
    ]
)


@st.composite
def requests(draw: st.DrawFn, offered: Sequence[PageForm]) -> Sent:
    """A third of them are forms as the page offers them, with something odd in them."""
    if draw(st.sampled_from([False, False, True])):
        form = draw(st.sampled_from(offered))
        headers = (("Host", HOST), ("Cookie", b"@cookie@"), ("Content-Type", URLENCODED))
        return Sent("POST", form.action.encode(), headers, _filled_in(draw, form), True, "127.0.0.1")
    route = draw(st.sampled_from(ROUTES))
    method = draw(st.sampled_from([route.method] * 30 + list(OTHER_METHODS)))
    found: list[Header] = [("Host", draw(_hosts))]
    signed_in = draw(st.sampled_from([True, True, True, False]))
    if signed_in:
        found.append(("Cookie", b"@cookie@"))
    elif draw(st.booleans()):
        found.append(("Cookie", draw(_cookies)))
    body = b""
    if method == "POST" or draw(st.sampled_from([False] * 5 + [True])):
        kind, body = _body(draw)
        found.append(("Content-Type", kind))
    found += draw(st.lists(_odd_headers, max_size=3))
    address = draw(st.sampled_from(["127.0.0.1", "192.0.2.7", "2001:db8::1", "fe80::1%eth0", "unknown", ""]))
    return Sent(method, _target(draw, route.path), tuple(found), body, signed_in, address)
