"""A planned run in words: whether it fits, what sets that, and what is fine instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.assess import fold, judge
from rules.facts import Activity, Family, History, PainReply, ReplyKind, Runner
from rules.policy import Policy
from rules.whatif import Planned, Verdict, WhatIf, what_if
from rules.whatif_words import verdict_sentences, verdict_words
from rules.wording import BINDING_WORDS

NOW = datetime(2026, 6, 7, 9, tzinfo=UTC)
POLICY = Policy()


def run(days_ago: int, km: float = 8.0) -> Activity:
    return Activity(
        id=f"run-{days_ago}",
        family=Family.RUN,
        sport="run",
        start=NOW - timedelta(days=days_ago),
        distance_m=km * 1000,
        moving_s=km * 360,
        elapsed_s=km * 360,
        ascent_m=100.0,
        descent_m=100.0,
        source="files",
        device="watch",
    )


def said(days_ago: int, kind: ReplyKind, score: int) -> PainReply:
    return PainReply(f"{kind}-{days_ago}", NOW - timedelta(days=days_ago, hours=-2), kind, score=score)


SEASON = History(
    runner=Runner(timezone="UTC"),
    activities=tuple(run(days) for days in range(60, 1, -3)),
    replies=tuple(said(days, ReplyKind.DURING, 0) for days in range(60, 1, -3)),
)


def asked(history: History = SEASON, now: datetime = NOW, **planned: float) -> WhatIf:
    return what_if(fold(history, POLICY, now), POLICY, now, Planned(**planned))


def sentences(found: WhatIf, now: datetime = NOW, *, miles: bool = False) -> tuple[str, ...]:
    return verdict_sentences(found, Runner(timezone="UTC", miles=miles), now)


def test_a_run_that_fits_names_what_sets_how_far_it_may_go() -> None:
    found = asked(km=6.0)
    assert (found.verdict, found.over) == (Verdict.FITS, ())
    (sentence,) = sentences(found)
    assert (
        sentence
        == f"Fits: on such a route up to {found.longest_km:.1f} km, set by {BINDING_WORDS[found.binding]}."
    )


def test_the_terms_are_all_that_limits_it_and_the_shortest_is_the_one_that_binds() -> None:
    found = asked(km=6.0)
    assert [km for _, km in found.terms] == sorted(km for _, km in found.terms)
    assert found.terms[0] == (found.binding, found.longest_km)
    assert {name for name, _ in found.terms} == {"distance", "knee_load", "knee_load_peak"}
    hilly = asked(km=6.0, descent_m=400.0)
    assert dict(hilly.terms)["knee_load_peak"] < dict(found.terms)["knee_load_peak"]
    assert dict(hilly.terms)["distance"] == dict(found.terms)["distance"]


def test_a_run_too_long_says_by_how_much() -> None:
    found = asked(km=14.0)
    assert verdict_words(found) == "More than fits"
    assert "distance" in found.over
    first, *_, last = sentences(found)
    assert first.startswith(
        f"14.0 km is {14 - (found.longest_km or 0):.1f} km more than fits now: on such a route up to "
    )
    assert last.startswith("Next: up to ")


def test_only_too_much_downhill_or_speed_is_said_to_be_that() -> None:
    downhill = asked(km=5.0, descent_m=450.0)
    assert (downhill.over, verdict_words(downhill)) == (("descent",), "More downhill than fits")
    assert sentences(downhill)[0] == f"450 m down; {downhill.before.budget.descent_m} m are left this week."
    # What a summary says of speed is too little for a figure, so no minutes are left to pass.
    assert "fast" not in asked(km=5.0, fast_min=60.0).over


def test_the_day_after_a_run_it_fits_but_too_soon() -> None:
    just_run = replace(SEASON, activities=(*SEASON.activities, run(0, 2.0)))
    later = NOW + timedelta(hours=3)
    found = asked(just_run, later, km=2.0)
    assert (found.verdict, verdict_words(found)) == (Verdict.TOO_SOON, "Too soon")
    assert "Too soon: not before Monday." in sentences(found, later)


def test_a_red_knee_stops_every_distance_with_one_reason() -> None:
    sore = replace(SEASON, replies=(*SEASON.replies, said(1, ReplyKind.MORNING, 8)))
    found = asked(sore, km=3.0)
    assert (found.verdict, verdict_words(found)) == (Verdict.STOPPED, "Not now")
    assert sentences(found) == (
        "No distance fits now, set by the knee's rest.",
        "No running yet; walk or bike if it stays at 2 or less.",
    )


def test_before_anything_is_known_it_says_so() -> None:
    found = asked(History(runner=Runner(timezone="UTC")), km=5.0)
    assert (found.verdict, verdict_words(found), found.terms) == (Verdict.UNKNOWN, "Not known yet", ())
    assert sentences(found) == ("What fits is not known yet.",)


def test_miles_are_rounded_down_where_something_is_allowed() -> None:
    found = replace(asked(km=6.0), longest_km=9.9)
    assert sentences(found, miles=True)[0].startswith("Fits: on such a route up to 6.1 mi, set by ")


def test_a_week_that_is_full_is_said_to_be_full() -> None:
    found = asked(km=5.0)
    budget = replace(found.before.budget, week_km=0.0)
    full = replace(found, before=replace(found.before, budget=budget), over=("week",))
    assert verdict_words(full) == "More than the week"
    assert sentences(full)[0] == "Your week is full."


@pytest.mark.parametrize("km", [0.1, 3.0, 9.0, 400.0])
def test_what_is_known_already_need_not_be_judged_again(km: float) -> None:
    state = fold(SEASON, POLICY, NOW)
    planned = Planned(km, 50.0, 50.0, 5.0)
    before = judge(state, POLICY, NOW)
    assert what_if(state, POLICY, NOW, planned, before) == what_if(state, POLICY, NOW, planned)
