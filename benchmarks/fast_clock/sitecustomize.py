"""Loaded by every child of a benchmark that simulates a day (through PYTHONPATH): niggled's clock runs fast, in all alike.

`BENCH_CLOCK` holds an instant, the second of the machine's monotonic clock that it belongs to, and the factor.
"""

import os
import time
from datetime import datetime, timedelta

if said := os.environ.get("BENCH_CLOCK"):
    from daemon.clock import SystemClock

    words = said.split()
    start, origin_s, factor = datetime.fromisoformat(words[0]), float(words[1]), float(words[2])

    def now(self=None):
        return start + timedelta(seconds=(time.monotonic() - origin_s) * factor)

    SystemClock.now = now
