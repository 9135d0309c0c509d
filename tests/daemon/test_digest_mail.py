"""The digest as a mail: its page, its picture, and what happens without one."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from fakes import png
from fakes.household import run
from fakes.weeks import eight_weeks

from connectors.channels.contract import OutgoingMessage, Picture
from connectors.channels.email_message import Addresses, compose
from daemon import digest_mail
from daemon.config import AthleteConfig
from daemon.digest_mail import digest_of, dressed
from daemon.jobs.assess import assess_athlete
from daemon.jobs.sync import take_in
from daemon.store.answers import save_reply, save_strength
from daemon.store.engine import Store
from rules.facts import PainReply, PromptKind, ReplyKind, StrengthSession
from rules.outcome import Level, Message, MessageKind, PromptWanted

SUNDAY = datetime(2026, 6, 14, 18, 0, tzinfo=UTC)
AHEAD = "This week: 33 km, longest 11.5."
WEEK = "31 km (usual 28), 340 m down (usual 299), knee 0–7, strength 2 of 2."
OFFER = "None of your last 12 warnings was followed by a sore morning. Warn a little later? Reply `yes`."
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """A page as it is read: its words, its pictures, and whether every tag was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.metas: list[dict[str, str | None]] = []
        self.tags: Counter[str] = Counter()
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag == "img":
            self.images.append(dict(attrs))
        if tag == "meta":
            self.metas.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title") and data.strip():
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def message(*lines: str, offer: bool = False) -> Message:
    later = SUNDAY + timedelta(days=7)
    question = PromptWanted(PromptKind.OFFER, SUNDAY, later, OFFER) if offer else None
    text = "\n".join([*lines, OFFER] if offer else lines)
    return Message(
        "digest:2026-W24",
        MessageKind.DIGEST,
        Level.NOTE,
        "Week 24",
        text,
        SUNDAY,
        SUNDAY,
        later,
        question=question,
    )


def test_the_page_says_what_the_text_says() -> None:
    told = message(WEEK, AHEAD, "Wednesday: 34 km in 7 days, 36 % above your usual week (25).", offer=True)
    page = Page(dressed(eight_weeks(), told, AHEAD)[0])
    assert page.open == []
    for line in told.text.splitlines():
        assert line.replace("`", "") in page.text
    assert page.text.index(WEEK) < page.text.index(AHEAD)


def test_the_coming_week_stands_out_and_the_picture_follows_it() -> None:
    html, _ = dressed(eight_weeks(), message(WEEK, AHEAD, "Friday: Four calm weeks."), AHEAD)
    assert html.index(WEEK) < html.index('class="card"') < html.index("<img") < html.index("Four calm weeks")
    assert html.count('class="card"') == 1


def test_the_picture_has_its_numbers_in_words_and_comes_with_the_mail() -> None:
    html, picture = dressed(eight_weeks(), message(WEEK, AHEAD), AHEAD)
    (image,) = Page(html).images
    assert image["src"] == f"cid:{picture.name}"
    assert image["alt"] == picture.alternative
    for number in ("31 km", "usual 28", "340 m", "Sun 13.0 (warned)", "Sat 4", "2 of 2", "up to 33 km"):
        assert number in picture.alternative
    assert png.size(picture.png)[0] == 1280


def test_the_page_asks_nothing_of_the_network_and_runs_nothing() -> None:
    html, _ = dressed(eight_weeks(), message(WEEK, AHEAD, offer=True), AHEAD)
    page = Page(html)
    assert "http" not in html
    assert "url(" not in html
    assert not {"script", "link", "iframe", "form", "base"} & page.tags.keys()
    assert {"name": "color-scheme", "content": "light dark"} in page.metas
    assert "prefers-color-scheme: dark" in html


def test_the_offer_says_how_it_is_answered() -> None:
    hint = "Answer this mail with yes or no; without an answer nothing changes."
    assert hint in Page(dressed(eight_weeks(), message(WEEK, AHEAD, offer=True), AHEAD)[0]).text
    assert hint not in Page(dressed(eight_weeks(), message(WEEK, AHEAD), AHEAD)[0]).text


def test_whatever_a_line_holds_stays_words() -> None:
    html, _ = dressed(eight_weeks(), message(WEEK, AHEAD, "Friday: <b onclick=x> & 3 < 4."), AHEAD)
    assert "Friday: <b onclick=x> & 3 < 4." in Page(html).text


