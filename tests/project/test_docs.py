"""The pages say what the program does: its settings, its verbs, and links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daemon.cli.main import HIDDEN, VERBS
from daemon.jobs.operations import NEEDS_YOU
from rules.policy import settings

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs" / "rules.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAIR = re.compile(r"`([a-z][a-z_0-9]*\.[a-z_0-9]+)=([^`]*)`")
COMMAND = re.compile(r"(?:\.venv/bin/)?niggled ([a-z][a-z-]*)")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def plain(value: object) -> str:
    """One spelling for 2, 2.0, [Tue,Fri] and ("Tue", "Fri")."""
    if isinstance(value, tuple):
        return ",".join(plain(part) for part in value)
    try:
        return str(float(str(value)))
    except ValueError:
        return str(value)


def as_written(text: str) -> str:
    return ",".join(plain(part) for part in text.strip("[]").split(","))


def existing(page: Path) -> str:
    """The page without what is marked as planned: a block that begins with the word, and a line that holds it."""
    kept: list[str] = []
    planned = False
    for block in re.split(r"\n\s*\n", page.read_text(encoding="utf-8")):
        # An indented block belongs to the words before it.
        if not block.startswith("    "):
            planned = bool(re.match(r"Planned\b|\*\*[^*]*\(planned\)", block))
        if not planned:
            kept += [line for line in block.splitlines() if "(planned" not in line]
    return "\n".join(kept)


def commands(page: Path) -> set[str]:
    """Verbs of the commands on a page: in backticks, or alone on an indented line."""
    text = existing(page).replace(NEEDS_YOU, "")
    spans = re.findall(r"`([^`\n]+)`", text)
    lines = [line.strip().removeprefix("$ ") for line in text.splitlines() if line.startswith("    ")]
    return {found[1] for command in (*spans, *lines) if (found := COMMAND.match(command))}


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_every_default_in_the_rules_is_the_one_in_force() -> None:
    defaults = {setting.name: plain(setting.default) for setting in settings()}
    pairs = PAIR.findall(RULES.read_text(encoding="utf-8"))
    assert len(pairs) > 150
    wrong = [
        f"{name}={value}, in force: {defaults.get(name, 'no such setting')}"
        for name, value in pairs
        if defaults.get(name) != as_written(value)
    ]
    assert wrong == []


def test_every_setting_stands_in_the_rules() -> None:
    text = RULES.read_text(encoding="utf-8")
    missing = [
        setting.name
        for setting in settings()
        if f"`{setting.name}" not in text and f"`{setting.name.partition('.')[0]}.*`" not in text
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_verbs_that_exist(page: Path) -> None:
    assert commands(page) - VERBS.keys() == set()


def test_the_design_lists_every_verb() -> None:
    assert VERBS.keys() - HIDDEN - commands(ROOT / "docs" / "design.md") == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = page.parent / name if name else page
        assert other.exists(), f"{target} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", other.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{target}: no such heading"
