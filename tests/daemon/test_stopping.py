"""How a daemon that is in the way is stopped, by where it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.cli.stopping import NOBODY_KNOWS, OF_CONTAINER, how_to_stop

RUN = "/opt/niggled/bin/python\0/opt/niggled/bin/niggled\0run\0"
HEX = "4f1c" * 16
OF_USER = "0::/user.slice/user-1000.slice/user@1000.service/app.slice"


def machine(folder: Path, groups: str, command: str = RUN, process: str = "812") -> Path:
    """A machine on which this process runs."""
    place = folder / "proc" / process
    place.mkdir(parents=True)
    (place / "cmdline").write_bytes(command.encode())
    (place / "cgroup").write_text(groups + "\n")
    return folder


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ("0::/system.slice/niggled.service", "`sudo systemctl stop niggled`"),
        ("3:cpuset:/\n1:name=systemd:/system.slice/niggled.service\n0::/", "`sudo systemctl stop niggled`"),
        ("0::/system.slice/niggled-anna.service", "`sudo systemctl stop niggled-anna`"),
        (f"0::/system.slice/niggled.service/libpod-payload-{HEX}", "`sudo systemctl stop niggled`"),
        (f"{OF_USER}/niggled.service", "`systemctl --user stop niggled`"),
        ("0::/user.slice/user-1000.slice/session-3.scope", "by Ctrl-C or `kill 812`"),
        ("0::/system.slice/cron.service", "by Ctrl-C or `kill 812`"),
        (f"{OF_USER}/gnome-terminal-server.service", "by Ctrl-C or `kill 812`"),
        ("0::/", "by Ctrl-C or `kill 812`"),
    ],
)
def test_the_way_to_stop_it_is_that_of_its_service_or_its_terminal(
    tmp_path: Path, groups: str, words: str
) -> None:
    told = how_to_stop("812", machine(tmp_path, groups))
    assert words in told
    assert told.startswith("Stop it first ")
    assert told.endswith(", and try again.")


@pytest.mark.parametrize(
    "groups",
    [
        f"0::/system.slice/docker-{HEX}.scope",
        f"0::/docker/{HEX}",
        f"{OF_USER}/libpod-{HEX}.scope",
        f"0::/kubepods.slice/{HEX}",
    ],
)
def test_a_container_is_stopped_as_one(tmp_path: Path, groups: str) -> None:
    assert how_to_stop("812", machine(tmp_path, groups)) == OF_CONTAINER


def test_within_a_container_it_is_the_first_process_or_that_one_s_child(tmp_path: Path) -> None:
    assert how_to_stop("1", machine(tmp_path / "a", "0::/", process="1")) == OF_CONTAINER
    below_init = machine(tmp_path / "b", "0::/")
    (below_init / "proc/1").mkdir()
    (below_init / "proc/1/comm").write_text("systemd\n")
    assert "Ctrl-C" in how_to_stop("812", below_init)
    (below_init / "proc/1/comm").write_text("docker-init\n")
    assert how_to_stop("812", below_init) == OF_CONTAINER


@pytest.mark.parametrize("process", ["unknown", "813"])
def test_where_nothing_can_be_told_every_way_is_named(tmp_path: Path, process: str) -> None:
    assert how_to_stop(process, machine(tmp_path, "0::/system.slice/niggled.service")) == NOBODY_KNOWS


def test_the_number_may_be_another_process_s_here(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/init.scope", "/sbin/init\0", "1")
    assert how_to_stop("1", root) == NOBODY_KNOWS
    assert "`systemctl --user stop niggled`" in NOBODY_KNOWS
