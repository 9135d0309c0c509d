"""Warning a little later is offered after enough warnings without a flare, and taken back after one."""

from __future__ import annotations

from datetime import timedelta

from fakes.talk import POLICY, at

from rules.adaptation import accepted_at, adapted_sentence, flare_times, offer_due, relaxed, withdrawn
from rules.facts import Adaptation, Runner
from rules.outcome import Finding, Level

ALERTS = tuple(at("12:00", 14 * number) for number in range(12))
MORNINGS = tuple(alert + timedelta(hours=20) for alert in ALERTS)
NOW = at("12:00", 200)


def test_twelve_answered_warnings_without_a_flare_earn_the_offer() -> None:
    assert offer_due(ALERTS, MORNINGS, (), POLICY, NOW)
    assert not offer_due(ALERTS[1:], MORNINGS, (), POLICY, NOW)


def test_a_warning_without_a_morning_answer_does_not_count() -> None:
    assert not offer_due(ALERTS, MORNINGS[1:], (), POLICY, NOW)


def test_a_flare_within_36_hours_of_a_warning_forbids_it() -> None:
    assert not offer_due(ALERTS, MORNINGS, (ALERTS[5] + timedelta(hours=36),), POLICY, NOW)
    assert offer_due(ALERTS, MORNINGS, (ALERTS[5] + timedelta(hours=37),), POLICY, NOW)


def test_warnings_of_more_than_two_years_ago_are_forgotten() -> None:
    assert not offer_due(ALERTS, MORNINGS, (), POLICY, at("12:01", 730))


def test_the_excess_of_every_ratio_grows_by_a_tenth() -> None:
    wider = relaxed(POLICY)
    assert wider.r1.ratio == 1.11
    assert (wider.r2.note, wider.r2.warn_k3, wider.r2.warn_k1) == (1.11, 1.33, 1.11)
    assert (wider.r4.note, wider.r4.warn, wider.r5.warn, wider.r6.ratio) == (1.11, 1.33, 1.55, 1.55)
    assert (wider.r10.note, wider.r10.warn) == (1.275, 1.55)
    assert (wider.r3, wider.r9) == (POLICY.r3, POLICY.r9)


def test_a_later_flare_after_a_warning_takes_it_back() -> None:
    accepted = at("12:00", 180)
    later = at("12:00", 190)
    assert withdrawn(accepted, (*ALERTS, later), (later + timedelta(hours=20),))
    assert not withdrawn(accepted, ALERTS, (ALERTS[-1] + timedelta(hours=20),))


def test_the_last_answer_counts_until_a_flare_takes_it_back() -> None:
    yes, no = Adaptation(at("12:00", 180), True), Adaptation(at("12:00", 185), False)
    later = at("12:00", 190)
    assert accepted_at((), ALERTS, ()) is None
    assert accepted_at((yes,), ALERTS, ()) == yes.at
    assert accepted_at((yes, no), ALERTS, ()) is None
    assert accepted_at((no, yes), (*ALERTS, later), (later + timedelta(hours=20),)) is None


def test_a_flare_is_a_morning_two_above_or_soreness_beyond_a_day() -> None:
    def finding(rule: str, **numbers: float) -> Finding:
        return Finding(rule, Level.WARN, "date:x", at("07:30"), numbers)

    assert flare_times([finding("P3", above=2), finding("P4", hours=25)]) == [at("07:30")] * 2
    assert flare_times([finding("P3", above=1, morning=4), finding("P1", pain=4)]) == []


def test_status_says_since_when() -> None:
    assert adapted_sentence(at("12:00"), Runner(), at("12:00", 10)) == (
        "Adapted since 8 June: warnings come a little later, until one is followed by a sore morning."
    )
