"""Adding to a configuration without touching what stands in it: lines go into their table, tables to the end.

TOML has no writer in the standard library, and a runner's own comments and order are worth keeping. So the text is
edited, and then read back: it must mean what it meant before, plus what was added, or nothing is written.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.config import Config, ConfigError, build
from daemon.config_example import toml_value
from daemon.credentials import Secret
from daemon.options import OPTIONS, TABLE_SENTENCES
from daemon.paths import make_private_folder
from rules.policy import settings

type Tables = Mapping[str, Mapping[str, object]]
"""Dotted table -> what to set in it. A secret to be kept in a file of its own is a `Kept`, one that is there a `Secret`."""

HEAD = """\
# niggled's configuration, begun by `niggled setup`. Every line may be changed by hand: `niggled config check` tells
# what is wrong, and `niggled config example` prints every option there is.
"""

UNTOLD = "…"


@dataclass(frozen=True, slots=True)
class Kept:
    """A secret that the runner has told; its value never shows."""

    value: str

    def __repr__(self) -> str:
        return "Kept(***)"


def text_of(path: Path) -> str:
    """What the configuration holds; empty where there is none. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError([f"{path}: cannot be read: {reason}"]) from None


def config_with(text: str, path: Path, home: Path, athlete: str, tables: Tables | None = None) -> Config:
    """The configuration as it would be with `tables` added, `athlete` among its athletes. Raises ConfigError."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: this is not TOML: {error}"]) from None
    whole = _merged(raw, {f"athletes.{athlete}": {}} | dict(tables or {}), secrets_shown=True)
    return build(whole, text, path if path.exists() else None, home)


def added_to(text: str, tables: Tables, path: Path) -> str:
    """`text` with the settings in their tables. Raises ConfigError, with the lines to write by hand, where it is written in
    a way that leaves no place for them."""
    lines = text.splitlines() or HEAD.splitlines()
    for table, values in tables.items():
        lines = _with_table(lines, table, [_line(table, name, value) for name, value in values.items()])
    added = "\n".join(lines).rstrip("\n") + "\n"
    try:
        same = tomllib.loads(added) == _merged(tomllib.loads(text), tables)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        wanted = "\n".join(
            line
            for table, values in tables.items()
            for line in _block(table, [_line(table, *one) for one in values.items()])
        )
        raise ConfigError(
            [f"{path}: there is no safe place in it for new lines. Write these yourself:\n{wanted}"]
        )
    return added


def write_config(path: Path, text: str) -> None:
    """Replace the file in one step: mode 0600 for a new one, mode and owner stay for one that is there. Raises OSError."""
    path = path.resolve()
    make_private_folder(path.parent)
    _replace(path, text)


def keep_secrets(tables: Tables, folder: Path, athlete: str) -> Tables:
    """Every `Kept` saved in a file of mode 0600 in `folder`, a reference to it in its place. Raises OSError."""
    kept: dict[str, dict[str, object]] = {}
    for table, values in tables.items():
        kept[table] = {}
        for name, value in values.items():
            if isinstance(value, Kept):
                make_private_folder(folder)
                path = folder / f"{athlete}.{table.rpartition('.')[2]}.{name}"
                _replace(path, value.value + "\n")
                value = Secret("file", str(path))
            kept[table][name] = value
    return kept


def _replace(path: Path, text: str) -> None:
    before = path.stat() if path.exists() else None
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if before is not None:
                os.fchmod(stream.fileno(), before.st_mode & 0o777)
                if os.geteuid() == 0:
                    os.fchown(stream.fileno(), before.st_uid, before.st_gid)
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _merged(raw: Mapping[str, Any], tables: Tables, *, secrets_shown: bool = False) -> dict[str, Any]:
    """What a document means once `tables` are in it; what is set already stays."""
    whole = _copied(raw)
    for table, values in tables.items():
        node = whole
        for word in table.split("."):
            node = node.setdefault(word, {})
        for name, value in values.items():
            node.setdefault(name, _plain(value, shown=secrets_shown))
    return whole


def _copied(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in tree.items()}


def _plain(value: object, *, shown: bool) -> object:
    """A value as TOML's reader gives it; a kept secret is its text where nothing is written down."""
    if isinstance(value, Kept):
        return value.value if shown else UNTOLD
    if isinstance(value, Secret):
        reference = list(value.reference) if isinstance(value.reference, tuple) else value.reference
        return {value.way: reference}
    return list(value) if isinstance(value, tuple) else value


def _with_table(lines: list[str], table: str, wanted: list[str]) -> list[str]:
    start = next((number for number, line in enumerate(lines) if _header(line) == table), None)
    if start is None:
        return [*lines, *([""] if lines and lines[-1].strip() else []), *_block(table, wanted)]
    following = (number for number in range(start + 1, len(lines)) if lines[number].lstrip().startswith("["))
    end = next(following, len(lines))
    # What stands between the last setting and the next header is about that one.
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return [*lines[:end], *wanted, *lines[end:]]


def _block(table: str, wanted: list[str]) -> list[str]:
    words = table.split(".")
    known = (key for key in TABLE_SENTENCES if _fits(key, words))
    sentence = next((TABLE_SENTENCES[key] for key in known if key in ("store", "service")), "")
    return [*([f"# {sentence}"] if sentence else []), f"[{table}]", *wanted]


def _header(line: str) -> str | None:
    found = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$", line)
    return ".".join(word.strip().strip("\"'") for word in found[1].split(".")) if found else None


def _line(table: str, name: str, value: object) -> str:
    if isinstance(value, Secret):
        written = f"{{ {value.way} = {toml_value(value.reference)} }}"
    else:
        written = toml_value(UNTOLD if isinstance(value, Kept) else value)
    sentence = _sentence(f"{table}.{name}")
    return f"{name} = {written}" + (f"   # {sentence}" if sentence else "")


def _sentence(key: str) -> str:
    words = key.split(".")
    of_option = (option.sentence for option in OPTIONS if _fits(option.key, words))
    _, _, own = key.partition(".policy.")
    of_setting = (setting.sentence for setting in settings() if setting.name == own)
    return next(of_option, next(of_setting, ""))


def _fits(pattern: str, words: list[str]) -> bool:
    parts = pattern.split(".")
    return len(parts) == len(words) and all(p in ("*", w) for p, w in zip(parts, words, strict=True))
