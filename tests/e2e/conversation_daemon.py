"""The daemon of the scripted weeks and days: a process of its own with a steered clock.

`conversation_daemon.py CONFIG CLOCK LOOKED`: the configuration, the file of the clock, and the file that tells until when
everybody was assessed.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from fakes.clock import SteeredClock
from fakes.steered_daemon import service_of

from daemon import logs
from daemon.cli.context import make_home, read_config
from daemon.lock import only_daemon_of
from daemon.store.conversation import release_hearings
from daemon.store.engine import open_store


def serve(config_path: str, clock_path: Path, looked_path: Path) -> int:
    config = read_config(config_path)
    make_home(config)

    def looked(now: datetime) -> None:
        looked_path.write_text(now.isoformat())

    with only_daemon_of(config.home):
        store = open_store(config.store_url.value())
        with store.session() as session:
            release_hearings(session)
        return service_of(store, config, SteeredClock(clock_path), looked).run()


if __name__ == "__main__":
    logs.configure()
    sys.exit(serve(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
