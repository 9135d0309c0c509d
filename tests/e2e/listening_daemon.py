"""One of several daemons that listen to the same channels, in a process of its own with a steered clock.

`listening_daemon.py CONFIG CLOCK`: the configuration names one PostgreSQL for all of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fakes.clock import SteeredClock
from fakes.steered_daemon import service_of

from daemon import logs
from daemon.cli.context import make_home, read_config
from daemon.jobs import listen
from daemon.store.engine import open_store

if __name__ == "__main__":
    logs.configure()
    listen.LONGEST_WAIT_S = 2.5  # whoever finds a channel taken looks again after a fifth of that
    config = read_config(sys.argv[1])
    make_home(config)
    store = open_store(config.store_url.value())
    sys.exit(service_of(store, config, SteeredClock(Path(sys.argv[2]))).run())
