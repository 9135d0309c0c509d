"""Whatever is sent to the page: no failure of its own, no write but by a signed form, the headers that protect, and
nothing that belongs to anybody else."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import sqlalchemy as sa
from fakes.clock import StoppedClock
from fakes.kept_home import everything_in, fill
from fakes.wsgi import Answer, Header, call
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import daemon.web
from daemon.config import AthleteConfig, Config
from daemon.config_backup import BackupConfig
from daemon.config_page import PageConfig
from daemon.config_sources import unconfigured
from daemon.credentials import Secret
from daemon.links import signed
from daemon.page_key import page_key
from daemon.store.engine import Store, open_store
from daemon.store.tables import ActivityRow, FindingRow, MessageRow, ReplyRow
from daemon.web.app import Page
from daemon.web.routes import ROUTES, Door
from daemon.web.serving import house_of

MINE, THEIRS = "demo", "ben"
PASSCODES = {MINE: "four stairs", THEIRS: "other stairs"}
SECRET = "zugzwang"
"""Stands in everything of the other athlete's that has words."""
HOST = b"127.0.0.1:8642"
DEAD = "http://127.0.0.1:9"
PACE = timedelta(seconds=10)
PROTECTION = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request whose marks ("@csrf@" …) stand for what only the store knows."""

    method: str
    target: bytes
    headers: tuple[Header, ...]
    body: bytes
    signed_in: bool
    address: str


class Fuzzed:
    """The page of two athletes, one of them signed in, and a second connection that sees every write."""

    def __init__(self, page: Page, store: Store, database: Path, clock: StoppedClock, key: bytes) -> None:
        self.page = page
        self.store = store
        self.clock = clock
        self._watching = sqlite3.connect(database)
        self._cookie, self._csrf = self._sign_in()
        self._marks = self._known(key)

    def _sign_in(self) -> tuple[bytes, bytes]:
        form = call(self.page, "GET", b"/sign-in", [("Host", HOST)])
        fields = f"csrf={_csrf_in(form)}&passcode={quote_plus(PASSCODES[MINE])}"
        headers = [
            ("Host", HOST),
            ("Cookie", _cookie_header(form)),
            ("Content-Type", b"application/x-www-form-urlencoded"),
        ]
        opened = call(self.page, "POST", b"/sign-in", headers, fields.encode())
        assert (opened.status, opened.header("Location")) == (303, "/")
        cookie = _cookie_header(opened)
        page = call(self.page, "GET", b"/settings", [("Host", HOST), ("Cookie", cookie)])
        return cookie, _csrf_in(page).encode()

    def _known(self, key: bytes) -> dict[bytes, bytes]:
        with self.store.reading() as session:
            mine = sa.select(MessageRow.token).where(
                MessageRow.athlete == MINE, MessageRow.token.is_not(None)
            )
            tokens = list(session.scalars(mine.order_by(MessageRow.due_at.desc()).limit(2)))
            keys = [
                session.scalars(sa.select(MessageRow.key).where(MessageRow.athlete == who).limit(1)).one()
                for who in (MINE, THEIRS)
            ]
            numbers = [
                session.scalars(sa.select(table.id).where(table.athlete == who).limit(1)).one()
                for table in (FindingRow, ActivityRow)
                for who in (MINE, THEIRS)
            ]
        links = [signed(key, token).encode() for token in tokens]
        return {
            b"@csrf@": self._csrf,
            b"@cookie@": self._cookie,
            b"@link@": links[0],
            b"@older-link@": links[1],
            b"@forged@": links[0][:-2] + b"__",
            b"@key@": quote(keys[0]).encode(),
            b"@their-key@": quote(keys[1]).encode(),
            b"@finding@": str(numbers[0]).encode(),
            b"@their-finding@": str(numbers[1]).encode(),
            b"@run@": str(numbers[2]).encode(),
            b"@their-run@": str(numbers[3]).encode(),
        }

    def send(self, sent: Sent) -> Answer:
        self.clock.at += PACE
        headers = [(name, self._filled(value)) for name, value in sent.headers]
        return call(
            self.page, sent.method, self._filled(sent.target), headers, self._filled(sent.body), sent.address
        )

    def _filled(self, text: bytes) -> bytes:
        for mark, value in self._marks.items():
            text = text.replace(mark, value)
        return text

    def version(self) -> int:
        """Changes whenever anybody else has written into the database."""
        return int(self._watching.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._watching.close()


def _cookie_header(answer: Answer) -> bytes:
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items()).encode()


def _csrf_in(answer: Answer) -> str:
    found = re.search(rb'name="csrf" value="([^"]+)"', answer.body)
    assert found is not None
    return found[1].decode()


@pytest.fixture(scope="module")
def fuzzed(lived: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    home = tmp_path_factory.mktemp("fuzzed")
    database = home / "niggled.db"
    shutil.copy(lived.database, database)  # type: ignore[attr-defined]
    store = open_store(f"sqlite:///{database}")
    fill(store, THEIRS)
    with store.session() as session:
        for table, column in (
            (ActivityRow, "title"),
            (ReplyRow, "note"),
            (MessageRow, "text"),
            (FindingRow, "subject"),
        ):
            session.execute(sa.update(table).where(table.athlete == THEIRS).values({column: SECRET}))
    mine: AthleteConfig = lived.athlete  # type: ignore[attr-defined]
    sources = {name: replace(one, base_url=DEAD) for name, one in unconfigured().items()}
    mine = replace(mine, passcode=Secret("plain", PASSCODES[MINE]), sources=sources)
    theirs = replace(mine, name=THEIRS, passcode=Secret("plain", PASSCODES[THEIRS]))
    config = Config(
        path=None,
        home=home,
        athletes={MINE: mine, THEIRS: theirs},
        store_url=Secret("plain", f"sqlite:///{database}"),
        backup=BackupConfig(home / "backups"),
        tick_s=60,
        page=PageConfig(address="https://knee.home"),
    )
    clock = StoppedClock(lived.until)  # type: ignore[attr-defined]
    house = house_of(config, store, clock)
    found = Fuzzed(Page(house), store, database, clock, page_key(home))
    yield found
    found.close()
    store.close()


def _names_read(pattern: str) -> list[str]:
    """Names of fields that the page's own code asks for, so that a new one is tried at once."""
    sources = Path(daemon.web.__file__).parent.glob("*.py")
    return sorted({name for one in sources for name in re.findall(pattern, one.read_text(encoding="utf-8"))})


