"""A Strava on loopback in a process of its own: so many activities, typed in by hand so that none has samples, until its input ends.

Prints one JSON line when it is up ({"url", "keys"}), and for every line of input the requests since the last one.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fakes.account_builders import made_up
from fakes.strava_limits import Meter
from fakes.strava_server import StravaServer


def main() -> None:
    account = made_up(int(sys.argv[1]), datetime.now(UTC), hours_apart=35.0)
    for held in account.newest_first():
        account.edit(held.id, manual=True)
    with StravaServer(lambda: datetime.now(UTC), account) as strava:
        # Several homes are measured within one quarter of an hour.
        strava.reads = strava.overall = Meter(1_000_000, 1_000_000)
        tokens = strava.tokens.sign_in()
        keys = {"client_id": strava.tokens.client_id, "client_secret": strava.tokens.client_secret}
        keys |= {name: tokens[name] for name in ("access_token", "refresh_token", "expires_at")}
        print(
            json.dumps({"url": strava.base_url, "keys": keys | {"scope": "read,activity:read_all"}}),
            flush=True,
        )
        seen = 0
        for _ in sys.stdin:
            paths = [f"{one.method} {one.path.removeprefix('/api/v3')}" for one in strava.log[seen:]]
            seen += len(paths)
            print(json.dumps(paths), flush=True)


if __name__ == "__main__":
    main()
