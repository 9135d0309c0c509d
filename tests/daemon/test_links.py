"""Links in messages, and the key that signs them."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import load
from daemon.jobs.deliver import outgoing
from daemon.links import answer_link, linker, signed, token_in
from daemon.page_key import LENGTH, PageKeyError, derived, page_key
from daemon.store.messages import BASE32, TOKEN_LENGTH, new_token
from rules.facts import PromptKind
from rules.outcome import Level, Message, MessageKind, PromptWanted

KEY = bytes(range(32))
TOKENS = st.text(BASE32, min_size=TOKEN_LENGTH, max_size=TOKEN_LENGTH)


@given(TOKENS)
def test_a_link_opens_its_own_question_only(token: str) -> None:
    link = answer_link("https://n.example.org", KEY, token)
    last = link.rpartition("/")[2]
    assert link == f"https://n.example.org/a/{last}"
    assert token_in(KEY, last) == token
    assert token_in(bytes(32), last) is None, "another home signed it"


@given(TOKENS, st.integers(0, TOKEN_LENGTH + 16), st.characters(codec="utf-8"))
def test_a_link_with_another_letter_anywhere_opens_nothing(token: str, place: int, letter: str) -> None:
    link = signed(KEY, token)
    forged = link[:place] + letter + link[place + 1 :]
    assert token_in(KEY, forged) == (token if forged == link else None)


@pytest.mark.parametrize("other", ["", "A", "-", "ABCDEFGHIJ", "ABCDEFGHIJ-", "abcdefghij-AAAAAAAAAAAAAAAA"])
def test_what_is_no_link_opens_nothing(other: str) -> None:
    assert token_in(KEY, other) is None


def test_the_token_alone_is_no_link() -> None:
    token = new_token()
    assert token_in(KEY, token) is None


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = page_key(tmp_path)
    assert len(key) == LENGTH
    assert page_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "page.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["page.key"]


def test_keys_made_at_once_are_one(tmp_path: Path) -> None:
    made: list[bytes] = []
    threads = [Thread(target=lambda: made.append(page_key(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_a_damaged_key_is_told_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "page.key").write_bytes(b"short")
    with pytest.raises(PageKeyError, match=r"page\.key is damaged\. Remove it"):
        page_key(tmp_path)
    with pytest.raises(PageKeyError, match="No such file or directory"):
        page_key(tmp_path / "nowhere")


def test_what_signs_links_signs_nothing_else() -> None:
    assert derived(KEY, "answer link") != derived(KEY, "session")


def test_there_are_links_only_where_a_phone_can_open_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    assert linker(load(path, tmp_path))("ABCDEFGHIJ") is None
    assert not (tmp_path / "page.key").exists()
    path.write_text('[athletes.me]\npasscode = "open sesame"\n[page]\nlisten = "192.168.1.20:8642"\n')
    link = linker(load(path, tmp_path))("ABCDEFGHIJ")
    assert link == answer_link("http://192.168.1.20:8642", page_key(tmp_path), "ABCDEFGHIJ")
    (tmp_path / "page.key").write_bytes(b"")
    assert linker(load(path, tmp_path))("ABCDEFGHIJ") is None
    assert "Messages go out without links." in caplog.text


def test_a_question_goes_out_with_its_link_and_a_warning_without() -> None:
    noon = datetime(2026, 11, 18, 12, tzinfo=UTC)
    wanted = PromptWanted(PromptKind.MORNING, noon, noon + timedelta(hours=6), "Knee?")
    message = Message(
        "morning|x",
        MessageKind.MORNING,
        Level.ASK,
        "Knee?",
        "0–10?",
        noon,
        noon,
        noon + timedelta(hours=6),
        question=wanted,
    )
    asked = outgoing(message, "ABCDEFGHIJ", lambda token: f"http://niggled/a/{token}").question
    assert asked is not None
    assert asked.link == "http://niggled/a/ABCDEFGHIJ"
    assert outgoing(replace(message, question=None), None, lambda token: token).question is None
