"""The configuration in force, as a child of the daemon gets it."""

from __future__ import annotations

import os
import subprocess
import sys

from daemon.in_force import ConfigurationInForce, text_in_force
from daemon.jobs.child import ask_child

TELLS = (
    "import sys; from daemon.in_force import text_in_force as told; sys.stdout.write(repr((told(), told())))"
)


def test_a_child_reads_what_was_handed_down_as_often_as_it_likes() -> None:
    text = "[athletes.änna]\n" * 10_000
    answer = ask_child([sys.executable, "-c", TELLS], "", in_force=ConfigurationInForce(text))
    assert answer == repr((text, text))


def test_a_child_of_the_child_is_told_nothing() -> None:
    asks_another = (
        "import subprocess, sys; from daemon.in_force import text_in_force as told; told(); "
        f"subprocess.run([sys.executable, '-c', {TELLS!r}], check=True)"
    )
    answer = ask_child([sys.executable, "-c", asks_another], "", in_force=ConfigurationInForce("x = 1"))
    assert answer == "(None, None)"


def test_without_a_daemon_nothing_is_handed_down() -> None:
    assert text_in_force() is None


def test_nobody_else_inherits_it() -> None:
    in_force = ConfigurationInForce("secret = 1")
    lists = f"import os; print(os.path.exists('/proc/self/fd/{in_force.descriptor}'))"
    done = subprocess.run([sys.executable, "-c", lists], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert not os.get_inheritable(in_force.descriptor)
