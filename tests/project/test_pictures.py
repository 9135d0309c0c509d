"""The drawn pictures of the docs are what their scripts draw."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_picture_of_the_readme_is_in_step() -> None:
    drawn = runpy.run_path(str(DOCS / "draw_readme.py"))["draw"]()
    assert (DOCS / "readme.svg").read_text(encoding="utf-8") == drawn


def test_the_message_in_the_readme_is_the_one_on_the_picture() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8").replace("\n> ", " ")
    message = " ".join(runpy.run_path(str(DOCS / "draw_readme.py"))["MESSAGE"])
    assert f"**Long run** {message}" in readme
