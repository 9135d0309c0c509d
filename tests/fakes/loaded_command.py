"""The installed command, loaded once: each verb is a process of its own, forked from one that has imported everything.

What a verb is given (environment, folder, files for its input and output, clock) is its own from the first line that it
runs on; only the second or so that Python takes to load the program is saved. `TESTS_LOAD_ANEW=1` starts an interpreter for
every verb instead.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

LOADED = Path(__file__).with_name("loaded_command_child.py")


def can_be_forked(environment: Mapping[str, str]) -> bool:
    """Whether nothing in it is for Python itself, which has started already."""
    ours = os.environ.get("LANG"), os.environ.get("LC_ALL")
    return (
        os.environ.get("TESTS_LOAD_ANEW") != "1"
        and (environment.get("LANG"), environment.get("LC_ALL")) == ours
        and not any(name.startswith("PYTHON") for name in environment.keys() - {"PYTHONPATH"})
    )


def run(
    arguments: Sequence[str], environment: Mapping[str, str], said: str, timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end. Raises TimeoutExpired like subprocess.run."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(said.encode())
        stdin.seek(0)
        request = {"arguments": list(arguments), "environment": dict(environment), "folder": str(Path.cwd())}
        handles = [stdin.fileno(), stdout.fileno(), stderr.fileno(), theirs.fileno()]
        socket.send_fds(_loaded(os.getpid()), [json.dumps(request).encode()], handles)
        theirs.close()
        pid = int(ours.recv(20))
        ours.settimeout(timeout_s)
        try:
            status = int(ours.recv(20))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(arguments), timeout_s) from None
        told = []
        for stream in (stdout, stderr):
            stream.seek(0)
            told.append(stream.read().decode().replace("\r\n", "\n"))
    return subprocess.CompletedProcess(list(arguments), status, *told)


@cache
def _loaded(_owner: int) -> socket.socket:
    """The line to the process that verbs are forked from; it ends with us."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    guard = Path(__file__).resolve().parents[1] / "guard"
    subprocess.Popen(
        [sys.executable, str(LOADED), str(theirs.fileno())],
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        | {"PYTHONPATH": str(guard)},
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    return ours
