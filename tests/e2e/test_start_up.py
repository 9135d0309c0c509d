"""What the short-lived commands load: most of what they cost is spent before their work begins."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from fakes.account import Account
from fakes.clock import time_now
from fakes.command import Environment, environment_in, niggled
from fakes.connected_home import save_keys, strava_keys
from fakes.logging_in import at, configure
from fakes.strava_server import StravaServer

PROGRAM = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
sys.argv = ["niggled", *sys.argv[1:]]
from daemon.cli.main import main
main()
"""
NEVER = {
    "sqlalchemy.orm",
    "alembic",
    "jinja2",
    "werkzeug",
    "apprise",
    "apscheduler",
    "fitdecode",
    "stravalib",
    "difflib",
}


def loaded_by(environment: Environment, *arguments: str) -> set[str]:
    """The modules that a verb has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_status_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    assert "No activities yet" in niggled(environment, "status").stdout
    loaded = loaded_by(environment, "status")
    assert "rules.assess" in loaded
    assert not loaded & (NEVER | {"requests", "urllib3", "connectors.http", "daemon.channels"})


def test_a_poll_with_nothing_new_loads_neither_the_rules_nor_what_tells_of_an_outage(tmp_path: Path) -> None:
    environment = environment_in(tmp_path)
    account = Account()
    account.run(time_now() - timedelta(days=1))
    with StravaServer(time_now, account) as server:
        configure(environment, at("strava", server.base_url))
        save_keys(Path(environment["NIGGLED_HOME"]), "strava", strava_keys(server))
        assert niggled(environment, "sync", "strava").stdout == "Strava: 1 new.\n"
        loaded = loaded_by(environment, "sync", "strava", "--scheduled")
    assert "connectors.sources.strava" in loaded
    assert not loaded & (
        NEVER
        | {
            "rules.assess",
            "rules.outcome",
            "daemon.jobs.assess",
            "daemon.jobs.operations",
            "daemon.store.outbox",
        }
    )
