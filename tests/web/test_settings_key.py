"""A new key for Garmin, pasted on the page: tried at once, saved only where Garmin takes it, and shown nowhere."""

from __future__ import annotations

import logging
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fakes.account import Account
from fakes.garmin_server import ACTIVITIES, KEY_EXCHANGE, GarminServer
from fakes.vendor_faults import CUT, OTHER_SHAPE, PAGE, Fault, drip, too_many
from fakes.visitor import Seen, Visitor, visitor_of

from connectors.sources.contract import SourceRecord
from connectors.sources.garmin_key import fingerprint
from daemon.config import AthleteConfig
from daemon.config_sources import SourceConfig, unconfigured
from daemon.connections import key_countdown, key_file, open_source
from daemon.credentials import Secret
from daemon.store import sources
from daemon.store.engine import Store
from daemon.store.sources import SourceCondition, SourceState
from daemon.store.tables import SOURCE_STATES
from daemon.web import key_trial

from .conftest import Lived

KEY, OLD_KEY, REFUSED_KEY = "example-garmin-key", "example-older-key", "example-wrong-key"
DAY = timedelta(days=1)


@pytest.fixture
def garmin(lived: Lived) -> Iterator[GarminServer]:
    account = Account()
    account.run(lived.until - DAY)
    with GarminServer(lambda: lived.until, account) as server:
        yield server


def athlete_of(lived: Lived, garmin: GarminServer, **fields: Any) -> AthleteConfig:
    settings = SourceConfig("garmin", base_url=garmin.base_url, **fields)
    return replace(lived.athlete, sources=unconfigured() | {"garmin": settings})


@pytest.fixture
def visitor(lived: Lived, season_store: Store, tmp_path: Path, garmin: GarminServer) -> Visitor:
    return visitor_of(season_store, tmp_path, {"demo": athlete_of(lived, garmin)}, lived.until)


def today(visitor: Visitor) -> date:
    return visitor.clock.now().date()


def paste(visitor: Visitor, key: str, ends: str = "", **options: Any) -> Seen:
    visitor.get("/settings")
    return visitor.post("/settings/garmin-key", key=key, ends=ends, **options)


def kept(tmp_path: Path) -> dict[str, Any]:
    return key_file(tmp_path, "demo", "garmin").load()


def garmin_state(visitor: Visitor) -> SourceState | None:
    with visitor.store.reading() as session:
        return sources.source_state(session, "demo", "garmin")


def test_a_key_that_garmin_takes_is_saved_for_its_owner_only_and_told(
    visitor: Visitor, garmin: GarminServer, tmp_path: Path
) -> None:
    ends = today(visitor) + 90 * DAY
    page = paste(visitor, f"  {KEY}\n", ends.isoformat())
    assert page.status == 200
    assert "Garmin answers: the newest activity is of " in page.words
    assert "The new key is saved and used from now on." in page.words
    assert "· The key ends in 90 days" in page.words
    assert [(one.path, one.status) for one in garmin.log] == [(KEY_EXCHANGE, 200), (ACTIVITIES, 200)]
    saved = kept(tmp_path)
    assert (saved["api_key"], saved["key_ends"], saved["key_days"]) == (KEY, ends.isoformat(), 90)
    path = tmp_path / "keys" / "demo-garmin.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_the_next_look_uses_it_without_a_restart_and_without_another_exchange(
    visitor: Visitor, garmin: GarminServer, tmp_path: Path
) -> None:
    key_file(tmp_path, "demo", "garmin").save({"api_key": OLD_KEY, "refused": [fingerprint(OLD_KEY)]})
    now = visitor.clock.now()
    with visitor.store.session() as session:
        sources.register_source(session, "demo", "garmin", now)
        sources.make_due(session, "demo", "garmin", now + 30 * DAY)
    paste(visitor, KEY)
    state = garmin_state(visitor)
    assert state is not None
    assert state.due_at == now
    source = open_source(visitor.athlete, "garmin", tmp_path, lambda: now)
    read = [one for one in source.fetch(None, {}) if isinstance(one, SourceRecord)]
    assert {one.external_id for one in read} == {"4000000001"}
    assert garmin.tokens.exchanges == 1