def test_the_mail_channel_takes_page_and_picture() -> None:
    told = message(WEEK, AHEAD)
    html, picture = dressed(eight_weeks(), told, AHEAD)
    sent = OutgoingMessage(told.key, told.title, told.text, html=html, picture=picture)
    mail = compose(sent, Addresses("niggled@example.org", "me@example.org"), SUNDAY)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    image = list(mail.walk())[-1]
    assert image["Content-ID"] == f"<{picture.name}>"
    assert image.get_content() == picture.png


@pytest.fixture
def digest(store: Store, athlete: AthleteConfig) -> Message:
    """Ten weeks of three runs of ten kilometres; the last one 14 km, with a sore knee, and two sessions."""
    starts = [SUNDAY - timedelta(days=7 * week + day, hours=9) for week in range(10) for day in (0, 2, 4)]
    runs = [run(start, 14.0 if start.date() == SUNDAY.date() else 10.0) for start in starts]
    take_in(store, athlete, runs[1:], SUNDAY - timedelta(days=1))
    take_in(store, athlete, runs[:1], SUNDAY - timedelta(hours=7))
    assess_athlete(store, athlete, SUNDAY - timedelta(hours=6, minutes=15))
    with store.session() as session:
        save_reply(session, "me", PainReply("d1", SUNDAY - timedelta(hours=6), ReplyKind.DURING, 4))
        for day in (2, 5):
            save_strength(session, "me", StrengthSession(f"s{day}", SUNDAY - timedelta(days=day), 20.0))
    told = assess_athlete(store, athlete, SUNDAY).messages
    return next(one for one in told if one.kind is MessageKind.DIGEST)


def told_of(dressed: tuple[str, Picture] | None) -> tuple[str, str]:
    assert dressed is not None
    return Page(dressed[0]).text, dressed[1].alternative


def test_the_mail_shows_the_week_that_the_text_tells(
    store: Store, athlete: AthleteConfig, digest: Message
) -> None:
    assert digest.text.startswith("34 km (usual 30), knee 4, strength 2 of 2.")
    page, alternative = told_of(digest_of(store, athlete, digest, SUNDAY + timedelta(minutes=1)))
    for line in digest.text.splitlines():
        assert line in page
    assert alternative == (
        "Week 24: 34 km, usual 30. Strength 2 of 2. Runs: Wed 10.0, Fri 10.0, Sun 14.0 (warned). Knee: Sun 4. "
        "Weeks before: 30, 30, 30, 30, 30, 30, 30 km. Next week: up to 21 km."
    )


def test_a_digest_sent_on_monday_shows_the_week_of_sunday(
    store: Store, athlete: AthleteConfig, digest: Message
) -> None:
    monday = SUNDAY + timedelta(hours=14)
    assert digest_of(store, athlete, digest, monday) == digest_of(store, athlete, digest, SUNDAY)
    _, before = told_of(digest_of(store, athlete, digest, SUNDAY))
    take_in(store, athlete, [run(monday - timedelta(hours=1), 5.0)], monday)
    page, alternative = told_of(digest_of(store, athlete, digest, monday))
    for line in digest.text.splitlines():
        assert line in page
    assert alternative == before.removesuffix(" Next week: up to 21 km."), (
        "the text was written before that run"
    )


def test_without_resvg_the_text_goes_alone(
    store: Store,
    athlete: AthleteConfig,
    digest: Message,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with caplog.at_level("INFO"):
        assert digest_of(store, athlete, digest, SUNDAY) is None
    assert "resvg-py is not installed: the digest goes out as text alone" in caplog.text


def test_a_picture_that_fails_does_not_hold_up_the_text(
    store: Store,
    athlete: AthleteConfig,
    digest: Message,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(digest_mail, "draw", lambda view: "<svg")
    assert digest_of(store, athlete, digest, SUNDAY) is None
    assert "it goes out as text alone" in caplog.text


def test_resvg_is_loaded_only_to_draw() -> None:
    from subprocess import run as run_command

    code = "import sys, daemon.digest_mail; raise SystemExit('resvg_py' in sys.modules)"
    assert run_command([sys.executable, "-c", code], check=False).returncode == 0
