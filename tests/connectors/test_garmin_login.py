"""The login door: tokens that change and must never be lost, and a daemon that never logs in by itself.

The library asks with more than one HTTP client, so Garmin is a real server on loopback here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.account import Account
from fakes.account_builders import add_nights, held_of_fit, recorded
from fakes.garmin_server import ACTIVITIES, LOGIN_EXCHANGE, GarminServer
from fakes.vendor_faults import CUT, Answer, Fault, refused

from connectors.errors import Broken, ConnectorError, NeedsLogin, Unavailable
from connectors.keyfile import KeyFile
from connectors.sources.door import Listed
from connectors.sources.garmin import GarminDoor
from connectors.sources.garmin_client import Refused
from connectors.sources.garmin_key import fingerprint
from connectors.sources.garmin_login import Connected, NeedsCode, begin, finish
from connectors.sources.garmin_login_client import LoginClient
from rules.policy import Policy

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
START = datetime(2026, 5, 19, 5, 31, 8, tzinfo=UTC)
GUARD = Fault("guard", refusal=Answer(403, b"<!DOCTYPE html>Just a moment...", content_type="text/html"))

PROXY = Fault("proxy", refusal=Answer(400, b"<html>Bad request</html>", content_type="text/html"))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def garmin(clock: Clock) -> Iterator[GarminServer]:
    account = Account()
    account.run(START)
    with GarminServer(clock, account) as server:
        yield server


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys" / "anna-garmin.json")


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the library makes between its requests, made in no time."""
    pauses: list[float] = []
    monkeypatch.setattr("garminconnect.client.sso.time.sleep", pauses.append)
    return pauses


@pytest.fixture
def client(garmin: GarminServer, keys: KeyFile, clock: Clock) -> LoginClient:
    keys.save({"tokens": garmin.tokens.sign_in()})
    return LoginClient(keys, clock, base_url=garmin.base_url)


def list_of(client: LoginClient) -> Any:
    return client.activities(0, {})