def test_a_new_key_ends_the_call_for_help_until_garmin_was_asked(visitor: Visitor, tmp_path: Path) -> None:
    key_file(tmp_path, "demo", "garmin").save({"api_key": OLD_KEY})
    now = visitor.clock.now()
    with visitor.store.session() as session:
        sources.register_source(session, "demo", "garmin", now)
        refused = {
            "state": "needs_login",
            "reason": "Garmin no longer accepts the key",
            "cure": "Make a new key",
        }
        values = refused | {"failing_since": now - DAY, "due_at": now + DAY}
        session.execute(sa.update(SOURCE_STATES).values(values))
    assert "✘ Garmin needs you: see below" in visitor.get("/settings").words
    page = paste(visitor, KEY)
    assert "Garmin needs you" not in page.words
    assert "It is asked again within a minute." in page.words


def test_a_runner_without_a_service_connects_garmin_here(visitor: Visitor) -> None:
    assert "No service is connected" in visitor.get("/settings").words
    page = paste(visitor, KEY)
    assert "Garmin · Connected, not read yet" not in page.words
    assert "✔ Connected, not read yet;" in page.words
    state = garmin_state(visitor)
    assert state is not None
    assert state.state is SourceCondition.OK


def test_a_key_without_its_last_day_works_and_the_page_says_what_that_means(
    visitor: Visitor, tmp_path: Path
) -> None:
    key_file(tmp_path, "demo", "garmin").save({"api_key": OLD_KEY, "key_ends": "2026-11-20", "key_days": 30})
    page = paste(visitor, KEY)
    assert "You did not say when the key ends, so niggled cannot remind you in time." in page.words
    assert "key_ends" not in kept(tmp_path)
    assert "key_days" not in kept(tmp_path)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (
            REFUSED_KEY,
            "Garmin does not accept this key. Nothing was changed. Make a new key and paste it whole.",
        ),
        ("short", "A key is longer than that. Nothing was changed."),
        ("two words of nothing", "A key has no blanks in it."),
        ("", "There is nothing there."),
        ("x" * 4990, "A key is shorter than that."),
        ("schlüssel-aus-dem-web", "A key has only plain letters, digits and signs."),
    ],
)
def test_a_key_that_is_none_is_told_beside_its_field_and_changes_nothing(
    visitor: Visitor, tmp_path: Path, key: str, told: str
) -> None:
    before = {"api_key": OLD_KEY, "key_ends": "2026-12-01"}
    key_file(tmp_path, "demo", "garmin").save(before)
    ends = (today(visitor) + 90 * DAY).isoformat()
    page = paste(visitor, key, ends)
    assert page.status == 422
    assert told in page.words
    assert 'aria-invalid="true" aria-describedby="key-problem"' in page.html
    assert '<details class="settings-key" open>' in page.html
    assert f'value="{ends}"' in page.html, "the day need not be typed again"
    assert kept(tmp_path) == before


@pytest.mark.parametrize("ends", ["soon", "2020-01-01", "2031-01-01", "0", '"><b>'])
def test_an_end_that_cannot_be_is_refused_before_garmin_is_asked(
    visitor: Visitor, garmin: GarminServer, tmp_path: Path, ends: str
) -> None:
    page = paste(visitor, KEY, ends)
    assert page.status == 422
    assert "last day" in page.words
    assert "next 365 days" in page.words
    assert "<b>" not in page.html.split("Its last day")[1].split("</form>")[0]
    assert garmin.log == []
    assert kept(tmp_path) == {}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (PAGE, "Garmin answered with a web page instead of a pass. Nothing was changed; try again later."),
        (CUT, "Garmin could not be reached"),
        (OTHER_SHAPE, "Nothing was changed; try again later."),
        (too_many(3600), "Nothing was changed; try again, not before "),
    ],
)
def test_a_garmin_that_cannot_answer_changes_nothing(
    visitor: Visitor, garmin: GarminServer, tmp_path: Path, fault: Fault, told: str
) -> None:
    garmin.fail(fault, "*" if fault is not OTHER_SHAPE else ACTIVITIES, times=None)
    page = paste(visitor, KEY)
    assert page.status == 422
    assert told in page.words
    assert kept(tmp_path) == {}
    assert garmin_state(visitor) is None


