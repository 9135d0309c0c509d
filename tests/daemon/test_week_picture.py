"""The picture of the week: what it shows, as SVG text and as PNG."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from xml.etree import ElementTree

import pytest
from fakes import png
from fakes.weeks import eight_weeks, first_week, graded

from daemon.pictures.png import FONTS, png_of
from daemon.pictures.week_svg import EDGE, WIDTH, draw
from daemon.pictures.week_words import described
from rules.facts import Grade
from rules.week_view import Knee, WeekView

SVG = "{http://www.w3.org/2000/svg}"
WIDEST_DIGIT = 0.7 * 24
"""Bold DejaVu Sans, 24 units high."""
LEAST_ON_A_PHONE = 13 * WIDTH / 358
"""13 pixels on a page of 390 with margins of 16."""


def drawn(view: WeekView) -> ElementTree.Element:
    return ElementTree.fromstring(draw(view))  # noqa: S314


def texts(view: WeekView) -> list[str]:
    return [one.text or "" for one in drawn(view).iter(f"{SVG}text")]


def shapes(view: WeekView, kind: str) -> int:
    return sum(1 for one in drawn(view).iter() if kind in (one.get("class") or "").split())


def test_the_picture_says_its_numbers() -> None:
    told = texts(eight_weeks())
    for number in ("22", "31", "≤33", "210", "340", "1/2", "2/2", "6.1", "13.0", "0", "4", "7"):
        assert number in told, number
    assert told.index("Kilometres a week") < told.index("Metres down a week") < told.index("Sun")
    assert [one for one in told if one in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")] == [
        "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
    ]  # fmt: skip


def test_a_runner_in_miles_reads_miles_and_metres_of_hills() -> None:
    told = texts(eight_weeks(miles=True))
    assert "Miles a week" in told
    assert "Week 24: mi, and the knee" in told
    assert {"19", "≤21", "8.1", "340"} <= set(told)
    assert "31" not in told


def test_a_day_without_an_answer_is_a_dash_and_not_a_zero() -> None:
    silent = eight_weeks()
    days = list(silent.days)
    days[-7:] = [replace(day, knee=None) for day in days[-7:]]
    silent = replace(silent, days=tuple(days))
    assert shapes(silent, "fine") == 0
    assert "Knee, worst of each day" not in texts(silent)
    # The seven days, the week without terrain and the two before the first session.
    assert texts(silent).count("–") == 7 + 1 + 2


def test_how_bad_the_knee_was_is_told_by_shape_as_well_as_colour() -> None:
    kinds = {
        grade: next(
            one.tag.removeprefix(SVG) + str(len((one.get("points") or "").split()))
            for one in drawn(with_knee(Knee(grade))).iter()
            if name in (one.get("class") or "").split()
        )
        for grade, name in ((Grade.GREEN, "fine"), (Grade.AMBER, "sore"), (Grade.RED, "bad"))
    }
    assert kinds == {Grade.GREEN: "circle0", Grade.AMBER: "polygon4", Grade.RED: "polygon4"}
    sore, bad = draw(with_knee(graded(4))), draw(with_knee(graded(9)))
    outline = re.compile(r'<polygon class="(?:sore|bad)" points="(\S+),\S+ (\S+),')
    turned, upright = outline.search(sore), outline.search(bad)
    assert turned is not None
    assert upright is not None
    assert turned[1] != upright[1], "a diamond stands on its point, a square does not"


def with_knee(knee: Knee) -> WeekView:
    view = eight_weeks()
    return replace(
        view, days=(*(replace(day, knee=None) for day in view.days[:-1]), replace(view.days[-1], knee=knee))
    )


def test_a_button_is_shown_as_its_word_and_a_hollow_mark() -> None:
    view = with_knee(Knee(Grade.AMBER))
    assert "sore" in texts(view)
    assert shapes(view, "hollow") == 1
    assert shapes(with_knee(graded(4)), "hollow") == 0


def test_a_warning_has_a_mark_of_its_own_with_a_word() -> None:
    assert shapes(eight_weeks(), "warned") == 2
    assert "warned" in texts(eight_weeks())
    calm = replace(eight_weeks(), days=tuple(replace(day, warned=False) for day in eight_weeks().days))
    assert shapes(calm, "warned") == 0
    assert "warned" not in texts(calm)


def test_the_first_week_of_all_has_no_empty_charts() -> None:
    told = texts(first_week())
    assert "6" in told
    assert not {
        "Metres down a week",
        "Strength sessions a week",
        "Knee, worst of each day",
        "usual",
        "next",
    } & {*told}


@pytest.mark.parametrize("view", [eight_weeks(), eight_weeks(miles=True), first_week()])
def test_no_text_is_cut_or_too_small_for_a_phone(view: WeekView) -> None:
    picture = drawn(view)
    height = float((picture.get("viewBox") or "").split()[3])
    size = float(re.findall(r"text \{ font: (\d+)px", draw(view))[0])
    assert size >= LEAST_ON_A_PHONE
    assert "font-size" not in draw(view)
    for one in picture.iter(f"{SVG}text"):
        x, y, width = float(one.get("x") or 0), float(one.get("y") or 0), len(one.text or "") * WIDEST_DIGIT
        left = {"start": x, "middle": x - width / 2, "end": x - width}[one.get("text-anchor") or ""]
        assert left >= 0, one.text
        assert left + width <= WIDTH, one.text
        assert size <= y <= height - EDGE / 3, one.text


def test_hundreds_of_kilometres_and_ten_thousand_metres_fit_their_columns() -> None:
    view = eight_weeks()
    vast = replace(view.week, km=312.0, usual_km=288.0, descent_m=12_920.0, usual_descent_m=9_000.0)
    told = texts(replace(view, weeks=(*view.weeks[:-1], vast)))
    assert {"312", "13k"} <= set(told)


def test_the_words_for_the_picture_say_its_numbers() -> None:
    assert described(eight_weeks()) == (
        "Week 24: 31 km, usual 28. 340 m down, usual 299. Strength 2 of 2. "
        "Runs: Tue 6.1, Thu 6.0, Sat 6.1, Sun 13.0 (warned). Knee: Mon 1, Tue 0, Thu 1, Fri 0, Sat 4, Sun 7. "
        "Weeks before: 22, 25, 24, 28, 28, 26, 28 km. Next week: up to 33 km."
    )
    assert described(first_week()) == "Week 24: 6 km. Runs: Tue 6.1. No answer about the knee."


def test_the_png_is_twice_as_wide_as_it_is_shown_and_not_blank() -> None:
    picture = png_of(draw(eight_weeks()), 2 * WIDTH)
    height = int((drawn(eight_weeks()).get("viewBox") or "").split()[3])
    assert png.size(picture) == (2 * WIDTH, 2 * height)
    assert png.variety(picture) > height / 2
    blank = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"/>'
    assert png.variety(png_of(blank, 2 * WIDTH)) == 0
    assert len(picture) < 200_000


def test_the_text_of_the_png_is_drawn_with_our_own_fonts() -> None:
    word = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 60"><style>text {{ font: 24px %s }}</style>'
    word += '<text x="20" y="40">≤33 – 7½ ▲</text></svg>'
    assert png.variety(png_of(word % "'DejaVu Sans'", WIDTH)) > 10
    folder = files("daemon.pictures") / "fonts"
    assert sum(len((folder / font).read_bytes()) for font in FONTS) < 100_000
    assert "Bitstream Vera" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_the_same_week_is_drawn_the_same_every_time() -> None:
    assert draw(eight_weeks()) == draw(eight_weeks())
    assert png_of(draw(eight_weeks()), WIDTH) == png_of(draw(eight_weeks()), WIDTH)
