"""Signs of life: when a round counts as useful, what a dead-man switch hears of it, and what it does not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import StoppedClock
from fakes.receiver import SERVER_ERROR, Received, Receiver, slow

from connectors.errors import Broken, Unavailable
from connectors.life_sign import Sign, check, give, knows_more_than_success
from daemon.credentials import Secret
from daemon.life_signs import LifeSigns, Pings, pings_to
from daemon.paths import LAST_LOOK
from daemon.service import AthleteJobs, Jobs, Service
from daemon.store import outbox
from daemon.store.engine import Store
from daemon.store.errors import StoreError
from daemon.store.sources import SourceCondition, record_failure, record_pacing
from rules.outcome import Level, Message, MessageKind

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CHECK = "0b6f1c2e-9d1f-4f57-8f0a-6f0d6d3c5a11"


@dataclass
class Switch:
    """What was given to it, in order."""

    given: list[tuple[str, str]] = field(default_factory=list)
    rounds: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def give(self, sign: Sign, body: str, round_id: str) -> None:
        self.given.append((sign, body))
        self.rounds.append(round_id)
        if self.trouble is not None:
            raise self.trouble


@dataclass
class Watched:
    """A home with its life signs."""

    home: Path
    store: Store
    clock: StoppedClock
    switch: Switch
    pings: Pings
    signs: LifeSigns

    def round(
        self, failing: dict[str, datetime] | None = None, connected: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.signs.began()
        self.signs.ended(failing or {}, connected)
        self.pings.idle()

    @property
    def heard(self) -> list[str]:
        return [sign for sign, _ in self.switch.given]


@pytest.fixture
def watched(store: Store, tmp_path: Path) -> Watched:
    clock, switch = StoppedClock(NOON), Switch()
    pings = Pings(switch.give)
    return Watched(tmp_path, store, clock, switch, pings, LifeSigns(tmp_path, store, clock, pings))


def test_a_useful_round_is_a_start_and_a_success_with_one_number(watched: Watched) -> None:
    watched.round()
    assert watched.switch.given == [("start", ""), ("success", "")]
    assert len(set(watched.switch.rounds)) == 1
    assert (watched.home / LAST_LOOK).exists()


def test_rounds_are_signed_every_five_minutes(watched: Watched) -> None:
    for _ in range(11):
        watched.round()
        watched.clock.sleep(60)
    assert watched.heard == ["start", "success"] * 3
    assert len(set(watched.switch.rounds)) == 3


def test_a_clock_that_is_put_back_does_not_end_the_signs(watched: Watched) -> None:
    watched.round()
    watched.clock.at = NOON - timedelta(days=1)
    watched.round()
    assert watched.heard == ["start", "success"] * 2


def test_a_step_that_fails_keeps_the_success_back_and_after_an_hour_is_a_failure(watched: Watched) -> None:
    failing = {"the inbox of anna": NOON}
    watched.round(failing)
    assert watched.heard == ["start"], "too early to raise an alarm, too late to say that all is well"
    watched.clock.sleep(3600)
    watched.round(failing)
    assert watched.switch.given[-1] == ("fail", "the inbox: failing since 2026-03-01 12:00 UTC")
    watched.clock.sleep(300)
    watched.round()
    assert watched.heard[-1] == "success"


def source_fails(store: Store, athlete: str = "me") -> None:
    with store.session() as session:
        record_failure(
            session,
            athlete,
            "strava",
            NOON,
            SourceCondition.NEEDS_LOGIN,
            due_at=NOON,
            reason="Strava says no",
        )


def test_a_source_that_fails_counts_while_it_is_connected(watched: Watched) -> None:
    source_fails(watched.store)
    watched.clock.sleep(7200)
    watched.round(connected=(("me", "strava"),))
    assert watched.switch.given[-1] == ("fail", "strava: failing since 2026-03-01 12:00 UTC")
    watched.clock.sleep(300)
    watched.round(connected=(("me", "garmin"),))
    assert watched.heard[-1] == "success", "nobody asks Strava any more"


def test_a_source_that_only_waits_for_its_turn_is_well(watched: Watched) -> None:
    with watched.store.session() as session:
        record_pacing(
            session, "me", "strava", NOON, due_at=NOON, reason="used up", retry_at=None, answered=True
        )
    watched.round(connected=(("me", "strava"),))
    assert watched.heard == ["start", "success"]


def message(store: Store) -> None:
    one = Message(
        "load|1", MessageKind.LOAD, Level.WARN, "Knee?", "7 noted", NOON, NOON, NOON + timedelta(hours=12)
    )
    with store.session() as session:
        outbox.enqueue(session, "me", one, ["phone"], NOON)
        (claim,) = outbox.claim_due(session, "worker", NOON, timedelta(minutes=3))
        assert outbox.start_attempt(session, claim, NOON)
        outbox.mark_retry(session, claim, NOON, NOON + timedelta(hours=1), "phone: the server is down")


def test_a_message_that_does_not_get_out_counts_and_is_not_quoted(watched: Watched) -> None:
    message(watched.store)
    watched.round()
    assert watched.heard == ["start"]
    watched.clock.sleep(3600)
    watched.round()
    assert watched.switch.given[-1] == ("fail", "messages: failing since 2026-03-01 12:00 UTC")


def test_without_the_store_nothing_is_well(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise StoreError("The database cannot be reached.", "It is gone.", "Bring it back.")

    monkeypatch.setattr(watched.store, "reading", gone)
    watched.round()
    assert watched.heard == ["start"]
    assert not (watched.home / LAST_LOOK).exists()
    watched.clock.sleep(3600)
    watched.round()
    assert watched.switch.given[-1] == ("fail", "the store: failing since 2026-03-01 12:00 UTC")


def test_a_home_that_may_not_be_written_is_told_once(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    signs = LifeSigns(tmp_path / "gone", store, StoppedClock(NOON))
    for _ in range(3):
        signs.ended({}, ())
    assert [record.getMessage() for record in caplog.records] == [
        "The time of the last look cannot be noted: No such file or directory"
    ]


def test_what_breaks_while_signing_is_told_once_and_is_no_success(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(session: object, connected: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("daemon.life_signs.troubles", defect)
    for _ in range(3):
        watched.round()
        watched.clock.sleep(300)
    assert watched.heard == ["start"] * 3
    assert [record.getMessage() for record in caplog.records] == [
        "What is failing could not be found out (KeyError)"
    ]


def test_a_switch_out_of_reach_is_told_once_and_its_return_once(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watched.switch.trouble = Unavailable("The watch over life signs did not answer in time")
    for _ in range(3):
        watched.round()
        watched.clock.sleep(300)
    watched.switch.trouble = None
    watched.round()
    assert [record.getMessage() for record in caplog.records] == [
        "No life sign could be given: The watch over life signs did not answer in time",
        "Life signs are given again",
    ]


def test_a_switch_that_hangs_holds_up_nobody() -> None:
    answer = threading.Event()
    given: list[str] = []

    def hang(sign: Sign, body: str, round_id: str) -> None:
        given.append(sign)
        answer.wait(20)

    pings = Pings(hang)
    for _ in range(50):
        pings.put("success", "", "")
    answer.set()
    pings.idle()
    assert 1 <= len(given) <= 6, "what cannot be given any more is dropped"


def test_the_service_signs_its_ticks(store: Store, tmp_path: Path) -> None:
    clock, switch = StoppedClock(NOON), Switch()
    pings = Pings(switch.give)
    broken = False

    def assess(stop: threading.Event) -> None:
        if broken:
            raise OSError("no room")

    jobs = Jobs((AthleteJobs("me", lambda now: False),), assess, lambda stop: None)
    service = Service(clock, store, jobs, signs=LifeSigns(tmp_path, store, clock, pings))
    service.tick()
    service.glance()
    pings.idle()
    assert [sign for sign, _ in switch.given] == ["start", "success"]
    broken = True
    clock.sleep(300)
    service.tick()
    clock.sleep(3600)
    service.tick()
    pings.idle()
    assert switch.given[2:] == [
        ("start", ""),
        ("start", ""),
        ("fail", "the assessment: failing since 2026-03-01 12:05 UTC"),
    ]


class Endpoint(Receiver):
    """A dead-man switch: posts and gets are signs."""

    def handle_get(self, request: Any) -> None:
        self.received.append(Received(request.path, dict(request.headers.items()), b""))
        self.send(request, 200, b"OK", None)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as one:
        yield one


@pytest.mark.parametrize(
    ("url", "full"),
    [
        (f"https://hc-ping.com/{CHECK}", True),
        ("https://hc-ping.com/project-key/niggled", True),
        (f"https://watch.example.org/ping/{CHECK}", True),
        ("https://watch.example.org/ping/project-key/niggled", True),
        (f"https://watch.example.org/{CHECK}", True),
        ("https://kuma.example.org/api/push/AbC123?status=up&msg=OK&ping=", False),
        ("https://kuma.example.org/api/push/AbC123", False),
        ("https://example.org/ping", False),
    ],
)
def test_healthchecks_is_told_from_a_plain_address(url: str, full: bool) -> None:
    assert knows_more_than_success(url) is full


def test_healthchecks_hears_start_success_and_fail(endpoint: Endpoint) -> None:
    url = f"{endpoint.base_url}/ping/{CHECK}"
    for sign, body in (("start", ""), ("success", ""), ("fail", "strava: failing")):
        give(url, sign, body, "a-b-c")  # type: ignore[arg-type]
    assert [(one.path, one.body) for one in endpoint.received] == [
        (f"/ping/{CHECK}/start?rid=a-b-c", b""),
        (f"/ping/{CHECK}?rid=a-b-c", b""),
        (f"/ping/{CHECK}/fail?rid=a-b-c", b"strava: failing"),
    ]


def test_a_plain_address_hears_of_success_only(endpoint: Endpoint) -> None:
    url = f"{endpoint.base_url}/api/push/AbC123?status=up&msg=OK&ping="
    for sign in ("start", "success", "fail"):
        give(url, sign, "strava: failing", "a-b-c")  # type: ignore[arg-type]
    assert [one.path for one in endpoint.received] == ["/api/push/AbC123?status=up&msg=OK&ping="]


def test_a_long_body_is_cut_to_what_a_switch_takes(endpoint: Endpoint) -> None:
    give(f"{endpoint.base_url}/ping/{CHECK}", "fail", "x" * 50_000)
    assert len(endpoint.received[0].body) == 10_000


def test_a_refusal_keeps_the_address_to_itself(endpoint: Endpoint) -> None:
    endpoint.fail_next(SERVER_ERROR)
    with pytest.raises(Unavailable) as refusal:
        give(f"{endpoint.base_url}/ping/{CHECK}", "success")
    assert str(refusal.value) == "The watch over life signs answered with status 500"
    with pytest.raises(Unavailable) as refusal:
        give(f"http://127.0.0.1:1/ping/{CHECK}", "success")
    assert str(refusal.value) == "The watch over life signs could not be reached (ConnectionError)"


def test_an_address_that_hangs_is_given_up(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.life_sign.ANSWERS_WITHIN_S", 0.2)
    endpoint.fail_next(slow(2.0))
    with pytest.raises(Unavailable, match="did not answer in time"):
        give(f"{endpoint.base_url}/ping/{CHECK}", "success")


@pytest.mark.parametrize("url", ["hc-ping.com/abc", "ftp://hc-ping.com/abc", "https://", "https://a:b/c", ""])
def test_what_is_no_web_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Broken, match="ping_url is no web address") as refusal:
        check(url)
    assert "abc" not in str(refusal.value)


def test_an_address_that_cannot_be_had_stops_no_daemon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert pings_to(None) is None
    assert pings_to(Secret("file", str(tmp_path / "none"))) is None
    assert pings_to(Secret("plain", "nonsense")) is None
    assert [record.getMessage()[:45] for record in caplog.records] == [
        "No life signs are given: service.ping_url: th",
        "No life signs are given: service.ping_url: pi",
    ]
    assert pings_to(Secret("plain", f"https://hc-ping.com/{CHECK}")) is not None