def test_a_slow_garmin_does_not_hold_the_page_and_what_it_says_later_counts_for_nothing(
    visitor: Visitor, garmin: GarminServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_trial, "LONGEST_S", 1.0)
    garmin.fail(drip(0.02), KEY_EXCHANGE)
    began = time.monotonic()
    page = paste(visitor, KEY)
    assert time.monotonic() - began < 5
    assert page.status == 422
    assert "Garmin has not answered within 1 seconds. Nothing was changed; try again later." in page.words
    for thread in threading.enumerate():
        if thread.name == "key trial":
            thread.join(timeout=30)
    assert [one.path for one in garmin.log] == [KEY_EXCHANGE, ACTIVITIES], "Garmin took it in the end"
    assert kept(tmp_path) == {}


def test_only_one_key_is_tried_at_a_time(visitor: Visitor, garmin: GarminServer) -> None:
    with key_trial._turn:
        page = paste(visitor, KEY)
    assert page.status == 422
    assert "A key is being tried just now." in page.words
    assert garmin.log == []
    assert paste(visitor, KEY).status == 200


def test_a_key_that_cannot_be_saved_is_told_without_the_folders_name(
    visitor: Visitor, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text("in the way")
    page = paste(visitor, KEY)
    assert page.status == 503
    assert "Garmin takes this key, but it could not be saved. niggled doctor says why." in page.words.replace(
        "` ", " "
    ).replace("`", "")
    assert str(tmp_path) not in page.html


def test_the_key_is_in_no_page_header_address_or_log(
    visitor: Visitor, garmin: GarminServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [paste(visitor, REFUSED_KEY), paste(visitor, KEY, follow=False)]
    answers.append(visitor.get("/settings"))
    garmin.fail(PAGE, times=None)
    answers.append(paste(visitor, OLD_KEY))
    for answer in answers:
        for key in (KEY, REFUSED_KEY, OLD_KEY):
            assert key not in answer.html + answer.location + str(answer.headers)
            assert key not in caplog.text
    assert "A new Garmin key was saved" in caplog.text
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "demo-garmin.json":
            assert KEY.encode() not in path.read_bytes(), path
            assert REFUSED_KEY.encode() not in path.read_bytes(), path


def test_what_goes_wrong_unexpectedly_tells_its_kind_only(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(key: str, *_: object, **__: object) -> None:
        raise RuntimeError(f"no idea what to do with {key}")

    monkeypatch.setattr("connectors.sources.garmin_login.try_key", fails)
    page = paste(visitor, KEY)
    assert page.status == 422
    assert "Garmin could not be asked. Nothing was changed; try again later." in page.words
    assert "RuntimeError" in caplog.text
    assert KEY not in caplog.text + page.html


def test_a_day_in_the_configuration_is_not_asked_for(
    lived: Lived, season_store: Store, tmp_path: Path, garmin: GarminServer
) -> None:
    ends = lived.until.date() + 40 * DAY
    configured = Secret("plain", OLD_KEY)
    athlete = athlete_of(lived, garmin, configured=True, key=configured, key_ends=ends)
    visitor = visitor_of(season_store, tmp_path, {"demo": athlete}, lived.until)
    assert "Its last day" not in visitor.get("/settings").words
    page = paste(visitor, KEY, "2030-01-01")
    assert "The new key is saved and used from now on." in page.words
    assert "You did not say" not in page.words
    assert "key_ends" not in kept(tmp_path)
    countdown = key_countdown(athlete, "garmin", tmp_path, lived.until.date())
    assert countdown is not None
    assert countdown.ends == ends


def test_a_login_by_mail_and_password_gives_way_to_a_key_unless_the_configuration_wants_it(
    lived: Lived, season_store: Store, tmp_path: Path, garmin: GarminServer
) -> None:
    key_file(tmp_path, "demo", "garmin").save({"tokens": garmin.tokens.sign_in()})
    athlete = athlete_of(lived, garmin)
    visitor = visitor_of(season_store, tmp_path, {"demo": athlete}, lived.until)
    page = visitor.get("/settings")
    assert "Use a key for Garmin" in page.words
    assert "The login by mail and password is then no longer used." in page.words
    paste(visitor, KEY)
    assert "tokens" not in kept(tmp_path)
    fixed = visitor_of(season_store, tmp_path, {"demo": athlete_of(lived, garmin, door="login")}, lived.until)
    assert "key for Garmin" not in fixed.get("/settings").words
    assert fixed.post("/settings/garmin-key", key=KEY).status == 409