FIELDS = _names_read(r"""(?:field|chosen|form\.get|form\.getlist)\(\s*["']([\w-]+)["']""")
PARAMETERS = _names_read(r"""args(?:\.get|\.getlist)\(\s*["']([\w-]+)["']""")

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
        "no",
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
        "\r\nX: y",
    ),
    *(
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "@link@",
        "@key@",
        "@csrf@",
    ),
    *("chest", "breath", "twist", "pause 3d", "resume", "x" * 3000, "🦵" * 200, "\u202e\u2028\ufffe", "é"),
]

texts = st.one_of(st.sampled_from(VALUES), st.text(max_size=40), st.integers().map(str), st.floats().map(str))
encoded = st.one_of(
    texts.map(lambda text: quote_plus(text.encode("utf-8", "surrogatepass"), safe="@").encode()),
    st.binary(max_size=20).map(lambda raw: quote_plus(raw).encode()),
    st.sampled_from([b"%", b"%zz", b"%ff%fe", b"%ed%a0%80", b"+" * 50, b"a=b&c"]),
)


def pairs(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Some names of ours and of nobody's with values, joined as in a query or a form."""
    name = st.one_of(st.sampled_from([*names, "x"]).map(str.encode), encoded)
    pair = st.tuples(name, encoded).map(b"=".join)
    return st.lists(pair, max_size=8).map(b"&".join)


def target_of(draw: st.DrawFn, path: str) -> bytes:
    """A route's path with something in its places, sometimes spoiled, sometimes with a query."""
    for place, known in PLACES.items():
        filling = draw(
            st.one_of(st.sampled_from(known), texts.map(lambda text: quote(text.encode("utf-8", "replace"))))
        )
        path = re.sub(rf"<(?:\w+:)?{place}>", lambda _, filling=filling: filling, path)
    target = path.encode()
    spoil = draw(st.sampled_from(["not"] * 8 + ["slash", "double", "dots", "bytes", "long"]))
    if spoil != "not":
        more = {
            "slash": b"/",
            "double": b"//x",
            "dots": b"/../..%2f",
            "bytes": quote(draw(st.binary(max_size=8))).encode(),
            "long": b"/x" * 3000,
        }
        target += more[spoil]
    if draw(st.booleans()):
        target += b"?" + draw(pairs(PARAMETERS))
    return target


OTHER_METHODS = [
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "PROPFIND",
]
URLENCODED = b"application/x-www-form-urlencoded"


@st.composite
def forms(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """(content type, body): a form with our proof, without it, with a wrong one, or no form at all."""
    proof = draw(
        st.sampled_from([b"csrf=@csrf@"] * 6 + [b"", b"csrf=", b"csrf=AAAA", b"csrf=@csrf@A", b"csrf=%ff"])
    )
    fields = b"&".join(part for part in (proof, draw(pairs(FIELDS))) if part)
    kind = draw(
        st.sampled_from(["form"] * 7 + ["multipart", "broken", "raw", "huge", "many", "json", "charset"])
    )
    match kind:
        case "multipart" | "broken":
            parts = [
                b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)
                for name, _, value in (pair.partition(b"=") for pair in fields.split(b"&"))
            ]
            end = b"--B--\r\n" if kind == "multipart" else draw(st.binary(max_size=20))
            return b"multipart/form-data; boundary=B", b"".join(parts) + end
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
            strange = [b"utf-7", b"utf-16", b"\xff", b'"', b"rot13"]
            return URLENCODED + b"; charset=" + draw(st.sampled_from(strange)), fields
    return URLENCODED, fields


COOKIES = st.one_of(
    st.sampled_from(
        [
            *(
                b"niggled=",
                b"niggled=a.b.c.d",
                b"niggled=demo.0.x.AAAA",
                b"niggled=ben.1.x.\xff",
                b"niggled-told=AAAA.BBBB",
            ),
            *(
                b"@cookie@x",
                b"x@cookie@",
                b"@cookie@; @cookie@",
                b"niggled-link=\xed\xa0\x80.1.2.3",
                b'niggled="\\377\\376"',
            ),
            *(
                b"=; ;;=;",
                b"niggled-told=\xff.\xff",
                b"a=" + b"b" * 8000,
                b'niggled="unclosed',
                b"$Version=1; niggled=1",
            ),
        ]
    ),
    st.binary(max_size=40).map(lambda raw: b"niggled=" + raw.replace(b"\r", b"").replace(b"\n", b"")),
)
ODD = st.sampled_from(
    [
        *(
            ("Accept-Encoding", one)
            for one in (b"gzip", b"gzip;q=0", b"br, *;q=0.1", b";;q=x", b"\xff", b"gzip;q=nan")
        ),
        *(("Sec-Fetch-Site", one) for one in (b"same-origin", b"none", b"cross-site", b"\xff")),
        *(
            ("If-None-Match", b"*"),
            ("If-Modified-Since", b"yesterday"),
            ("Range", b"bytes=0-5"),
            ("Range", b"bytes=9-1"),
        ),
        *(
            ("X-Forwarded-For", b"9.9.9.9"),
            ("X-Forwarded-Host", b"evil.example"),
            ("X-HTTP-Method-Override", b"DELETE"),
        ),
        *(
            ("Origin", b"https://evil.example"),
            ("Referer", b"\xff"),
            ("Accept-Language", b";;;"),
            ("Content-Length", b"x"),
        ),
        *(
            ("Content-Length", b"999999"),
            ("Content-Length", b"-1"),
            ("Transfer-Encoding", b"chunked"),
            ("Expect", b"100"),
        ),
        *(("Authorization", b"Basic \xff"), ("User-Agent", b"\xff" * 50), ("Accept", b"application/json")),
    ]
)
HOSTS = st.sampled_from(
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
        b"1.2",
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    route = draw(st.sampled_from(ROUTES))
    method = draw(st.sampled_from([route.method] * 30 + OTHER_METHODS))
    headers: list[Header] = [("Host", draw(HOSTS))]
    signed_in = draw(st.sampled_from([True, True, True, False]))
    if signed_in:
        headers.append(("Cookie", b"@cookie@"))
    elif draw(st.booleans()):
        headers.append(("Cookie", draw(COOKIES)))
    body = b""
    if method == "POST" or draw(st.sampled_from([False] * 5 + [True])):
        kind, body = draw(forms())
        headers.append(("Content-Type", kind))
    headers += draw(st.lists(ODD, max_size=3))
    address = draw(st.sampled_from(["127.0.0.1", "192.0.2.7", "2001:db8::1", "fe80::1%eth0", "unknown", ""]))
    return Sent(method, target_of(draw, route.path), tuple(headers), body, signed_in, address)


def check(fuzzed: Fuzzed, sent: Sent) -> Answer:
    before = fuzzed.version()
    answer = fuzzed.send(sent)
    assert answer.status < 500, answer.body.decode(errors="replace")[-600:]
    changed = fuzzed.version() != before
    if sent.method != "POST" or b"@csrf@" not in sent.body or not sent.signed_in:
        assert not changed, "written without a signed form"
    assert_protected(answer)
    assert SECRET.encode() not in unpacked(answer), "something of another athlete's"
    return answer


def unpacked(answer: Answer) -> bytes:
    import gzip

    return gzip.decompress(answer.body) if answer.header("Content-Encoding") == "gzip" else answer.body


def assert_protected(answer: Answer) -> None:
    for name, value in PROTECTION.items():
        assert answer.header(name) == value, name
    assert answer.header("Cache-Control")
    for cookie in answer.all("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" in cookie
    location = answer.header("Location")
    assert not location or re.match(r"/(?![/\\])", location), f"leads elsewhere: {location}"


def fuzz(examples: int, fuzzed: Fuzzed) -> dict[int, int]:
    """So many requests; how often each status came."""
    statuses: dict[int, int] = {}

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    def one(sent: Sent) -> None:
        status = check(fuzzed, sent).status
        statuses[status] = statuses.get(status, 0) + 1

    one()
    return statuses


@pytest.mark.parametrize(
    "examples",
    [pytest.param(500, id="a twentieth"), pytest.param(10_000, id="whole", marks=pytest.mark.soak)],
)
def test_whatever_is_sent_fails_nothing_and_writes_nothing_unsigned(fuzzed: Fuzzed, examples: int) -> None:
    statuses = fuzz(examples, fuzzed)
    print(dict(sorted(statuses.items())))
    assert sum(statuses.values()) >= examples
    # It got past the door, too, and not only to what refuses.
    assert {200, 303, 403, 404, 405} <= statuses.keys()


def paths_to_look_at() -> list[str]:
    paths = [route.path for route in ROUTES if route.method == "GET"]
    for place, (first, second, *_) in PLACES.items():
        paths = [
            re.sub(rf"<(?:\w+:)?{place}>", filling, path)
            for path in paths
            for filling in ((first, second) if re.search(rf"<(?:\w+:)?{place}>", path) else ("",))
        ]
    return paths


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "a stranger"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_every_page_changes_nothing(fuzzed: Fuzzed, method: str, signed_in: bool) -> None:
    before = everything_in(fuzzed.store)
    seen = set()
    for path in paths_to_look_at():
        cookies = (("Cookie", b"@cookie@"),) if signed_in else ()
        sent = Sent(method, path.encode(), (("Host", HOST), *cookies), b"", signed_in, "127.0.0.1")
        answer = check(fuzzed, sent)
        seen.add(answer.status)
        if method == "HEAD":
            assert answer.body == b""
    assert everything_in(fuzzed.store) == before
    assert seen <= {200, 303, 404, 410}


def test_what_is_anybody_s_own_is_not_there_for_another(fuzzed: Fuzzed) -> None:
    for path in ("/runs/@their-run@", "/messages/@their-key@", "/findings/@their-finding@"):
        sent = Sent("GET", path.encode(), (("Host", HOST), ("Cookie", b"@cookie@")), b"", True, "127.0.0.1")
        check(fuzzed, sent)


def test_every_route_behind_the_door_sends_a_stranger_to_sign_in(fuzzed: Fuzzed) -> None:
    behind = [route for route in ROUTES if route.door is Door.SIGNED_IN and route.method == "GET"]
    assert len(behind) >= 9
    for route in behind:
        path = re.sub(r"<[^>]+>", "1", route.path)
        answer = call(fuzzed.page, "GET", path.encode(), [("Host", HOST)])
        assert (answer.status, answer.header("Location").partition("?")[0]) == (303, "/sign-in"), path
