"""Everything a daemon can be connected to, on loopback in a process of its own, until its input ends.

`fake_house.py FOLDER TICK_S PORT` writes FOLDER/config.toml and the keys of finished logins into FOLDER/home/keys: Strava, Garmin, ntfy,
Telegram, a mailbox where dovecot is installed, and a dead-man switch. Prints one JSON line when all is up: {"channels"}.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fakes import dovecot
from fakes.account_builders import made_up
from fakes.connected_home import served
from fakes.pockets import MailProgram, NtfyPhone, Pocket, TelegramPhone
from fakes.receiver import Receiver

from daemon.clock import SystemClock

RUNS = 60


class Switch(Receiver):
    """A dead-man switch: whatever comes is a sign of life."""

    def handle_get(self, request: BaseHTTPRequestHandler) -> None:
        self.handle(request)


def now() -> datetime:
    """As niggled's clock shows it, which a simulated day lets run fast (fast_clock/)."""
    return SystemClock().now()


def main() -> None:
    folder = Path(sys.argv[1])
    with ExitStack() as open_:
        tables = ""
        for kind in ("strava", "garmin by key"):
            account = made_up(RUNS, now(), hours_apart=48.0)
            for held in account.newest_first():
                account.edit(held.id, manual=True)  # typed in by hand: no samples to ask for
            server = open_.enter_context(served(kind, account, folder / "home"))
            tables += f'[athletes.me.sources.{kind.split()[0]}]\nbase_url = "{server.base_url}"\n'
        pockets: list[Pocket] = [NtfyPhone(now), TelegramPhone(now)]
        if dovecot.program():
            pockets.append(MailProgram(now))
        for pocket in pockets:
            open_.enter_context(pocket)
            tables += f"[athletes.me.channels.{pocket.name}]\n{pocket.settings}"
        switch = open_.enter_context(Switch())
        service = f'[service]\ntick_s = {sys.argv[2]}\nping_url = "{switch.base_url}/ping"\n'
        backup = f'[backup]\ndaily = "on"\nfolder = "{folder / "backups"}"\n'
        page = f'[page]\nlisten = "127.0.0.1:{sys.argv[3]}"\naddress = "http://192.168.1.20:8642"\n'
        # Questions, warnings and the digest at their hours, in the zone of the simulated day.
        runner = '[athletes.me]\ntimezone = "UTC"\npasscode = "open sesame"\n'
        (folder / "config.toml").write_text(f"{runner}{service}{backup}{page}{tables}")
        (folder / "config.toml").chmod(0o600)
        print(json.dumps({"channels": [pocket.name for pocket in pockets]}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