def failure_of(client: LoginClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        list_of(client)
    return raised.value


def saved_refresh_token(keys: KeyFile) -> str:
    return str(json.loads(keys.load()["tokens"])["di_refresh_token"])


def test_the_saved_tokens_open_the_account_without_a_login(garmin: GarminServer, client: LoginClient) -> None:
    assert len(list_of(client)) == 1
    assert [(one.method, one.path) for one in garmin.log] == [("GET", ACTIVITIES)]
    assert garmin.log[0].query == {"start": "0", "limit": "100"}
    assert garmin.sso.logins == 0


def test_the_door_reads_activities_recordings_and_nights(
    garmin: GarminServer, client: LoginClient, clock: Clock
) -> None:
    held = held_of_fit(recorded(START - timedelta(days=1), km=2.0), 77)
    garmin.account.add(held)
    add_nights(garmin.account, date(2026, 5, 18), date(2026, 5, 19))
    door = GarminDoor(client, Policy().sport, clock)
    rows = [row for page in door.pages(None, None) for row in page.rows]
    assert [row.external_id for row in rows] == ["4000000001", "77"]
    assert isinstance(rows[1], Listed)
    assert rows[1].leg.distance_m == pytest.approx(2000, rel=0.01)
    from connectors.formats.leg import activity_of

    activity = activity_of(rows[1].leg, "garmin", Policy())
    leg = door.recording("77", activity)
    assert leg is not None
    assert leg.samples is not None
    assert door.recording("4000000001", activity) is None
    assert door.exists("77")
    assert not door.exists("78")
    nights = door.nights(date(2026, 5, 17), date(2026, 5, 20))
    assert [night.date for night in nights] == ["2026-05-18", "2026-05-19"]
    assert all(night.sleep_h and night.ln_rmssd and night.resting_heart_rate_bpm for night in nights)


def test_tokens_are_renewed_before_they_end_and_saved_before_they_are_used(
    garmin: GarminServer, client: LoginClient, keys: KeyFile, clock: Clock
) -> None:
    before = saved_refresh_token(keys)
    clock.now += timedelta(hours=23, minutes=50)
    garmin.fail(CUT, ACTIVITIES)
    assert isinstance(failure_of(client), Unavailable)
    assert [one.path for one in garmin.log] == [LOGIN_EXCHANGE, ACTIVITIES]
    assert saved_refresh_token(keys) == garmin.tokens.refresh_token != before
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert len(list_of(LoginClient(keys, clock, base_url=garmin.base_url))) == 1


def test_tokens_that_garmin_has_forgotten_are_renewed_once_and_the_question_asked_again(
    garmin: GarminServer, client: LoginClient, keys: KeyFile
) -> None:
    garmin.tokens.forget_bearers()
    assert len(list_of(client)) == 1
    assert [one.path for one in garmin.log] == [ACTIVITIES, LOGIN_EXCHANGE, ACTIVITIES]
    assert saved_refresh_token(keys) == garmin.tokens.refresh_token


def test_a_login_that_is_over_needs_the_runner_and_is_not_tried_again(
    garmin: GarminServer, client: LoginClient, keys: KeyFile, clock: Clock
) -> None:
    garmin.tokens.forget_login()
    tokens = keys.load()["tokens"]
    for door in (client, client, LoginClient(keys, clock, base_url=garmin.base_url)):
        failure = failure_of(door)
        assert isinstance(failure, NeedsLogin)
        assert (failure.reason, failure.cure) == ("login", "Run `niggled login garmin`.")
        assert str(failure) == "Garmin no longer accepts the login."
    assert [one.path for one in garmin.log] == [ACTIVITIES, LOGIN_EXCHANGE]
    assert keys.load() == {"tokens": tokens, "refused": [fingerprint(tokens)]}
    assert garmin.sso.logins == 0


def test_a_login_that_ends_while_a_new_one_is_saved_does_not_need_the_runner_again(
    garmin: GarminServer, client: LoginClient, keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    garmin.tokens.forget_login()
    answer = garmin.tokens.exchange_login

    def saved_meanwhile(*asked: Any) -> Any:
        told = answer(*asked)
        keys.save({"tokens": garmin.tokens.sign_in()})
        return told

    monkeypatch.setattr(garmin.tokens, "exchange_login", saved_meanwhile)
    failure = failure_of(client)
    assert isinstance(failure, Unavailable)
    assert str(failure) == "Garmin got a new login in between"
    assert len(list_of(client)) == 1


def test_new_tokens_work_without_a_restart(garmin: GarminServer, client: LoginClient, keys: KeyFile) -> None:
    garmin.tokens.forget_login()
    assert isinstance(failure_of(client), NeedsLogin)
    keys.save({"tokens": garmin.tokens.sign_in()})
    assert len(list_of(client)) == 1


def test_renewed_tokens_that_garmin_does_not_take_either_need_the_runner(
    garmin: GarminServer, client: LoginClient, keys: KeyFile
) -> None:
    garmin.fail(refused(401), ACTIVITIES, times=None)
    assert isinstance(failure_of(client), NeedsLogin)
    assert isinstance(failure_of(client), NeedsLogin)
    assert [one.path for one in garmin.log] == [ACTIVITIES, LOGIN_EXCHANGE, ACTIVITIES]
    assert keys.load()["refused"] == [fingerprint(keys.load()["tokens"])]


@pytest.mark.parametrize(
    ("fault", "wait", "text"),
    [
        (refused(429, Retry_After="90"), timedelta(seconds=90), "Garmin allows no more requests for now"),
        (refused(429), timedelta(hours=1), "Garmin allows no more requests for now"),
        (refused(427), timedelta(hours=4), "Garmin keeps this computer out for a while (HTTP 427)"),
        (GUARD, timedelta(hours=4), "Garmin keeps this computer out for a while (HTTP 403)"),
        (refused(503), None, "Garmin has trouble of its own (HTTP 503)"),
        (PROXY, None, "Garmin has trouble of its own (HTTP 400)"),
    ],
)
@pytest.mark.parametrize("path", [ACTIVITIES, LOGIN_EXCHANGE])
def test_a_door_that_is_closed_for_a_while_keeps_its_tokens(
    garmin: GarminServer,
    client: LoginClient,
    keys: KeyFile,
    clock: Clock,
    fault: Fault,
    wait: timedelta | None,
    text: str,
    path: str,
) -> None:
    tokens = keys.load()
    clock.now += timedelta(hours=23, minutes=50) if path == LOGIN_EXCHANGE else timedelta()
    garmin.fail(fault, path)
    with pytest.raises(Unavailable) as raised:
        list(GarminDoor(client, Policy().sport, clock).pages(None, None))
    assert str(raised.value) == text
    assert raised.value.retry_at == (None if wait is None else clock.now + wait)
    assert keys.load() == tokens
    assert len(list_of(client)) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (Answer(200, b"<html>"), Unavailable, "Garmin answered with a web page instead of data"),
        (Answer(200, b"{}"), Broken, "Garmin sent something other than tokens"),
        (Answer(200, b"soup"), Broken, "Garmin answered with something that is not JSON"),
    ],
)
def test_a_renewal_that_gives_no_tokens_leaves_the_old_ones(
    garmin: GarminServer,
    client: LoginClient,
    keys: KeyFile,
    clock: Clock,
    answer: Answer,
    kind: type[Exception],
    text: str,
) -> None:
    tokens = keys.load()
    clock.now += timedelta(hours=23, minutes=50)
    garmin.fail(Fault("odd", refusal=answer), LOGIN_EXCHANGE)
    failure = failure_of(client)
    assert isinstance(failure, kind)
    assert str(failure) == text
    assert keys.load() == tokens


