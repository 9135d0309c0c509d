"""GET /what-if: the verdict of `niggled check`, its picture, and nothing that can be typed breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from fakes.visitor import Visitor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.config import AthleteConfig
from daemon.jobs.assess import look
from daemon.store.answers import save_reply
from daemon.store.engine import Store
from daemon.store.tables import ACTIVITIES, CHECKPOINTS, FINDINGS, LOADS, SOURCE_RECORDS
from rules.facts import PainReply, ReplyKind, Runner
from rules.outcome import PainState
from rules.phrases import KM_PER_MILE
from rules.whatif import Planned, WhatIf, what_if
from rules.whatif_words import verdict_sentences, verdict_words
from rules.wording import BINDING_WORDS, finding_sentence

type Opens = Callable[[Store, dict[str, AthleteConfig]], Visitor]


def expected(visitor: Visitor, planned: Planned) -> WhatIf:
    now = visitor.clock.now()
    seen = look(visitor.store, visitor.athlete, now)
    return what_if(seen.state, seen.policy, now, planned)


def drawing(html: str, part: str) -> ElementTree.Element:
    begin = html.index(f'data-part="{part}"')
    found = re.search(r'<svg class="drawing".*?</svg>', html[begin:], re.S)
    assert found is not None
    return ElementTree.fromstring(found[0])  # noqa: S314


def values(html: str) -> dict[str, str]:
    """What the form would send."""
    return dict(re.findall(r'<input id="[^"]+" name="([^"]+)"[^>]* value="([^"]*)"', html))


@pytest.mark.parametrize(
    ("query", "planned"),
    [
        ("km=4", Planned(4.0)),
        ("km=14&descent=200&climb=150&fast=15", Planned(14.0, 200.0, 150.0, 15.0)),
        ("km=6,5", Planned(6.5)),
        ("km=+7+&descent=&fast=", Planned(7.0)),
        ("km=400&descent=20000&climb=20000&fast=600", Planned(400.0, 20_000.0, 20_000.0, 600.0)),
        ("km=0.1&climb=20000", Planned(0.1, climb_m=20_000.0)),
    ],
)
def test_the_page_says_word_for_word_what_check_says(visitor: Visitor, query: str, planned: Planned) -> None:
    found, seen = expected(visitor, planned), visitor.get(f"/what-if?{query}")
    assert seen.status == 200
    runner, now = visitor.athlete.runner, visitor.clock.now()
    assert verdict_words(found) in seen.words
    for sentence in verdict_sentences(found, runner, now):
        assert sentence in seen.words
    assert ("Afterwards you would read" in seen.words) == bool(found.findings)
    for finding in found.findings:
        assert finding_sentence(finding, runner) in seen.words


def test_the_binding_limit_is_named_and_moves_with_the_route(visitor: Visitor) -> None:
    flat, hilly = expected(visitor, Planned(14.0)), expected(visitor, Planned(14.0, 450.0, 0.0))
    assert flat.binding != hilly.binding
    for query, found in (("km=14", flat), ("km=14&descent=450", hilly)):
        words = visitor.get(f"/what-if?{query}").words
        assert f"up to {found.longest_km:.1f} km, set by {BINDING_WORDS[found.binding]}." in words


def test_without_a_question_it_begins_with_what_fits_flat_and_easy(visitor: Visitor) -> None:
    seen = visitor.get("/what-if")
    fits = look(visitor.store, visitor.athlete, visitor.clock.now()).assessment.budget.longest_run_km.flat
    assert values(seen.html) == {"km": f"{fits:g}", "descent": "0", "climb": "0", "fast": "0"}
    assert f"{fits:.1f} km fits" in seen.words


def test_the_picture_goes_from_nothing_to_what_was_asked_with_the_mark_where_it_ends(
    visitor: Visitor,
) -> None:
    found, seen = expected(visitor, Planned(20.0)), visitor.get("/what-if?km=20")
    assert found.longest_km is not None
    bar = drawing(seen.html, "bar")
    assert bar.attrib["aria-label"] == f"Asked: 20.0 km. {found.longest_km:.1f} km fits."
    paths = {one.attrib["class"]: one.attrib["d"] for one in bar.iter("path")}
    within = float(re.findall(r"h([\d.]+)", paths["accent"])[0])
    beyond = float(re.findall(r"h([\d.]+)", paths["sore"])[0])
    assert within / (within + beyond) == pytest.approx(found.longest_km / 20.0, abs=0.01)
    mark = float(re.findall(r"M([\d.]+)", paths["s-ink"])[0])
    assert mark == pytest.approx(within, abs=0.2)


def test_every_term_has_its_bar_and_stands_in_the_table(visitor: Visitor) -> None:
    found, seen = expected(visitor, Planned(12.0, 150.0)), visitor.get("/what-if?km=12&descent=150")
    label = drawing(seen.html, "why").attrib["aria-label"]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', seen.html)
    told = dict(rows)
    assert told["Asked"] == "12.0 km"
    for name, km in found.terms:
        words = BINDING_WORDS[name][:1].upper() + BINDING_WORDS[name][1:]
        amount = told.get(words) or told[f"{words} (sets it)"]
        assert float(amount.split()[0]) <= km
        assert words in label
    setting = [name for name in told if name.endswith("(sets it)")]
    assert [name.removesuffix(" (sets it)").lower() for name in setting] == [
        BINDING_WORDS[found.binding].lower()
    ]


def test_the_verdict_alone_comes_back_for_a_page_that_follows_a_slider(visitor: Visitor) -> None:
    part = visitor.get("/what-if?km=14&descent=200", X_Part="verdict")
    assert part.status == 200
    assert part.html.lstrip().startswith("<output")
    assert "<html" not in part.html
    assert 'aria-live="polite"' in part.html
    assert re.findall(r'data-part="(\w+)"', part.html) == ["words", "bar", "why"]
    whole = visitor.get("/what-if?km=14&descent=200").html
    assert re.findall(r'data-part="(\w+)"', whole) == ["words", "bar", "why"]
    for name in ("bar", "why"):
        assert ElementTree.tostring(drawing(part.html, name)) == ElementTree.tostring(drawing(whole, name))


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("km=abc", "Distance: Write a number, for example 12.5."),
        ("km=nan", "Distance: Write a number, for example 12.5."),
        ("km=inf", "Distance: Write a number, for example 12.5."),
        ("km=1e999", "Distance: Write a number, for example 12.5."),
        ("km=-3", "Distance: Write a number, for example 12.5."),
        ("km=٣", "Distance: Write a number, for example 12.5."),
        ("km=0", "Distance: At least 0.1 km."),
        ("km=401", "Distance: At most 400 km."),
        ("km=8&descent=20001", "Metres down: At most 20000 m."),
        ("km=8&fast=x", "Fast minutes: Write a number, for example 12.5."),
        ("km=99999999999999999999999999", "Distance: Write a number, for example 12.5."),
    ],
)
def test_what_is_no_number_is_said_beside_its_field_and_answered_with_400(
    visitor: Visitor, query: str, problem: str
) -> None:
    seen, part = visitor.get(f"/what-if?{query}"), visitor.get(f"/what-if?{query}", X_Part="verdict")
    assert (seen.status, part.status) == (400, 400)
    assert problem in seen.words
    assert problem in part.words
    assert seen.html.count('aria-invalid="true"') == 1
    assert "Afterwards" not in seen.words


def test_what_was_typed_is_shown_again_and_never_run(visitor: Visitor) -> None:
    seen = visitor.get('/what-if?km="><script>alert(1)</script>')
    assert seen.status == 400
    assert "<script>alert" not in seen.html


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.dictionaries(
        st.sampled_from(["km", "descent", "climb", "fast", "miles", "x"]),
        st.one_of(
            st.text(max_size=30),
            st.floats().map(str),
            st.decimals(allow_nan=True).map(str),
            st.integers().map(str),
        ),
    ),
    part=st.booleans(),
)
def test_nothing_that_can_be_asked_breaks_it(visitor: Visitor, asked: dict[str, str], part: bool) -> None:
    headers = {"X-Part": "verdict"} if part else {}
    answer = visitor.client.get("/what-if", query_string=asked, headers=headers, base_url="http://localhost")
    assert answer.status_code in (200, 400)


def test_a_red_knee_says_not_now_whatever_is_asked(visitor: Visitor) -> None:
    now = visitor.clock.now()
    with visitor.store.session() as session:
        save_reply(
            session,
            visitor.athlete.name,
            PainReply("bad", now - timedelta(minutes=1), ReplyKind.SPOT, score=9),
        )
    assert look(visitor.store, visitor.athlete, now).assessment.pain.overall is PainState.RED
    seen = visitor.get("/what-if?km=3")
    assert "Not now" in seen.words
    assert "No distance fits now, set by the knee's rest." in seen.words.replace("’", "'")
    assert "No running yet; walk or bike" in seen.words
    assert "0.0 km fits" in seen.words


def test_a_referred_runner_is_sent_to_a_clinician_first(visitor: Visitor) -> None:
    now = visitor.clock.now()
    with visitor.store.session() as session:
        save_reply(
            session,
            visitor.athlete.name,
            PainReply("lock", now - timedelta(minutes=1), ReplyKind.FLAG, flag="locked"),
        )
    words = visitor.get("/what-if?km=3").words
    assert "No distance fits now, set by a clinician's word to come." in words
    assert "until a clinician has seen it" in words


def test_before_anything_is_known_it_says_so(beginner: Visitor) -> None:
    seen = beginner.get("/what-if")
    assert seen.status == 200
    assert "Not known yet What fits is not known yet." in seen.words
    assert values(seen.html)["km"] == "5"
    assert "Still learning what is usual for you" in seen.words


def test_a_learner_has_a_distance_and_nothing_else(
    visitor: Visitor, opens: Opens, season_store: Store
) -> None:
    with season_store.session() as session:
        recent = visitor.clock.now() - timedelta(days=20)
        for table in (FINDINGS, LOADS, CHECKPOINTS):
            session.execute(sa.delete(table))
        old = sa.select(ACTIVITIES.c.id).where(ACTIVITIES.c.start < recent)
        session.execute(sa.delete(SOURCE_RECORDS).where(SOURCE_RECORDS.c.start < recent))
        session.execute(sa.delete(ACTIVITIES).where(ACTIVITIES.c.id.in_(old)))
    words = opens(season_store, {"demo": visitor.athlete}).get("/what-if?km=5&descent=100&fast=10").words
    assert "Still learning what is usual for you" in words
    assert "left this week" not in words
    assert "km fits" in words


def test_miles_are_asked_and_answered_in_miles(opens: Opens, season_store: Store, visitor: Visitor) -> None:
    athlete = visitor.athlete
    miles = replace(athlete, runner=replace(athlete.runner, miles=True))
    seen = opens(season_store, {"demo": miles}).get("/what-if?miles=9&descent=50")
    found = expected(visitor, Planned(9 * KM_PER_MILE, 50.0))
    assert "miles" in values(seen.html)
    runner = Runner(timezone=athlete.runner.timezone, miles=True)
    for sentence in verdict_sentences(found, runner, visitor.clock.now()):
        assert sentence in seen.words
    assert "9.0 mi" in seen.words
    assert " km" not in seen.words
    assert opens(season_store, {"demo": miles}).get("/what-if?miles=249").status == 400


def test_asking_writes_nothing(visitor: Visitor) -> None:
    def stored() -> list[object]:
        with visitor.store.reading() as session:
            return [
                session.execute(sa.select(sa.func.count()).select_from(table)).scalar()
                for table in (ACTIVITIES, FINDINGS, LOADS)
            ]

    before = stored()
    visitor.get("/what-if?km=30&descent=900&fast=60")
    assert stored() == before


def test_every_field_has_a_label_and_its_slider_a_name(visitor: Visitor) -> None:
    html = visitor.get("/what-if").html
    for name, label in (
        ("km", "Distance"),
        ("descent", "Metres down"),
        ("climb", "Metres up"),
        ("fast", "Fast minutes"),
    ):
        assert f'<label for="{name}">{label}</label>' in html
        assert re.search(rf'type="range"[^>]*data-of="{name}"[^>]*aria-label="{label}, slider" hidden', html)
    assert '<form class="card what-if-form" id="what-if" action="/what-if" method="get"' in html
