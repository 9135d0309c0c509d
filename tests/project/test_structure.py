"""The promises about the project's own shape."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("daemon", "connectors", "rules")
IMPURE = {
    "os",
    "io",
    "pathlib",
    "logging",
    "random",
    "socket",
    "subprocess",
    "threading",
    "time",
    "tempfile",
    "secrets",
    "shutil",
}


def imported_modules(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def clock_calls(path: Path) -> list[str]:
    return re.findall(
        r"\b(?:datetime|date)\.(?:now|today|utcnow)\(|\bopen\(|\bprint\(", path.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("path", sorted((ROOT / "rules").rglob("*.py")), ids=lambda p: p.name)
def test_rules_are_pure(path: Path) -> None:
    for module in imported_modules(path):
        top = module.partition(".")[0]
        assert top == "rules" or top in sys.stdlib_module_names, f"{path.name} imports {module}"
        assert top not in IMPURE, (
            f"{path.name} imports {module}: rules do no I/O, read no clock and roll no dice"
        )
    assert clock_calls(path) == []


def test_no_locked_dependency_ships_a_package_with_one_of_our_names() -> None:
    for distribution in distributions():
        if distribution.metadata["Name"] == "niggled":
            continue
        for file in distribution.files or ():
            assert file.parts[0] not in PACKAGES, f"{distribution.metadata['Name']} ships {file}"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"])
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index-url|--find-links|file:", text)
    pins = re.findall(r"^[a-z0-9][\w.-]*==\S+", text, re.MULTILINE)
    assert pins
    assert text.count("--hash=sha256:") >= len(pins)


def test_every_declared_dependency_is_locked_within_its_bounds() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["postgres"]
    dev = [line for line in project["dependency-groups"]["dev"] if isinstance(line, str)]
    for lock, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", runtime + dev)):
        pinned = dict(
            re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
        )
        for requirement in map(Requirement, wanted):
            version = pinned.get(requirement.name.lower())
            assert version, f"{requirement.name} is not in {lock}: run `make locks`"
            assert version in requirement.specifier, (
                f"{lock} pins {requirement.name} {version}: run `make locks`"
            )


def test_an_installation_keeps_what_it_runs_with_and_no_build_tools() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    known = {canonicalize_name(one.metadata["Name"]): one for one in distributions()}
    needed, waiting = set(), [("niggled", "postgres")]
    while waiting:
        name, extra = waiting.pop()
        for line in known[name].requires or ():
            requirement = Requirement(line)
            wanted = canonicalize_name(requirement.name)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
                continue
            if wanted in known and wanted not in needed:
                needed.add(wanted)
                waiting += [(wanted, one) for one in requirement.extras or {""}]
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE))
    surplus = " ".join(sorted(locked & known.keys() - needed))
    assert f"build_tools='{surplus}'\n" in (ROOT / "systemd" / "install.sh").read_text(encoding="utf-8")
    assert f" {surplus} pip " in (ROOT / "Containerfile").read_text(encoding="utf-8")


def test_the_project_speaks_of_itself_alone() -> None:
    forbidden = re.compile("/" + "work/|/" + r"root/|pypi\.org|files\.pythonhosted", re.IGNORECASE)
    for path in ROOT.rglob("*"):
        if path.is_file() and not any(
            p in {".git", ".venv", ".build", ".venv-bench"}
            or p.endswith("_cache")
            or p in {"__pycache__", ".hypothesis"}
            for p in path.relative_to(ROOT).parts
        ):
            assert not forbidden.search(path.read_text(encoding="utf-8", errors="ignore")), path


def test_files_stay_small() -> None:
    sizes = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert {str(path): lines for path, lines in sizes.items() if lines > 400} == {}
