"""What the page for a physio says, and that the explanation of the tables is in step with them."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.household import run

from daemon.config import AthleteConfig
from daemon.exporting.files import SERIES_COLUMNS, new_folder
from daemon.exporting.page import summary_page
from daemon.exporting.tables import TABLES
from daemon.store import outbox
from daemon.store.answers import save_reply
from daemon.store.engine import Store
from daemon.store.errors import StoreError
from daemon.store.records import save_records
from rules.facts import PainReply, ReplyKind, Runner, Side
from rules.outcome import Level, Message, MessageKind

# A Wednesday.
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "export.md"


def described_in_docs() -> dict[str, tuple[str, ...]]:
    tables = {}
    for part in re.split(r"^## ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        columns = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
        if columns:
            tables[part.split("\n", 1)[0]] = tuple(columns)
    return tables


def test_the_explanation_names_every_column_of_every_table_in_its_order() -> None:
    wanted = {table.name: table.all_columns for table in TABLES} | {"series": SERIES_COLUMNS}
    assert described_in_docs() == wanted


def test_no_column_holds_what_is_not_for_others() -> None:
    columns = {name for table in TABLES for name in table.all_columns}
    assert not columns & {"token", "raw", "claimed_by", "reference", "cursor", "athlete"}


@pytest.fixture
def runner(store: Store, athlete: AthleteConfig) -> AthleteConfig:
    """Twelve weeks of five kilometres every other day, the last one longer; a sore knee on two days."""
    runs = [run(NOW - DAY * back, 5.0) for back in range(2, 84, 2)]
    with store.session() as session:
        save_records(session, "me", [*runs, run(NOW - timedelta(hours=3), 9.0)], NOW - timedelta(hours=1))
        for reply in (
            PainReply("a", NOW - 60 * DAY, ReplyKind.MORNING, 9),
            PainReply(
                "b", NOW - 20 * DAY, ReplyKind.DURING, 4, side=Side.LEFT, note="<stairs> & hills", limp=True
            ),
            PainReply("c", NOW - 19 * DAY, ReplyKind.AFTER, 2, settled=False),
            PainReply("d", NOW - 3 * DAY, ReplyKind.MORNING, 0),
            PainReply("e", NOW - 2 * DAY, ReplyKind.MORNING, 0),
            PainReply("f", NOW - DAY, ReplyKind.FLAG, flag="swelling"),
        ):
            save_reply(session, "me", reply)
    return athlete


def warn(store: Store, key: str, at: datetime, text: str, *, sent: bool = True) -> None:
    message = Message(key, MessageKind.LOAD, Level.WARN, "Long run", text, at, at, at + DAY)
    with store.session() as session:
        outbox.enqueue(session, "me", message, ["phone"], at)
        for claim in outbox.claim_due(session, "here", at, DAY) if sent else []:
            outbox.mark_sent(session, claim, at, "ntfy")


def cells(page: str, heading: str) -> list[list[str]]:
    """The rows of the table below a heading."""
    part = page.split(f"<h2>{heading}</h2>")[1].split("<h2>")[0]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", part)]


def test_the_page_shows_eight_weeks_up_to_the_one_that_goes_on(store: Store, runner: AthleteConfig) -> None:
    page = summary_page(store, runner, NOW)
    head, *weeks = cells(page, "Weeks")
    assert head[:3] == ["Week to", "km", "usual"]
    assert [week[0] for week in weeks] == [
        f"{day} {month} 2026"
        for day, month in [
            (18, "January"),
            (25, "January"),
            (1, "February"),
            (8, "February"),
            (15, "February"),
            (22, "February"),
            (1, "March"),
            (8, "March"),
        ]
    ]
    assert [week[1] for week in weeks] == ["15", "20", "15", "20", "15", "20", "15", "14"]
    assert [week[-1] for week in weeks] == ["–", "–", "–", "–", "4", "–", "0", "0"]
    assert "12 January 2026 to 4 March 2026." in page


def test_the_page_lists_what_the_knee_said_unless_all_was_well(store: Store, runner: AthleteConfig) -> None:
    page = summary_page(store, runner, NOW)
    assert "<p>5 answers, 2 of them nothing but a good knee; the others:</p>" in page
    _, *answers = cells(page, "What the knee said")
    assert answers == [
        ["Thu 12 Feb 12:00", "during a run", "left", "4, limping", "&lt;stairs&gt; &amp; hills"],
        ["Fri 13 Feb 12:00", "an hour after a run", "right", "2, not settled", ""],
        ["Tue 3 Mar 12:00", "checklist", "right", "swelling", ""],
    ]


def test_the_page_says_what_was_warned_of_and_only_what_got_through(
    store: Store, runner: AthleteConfig
) -> None:
    warn(store, "old", NOW - 70 * DAY, "too old")
    warn(store, "sent", NOW - DAY, "9.0 km: 80 % beyond your longest in 30 days (5.0).")
    warn(store, "lost", NOW, "never sent", sent=False)
    assert cells(summary_page(store, runner, NOW), "What was warned of") == [
        ["Tue 3 Mar 12:00", "Long run", "9.0 km: 80 % beyond your longest in 30 days (5.0)."]
    ]


def test_the_page_needs_nothing_from_elsewhere(store: Store, runner: AthleteConfig) -> None:
    page = summary_page(store, runner, NOW)
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "http" not in page
    (picture,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert b"<svg" in b64decode(picture)
    assert "not medical advice" in page


def test_miles_stay_miles(store: Store, runner: AthleteConfig) -> None:
    american = replace(runner, runner=Runner(timezone="UTC", miles=True))
    head, first, *_ = cells(summary_page(store, american, NOW), "Weeks")
    assert (head[1], first[1]) == ("mi", "9")


def test_a_page_of_nothing_says_so(store: Store, athlete: AthleteConfig) -> None:
    page = summary_page(store, athlete, NOW)
    assert "No answer in these weeks." in page
    assert "Nothing in these weeks." in page


def test_an_export_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> None:
        with new_folder(tmp_path / "out") as part:
            (part / "activities.csv").write_text("id")
            raise OSError(28, "No space left on device")

    with pytest.raises(
        StoreError, match=r"The export was not made\. The disk that holds .* is full\. Free some"
    ):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with new_folder(tmp_path / "out") as part:
        (part / "a").write_text("")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]
