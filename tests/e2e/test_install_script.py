"""systemd/install.sh: what it lays out, what it would do, and what it leaves alone. Nothing of this machine is touched."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "systemd" / "install.sh"
UNITS = ("niggled.service", "niggled-backup.service", "niggled-backup.timer")


def install(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in a home of its own."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/home/anna", "LC_ALL": "C"}
    return subprocess.run(
        ["sh", str(SCRIPT), *arguments],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def laid_out(folder: Path, *arguments: str) -> str:
    done = install(folder, "--root", str(folder), *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(folder: Path) -> dict[str, int]:
    """Every file below `folder` with its mode."""
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file()
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def python(folder: Path, status: int) -> str:
    """A program that says whether it is a Python that will do."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def would_do(tmp_path: Path) -> str:
    """What a first installation as a service would do."""
    done = install(tmp_path, "--dry-run", "--python", python(tmp_path, 0))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["python3"]
    return done.stdout


def test_shellcheck_has_nothing_to_say() -> None:
    checker = shutil.which("shellcheck")
    if checker is None:
        if os.environ.get("NIGGLED_REQUIRE_REAL_PARTS"):
            pytest.fail("shellcheck is not installed")
        pytest.skip("shellcheck is not installed")
    done = subprocess.run([checker, "--shell=sh", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_service_is_laid_out_for_a_package(tmp_path: Path) -> None:
    laid_out(tmp_path)
    assert files(tmp_path) == {
        "etc/niggled/config.toml": 0o600,
        "etc/sysusers.d/niggled.conf": 0o644,
        "usr/local/bin/niggled": 0o755,
        **{f"etc/systemd/system/{unit}": 0o644 for unit in UNITS},
    }
    # The user may write its configuration, and not move the credentials, which are root's.
    assert mode(tmp_path / "etc/niggled") == 0o1770
    assert mode(tmp_path / "etc/niggled/credentials") == 0o700
    assert mode(tmp_path / "var/lib/niggled") == 0o700


def test_the_units_are_those_of_the_checkout(tmp_path: Path) -> None:
    laid_out(tmp_path)
    for unit in UNITS:
        assert (tmp_path / "etc/systemd/system" / unit).read_bytes() == (ROOT / "systemd" / unit).read_bytes()


def test_the_first_configuration_is_the_example(tmp_path: Path) -> None:
    laid_out(tmp_path)
    written = (tmp_path / "etc/niggled/config.toml").read_bytes()
    assert written == (ROOT / "config.example.toml").read_bytes()


def test_a_second_run_changes_nothing_of_yours(tmp_path: Path) -> None:
    laid_out(tmp_path)
    config = tmp_path / "etc/niggled/config.toml"
    config.write_text('[athletes.me]\nknee = "left"\n', encoding="utf-8")
    (tmp_path / "var/lib/niggled/niggled.db").write_bytes(b"runs")
    before = files(tmp_path)
    assert "config.toml stays as it is" in laid_out(tmp_path)
    assert files(tmp_path) == before
    assert "left" in config.read_text(encoding="utf-8")


def test_taking_it_away_keeps_data_and_configuration(tmp_path: Path) -> None:
    laid_out(tmp_path)
    (tmp_path / "var/lib/niggled/niggled.db").write_bytes(b"runs")
    told = laid_out(tmp_path, "--uninstall")
    assert "Kept: " in told
    assert set(files(tmp_path)) == {
        "etc/niggled/config.toml",
        "etc/sysusers.d/niggled.conf",
        "var/lib/niggled/niggled.db",
    }


def test_purging_leaves_nothing(tmp_path: Path) -> None:
    laid_out(tmp_path)
    drop_in = tmp_path / "etc/systemd/system/niggled.service.d/override.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nMemoryMax=1G\n", encoding="utf-8")
    laid_out(tmp_path, "--uninstall", "--purge")
    assert files(tmp_path) == {}


def test_taking_away_what_is_not_there_is_no_failure(tmp_path: Path) -> None:
    laid_out(tmp_path, "--uninstall", "--purge")
    assert files(tmp_path) == {}


def test_the_user_variant_stays_in_the_home(tmp_path: Path) -> None:
    laid_out(tmp_path, "--user")
    home = tmp_path / "home/anna"
    assert files(tmp_path) == {
        "home/anna/.config/niggled/config.toml": 0o600,
        "home/anna/.config/systemd/user/niggled.service": 0o644,
    }
    assert (home / ".local/bin/niggled").readlink() == Path("/home/anna/.local/lib/niggled/bin/niggled")
    assert mode(home / ".local/share/niggled") == 0o700
    laid_out(tmp_path, "--user", "--uninstall", "--purge")
    assert files(tmp_path) == {}


def test_a_dry_run_says_every_step_in_order(would_do: str) -> None:
    steps = (
        " -m venv /opt/niggled/env-",
        "--require-hashes",
        "--version",
        "/opt/niggled/bin/niggled",
        "systemd-sysusers",
        "/usr/local/bin/niggled",
        "-o niggled -g niggled /var/lib/niggled",
        "write /etc/systemd/system/niggled.service",
        "write /etc/niggled/config.toml (600)",
        "systemctl enable niggled.service",
        "systemctl restart niggled.service",
    )
    places = [would_do.find(step) for step in steps]
    assert -1 not in places, dict(zip(steps, places, strict=True))
    assert places == sorted(places)


def test_the_timer_is_left_to_whoever_wants_it(would_do: str) -> None:
    assert not re.search(r"enable.*timer", would_do)


def test_an_older_python_is_not_taken(tmp_path: Path) -> None:
    done = install(tmp_path, "--dry-run", "--python", python(tmp_path, 1))
    assert done.returncode == 1
    assert "is no Python of 3.12 or newer" in done.stderr


def test_starting_can_be_left_for_later(tmp_path: Path) -> None:
    done = install(tmp_path, "--dry-run", "--no-start", "--python", python(tmp_path, 0))
    assert "daemon-reload" in done.stdout
    assert "systemctl restart" not in done.stdout


def test_the_script_names_no_place_in_the_network() -> None:
    assert "://" not in SCRIPT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--purge"], 1, "--purge goes with --uninstall"),
        (["--root"], 1, "needs a value"),
        (["--now"], 2, "--dry-run"),
    ],
)
def test_a_wrong_word_does_nothing(tmp_path: Path, arguments: list[str], status: int, told: str) -> None:
    done = install(tmp_path, *arguments)
    assert (done.returncode, told in done.stderr) == (status, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may install")
def test_an_ordinary_user_is_told_what_to_type(tmp_path: Path) -> None:
    done = install(tmp_path)
    assert done.returncode == 1
    assert "sudo sh systemd/install.sh" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is told so")
def test_root_is_told_that_user_is_not_for_root(tmp_path: Path) -> None:
    done = install(tmp_path, "--user")
    assert done.returncode == 1
    assert "--user is for an ordinary user" in done.stderr
