"""The installed command, in real time: a file dropped into the inbox warns once on every channel within a minute."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from fakes.clock import time_now
from fakes.ntfy import NtfyServer
from fakes.ports import own_page
from fakes.receiver import Receiver
from fakes.smtp import MailServer

from connectors.formats.fit_encode import encode_activity
from connectors.formats.recording import Recording, Samples

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path(sys.executable).with_name("niggled")
NIGGLED = [str(INSTALLED)] if INSTALLED.exists() else [sys.executable, "-m", "daemon.cli.main"]
WITHIN_S = 60.0
SPEED_MPS = 1000 / 360


def write_run(folder: Path, start: datetime, km: float) -> Path:
    """A flat run at 6 min per km as a watch would have recorded it; it appears whole."""
    seconds = round(km * 360)
    at_s = range(seconds + 1)
    recording = Recording(
        start=start,
        elapsed_s=seconds,
        timer_s=seconds,
        distance_m=km * 1000,
        samples=Samples(
            at_s=at_s,
            distance_m=[SPEED_MPS * second for second in at_s],
            speed_mps=[SPEED_MPS] * len(at_s),
            altitude_m=[100.0] * len(at_s),
            cadence_spm=[168.0] * len(at_s),
        ),
    )
    path = folder / f"{start:%Y%m%dT%H%M%S}.fit"
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(encode_activity(recording))
    return unfinished.rename(path)


def niggled(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NIGGLED, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def settings(folder: Path, **urls: str) -> dict[str, str]:
    """The environment that leads to a configuration with these channels, where `folder/inbox` is watched."""
    channels = "".join(f'\n[athletes.anna.channels.{name}]\nurl = "{url}"\n' for name, url in urls.items())
    config = folder / "config.toml"
    config.write_text(
        f'{own_page()}[athletes.anna]\ntimezone = "UTC"\nsources.files.folder = "{folder / "inbox"}"\n{channels}'
    )
    python_path = os.pathsep.join([str(ROOT / "tests" / "guard"), str(ROOT)])
    return {"NIGGLED_CONFIG": str(config), "PYTHONPATH": python_path}


@contextmanager
def running(environment: dict[str, str], address: Path) -> Iterator[None]:
    """`niggled run`, from the end of its first look on (as systemd hears it); SIGTERM must end it with status 0."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(WITHIN_S)
        notified = environment | {"NOTIFY_SOCKET": str(address)}
        process = subprocess.Popen([*NIGGLED, "run"], env=notified, stderr=subprocess.PIPE, text=True)
        try:
            while "STATUS=Last look" not in manager.recv(4096).decode():
                pass
            yield
            process.terminate()
            assert process.wait(90) == 0
        finally:
            process.kill()
            print(process.communicate()[1])
    address.unlink()


def test_a_spike_dropped_into_the_inbox_arrives_once_on_each_channel_within_a_minute(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    now = time_now().replace(microsecond=0)
    inbox, past = tmp_path / "inbox", tmp_path / "past"
    inbox.mkdir()
    past.mkdir()
    for week in range(1, 6):
        for day, km in ((0, 10.0), (2, 6.0), (4, 6.0)):
            write_run(past, now - timedelta(days=7 * week - day, hours=4), km)
    with NtfyServer() as ntfy, Receiver() as hook, MailServer() as mail:
        environment = clean_environment | settings(tmp_path, phone=ntfy.url, hook=hook.url, mail=mail.url)
        imported = niggled(environment, "import", str(past))
        assert imported.returncode == 0, imported.stderr
        with running(environment, tmp_path / "notify"):
            assert (ntfy.received, hook.received, mail.mails) == ([], [], []), "the past alone says nothing"
            write_run(inbox, now - timedelta(hours=2, seconds=16 * 360), 16.0)
            deadline = time.monotonic() + WITHIN_S
            while not (ntfy.received and hook.received and mail.mails) and time.monotonic() < deadline:
                time.sleep(0.1)
            print(f"arrived on all after {WITHIN_S - (deadline - time.monotonic()):.1f} s")
        with running(environment, tmp_path / "notify"):
            pass  # a restart says nothing twice
    (shown,), (posted,), (mailed,) = ntfy.messages, hook.received, mail.mails
    assert shown["title"] == posted.json()["title"] == mailed.subject == "Long run"
    assert shown["message"].startswith("16.0 km: 60 % beyond your longest in 30 days (10.0).")
    assert posted.json()["message"] == shown["message"]
    assert " ".join(mailed.text.split()) == " ".join(shown["message"].split())
    assert len(list(inbox.iterdir())) == 1, "the file stays where it is"


def test_a_file_that_cannot_be_read_is_told_once_and_the_good_one_beside_it_is_taken(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    now = time_now().replace(microsecond=0)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    write_run(inbox, now - timedelta(hours=5), 6.0)
    (inbox / "login.fit").write_text("<html>please log in</html>")
    for path in inbox.iterdir():
        os.utime(path, (now.timestamp() - 60, now.timestamp() - 60))  # written a while ago
    with NtfyServer() as ntfy:
        environment = clean_environment | settings(tmp_path, phone=ntfy.url)
        for _ in range(2):
            with running(environment, tmp_path / "notify"):
                pass
        activities = niggled(environment, "activities", "list")
    (told,) = [message for message in ntfy.messages if message["title"] == "niggled needs you"]
    assert told["message"].startswith("login.fit could not be read: ")
    assert "6.0 km" in activities.stdout
