"""`niggled sync` with the installed command: what it says, what it leaves alone, and how a failure ends."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.account import Account
from fakes.clock import time_now
from fakes.command import (
    Environment,
    database_of,
    environment_in,
    everything,
    json_lines,
    niggled,
    rows,
)
from fakes.connected_home import save_keys, strava_keys
from fakes.garmin_server import GarminServer
from fakes.logging_in import answering, at, configure
from fakes.recordings import level_run
from fakes.strava_server import StravaServer
from fakes.vendor_faults import PAGE, refused

from connectors.formats.fit_encode import encode_activity

BOOKKEEPING = ("source_states", "alembic_version")
KEY = "example-garmin-key"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return environment_in(tmp_path)


@pytest.fixture
def account() -> Account:
    account = Account()
    for days_ago in (1, 3, 40, 300):
        account.run(time_now() - timedelta(days=days_ago))
    return account


@pytest.fixture
def strava(environment: Environment, account: Account) -> Iterator[StravaServer]:
    """The service, connected."""
    with StravaServer(time_now, account) as server:
        configure(environment, at("strava", server.base_url))
        save_keys(Path(environment["NIGGLED_HOME"]), "strava", strava_keys(server))
        yield server


def test_one_look_brings_everything_and_the_next_one_changes_nothing(
    environment: Environment, strava: StravaServer
) -> None:
    first = niggled(environment, "sync")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "Strava: 4 new.\n"
    before = everything(database_of(environment), without=BOOKKEEPING)
    second = niggled(environment, "sync", "strava")
    assert second.stdout == "Strava: nothing new.\n"
    assert everything(database_of(environment), without=BOOKKEEPING) == before


def test_new_edited_and_deleted_activities_are_counted(
    environment: Environment, strava: StravaServer, account: Account
) -> None:
    niggled(environment, "sync")
    newest, second, *_ = account.newest_first()
    account.run(time_now() - timedelta(hours=5), km=5.0)
    account.edit(newest.id, distance_m=9000.0)
    account.delete(second.id)
    assert niggled(environment, "sync").stdout == "Strava: 1 new, 1 changed, 1 gone.\n"
    listed = niggled(environment, "activities").stdout
    assert "5.0 km" in listed
    assert "9.0 km" in listed


def test_full_reads_everything_again_and_finds_an_old_edit(
    environment: Environment, strava: StravaServer, account: Account
) -> None:
    niggled(environment, "sync")
    account.edit(account.newest_first()[-1].id, distance_m=21_000.0)
    assert niggled(environment, "sync").stdout == "Strava: nothing new.\n"
    assert niggled(environment, "sync", "--full").stdout == "Strava: 1 changed.\n"


def test_recordings_that_wait_for_their_turn_hold_up_no_history(
    environment: Environment, strava: StravaServer, account: Account
) -> None:
    for days_ago in range(5, 300):
        account.run(time_now() - timedelta(days=days_ago, hours=1))
    first = niggled(environment, "sync")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (
        "Strava: 299 new.\n"
        "  30 recordings read; the next ones in a minute. `niggled run` goes on by itself.\n"
    )
    second = niggled(environment, "sync").stdout
    assert second.startswith("Strava: 30 more recordings read.\n")


def test_a_program_reads_one_object_a_source(environment: Environment, strava: StravaServer) -> None:
    [told] = json_lines(niggled(environment, "sync", "--json"))
    assert (told["source"], told["new"], told["complete"], told["failure"]) == ("strava", 4, True, None)


def test_what_the_service_sent_is_shown_without_places_as_long_as_it_is_kept(
    environment: Environment, strava: StravaServer
) -> None:
    niggled(environment, "sync")
    activity_id = json_lines(niggled(environment, "activities", "list", "--json", "--limit", "1"))[0]["id"]
    shown = niggled(environment, "activities", "show", "--raw", str(activity_id)).stdout
    assert shown.startswith("strava ")
    sent = json.loads(shown.partition("\n")[2])
    assert sent["distance"] == 8000.0
    assert not {"map", "start_latlng", "end_latlng"} & sent.keys()
    configure(environment, at("strava", strava.base_url, "keep_days = 0"))
    niggled(environment, "sync")
    gone = niggled(environment, "activities", "show", "--raw", str(activity_id)).stdout
    assert gone.startswith("Nothing is kept of what a service sent")


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("sync",), 1, "No service is connected. `niggled login garmin` or `niggled login strava`"),
        (("sync", "strava"), 1, "Strava is not connected. Run `niggled login strava`."),
        (("sync", "stravva"), 2, "there is no source stravva. Did you mean strava?"),
        (("sync", "polar"), 2, "there is no source polar. There is garmin, strava, files."),
    ],
)
def test_what_cannot_be_asked_is_told_with_the_cure(
    environment: Environment, arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    told = niggled(environment, *arguments)
    assert told.returncode == status
    assert sentence in told.stderr


def test_a_source_in_the_configuration_that_nobody_logged_in_to_needs_the_runner(
    environment: Environment,
) -> None:
    configure(environment, "[athletes.me.sources.strava]\n")
    told = niggled(environment, "sync")
    assert told.returncode == 1
    assert "✘ Strava is not connected yet. Run `niggled login strava`." in told.stderr
    assert "✘ Strava: needs you since " in niggled(environment, "status").stdout


def test_a_reference_that_leads_nowhere_is_told_and_recorded(environment: Environment) -> None:
    configure(environment, '[athletes.me.sources.garmin]\nkey = { credential = "garmin-key" }\n')
    told = niggled(environment, "sync")
    assert told.returncode == 1
    assert "there is no credential garmin-key" in told.stderr
    assert "✘ Garmin: broken since " in niggled(environment, "status").stdout
    checked = niggled(environment, "config", "check")
    assert checked.returncode == 78
    assert "athletes.me.sources.garmin.key: there is no credential garmin-key" in checked.stderr


def test_an_outage_is_told_and_shown_until_it_is_over(environment: Environment, strava: StravaServer) -> None:
    niggled(environment, "sync")
    strava.fail(refused(503), times=None)
    failed = niggled(environment, "sync")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "✘ Strava answered with an error of its own (503).\n"
    shown = niggled(environment, "status").stdout
    assert "! Strava: waiting since " in shown
    assert "an error of its own (503)" in shown
    told = json_lines(niggled(environment, "status", "--json"))[0]["sources"]["strava"]
    assert (told["state"], told["cure"], told["complete"]) == ("waiting", None, True)
    assert told["failing_since"] is not None
    strava.recover()
    assert niggled(environment, "sync").stdout == "Strava: nothing new.\n"
    assert "Strava: fine, read " in niggled(environment, "status").stdout


def test_one_source_that_fails_does_not_stop_the_other(
    environment: Environment, account: Account, strava: StravaServer
) -> None:
    with GarminServer(time_now, account) as garmin:
        configure(environment, at("strava", strava.base_url) + at("garmin", garmin.base_url))
        assert answering(environment, "login", "garmin", said=f"{KEY}\n90\n").returncode == 0
        garmin.fail(PAGE, times=None)
        told = niggled(environment, "sync")
        assert told.returncode == 1
        assert told.stdout == "Strava: 4 new.\n"
        assert told.stderr == "✘ Garmin answered with a web page instead of data.\n"
        garmin.recover()
        # The same runs at another service are the same runs.
        assert niggled(environment, "sync").stdout == "Garmin: 4 new.\nStrava: nothing new.\n"
    assert rows(database_of(environment), "SELECT count(*) FROM activities") == [(4,)]


def test_what_the_daemon_starts_says_nothing_on_stdout_and_ends_well_even_in_an_outage(
    environment: Environment, strava: StravaServer
) -> None:
    fine = niggled(environment, "sync", "--athlete", "me", "--scheduled", "strava")
    assert (fine.returncode, fine.stdout) == (0, "")
    assert "Strava of me: 4 new" in fine.stderr
    strava.fail(refused(500), times=None)
    outage = niggled(environment, "sync", "--athlete", "me", "--scheduled", "strava")
    assert (outage.returncode, outage.stdout) == (0, "")
    assert "an error of its own (500)" in outage.stderr
    shown = niggled(environment, "status").stdout
    assert "History: " in shown
    assert "4 activities" in shown


def test_files_are_one_look_into_the_inbox(environment: Environment) -> None:
    inbox = Path(environment["NIGGLED_HOME"]) / "inbox/me"
    empty = niggled(environment, "sync", "files")
    assert (empty.returncode, empty.stdout) == (0, f"Nothing to read in {inbox}.\n")
    old = (time_now() - timedelta(hours=1)).timestamp()
    for name, content in {
        "run.fit": encode_activity(level_run(time_now() - timedelta(days=2), 3.0)),
        "note.gpx": b"no",
    }.items():
        (inbox / name).write_bytes(content)
        os.utime(inbox / name, (old, old))
    told = niggled(environment, "sync", "files")
    assert told.returncode == 1
    assert told.stdout.startswith("1 new activity, 1 could not be read.")
    assert "✘ note.gpx" in told.stderr
    assert json_lines(niggled(environment, "sync", "files", "--json"))[0]["known"] == 1


def test_no_secret_is_in_any_output_log_or_database(
    environment: Environment, account: Account, strava: StravaServer
) -> None:
    with GarminServer(time_now, account) as garmin:
        configure(environment, at("strava", strava.base_url) + at("garmin", garmin.base_url))
        said = ""
        for told in (
            answering(environment, "login", "garmin", said=f"{KEY}\n90\n"),
            niggled(environment, "sync"),
            niggled(environment, "sync", "--json"),
            niggled(environment, "sync", "--athlete", "me", "--scheduled", "garmin"),
            niggled(environment, "status", "--json"),
            niggled(environment, "config", "show"),
            niggled(environment, "config", "check"),
        ):
            assert told.returncode == 0, told.stderr
            said += told.stdout + told.stderr
    home = Path(environment["NIGGLED_HOME"])
    saved = {name: json.loads((home / f"keys/me-{name}.json").read_text()) for name in ("strava", "garmin")}
    secrets = [KEY, saved["garmin"]["bearer"]]
    secrets += [saved["strava"][name] for name in ("client_secret", "access_token", "refresh_token")]
    database = b"".join(path.read_bytes() for path in home.glob("niggled.db*"))
    for secret in secrets:
        assert secret not in said
        assert secret.encode() not in database


def test_every_line_names_its_source_once(environment: Environment, strava: StravaServer) -> None:
    strava.fail(refused(503), times=None)
    failed = niggled(environment, "sync")
    assert failed.stderr.count("Strava") == 1
    # What does not begin with the name gets it.
    configure(environment, '[athletes.me.sources.garmin]\nkey = { credential = "garmin-key" }\n')
    told = niggled(environment, "sync", "garmin").stderr
    assert told.startswith("✘ Garmin: The configuration cannot be used: there is no credential garmin-key")
    assert told.count("Garmin") == 1
