"""Fitting texts into what chats take, and the line behind a button."""

from __future__ import annotations

import pytest

from connectors.channels.tokens import marked, parted
from connectors.channels.wording import cut, readable, utf8_bytes, utf16_units

TEXT = "13.0 km: 24 % beyond your longest. Next: from Thursday, up to 10.5 km. Worst knee pain, 0–10?"


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert cut(TEXT, utf8_bytes(TEXT), utf8_bytes) == TEXT


def test_a_long_text_ends_with_a_sentence() -> None:
    assert (
        cut(TEXT, 80, utf8_bytes)
        == "13.0 km: 24 % beyond your longest. Next: from Thursday, up to 10.5 km. …"
    )


def test_a_dot_inside_a_number_ends_no_sentence() -> None:
    assert cut("Up to 10.5 km is fine. Then 11.5 km more", 38, utf8_bytes) == "Up to 10.5 km is fine. …"


def test_a_text_without_a_sentence_end_near_the_limit_ends_with_a_word() -> None:
    assert (
        cut("Yes. " + "word " * 20, 60, utf8_bytes)
        == "Yes. word word word word word word word word word word …"
    )


def test_one_endless_word_is_cut_at_the_limit_and_no_character_in_two() -> None:
    shortened = cut("ö" * 100, 50, utf8_bytes)
    assert shortened == "ö" * 23 + " …"
    assert utf8_bytes(shortened) == 50


@pytest.mark.parametrize("size", [utf8_bytes, utf16_units])
@pytest.mark.parametrize("text", [TEXT * 99, "🦵" * 5_000, "a\n" * 5_000, " " * 9_000, "." * 9_000])
def test_what_was_cut_always_fits(text: str, size: object) -> None:
    assert callable(size)
    assert 0 < size(cut(text, 4_096, size)) <= 4_096


def test_telegram_counts_an_emoji_twice() -> None:
    assert utf16_units("🦵 4") == 4


def test_half_a_character_becomes_a_question_mark() -> None:
    assert readable("Run \ud83d up") == "Run ? up"


@pytest.mark.parametrize("answer", ["4", "fine", "none of these", "pause 7d", "4 y"])
def test_a_button_says_which_question_and_which_choice(answer: str) -> None:
    assert parted(marked("K7Q2MXHB4T", answer, "."), ".") == ("K7Q2MXHB4T", answer)


@pytest.mark.parametrize(
    "text",
    [
        "4",
        "4.5",
        "",
        "fine",
        "K7Q2MXHB4T",
        "K7Q2MXHB4T.",
        "K7Q2MXHB4T. ",
        "K7Q2MXHB4T:4",
        ".4",
        "two words.4",
        "x" * 49 + ".4",
    ],
)
def test_words_of_the_runner_are_no_buttons(text: str) -> None:
    assert parted(text, ".") is None
