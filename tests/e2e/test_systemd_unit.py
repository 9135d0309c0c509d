"""The unit files, as systemd's own tools see them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
SYSTEM_UNITS = ("niggled.service", "niggled-backup.service", "niggled-backup.timer")
SERVICES = ("niggled.service", "niggled-backup.service")
EVERY_SERVICE = (*SERVICES, "user/niggled.service")
ANALYZE = shutil.which("systemd-analyze")
HIGHEST_EXPOSURE = 15
# What a user's own systemd cannot do, or does elsewhere than the command line looks.
ONLY_THE_SYSTEMS = (
    "User=",
    "StateDirectory=",
    "ConfigurationDirectory=",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "SecureBits=",
    "Private",
    "Protect",
    "DevicePolicy=",
    "ReadWritePaths=",
    "multi-user.target",
    "/opt/",
    "/etc/",
)


@pytest.fixture
def analyze() -> str:
    if ANALYZE is None:
        if os.environ.get("NIGGLED_REQUIRE_REAL_PARTS"):
            pytest.fail("systemd-analyze is not installed")
        pytest.skip("systemd-analyze is not installed")
    return ANALYZE


def lines(unit: str) -> list[str]:
    return (SYSTEMD / unit).read_text(encoding="utf-8").splitlines()


def settings(unit: str) -> list[str]:
    """The lines of a unit that set something, in their order."""
    return [line for line in lines(unit) if "=" in line and not line.startswith(("#", ";"))]


def installed(folder: Path, *units: str) -> list[str]:
    """The units, with a command that exists on this machine."""
    for unit in units:
        text = "\n".join(lines(unit)) + "\n"
        text = re.sub(r"^ExecStart=\S*niggled .*$", "ExecStart=/bin/sh", text, flags=re.MULTILINE)
        (folder / Path(unit).name).write_text(text, encoding="utf-8")
    return [str(folder / Path(unit).name) for unit in units]


def run(*command: str, runtime: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"XDG_RUNTIME_DIR": str(runtime)} if runtime else {})
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def about_niggled(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said of our units; a machine may have others that are worth a word."""
    return [line for line in (done.stdout + done.stderr).splitlines() if "niggled" in line]


def test_systemd_has_nothing_to_say_about_the_units_of_the_machine(analyze: str, tmp_path: Path) -> None:
    done = run(analyze, "verify", "--man=no", *installed(tmp_path, *SYSTEM_UNITS))
    assert about_niggled(done) == []
    assert done.returncode == 0


def test_systemd_has_nothing_to_say_about_the_unit_of_a_user(analyze: str, tmp_path: Path) -> None:
    units = installed(tmp_path, "user/niggled.service")
    done = run(analyze, "--user", "verify", "--man=no", *units, runtime=tmp_path)
    assert about_niggled(done) == []
    assert done.returncode == 0


def test_systemd_would_say_something_about_a_misspelt_line(analyze: str, tmp_path: Path) -> None:
    (unit,) = installed(tmp_path, "niggled.service")
    Path(unit).write_text(Path(unit).read_text(encoding="utf-8").replace("PrivateTmp", "PrivateTemp"))
    assert any("PrivateTemp" in line for line in about_niggled(run(analyze, "verify", "--man=no", unit)))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_of_the_machine_is_locked_down(analyze: str, tmp_path: Path, service: str) -> None:
    command = [analyze, "security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}", "--no-pager"]
    done = run(*command, *installed(tmp_path, service))
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


@pytest.mark.parametrize("service", EVERY_SERVICE)
def test_every_locking_line_says_when_to_relax_it(service: str) -> None:
    written = lines(service)
    first = next(
        number for number, line in enumerate(written) if line.startswith(("NoNewPriv", "ProtectHome"))
    )
    last = next(
        number for number, line in enumerate(written) if line == "[Install]" or number == len(written) - 1
    )
    told = ""
    for line in written[first - 1 : last]:
        if line.startswith("#"):
            told = line if line.startswith("# relax when ") else told
        elif line and "=" in line:
            assert told, f"{line} has no reason above it"


def test_the_unit_of_a_user_asks_for_nothing_that_only_root_may_give() -> None:
    found = [
        line for line in settings("user/niggled.service") if any(word in line for word in ONLY_THE_SYSTEMS)
    ]
    assert found == []


@pytest.mark.parametrize("service", ["niggled.service", "user/niggled.service"])
def test_the_daemon_is_watched_and_comes_back(service: str) -> None:
    said = settings(service)
    assert {"Type=notify", "WatchdogSec=120s", "Restart=on-failure"} <= set(said)
    # However long a disk stays full.
    assert "StartLimitIntervalSec=0" in said


@pytest.mark.parametrize("service", ["niggled.service", "user/niggled.service"])
def test_a_wrong_configuration_does_not_loop(service: str) -> None:
    assert "RestartPreventExitStatus=78" in settings(service)


def test_a_missed_backup_is_made_up_for() -> None:
    assert {"Persistent=true", "RandomizedDelaySec=10m"} <= set(settings("niggled-backup.timer"))


def test_no_line_of_the_units_leaves_the_data_to_others() -> None:
    for service in SERVICES:
        assert {"User=niggled", "UMask=0077", "StateDirectoryMode=0700"} <= set(settings(service))
