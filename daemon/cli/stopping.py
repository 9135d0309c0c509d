"""How a running daemon is stopped: by its service, its container, or where somebody has started it."""

from __future__ import annotations

import re
from pathlib import Path

OF_CONTAINER = (
    "Stop its container first (`docker compose stop`), then say this in a new one: "
    "`docker compose run --rm niggled …`."
)
NOBODY_KNOWS = (
    "Stop it first the way it was started: `sudo systemctl stop niggled`, `systemctl --user stop niggled`, "
    "`docker compose stop`, or Ctrl-C. Then try again."
)
_SERVICE = re.compile(r"^(?P<above>.*)/(?P<name>niggled[^/]*)\.service(?=/|$)", re.MULTILINE)
_CONTAINER_INITS = ("docker-init", "tini", "catatonit", "podman-init", "dumb-init")
_CONTAINER = re.compile(r"/docker[/-]|/libpod|/kubepods|/crio|containerd|/lxc[/.]")


def how_to_stop(process: str, root: Path = Path("/")) -> str:
    """What to do about the daemon whose lock names `process`; every way there is where it cannot be told which."""
    folder = root / "proc" / process
    try:
        command = (folder / "cmdline").read_bytes().decode(errors="replace")
        groups = (folder / "cgroup").read_text(encoding="utf-8")
    except OSError:
        return NOBODY_KNOWS
    # Seen from outside of its container the number is that of another process.
    if "niggled" not in command and "daemon.cli.main" not in command:
        return NOBODY_KNOWS
    if service := _SERVICE.search(groups):
        manager = "systemctl --user" if "/user@" in service["above"] else "sudo systemctl"
        return f"Stop it first with `{manager} stop {service['name']}`, and try again."
    if process == "1" or _CONTAINER.search(groups) or _first_process(root) in _CONTAINER_INITS:
        return OF_CONTAINER
    return f"Stop it first where it was started, by Ctrl-C or `kill {process}`, and try again."


def _first_process(root: Path) -> str:
    try:
        return (root / "proc/1/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
