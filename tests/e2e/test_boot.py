"""A machine of its own: Debian in a folder, booted by systemd-nspawn, niggled installed in it by its own script.

Opt-in (`make boot`): needs root, debootstrap, systemd-nspawn, and the package servers of Debian and Python.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.boot

ROOT = Path(__file__).resolve().parents[2]
# The first Debian whose own Python is new enough.
RELEASE = "trixie"
PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates,sudo,python3,python3-venv"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "dist")
INSTALL = "sh /src/systemd/install.sh"
WATCHDOG_S = 120
RESTART_S = 30


@dataclass
class Machine:
    """A booted Debian. `leader` is its first process, seen from here."""

    leader: int

    def run(self, command: str, *, may_fail: bool = False) -> str:
        """What a shell in the machine prints."""
        settings = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
        done = subprocess.run(
            ["nsenter", f"--target={self.leader}", "--all", "env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin",
             "HOME=/root", "LC_ALL=C.UTF-8", *settings, "sh", "-c", command],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert may_fail or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def shown(self, name: str) -> str:
        """A property of the service."""
        return self.run(f"systemctl show niggled --property={name} --value").strip()

    def journal(self) -> str:
        return self.run("journalctl --unit niggled --output cat --no-pager")

    def wait(self, what: str, seconds: float, command: str) -> None:
        until = time.monotonic() + seconds
        while subprocess.run(
            ["nsenter", f"--target={self.leader}", "--all", "sh", "-c", command],
            capture_output=True,
            check=False,
        ).returncode:
            assert time.monotonic() < until, f"{what} did not happen within {seconds:.0f} s"
            time.sleep(1)


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if "boot" not in request.config.option.markexpr:
        pytest.skip("takes minutes and package servers: `make boot`")
    missing = [tool for tool in ("debootstrap", "systemd-nspawn", "nsenter") if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root, and {' and '.join(missing) or 'nothing else'}")
    folder = tmp_path_factory.mktemp("machine") / "root"
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-2000:]
    shutil.copytree(ROOT, folder / "src", ignore=NOT_COPIED)
    with booted(folder) as leader:
        machine = Machine(leader)
        machine.wait("the boot", 60, "systemctl is-system-running --quiet")
        machine.run("useradd --create-home anna")
        machine.run(INSTALL)
        yield machine


@contextmanager
def booted(folder: Path) -> Iterator[int]:
    command = [
        "systemd-nspawn",
        f"--directory={folder}",
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        "--boot",
    ]
    command += ["--resolv-conf=copy-host", f"--bind-ro={CERTIFICATES}"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        until = time.monotonic() + 30
        while not (found := children.read_text().split()):
            assert process.poll() is None, (process.stderr or open(os.devnull, "rb")).read()  # noqa: PTH123, SIM115
            assert time.monotonic() < until, "nothing was booted"
            time.sleep(0.2)
        yield int(found[0])
    finally:
        # systemd-nspawn turns this into an orderly power-off.
        process.terminate()
        process.wait(timeout=120)


def test_the_daemon_is_ready_and_says_what_it_does(machine: Machine) -> None:
    machine.wait("the first look", 60, "systemctl status niggled | grep -q 'Last look'")
    assert machine.shown("ActiveState") == "active"
    assert machine.shown("User") == "niggled"
    assert machine.run("stat --format '%a %U' /var/lib/niggled").strip() == "700 niggled"
    assert "OK" in machine.run("systemd-analyze security niggled.service --no-pager | tail -1")


def test_the_command_line_reaches_the_state_of_the_daemon(machine: Machine) -> None:
    machine.wait("the first look", 60, "test -e /var/lib/niggled/last-look")
    assert "The daemon's last look was" in machine.run("niggled health")
    assert "sudo niggled status" in machine.run("setpriv --reuid=anna niggled status", may_fail=True)
    owners = machine.run("find /var/lib/niggled -not -user niggled")
    assert owners == ""


def test_a_second_installation_changes_nothing(machine: Machine) -> None:
    before = machine.run("sha256sum /etc/niggled/config.toml /etc/systemd/system/niggled*; ls /opt/niggled")
    assert "is up to date" in machine.run(INSTALL)
    after = machine.run("sha256sum /etc/niggled/config.toml /etc/systemd/system/niggled*; ls /opt/niggled")
    assert after == before


def test_a_credential_is_readable_for_the_service_alone(machine: Machine) -> None:
    machine.run("umask 077; printf topic-of-22-letters-here > /etc/niggled/credentials/phone")
    machine.run(
        "mkdir -p /etc/systemd/system/niggled.service.d; printf '[Service]\\n"
        "LoadCredential=phone:/etc/niggled/credentials/phone\\n' > /etc/systemd/system/niggled.service.d/phone.conf"
    )
    machine.run(
        'printf \'[athletes.me.channels.phone]\\nkind = "ntfy"\\ntopic = { credential = "phone" }\\n'
        'server = "http://127.0.0.1:9"\\n\' >> /etc/niggled/config.toml'
    )
    machine.run("systemctl daemon-reload; systemctl restart niggled")
    # It was found: what fails is the server, which is none.
    assert "phone (ntfy) could not be reached" in machine.run("niggled test-alert", may_fail=True)
    read = "cat /run/credentials/niggled.service/phone"
    assert "Permission denied" in machine.run(f"setpriv --reuid=anna --clear-groups {read}", may_fail=True)


def test_a_reload_with_a_wrong_configuration_keeps_the_old_one(machine: Machine) -> None:
    machine.run(
        "cp --preserve /etc/niggled/config.toml /tmp/good; echo 'knee = ' >> /etc/niggled/config.toml"
    )
    machine.run("systemctl reload niggled")
    machine.wait("the refusal", 10, "journalctl --unit niggled | grep -q 'the old one stays'")
    assert machine.shown("ActiveState") == "active"
    machine.run("cat /tmp/good > /etc/niggled/config.toml; systemctl reload niggled")
    machine.wait("the reload", 10, "journalctl --unit niggled | grep -q 'Configuration read again'")


def test_a_start_with_a_wrong_configuration_is_not_tried_again(machine: Machine) -> None:
    machine.run("echo 'knee = ' >> /etc/niggled/config.toml; systemctl restart niggled", may_fail=True)
    assert (machine.shown("ActiveState"), machine.shown("ExecMainStatus")) == ("failed", "78")
    machine.run("cat /tmp/good > /etc/niggled/config.toml; systemctl start niggled")
    assert machine.shown("ActiveState") == "active"


def test_the_daily_backup_is_made_while_the_daemon_is_down(machine: Machine) -> None:
    machine.run(
        "systemctl stop niggled; rm -rf /var/lib/niggled/backups; systemctl start niggled-backup.service"
    )
    assert "niggled-" in machine.run("ls /var/lib/niggled/backups; systemctl start niggled")


def test_a_daemon_that_hangs_is_killed_and_comes_back(machine: Machine) -> None:
    pid = machine.shown("MainPID")
    machine.run(f"kill -STOP {pid}")
    machine.wait("the watchdog", WATCHDOG_S + RESTART_S + 30, f"! test -d /proc/{pid}")
    machine.wait("the restart", RESTART_S + 30, "systemctl is-active --quiet niggled")
    assert machine.shown("MainPID") != pid
    assert "Failed with result 'watchdog'" in machine.journal()


def test_it_goes_without_a_trace_when_it_is_purged(machine: Machine) -> None:
    assert "Kept: " in machine.run(f"{INSTALL} --uninstall")
    assert "config.toml" in machine.run("ls /etc/niggled")
    machine.run(f"{INSTALL} --uninstall --purge")
    assert machine.run("find / -xdev -name '*niggled*' -not -path '/src/*' -not -path '/proc/*'") == ""
    assert "no such user" in machine.run("id niggled", may_fail=True)
