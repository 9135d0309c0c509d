"""The official door: keys and passes, pages of the right size, and failures in our own words."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from connectors.errors import Broken, NeedsLogin, Unavailable
from connectors.keyfile import KeyFile
from connectors.sources.garmin import GarminDoor
from connectors.sources.garmin_client import Refused
from connectors.sources.garmin_key import fingerprint
from connectors.sources.garmin_login import check_key
from connectors.sources.garmin_personal import PersonalClient
from rules.policy import Policy

BASE = "https://personal.connectapi.garmin.com"
TOKEN_URL = f"{BASE}/personalapitoken-service/personal-api/personal-api-key/token"
LIST_URL = f"{BASE}/activitylist-service/activities/search/activities"
DATA_URL = f"{BASE}/usersummary-service/v2/dailysummaries"
KEY, OTHER_KEY = "SECRET-key-0001", "SECRET-key-0002"
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
PAGE = "<!DOCTYPE html><h1>Just a moment...</h1>"


def jwt(name: str = "a", ends: datetime = NOW + timedelta(hours=24)) -> str:
    payload = json.dumps({"exp": ends.timestamp(), "sub": name}).encode()
    return f"SECRET-head.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.SECRET-{name}"


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys" / "anna-garmin.json")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def client(keys: KeyFile, key: str | None = KEY, now: Clock | None = None, **options: Any) -> PersonalClient:
    return PersonalClient(keys, now or Clock(), api_key=key, **options)


def takes(net: responses.RequestsMock, key: str, name: str = "a", **fields: Any) -> Any:
    """Garmin exchanges a key for a pass of that name."""
    headers = matchers.header_matcher({"Authorization": f"ApiKey {key}"})
    return net.post(TOKEN_URL, body=jwt(name, **fields), match=[headers])


def refuses(net: responses.RequestsMock, key: str, status: int = 401) -> Any:
    headers = matchers.header_matcher({"Authorization": f"ApiKey {key}"})
    return net.post(TOKEN_URL, json={}, status=status, match=[headers])


def shows(net: responses.RequestsMock, name: str = "a", **answer: Any) -> Any:
    headers = matchers.header_matcher({"Authorization": f"Bearer {jwt(name)}"})
    return net.get(DATA_URL, **(answer or {"json": {"data": []}}), match=[headers])


def failure_of(door: PersonalClient) -> BaseException:
    with pytest.raises((Broken, NeedsLogin, Unavailable, Refused)) as raised:
        door.get("/usersummary-service/v2/dailysummaries", {})
    return raised.value


def look(door: PersonalClient) -> Any:
    return door.get("/usersummary-service/v2/dailysummaries", {})


def test_a_key_is_exchanged_once_and_the_pass_is_kept_for_the_day(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    exchange, shown = takes(net, KEY), shows(net)
    assert look(client(keys)) == {"data": []}
    assert look(client(keys)) == {"data": []}
    assert (exchange.call_count, shown.call_count) == (1, 2)
    assert keys.path.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in keys.path.parent.iterdir()) == ["anna-garmin.json"]


def test_nothing_is_written_into_the_home_folder(
    net: responses.RequestsMock, keys: KeyFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    takes(net, KEY)
    shows(net)
    look(client(keys))
    assert list(home.iterdir()) == []


def test_a_pass_that_cannot_be_saved_still_serves_this_look(
    net: responses.RequestsMock, keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(content: dict[str, Any]) -> None:
        raise Broken("no space left")

    monkeypatch.setattr(keys, "save", full)
    exchange = takes(net, KEY)
    shows(net)
    door = client(keys)
    look(door)
    look(door)
    assert exchange.call_count == 1


def test_a_pass_is_exchanged_before_it_ends(net: responses.RequestsMock, keys: KeyFile) -> None:
    exchange = takes(net, KEY)
    shows(net)
    clock = Clock()
    door = client(keys, now=clock)
    look(door)
    clock.now += timedelta(hours=23, minutes=45)
    look(door)
    assert exchange.call_count == 1
    clock.now += timedelta(minutes=10)
    look(door)
    assert exchange.call_count == 2


def test_a_pass_that_is_no_longer_taken_is_exchanged_exactly_once(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    exchange, shown = takes(net, KEY), shows(net, status=401, json={})
    failure = failure_of(client(keys))
    assert isinstance(failure, NeedsLogin)
    assert (failure.reason, failure.cure) == ("login", "Run `niggled login garmin`.")
    assert (exchange.call_count, shown.call_count) == (2, 2)


def test_a_pass_that_was_withdrawn_is_replaced_without_a_word(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    net.post(TOKEN_URL, body=jwt("old"))
    net.post(TOKEN_URL, body=jwt("new"))
    shows(net, "old", status=401, json={})
    shows(net, "new")
    assert look(client(keys)) == {"data": []}
    assert keys.load()["bearer"] == jwt("new")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_needs_the_runner_and_is_not_asked_with_again(
    net: responses.RequestsMock, keys: KeyFile, status: int
) -> None:
    refusal = refuses(net, KEY, status)
    for _ in range(3):
        failure = failure_of(client(keys))
        assert isinstance(failure, NeedsLogin)
        assert failure.reason == "key_expired"
        assert failure.cure == (
            "Make a new key in Garmin Connect on the web → Settings → Personal API, "
            "then paste it on your page or run `niggled login garmin`."
        )
        assert str(failure) == "Garmin no longer accepts the key."
    assert refusal.call_count == 1
    assert keys.load()["refused"] == [fingerprint(KEY)]


def test_a_key_that_expires_while_its_pass_still_works_is_noticed_at_the_next_exchange(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    net.post(TOKEN_URL, body=jwt("a"))
    net.post(TOKEN_URL, status=401, json={})
    shows(net)
    clock = Clock()
    look(client(keys, now=clock))
    clock.now += timedelta(days=1)
    assert isinstance(failure_of(client(keys, now=clock)), NeedsLogin)
    assert "bearer" not in keys.load()


def test_a_renewed_key_works_without_a_restart(net: responses.RequestsMock, keys: KeyFile) -> None:
    refuses(net, KEY)
    takes(net, OTHER_KEY)
    shows(net)
    door = client(keys)
    assert isinstance(failure_of(door), NeedsLogin)
    assert look(client(keys, OTHER_KEY)) == {"data": []}
    keys.update(api_key=OTHER_KEY)
    assert look(door) == {"data": []}


def test_the_saved_key_is_used_before_the_configured_one_until_it_is_refused(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    keys.save({"api_key": OTHER_KEY})
    refusal, exchange = refuses(net, OTHER_KEY), takes(net, KEY)
    shows(net)
    look(client(keys))
    look(client(keys))
    assert (refusal.call_count, exchange.call_count) == (1, 1)


def test_a_pass_belongs_to_its_key(net: responses.RequestsMock, keys: KeyFile) -> None:
    takes(net, KEY, "a")
    takes(net, OTHER_KEY, "b")
    shows(net, "a")
    second = shows(net, "b")
    look(client(keys, KEY))
    look(client(keys, OTHER_KEY))
    assert second.call_count == 1


def test_without_any_key_nothing_is_asked(net: responses.RequestsMock, keys: KeyFile) -> None:
    failure = failure_of(client(keys, None))
    assert isinstance(failure, NeedsLogin)
    assert (failure.reason, str(failure)) == ("login", "There is no key for Garmin yet.")
    assert len(net.calls) == 0


def test_the_guard_before_garmin_is_no_refusal_of_the_key(net: responses.RequestsMock, keys: KeyFile) -> None:
    net.post(TOKEN_URL, body=PAGE, status=403)
    failure = failure_of(client(keys))
    assert isinstance(failure, Unavailable)
    assert failure.retry_at == NOW + timedelta(hours=4)
    assert "refused" not in keys.load()


@pytest.mark.parametrize(
    ("body", "kind"), [(PAGE, Unavailable), ("soup", Broken), ('{"token": "a.e30.b"}', Broken), ("", Broken)]
)
def test_an_exchange_that_gives_no_pass(
    net: responses.RequestsMock, keys: KeyFile, body: str, kind: type[Exception]
) -> None:
    net.post(TOKEN_URL, body=body)
    assert isinstance(failure_of(client(keys)), kind)


@pytest.mark.parametrize(
    ("header", "wait"),
    [({"Retry-After": "14"}, timedelta(seconds=14)), ({}, timedelta(minutes=15))],
)
@pytest.mark.parametrize("at_the_exchange", [True, False])
def test_too_many_requests_say_when_to_come_back(
    net: responses.RequestsMock, keys: KeyFile, header: dict[str, str], wait: timedelta, at_the_exchange: bool
) -> None:
    if at_the_exchange:
        net.post(TOKEN_URL, status=429, json={}, headers=header)
    else:
        takes(net, KEY)
        shows(net, status=429, json={}, headers=header)
    failure = failure_of(client(keys))
    assert isinstance(failure, Unavailable)
    assert failure.retry_at == NOW + wait
    assert str(failure) == "Garmin allows no more requests for now"


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        ({"status": 200, "body": PAGE}, Unavailable, "Garmin answered with a web page instead of data"),
        ({"status": 200, "body": '{"a'}, Broken, "Garmin answered with something that is not JSON"),
        ({"status": 427, "body": ""}, Unavailable, "Garmin keeps this computer out for a while (HTTP 427)"),
        ({"status": 403, "body": PAGE}, Unavailable, "Garmin keeps this computer out for a while (HTTP 403)"),
        ({"status": 500, "json": {}}, Refused, "Garmin refused a request (HTTP 500)"),
        (
            {"body": requests.ConnectTimeout("at https://x/?k=SECRET")},
            Unavailable,
            "Garmin did not answer in time",
        ),
        (
            {"body": requests.ConnectionError("SECRET")},
            Unavailable,
            "Garmin could not be reached (ConnectionError)",
        ),
    ],
)
def test_failures_are_told_in_our_words(
    net: responses.RequestsMock, keys: KeyFile, answer: dict[str, Any], kind: type[Exception], text: str
) -> None:
    takes(net, KEY)
    net.get(DATA_URL, **answer)
    failure = failure_of(client(keys))
    assert isinstance(failure, kind)
    assert str(failure) == text
    assert failure.__suppress_context__


def test_no_content_is_none(net: responses.RequestsMock, keys: KeyFile) -> None:
    takes(net, KEY)
    shows(net, status=204, body="")
    assert look(client(keys)) is None


def limit(size: int) -> Any:
    return matchers.query_param_matcher({"limit": str(size)}, strict_match=False)


def bears(net: responses.RequestsMock, *, most: int) -> None:
    """Garmin answers 500 to pages of more than `most`."""
    for size in (40, 20, 10, 5):
        net.get(
            LIST_URL, match=[limit(size)], **({"json": []} if size <= most else {"status": 500, "json": {}})
        )


def sizes_asked(net: responses.RequestsMock) -> list[str]:
    urls = [str(call.request.url) for call in net.calls if call.request.method == "GET"]
    return [url.partition("limit=")[2].partition("&")[0] for url in urls]


def test_a_page_that_is_too_large_is_halved_and_the_size_remembered_for_a_week(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    takes(net, KEY, ends=NOW + timedelta(days=30))
    bears(net, most=10)
    clock = Clock()
    client(keys, now=clock).activities(0, {})
    client(keys, now=clock).activities(0, {})
    assert sizes_asked(net) == ["40", "20", "10", "10"]
    clock.now += timedelta(days=8)
    client(keys, now=clock).activities(0, {})
    assert sizes_asked(net)[4:] == ["40", "20", "10"]
    clock.now += timedelta(days=1)
    client(keys, now=clock).activities(0, {})
    assert sizes_asked(net)[7:] == ["10"]


def test_a_server_in_trouble_is_not_taken_for_too_large_a_page(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    takes(net, KEY)
    bears(net, most=0)
    door = GarminDoor(client(keys), Policy().sport, Clock())
    with pytest.raises(Unavailable, match=r"^Garmin has trouble of its own \(HTTP 500\)$"):
        list(door.pages(None, None))
    assert sizes_asked(net) == ["40", "20", "10", "5"]
    assert "page_size" not in keys.load()


def test_a_file_is_asked_for_as_a_zip(net: responses.RequestsMock, keys: KeyFile) -> None:
    takes(net, KEY)
    url = f"{BASE}/download-service/files/activity/30000000001"
    net.get(url, body=b"PK\x03\x04")
    assert client(keys).download("30000000001") == b"PK\x03\x04"
    assert "application/zip" in net.calls[-1].request.headers["Accept"]
    net.replace(responses.GET, url, body=b"")
    assert client(keys).download("30000000001") == b""
    assert client(keys).download("no-number") == b""


def test_every_request_has_a_timeout(net: responses.RequestsMock, keys: KeyFile) -> None:
    kept = matchers.request_kwargs_matcher({"timeout": 30.0, "stream": True})
    net.post(TOKEN_URL, body=jwt(), match=[kept])
    net.get(DATA_URL, json={}, match=[kept])
    assert look(client(keys)) == {}


def test_another_host_is_asked_for_everything(
    net: responses.RequestsMock, keys: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARMIN_PERSONAL_API_BASE_URL", "https://elsewhere.example")
    host = "http://127.0.0.1:9"
    net.post(TOKEN_URL.replace(BASE, host), body=jwt())
    net.get(DATA_URL.replace(BASE, host), json={})
    assert look(client(keys, base_url=f"{host}/")) == {}


def test_no_secret_is_in_any_text_or_log(
    net: responses.RequestsMock, keys: KeyFile, caplog: pytest.LogCaptureFixture
) -> None:
    texts = []
    with caplog.at_level(logging.DEBUG):
        takes(net, KEY)
        shows(net)
        look(client(keys))
        shows(net, status=500, body=f"key {KEY}")
        net.post(TOKEN_URL, status=400, body=f"bad {KEY}")
        for door in (client(keys), client(keys, OTHER_KEY)):
            keys.update(bearer=None)
            failure = failure_of(door)
            texts += [str(failure), repr(failure), repr(door), repr(keys)]
    assert "SECRET" not in caplog.text
    assert "SECRET" not in " ".join(texts)


def test_a_key_is_tried_before_it_is_saved(net: responses.RequestsMock, keys: KeyFile) -> None:
    exchange = takes(net, KEY)
    net.get(LIST_URL, json=[], match=[limit(1)])
    connected = check_key(f" {KEY}\n", keys, Clock(), ends=date(2026, 12, 3))
    assert connected.newest is None
    saved = keys.load()
    assert (saved["api_key"], saved["key_ends"], exchange.call_count) == (KEY, "2026-12-03", 1)
    assert look_needs_no_exchange(net, keys)
    assert [path.name for path in keys.path.parent.iterdir()] == ["anna-garmin.json"]


def look_needs_no_exchange(net: responses.RequestsMock, keys: KeyFile) -> bool:
    before = len([call for call in net.calls if call.request.method == "POST"])
    shows(net)
    look(client(keys, None))
    return len([call for call in net.calls if call.request.method == "POST"]) == before


def test_a_key_of_the_configuration_is_tried_and_not_copied(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    takes(net, KEY)
    row = {
        "activityId": 1,
        "beginTimestamp": NOW.timestamp() * 1000,
        "activityType": {"typeKey": "running"},
        "duration": 60.0,
    }
    net.get(LIST_URL, json=[row])
    assert check_key(KEY, keys, Clock(), keep=False).newest == NOW
    assert "api_key" not in keys.load()


def test_a_key_that_does_not_work_leaves_everything_as_it_was(
    net: responses.RequestsMock, keys: KeyFile
) -> None:
    keys.save({"api_key": OTHER_KEY, "key_ends": "2026-06-01"})
    refuses(net, KEY)
    with pytest.raises(NeedsLogin, match=r"^Garmin does not accept this key\.$") as raised:
        check_key(KEY, keys, Clock())
    assert raised.value.reason == "key_expired"
    assert keys.load() == {"api_key": OTHER_KEY, "key_ends": "2026-06-01"}
    assert [path.name for path in keys.path.parent.iterdir()] == ["anna-garmin.json"]


def test_a_key_that_was_once_refused_may_be_tried_again(net: responses.RequestsMock, keys: KeyFile) -> None:
    keys.save({"refused": [fingerprint(KEY)]})
    takes(net, KEY)
    net.get(LIST_URL, json=[])
    check_key(KEY, keys, Clock())
    assert look_needs_no_exchange(net, keys)


def test_a_text_that_is_no_key_is_not_sent_anywhere(net: responses.RequestsMock, keys: KeyFile) -> None:
    with pytest.raises(NeedsLogin, match=r"^A key has no blanks in it\.$"):
        check_key("not a key at all", keys, Clock())
    assert len(net.calls) == 0
    assert not keys.path.exists()


@pytest.mark.parametrize(
    ("answer", "kind"), [({"status": 500, "json": {}}, Unavailable), ({"json": {"a": 1}}, Broken)]
)
def test_a_key_that_cannot_be_tried_is_not_saved(
    net: responses.RequestsMock, keys: KeyFile, answer: dict[str, Any], kind: type[Exception]
) -> None:
    takes(net, KEY)
    net.get(LIST_URL, **answer)
    with pytest.raises(kind):
        check_key(KEY, keys, Clock())
    assert not keys.path.exists()
