"""Pairing with the runner's chat by the code that setup shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from fakes.receiver import CUT, Trouble
from fakes.telegram import RUNNER, TOKEN, TelegramServer

from connectors.channels.telegram_pairing import new_pairing_code, paired_chat, pairing_link
from connectors.errors import NeedsLogin, Unavailable

NOW = datetime(2026, 6, 8, 12, tzinfo=UTC)
CODE = "pQ3-x_secretsecretcode"


def pair(server: TelegramServer, waits: int = 1) -> int | None:
    """Pairing that gives up after so many polls without a wait."""
    left = iter(range(waits))
    return paired_chat(
        "chat", TOKEN, CODE, lambda: NOW, lambda: next(left, None) is None, base_url=server.base_url, poll_s=0
    )


def test_whoever_sends_the_code_is_the_runner() -> None:
    with TelegramServer() as server:
        server.runner.write(f"/start {CODE}")
        assert pair(server) == RUNNER


def test_a_stranger_without_the_code_is_passed_over() -> None:
    with TelegramServer() as server:
        for text in ("/start", "/start wrong", f"{CODE}", f"/start {CODE}x", "/start ü🦵"):
            server.stranger.write(text)
        server.stranger.post({"voice": {}})
        server.runner.write(f"/start  {CODE} ")
        assert pair(server) == RUNNER


def test_a_group_cannot_be_paired_as_everybody_in_it_would_be_the_runner() -> None:
    with TelegramServer() as server:
        server.group(-100).write(f"/start {CODE}")
        assert pair(server) is None


def test_pairing_ends_when_told_to() -> None:
    with TelegramServer() as server:
        assert pair(server, waits=3) is None
        assert len(server.offsets) == 3


def test_what_was_read_once_is_not_read_again() -> None:
    with TelegramServer() as server:
        server.stranger.write("hello")
        pair(server, waits=2)
    assert server.offsets == [None, 700_000_002]


def test_the_link_opens_the_chat_and_sends_the_code() -> None:
    with TelegramServer() as server:
        link = pairing_link("chat", TOKEN, CODE, lambda: NOW, base_url=server.base_url)
    assert link == f"https://t.me/the_knee_bot?start={CODE}"


def test_a_code_is_unguessable_and_fit_for_a_link() -> None:
    codes = {new_pairing_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", code) for code in codes)


def test_a_wrong_token_is_told_with_the_cure_and_a_cut_may_pass() -> None:
    with TelegramServer() as server:
        server.fail_next(Trouble(status=404), CUT)
        with pytest.raises(NeedsLogin, match="@BotFather"):
            pair(server)
        with pytest.raises(Unavailable, match="could not be reached"):
            pair(server)
