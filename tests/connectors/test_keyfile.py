"""Keys that rotate: written through, for the owner only, never shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from connectors.errors import Broken
from connectors.keyfile import KeyFile


def test_what_was_saved_is_there_and_only_the_owner_may_read_it(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys" / "me-strava.json")
    assert keys.load() == {}
    earlier = os.umask(0)
    try:
        keys.save({"refresh_token": "r-1"})
    finally:
        os.umask(earlier)
    assert keys.load() == {"refresh_token": "r-1"}
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in keys.path.parent.iterdir()] == ["me-strava.json"]


def test_an_update_changes_single_entries_and_none_takes_one_away(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "me-garmin.json")
    keys.save({"api_key": "k", "refused": ["x"]})
    assert keys.update(refused=None, page_size=40) == {"api_key": "k", "page_size": 40}
    assert keys.load() == {"api_key": "k", "page_size": 40}


def test_a_write_that_is_cut_short_leaves_the_old_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFile(tmp_path / "me-strava.json")
    keys.save({"refresh_token": "old"})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Broken, match=r"cannot be saved .No space left on device.. Make room") as failure:
        keys.save({"refresh_token": "new-secret"})
    assert "new-secret" not in str(failure.value)
    assert keys.load() == {"refresh_token": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["me-strava.json"]


@pytest.mark.parametrize("content", ["{not json", '["a"]', "\udcff"])
def test_a_spoilt_file_is_told_without_its_content(tmp_path: Path, content: str) -> None:
    keys = KeyFile(tmp_path / "me-strava.json")
    keys.path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(Broken, match="cannot be read") as failure:
        keys.load()
    assert content not in str(failure.value)
    assert "log in again" in str(failure.value).lower()


def test_two_that_write_at_the_same_time_lose_nothing_of_each_other(tmp_path: Path) -> None:
    def write(name: str) -> None:
        for number in range(30):
            KeyFile(tmp_path / "me-strava.json").update(**{f"{name}{number}": number})

    writers = [Thread(target=write, args=(name,)) for name in ("login", "look")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(KeyFile(tmp_path / "me-strava.json").load()) == 60


def test_forgetting_also_forgets_what_a_kill_in_the_middle_of_a_write_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyFile(tmp_path / "me-strava.json")
    keys.save({"refresh_token": "old"})

    class Killed(BaseException):
        pass

    def killed(descriptor: int) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(Killed):
            keys.save({"refresh_token": "new"})
    assert keys.load() == {"refresh_token": "old"}
    assert len(list(tmp_path.iterdir())) == 2
    keys.delete()
    assert list(tmp_path.iterdir()) == []


def test_forgetting_says_whether_there_was_anything(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "me-strava.json")
    assert keys.delete() is False
    keys.save({"a": 1})
    assert keys.delete() is True
    assert keys.load() == {}


def test_a_key_file_does_not_show_its_content(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "me-strava.json")
    keys.save({"refresh_token": "secret"})
    assert repr(keys) == "KeyFile(me-strava.json)"
