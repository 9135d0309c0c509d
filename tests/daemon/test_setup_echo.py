"""The test question of set-up takes its own answer, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.channels.contract import Incoming, OutgoingMessage, Receipt
from connectors.errors import ConnectorError, NeedsLogin, Unavailable
from daemon.setup_echo import Echoes

NOW = datetime(2026, 6, 14, 18, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


class Channel:
    name = "phone"

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []

    def send(self, message: OutgoingMessage) -> Receipt:
        self.sent.append(message)
        return Receipt("somewhere", 0.0)

    @property
    def token(self) -> str:
        question = self.sent[-1].question
        assert question is not None
        return question.token


class Ear:
    """Gives `words` (made once the question is out), or fails."""

    name = "phone"

    def __init__(
        self, words: Callable[[], list[Incoming]], failure: ConnectorError | None = None, deaf: bool = False
    ) -> None:
        self.words, self.failure, self.deaf = words, failure, deaf
        self.confirmed: list[str] = []

    def listen(self, position: str | None, stop: Callable[[], bool]) -> Iterator[Incoming | None]:
        if self.failure is not None:
            raise self.failure
        yield None
        while not (words := self.words()) and not stop():
            pass
        yield from words

    def confirm(self, incoming: Incoming, text: str, *, quiet: bool) -> None:
        if self.deaf:
            raise Unavailable("phone does not answer")
        self.confirmed.append(text)


def came(number: int, token: str | None, *, allowed: bool = True, at: datetime = LATER) -> Incoming:
    return Incoming(f"i{number}", at, "yes", f"p{number}", token=token, allowed=allowed)


def asked(ear: Callable[[Channel], Ear]) -> tuple[Echoes, Ear]:
    channel = Channel()
    listener = ear(channel)
    echoes = Echoes(channel, listener, lambda: NOW)
    echoes.ask()
    return echoes, listener


def words_of(channel: Channel, *tokens: str | None) -> list[Incoming]:
    if not channel.sent:
        return []
    return [came(n, channel.token if token == "ours" else token) for n, token in enumerate(tokens)]


def test_the_answer_to_another_question_is_passed_over() -> None:
    echoes, ear = asked(lambda channel: Ear(lambda: words_of(channel, "OTHERTOKEN", "ours")))
    heard = echoes.wait(20, lambda: False).heard
    echoes.close()
    assert heard is not None
    assert heard.id == "i1"
    assert ear.confirmed == ["Heard. Your answers come back."]


def test_words_of_the_runners_own_will_do_but_not_a_strangers_or_older_ones() -> None:
    words = [came(0, None, allowed=False), came(1, None, at=NOW - timedelta(seconds=1)), came(2, None)]
    echoes, _ = asked(lambda channel: Ear(lambda: words if channel.sent else []))
    heard = echoes.wait(20, lambda: False).heard
    echoes.close()
    assert heard is not None
    assert heard.id == "i2"


@pytest.mark.parametrize("given_up", [True, False])
def test_nobody_answers_or_somebody_gives_up(given_up: bool) -> None:
    echoes, _ = asked(lambda channel: Ear(list))
    echo = echoes.wait(0.5 if not given_up else 20, lambda: given_up)
    echoes.close()
    assert (echo.heard, echo.failure) == (None, None)


def test_a_way_back_that_cannot_work_is_told_at_once() -> None:
    refused = NeedsLogin("login", "Correct it.", "the server refuses the token")
    echoes, _ = asked(lambda channel: Ear(list, failure=refused))
    assert echoes.wait(20, lambda: False).failure is refused


def test_an_answer_counts_although_it_cannot_be_confirmed() -> None:
    echoes, _ = asked(lambda channel: Ear(lambda: words_of(channel, "ours"), deaf=True))
    echo = echoes.wait(20, lambda: False)
    echoes.close()
    assert echo.heard is not None
    assert str(echo.failure) == "phone does not answer"
