"""A record that makes no sense for a while: shown as long as it is so, and no longer."""

from __future__ import annotations

from datetime import UTC, datetime

from fakes.clock import StoppedClock
from fakes.scripted_source import ScriptedAccount, Watcher

from daemon.config import AthleteConfig
from daemon.store.engine import Store
from daemon.store.sources import list_set_aside

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def test_a_known_record_that_was_odd_for_a_while_is_not_shown_as_unreadable_for_ever(
    store: Store, athlete: AthleteConfig
) -> None:
    clock = StoppedClock(NOW)
    account = ScriptedAccount(clock=clock)
    watcher = Watcher(store, athlete, account)

    def aside() -> list[str]:
        with store.reading() as session:
            return [one.origin for one in list_set_aside(session, "me")]

    account.weeks_of_runs(3, NOW)
    watcher.look(scheduled=False)
    account.unreadable = dict.fromkeys(("1002", "1004"), "the field start_date is missing")
    clock.sleep(60)
    watcher.look(scheduled=False)
    del account.unreadable["1002"]
    clock.sleep(60)
    watcher.look(scheduled=False)
    assert aside() == ["Strava activity 1004"]
    account.unreadable = {}
    clock.sleep(60)
    watcher.look()
    assert aside() == ["Strava activity 1004"], "a look that lists nothing of that time knows nothing of it"
    watcher.look(scheduled=False)
    assert aside() == []
