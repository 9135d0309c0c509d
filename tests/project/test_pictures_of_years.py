"""The pictures of docs/years.md show what the rules say today."""

from __future__ import annotations

import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["years-obeying.svg", "years-disobeying.svg"])
def test_the_picture_of_a_year_is_what_the_script_draws(name: str) -> None:
    drawn = runpy.run_path(str(DOCS / "draw_years.py"))["PICTURES"][name]()
    kept = (DOCS / name).read_bytes()
    assert kept == drawn.encode(), "run `python docs/draw_years.py`, look at the picture, and keep both"
    assert ElementTree.fromstring(drawn).tag.endswith("svg")  # noqa: S314