def test_a_renewal_that_is_cut_off_is_for_later(
    garmin: GarminServer, client: LoginClient, clock: Clock
) -> None:
    clock.now += timedelta(hours=23, minutes=50)
    garmin.fail(CUT, LOGIN_EXCHANGE)
    failure = failure_of(client)
    assert isinstance(failure, Unavailable)
    assert str(failure).startswith("Garmin could not be reached (")


def test_tokens_are_not_renewed_while_they_could_not_be_saved(
    garmin: GarminServer,
    client: LoginClient,
    keys: KeyFile,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(content: dict[str, Any]) -> None:
        raise Broken("The keys cannot be saved (No space left on device).")

    with monkeypatch.context() as patch:
        patch.setattr(keys, "save", full)
        clock.now += timedelta(hours=23, minutes=50)
        with pytest.raises(Broken, match="No space left"):
            list_of(client)
    assert garmin.log == []
    assert len(list_of(client)) == 1


def test_a_login_of_somebody_else_in_between_is_not_overwritten(
    garmin: GarminServer, client: LoginClient, keys: KeyFile
) -> None:
    list_of(client)
    newer = garmin.tokens.sign_in()
    keys.save({"tokens": newer})
    list_of(client)
    assert keys.load() == {"tokens": newer}


@pytest.mark.parametrize(
    ("saved", "text"),
    [
        ({}, "Garmin is not connected yet."),
        ({"tokens": "soup"}, "The saved login for Garmin cannot be read."),
        ({"tokens": "{}"}, "The saved login for Garmin cannot be read."),
    ],
)
def test_without_usable_tokens_nothing_is_asked(
    garmin: GarminServer, keys: KeyFile, clock: Clock, saved: dict[str, Any], text: str
) -> None:
    keys.save(saved)
    failure = failure_of(LoginClient(keys, clock, base_url=garmin.base_url))
    assert isinstance(failure, NeedsLogin)
    assert str(failure) == text
    assert garmin.log == []


def test_a_refusal_that_means_nothing_to_the_door_is_broken(
    garmin: GarminServer, client: LoginClient, clock: Clock
) -> None:
    garmin.fail(refused(403), ACTIVITIES, times=None)
    assert isinstance(failure_of(client), Refused)
    with pytest.raises(Broken, match=r"^Garmin refused a request \(HTTP 403\)$"):
        list(GarminDoor(client, Policy().sport, clock).pages(None, None))


def test_no_content_is_none(garmin: GarminServer, client: LoginClient) -> None:
    garmin.fail(Fault("nothing", refusal=Answer(204)), ACTIVITIES)
    assert list_of(client) is None


def connect(garmin: GarminServer, keys: KeyFile, clock: Clock, **changed: str) -> Connected | NeedsCode:
    told = {"mail": garmin.sso.mail, "password": garmin.sso.password} | changed
    return begin(told["mail"], told["password"], keys, clock, base_url=garmin.base_url)


def test_mail_and_password_connect_once_and_are_kept_nowhere(
    garmin: GarminServer, keys: KeyFile, clock: Clock, unhurried: list[float], tmp_path: Path
) -> None:
    assert connect(garmin, keys, clock) == Connected(START)
    assert garmin.sso.logins == 1
    assert list(keys.load()) == ["tokens"]
    assert saved_refresh_token(keys) == garmin.tokens.refresh_token
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [keys.path]
    assert garmin.sso.password not in keys.path.read_text()
    assert len(list_of(LoginClient(keys, clock, base_url=garmin.base_url))) == 1


def test_a_code_finishes_the_login_and_a_wrong_one_may_be_typed_again(
    garmin: GarminServer, keys: KeyFile, clock: Clock, unhurried: list[float]
) -> None:
    garmin.sso.wants_code = True
    needed = connect(garmin, keys, clock)
    assert isinstance(needed, NeedsCode)
    assert "SESSION" not in repr(needed)
    assert not keys.path.exists()
    with pytest.raises(NeedsLogin, match=r"^Garmin does not accept this code\.$"):
        finish(needed, "000000", keys, clock, base_url=garmin.base_url)
    assert not keys.path.exists()
    assert finish(needed, f" {garmin.sso.code}\n", keys, clock, base_url=garmin.base_url) == Connected(START)
    assert garmin.sso.logins == 1
    assert saved_refresh_token(keys) == garmin.tokens.refresh_token


def test_a_wrong_password_is_tried_once_and_leaves_everything_as_it_was(
    garmin: GarminServer, keys: KeyFile, clock: Clock, unhurried: list[float]
) -> None:
    keys.save({"api_key": "SECRET-key"})
    with pytest.raises(
        NeedsLogin, match=r"^Garmin does not accept this mail address and password\.$"
    ) as raised:
        connect(garmin, keys, clock, password="SECRET-wrong")
    assert raised.value.cure == "Check both, then run `niggled login garmin --door login` again."
    assert garmin.sso.logins == 1
    assert keys.load() == {"api_key": "SECRET-key"}


def test_a_login_that_works_takes_the_place_of_a_key(
    garmin: GarminServer, keys: KeyFile, clock: Clock, unhurried: list[float]
) -> None:
    keys.save({"api_key": "SECRET-key", "refused": ["x"]})
    connect(garmin, keys, clock)
    assert list(keys.load()) == ["tokens"]


def test_tokens_that_open_nothing_are_not_saved(
    garmin: GarminServer, keys: KeyFile, clock: Clock, unhurried: list[float]
) -> None:
    garmin.fail(refused(500), ACTIVITIES)
    with pytest.raises(Unavailable):
        connect(garmin, keys, clock)
    assert not keys.path.parent.exists()


def test_a_login_without_lasting_tokens_is_no_login_and_no_second_password_is_sent(
    garmin: GarminServer, keys: KeyFile, clock: Clock, unhurried: list[float]
) -> None:
    garmin.fail(refused(503), LOGIN_EXCHANGE, times=None)
    with pytest.raises(Unavailable, match=r"^Garmin let us in, but gave no login that lasts$"):
        connect(garmin, keys, clock)
    assert garmin.sso.logins == 1
    assert not keys.path.exists()


@pytest.mark.parametrize(
    ("status", "text", "wait"),
    [
        (429, "Garmin allows no more logins for now", timedelta(hours=4)),
        (503, "Garmin could not be asked for a login", None),
    ],
)
def test_a_login_that_garmin_does_not_take_now_says_so(
    garmin: GarminServer,
    keys: KeyFile,
    clock: Clock,
    unhurried: list[float],
    status: int,
    text: str,
    wait: timedelta | None,
) -> None:
    garmin.fail(refused(status), times=None)
    with pytest.raises(Unavailable) as raised:
        connect(garmin, keys, clock)
    assert str(raised.value) == text
    assert raised.value.retry_at == (None if wait is None else NOW + wait)


def test_no_secret_is_in_any_text_or_log(
    garmin: GarminServer,
    keys: KeyFile,
    clock: Clock,
    unhurried: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    texts: list[str] = []

    def fail(ask: Callable[[], Any]) -> None:
        with pytest.raises(ConnectorError) as raised:
            ask()
        texts.extend((str(raised.value), repr(raised.value)))

    with caplog.at_level(logging.DEBUG):
        garmin.sso.wants_code = True
        needed = connect(garmin, keys, clock)
        assert isinstance(needed, NeedsCode)
        fail(lambda: finish(needed, "000000", keys, clock, base_url=garmin.base_url))
        finish(needed, garmin.sso.code, keys, clock, base_url=garmin.base_url)
        fail(lambda: connect(garmin, keys, clock, password="SECRET-wrong", mail="SECRET@example.org"))
        client = LoginClient(keys, clock, base_url=garmin.base_url)
        clock.now += timedelta(days=1)
        list_of(client)
        garmin.tokens.forget_login()
        tokens = json.loads(keys.load()["tokens"])
        fail(lambda: list_of(client))
        texts.append(repr(client))
    told = caplog.text + " ".join(texts)
    secrets = [
        garmin.sso.mail,
        garmin.sso.password,
        garmin.sso.code,
        "SECRET",
        "ticket-sso",
        "example-garmin-refresh",
        tokens["di_token"],
    ]
    assert [secret for secret in secrets if secret in told] == []
