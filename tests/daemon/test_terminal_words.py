"""A message's words at a terminal, where nothing is replied to."""

from __future__ import annotations

from daemon.cli.terminal_words import at_a_terminal
from rules.messages import READ, READ_AND_CLEARED
from rules.wording import CLINICIAN_FIRST


def test_every_word_to_reply_becomes_a_verb() -> None:
    assert at_a_terminal(READ) == "Say `niggled pain seen` when you have read this."
    assert at_a_terminal(READ_AND_CLEARED, "anna") == (
        "Say `niggled pain seen --athlete anna` when you have read this, "
        "`niggled pain cleared --athlete anna` when they agree you may run."
    )
    assert at_a_terminal(CLINICIAN_FIRST) == (
        "Stopped until a clinician has seen it. Say `niggled pain cleared` after that."
    )


def test_other_words_stay() -> None:
    text = "2 noted, settled. Next: up to 11.0 km. `niggled export` makes a page to take along."
    assert at_a_terminal(text) == text
