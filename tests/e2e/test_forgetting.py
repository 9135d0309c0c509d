"""Forgetting one athlete or everything, as installed: the words it wants, what goes, and what is the runner's and stays."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fakes.command import Environment, database_of, everything, niggled
from fakes.kept_household import configured, home

__all__ = ["configured", "home"]


def typed(environment: Environment, words: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return niggled(environment, *arguments, said=f"{words}\n")


def test_forgetting_everything_wants_the_words_and_leaves_what_is_the_runners(
    configured: Environment, tmp_path: Path
) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    (folder / "keys").mkdir()
    (folder / "keys" / "anna-strava.json").write_text("{}")
    (folder / "inbox" / "anna").mkdir(parents=True)
    (folder / "inbox" / "anna" / "run.fit").write_bytes(b"mine")
    niggled(configured, "backup", "--daily")
    niggled(configured, "backup", tmp_path / "mine.db")
    niggled(configured, "restore", tmp_path / "mine.db")
    asked = typed(configured, "yes", "forget", "--all")
    assert asked.returncode == 1
    assert asked.stdout.startswith(
        f"This deletes the database ({folder}/niggled.db), 1 file of keys and logins, 0 files of secrets, and 2 backups. "
        "It cannot be undone."
    )
    assert "Nothing was deleted." in asked.stdout
    assert (folder / "niggled.db").exists()
    done = typed(configured, "forget everything", "forget", "--all")
    assert done.returncode == 0, done.stderr
    assert (
        "What is yours stays: the inbox, backups and exports made elsewhere, and the configuration "
        in done.stdout
    )
    assert "Strava: Remove the application on https://www.strava.com/settings/apps" in done.stdout
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "daemon.lock",
        "inbox/anna/run.fit",
    ]
    assert (tmp_path / "mine.db").exists()
    assert "No activities yet." in niggled(configured, "status", "--athlete", "anna").stdout


def test_forgetting_one_athlete_leaves_the_other_whole(configured: Environment, tmp_path: Path) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    (folder / "keys").mkdir()
    for name in ("anna-garmin", "anna.channel.chat", "ben-strava", "anna-b-strava"):
        (folder / "keys" / f"{name}.json").write_text("{}")
    niggled(configured, "backup", "--daily")
    assert typed(configured, "forget everything", "forget", "--athlete", "anna").returncode == 1
    before = [row for _, row in everything(database_of(configured)) if "ben" in row]
    done = typed(configured, "forget anna", "forget", "--athlete", "anna")
    assert done.returncode == 0, done.stderr
    assert "[athletes.anna] is still in " in done.stdout
    (backup,) = (folder / "backups").iterdir()
    for path in (database_of(configured), backup):
        found = [row for _, row in everything(path)]
        assert [row for row in found if "ben" in row] == before
        assert not [row for row in found if "anna" in row]
        assert b"anna" not in path.read_bytes()
    assert sorted(path.name for path in (folder / "keys").iterdir()) == [
        "anna-b-strava.json",
        "ben-strava.json",
    ]
    assert (
        "nothing is known of anna; there is ben" in niggled(configured, "forget", "--athlete", "anna").stderr
    )
    for wrong in (["forget"], ["forget", "--all", "--athlete", "ben"]):
        assert niggled(configured, *wrong).returncode == 2


def test_what_kills_and_damage_left_behind_is_forgotten_too(configured: Environment) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    niggled(configured, "backup", "--daily")
    left = [
        folder / "backups/.niggled-2026-01-01.db.part",
        folder / "backups/.niggled-2026-01-01.db.part-journal",
        folder / ".niggled.db.part",
        folder / "replaced-20260101T000000Z.db-wal",
    ]
    for words in (["--athlete", "anna"], ["--all"]):
        for path in left:
            path.write_bytes(b"anna")
        assert (
            typed(
                configured, "forget " + words[-1].replace("--all", "everything"), "forget", *words
            ).returncode
            == 0
        )
        assert not [path for path in left if path.exists()]
    assert not (folder / "backups").exists()


def test_a_damaged_backup_is_named_and_the_rest_is_forgotten_all_the_same(configured: Environment) -> None:
    folder = Path(configured["NIGGLED_HOME"])
    niggled(configured, "backup", "--daily")
    (whole,) = (folder / "backups").iterdir()
    damaged = folder / "backups/niggled-2020-01-01.db"
    damaged.write_bytes(b"anna" * 4096)
    done = typed(configured, "forget anna", "forget", "--athlete", "anna")
    assert done.returncode == 1
    assert f"{damaged} still holds anna. The database is damaged. Delete that file." in done.stderr
    assert "restore" not in done.stderr
    for path in (database_of(configured), whole):
        assert b"anna" not in path.read_bytes()


def test_secrets_go_with_the_data_and_those_elsewhere_are_named(home: Environment, tmp_path: Path) -> None:
    folder = Path(home["NIGGLED_HOME"])
    own, beside = folder / "secrets", tmp_path / "etc/secrets"
    for path in (own, beside, folder / "keys"):
        path.mkdir(parents=True)
    for path in (own / "anna.phone.topic", own / "ben.phone.topic", own / "both", beside / "anna.mail.smtp"):
        path.write_text("secret")
    (tmp_path / "mine").write_text("secret")
    config = tmp_path / "etc/config.toml"
    config.write_text(
        f'[athletes.anna.channels.phone]\nkind = "ntfy"\ntopic = {{ file = "{own}/anna.phone.topic" }}\n'
        f'[athletes.anna.channels.chat]\nurl = {{ file = "{own}/both" }}\n'
        f'[athletes.anna.channels.far]\nurl = {{ file = "{tmp_path}/mine" }}\n'
        f'[athletes.ben.channels.chat]\nurl = {{ file = "{own}/both" }}\n'
        f'[athletes.ben.channels.far]\nurl = {{ credential = "ben-url" }}\n'
    )
    environment = home | {"NIGGLED_CONFIG": str(config)}
    one = typed(environment, "forget anna", "forget", "--athlete", "anna")
    assert one.returncode == 0, one.stderr
    assert "with 0 files of keys and logins and 2 files of secrets. It cannot be undone." in one.stdout
    assert (
        "Secrets that lie elsewhere stay; delete them yourself where nothing else needs them:" in one.stdout
    )
    assert f"  {tmp_path}/mine (athletes.anna.channels.far.url)\n" in one.stdout
    assert (
        f"  {own}/both, which athletes.ben.channels.chat.url refers to as well (athletes.anna.channels.chat.url)\n"
        in one.stdout
    )
    assert "ben-url" not in one.stdout
    assert not beside.exists()
    assert sorted(path.name for path in own.iterdir()) == ["ben.phone.topic", "both"]
    everybody = typed(environment, "forget everything", "forget", "--all")
    assert everybody.returncode == 0, everybody.stderr
    assert ", 2 files of secrets, and 0 backups." in everybody.stdout
    assert "the file behind the credential ben-url: LoadCredential= of the unit names it" in everybody.stdout
    assert not own.exists()
    assert (tmp_path / "mine").exists()
