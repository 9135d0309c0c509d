"""The installed command, in real time: a file in the inbox is asked about on each channel, answered there and confirmed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from e2e.test_run_channels import WITHIN_S, running
from fakes.clock import time_now
from fakes.command import niggled
from fakes.pockets import MailProgram, NtfyPhone, Pocket, TelegramPhone
from fakes.ports import own_page
from fakes.scripted_week import ROOT, write_run

from daemon import config as configuration
from daemon.jobs.arrivals import take_in_arrivals
from daemon.store.answers import load_answers
from daemon.store.engine import open_store
from rules.facts import ReplyKind

SOON_S = 60.0
RUNNERS = ("anna", "bea", "carl")


def within(seconds: float, reached: Callable[[], bool]) -> float:
    """Seconds until it is so; after `seconds` the test fails."""
    began_s = time.monotonic()
    while not reached():
        assert time.monotonic() - began_s < seconds
        time.sleep(0.05)
    return time.monotonic() - began_s


def settings(folder: Path, pockets: dict[str, Pocket]) -> Path:
    config = folder / "config.toml"
    tables = [
        f'[athletes.{name}]\ntimezone = "UTC"\n'
        f'sources.files.folder = "{folder / "inbox" / name}"\n'
        f"[athletes.{name}.channels.{pocket.name}]\n{pocket.settings}"
        for name, pocket in pockets.items()
    ]
    config.write_text("\n".join([*tables, own_page(), "[service]\ntick_s = 1\n"]))
    return config


def test_a_run_is_asked_about_answered_and_confirmed_on_each_channel(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    now = time_now().replace(microsecond=0)
    with NtfyPhone(time_now) as phone, TelegramPhone(time_now) as chat, MailProgram(time_now) as mail:
        pockets: dict[str, Pocket] = {"anna": phone, "bea": chat, "carl": mail}
        words = {"anna": "Sore", "bea": "4", "carl": "4"}
        path = settings(tmp_path, pockets)
        config = configuration.load(path, Path(clean_environment["NIGGLED_HOME"]))
        config.home.mkdir(parents=True)
        store = open_store(config.store_url.value())
        past = tmp_path / "past"
        for week in range(1, 7):
            for day, km in ((0, 10.0), (2, 6.0), (4, 6.0)):
                write_run(past, now - timedelta(days=7 * week - day, hours=4), km)
        for athlete in config.athletes.values():
            take_in_arrivals(store, athlete, sorted(past.iterdir()), now - timedelta(hours=8))
        places = os.pathsep.join([clean_environment["PYTHONPATH"], str(ROOT)])
        environment = clean_environment | {"NIGGLED_CONFIG": str(path), "PYTHONPATH": places}

        with running(environment, tmp_path / "notify"):
            for name in RUNNERS:
                write_run(tmp_path / "inbox" / name, now - timedelta(hours=2, seconds=6 * 360), 6.0)
            asked_s = within(WITHIN_S, lambda: all(one.shown() for one in pockets.values()))
            for name, pocket in pockets.items():
                assert (
                    "6.0 km, inside your usual. Worst knee pain during the run, 0–10?" in pocket.shown()[-1]
                )
                pocket.answer(words[name])
            told_s = within(SOON_S, lambda: all(len(one.shown()) == 2 for one in pockets.values()))
            for pocket in pockets.values():
                assert " noted. Next: from " in pocket.shown()[-1]
                assert "flat and easy, slower and 20 % shorter" in pocket.shown()[-1]
        with store.reading() as session:
            for name in RUNNERS:
                (during,) = [
                    one for one in load_answers(session, name, None).replies if one.kind is ReplyKind.DURING
                ]
                assert (during.score or during.grade) in (4, "amber")
                assert during.activity_id is not None
        for name in RUNNERS:
            assert "amber" in niggled(environment, "status", "--athlete", name).stdout.lower()

        with running(environment, tmp_path / "notify"):
            for pocket in pockets.values():
                pocket.write("status")
            again_s = within(SOON_S, lambda: all(len(one.shown()) == 3 for one in pockets.values()))
            assert all("Knee amber" in pocket.shown()[-1] for pocket in pockets.values())
        store.close()
    print(f"asked after {asked_s:.1f} s, confirmed after {told_s:.1f} s, after a restart {again_s:.1f} s")
