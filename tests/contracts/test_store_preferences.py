"""What the runner sets over the configuration: quiet hours and mutes, of each athlete alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fakes.source_records import MONDAY

from daemon.store.engine import Store
from daemon.store.preferences import Mute, mute, mutes, quiet_hours, set_quiet_hours, unmute

DAY = timedelta(days=1)


def muted(store: Store, athlete: str = "me", at: datetime = MONDAY) -> tuple[Mute, ...]:
    with store.reading() as session:
        return mutes(session, athlete, at)


def window(store: Store, athlete: str = "me") -> str | None:
    with store.reading() as session:
        return quiet_hours(session, athlete)


def test_without_a_word_the_configuration_holds(store: Store) -> None:
    assert window(store) is None
    assert muted(store) == ()


def test_the_last_quiet_hours_count_and_can_be_taken_back(store: Store) -> None:
    for chosen in ("21:00-06:30", "23:00-08:00"):
        with store.session() as session:
            set_quiet_hours(session, "me", chosen, MONDAY)
            assert quiet_hours(session, "me") == chosen
    assert window(store) == "23:00-08:00"
    assert window(store, "anna") is None
    with store.session() as session:
        set_quiet_hours(session, "me", None, MONDAY + DAY)
    assert window(store) is None


def test_a_mute_holds_until_its_end_or_until_it_is_taken_back(store: Store) -> None:
    with store.session() as session:
        mute(session, "me", "rule:R3", MONDAY + DAY, MONDAY)
        mute(session, "me", "kind:nudge", None, MONDAY)
    assert muted(store) == (Mute("kind:nudge"), Mute("rule:R3", MONDAY + DAY))
    assert muted(store, at=MONDAY + DAY) == (Mute("kind:nudge"),)
    assert muted(store, "anna") == ()
    with store.session() as session:
        mute(session, "me", "rule:R3", MONDAY + 9 * DAY, MONDAY + 2 * DAY)
        unmute(session, "me", "kind:nudge")
        unmute(session, "me", "kind:digest")
    assert muted(store, at=MONDAY + 2 * DAY) == (Mute("rule:R3", MONDAY + 9 * DAY),)


def test_taking_back_mutes_leaves_the_quiet_hours(store: Store) -> None:
    with store.session() as session:
        set_quiet_hours(session, "me", "21:00-06:30", MONDAY)
        mute(session, "me", "kind:nudge", None, MONDAY)
        unmute(session, "me", "kind:nudge")
    assert (window(store), muted(store)) == ("21:00-06:30", ())


@pytest.mark.parametrize(
    "subject",
    ["kind:stop", "kind:refer", "kind:emergency", "kind:operations", "kind:load", "rule:P6", "nudge", ""],
)
def test_what_may_not_be_muted_is_refused(store: Store, subject: str) -> None:
    with store.session() as session, pytest.raises(ValueError, match="cannot be muted"):
        mute(session, "me", subject, None, MONDAY)
    assert muted(store) == ()
