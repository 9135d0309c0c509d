"""Reading the configuration: everything is checked, every problem is told at once, with its line and the cure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from daemon.config_backup import BackupConfig, backup_config
from daemon.config_channels import ChannelConfig, channel_config, complain_of_fallbacks
from daemon.config_page import PageConfig, complain_of_open_door, page_config
from daemon.config_sources import (
    LIVE_SOURCES,
    LOGIN_DOOR_EVERY_MIN,
    SourceConfig,
    source_config,
    too_often,
    unconfigured,
)
from daemon.config_values import checked, near
from daemon.credentials import Secret
from daemon.options import OPTIONS, SENDS, Option
from rules.facts import Runner, Side
from rules.policy import Policy, PolicyError, with_overrides

TABLES = {
    "athletes": "athletes.me",
    "policy": "policy.r1",
    "page": "page",
    "store": "store",
    "backup": "backup",
    "service": "service",
}
"""The tables at the top, each with an example of its header."""


class ConfigError(Exception):
    """The configuration cannot be used. `problems` are complete sentences, one for each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class AthleteConfig:
    """One runner of the household: who they are, what comes in, what goes out, and their thresholds."""

    name: str
    runner: Runner
    policy: Policy
    inbox: Path
    channels: tuple[ChannelConfig, ...] = ()
    sources: Mapping[str, SourceConfig] = field(default_factory=unconfigured)
    passcode: Secret | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration. `path` None: there is no file and the defaults hold."""

    path: Path | None
    home: Path
    athletes: Mapping[str, AthleteConfig]
    store_url: Secret
    backup: BackupConfig
    tick_s: int
    ping_url: Secret | None = None
    page: PageConfig = field(default_factory=PageConfig)
    values: Mapping[str, object] = field(default_factory=dict)


def load(path: Path | None, home: Path) -> Config:
    """Read and check the configuration. Raises ConfigError with every problem in it."""
    return parse(text_of(path), path, home)


def text_of(path: Path | None) -> str:
    """What the file says; nothing where there is none. Raises ConfigError where it cannot be read."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: there is no such file. `niggled config example` prints one to start from."]
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"]) from None


def parse(text: str, path: Path | None, home: Path) -> Config:
    """Check the text of the file `path`. Raises ConfigError with every problem in it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: this is not TOML: {error}"]) from None
    return build(raw, text, path, home)


def build(raw: Mapping[str, object], text: str, path: Path | None, home: Path) -> Config:
    """A parsed TOML document -> Config. `text` is the source, for line numbers."""
    problems = _Problems(path, text)
    values: dict[str, object] = {}
    policies: dict[str, Mapping[str, object]] = {}
    for key, value in _leaves(raw):
        if key in TABLES:
            problems.add(key, f"{key} must be a table. Example: [{TABLES[key]}]")
            continue
        owner = _policy_owner(key)
        if owner is not None:
            policies.setdefault(owner, _subtree(raw, owner))
            continue
        option = _option_for(key)
        if option is None:
            problems.add(key, f"{key} is not an option.{_suggestion(key)}")
            continue
        try:
            values[key] = checked(option, value)
        except ValueError as error:
            problems.add(key, f"{key}: {error}. Example: {option.name} = {option.example}")
    names = sorted(_names(raw, "athletes")) or ["me"]
    household = _policy(Policy(), policies.get("policy", {}), "policy", problems)
    athletes = {}
    for name in names:
        own = f"athletes.{name}.policy"
        policy = _policy(household, policies.get(own, {}), own, problems)
        athletes[name] = _athlete(name, raw, values, policy, home, problems)
    _complain_of_shared_inboxes(athletes.values(), problems)
    page = page_config(values)
    closed = {name: athlete.passcode is not None for name, athlete in athletes.items()}
    complain_of_open_door(page, closed, problems.add)
    problems.raise_if_any()
    url = values.get("store.url")
    return Config(
        path=path,
        home=home,
        athletes=athletes,
        store_url=url if isinstance(url, Secret) else Secret("plain", f"sqlite:///{home / 'niggled.db'}"),
        backup=backup_config(values, home),
        tick_s=int(str(values.get("service.tick_s", 60))),
        ping_url=cast("Secret | None", values.get("service.ping_url")),
        page=page,
        values=values,
    )


def _athlete(
    name: str,
    raw: Mapping[str, object],
    values: Mapping[str, object],
    policy: Policy,
    home: Path,
    problems: _Problems,
) -> AthleteConfig:
    prefix = f"athletes.{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        problems.add(
            prefix, f"{name!r} cannot be an athlete's name: use a to z, digits, - and _. Example: anna"
        )
    born = values.get(f"{prefix}.birth_year")
    folder = values.get(f"{prefix}.sources.files.folder")
    return AthleteConfig(
        name=name,
        runner=Runner(
            timezone=str(values.get(f"{prefix}.timezone") or machine_zone()),
            default_side=Side.LEFT if values.get(f"{prefix}.knee") == "left" else Side.RIGHT,
            birth_year=born if isinstance(born, int) else None,
            miles=values.get(f"{prefix}.units") == "miles",
        ),
        policy=policy,
        inbox=Path(str(folder)).expanduser() if folder else home / "inbox" / name,
        channels=_channels(prefix, raw, values, problems),
        sources=_sources(prefix, raw, values, problems),
        passcode=cast("Secret | None", values.get(f"{prefix}.passcode")),
    )


def _complain_of_shared_inboxes(athletes: Iterable[AthleteConfig], problems: _Problems) -> None:
    """A run in a folder of two athletes would be a run of both."""
    for one, other in combinations(athletes, 2):
        mine, theirs = one.inbox.absolute(), other.inbox.absolute()
        if mine.is_relative_to(theirs) or theirs.is_relative_to(mine):
            problems.add(
                f"athletes.{other.name}.sources.files.folder",
                f"athletes.{other.name}.sources.files.folder: {theirs} and {one.name}'s {mine} are not apart, so runs would "
                f'count for both. Example: folder = "/srv/runs/{other.name}"',
            )


def _channels(
    prefix: str, raw: Mapping[str, object], values: Mapping[str, object], problems: _Problems
) -> tuple[ChannelConfig, ...]:
    found = []
    for name in _names(raw, prefix, "channels"):
        key = f"{prefix}.channels.{name}"
        given = [option for option in _subtree(raw, key) if _option_for(f"{key}.{option}") is not None]
        channel = channel_config(name, key, given, values, SENDS, problems.add)
        if channel is not None:
            found.append(channel)
    complain_of_fallbacks(f"{prefix}.channels", found, problems.add)
    return tuple(found)


def _sources(
    prefix: str, raw: Mapping[str, object], values: Mapping[str, object], problems: _Problems
) -> dict[str, SourceConfig]:
    tables = _names(raw, prefix, "sources")
    sources = {}
    for name in LIVE_SOURCES:
        key = f"{prefix}.sources.{name}"
        sources[name] = source_config(name, key, values, configured=name in tables)
        if too_often(sources[name]):
            problems.add(
                f"{key}.every_min",
                f"{key}.every_min: Garmin's login door is asked at most every {LOGIN_DOOR_EVERY_MIN} minutes. "
                f"Example: every_min = {LOGIN_DOOR_EVERY_MIN}",
            )
    return sources


def machine_zone() -> str:
    """The IANA name of this machine's zone; UTC where it cannot be told."""
    import tzlocal

    try:
        name = tzlocal.get_localzone_name() or "UTC"
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return "UTC"
    return name


def _policy(base: Policy, overrides: Mapping[str, object], prefix: str, problems: _Problems) -> Policy:
    try:
        return with_overrides(base, overrides)
    except PolicyError as error:
        for problem in error.problems:
            told = problem.replace("Did you mean ", f"Did you mean {prefix}.")
            problems.add(f"{prefix}.{problem.partition(':')[0]}", f"{prefix}.{told}")
        return base


def _leaves(tree: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every (dotted key, value) that is not a table of options; a secret reference counts as a value."""
    for key, value in tree.items():
        full = f"{prefix}{key}"
        option = _option_for(full)
        if isinstance(value, dict) and not (option and option.kind == "secret"):
            yield from _leaves(value, f"{full}.")
        else:
            yield full, value


def _option_for(key: str) -> Option | None:
    words = key.split(".")
    for option in OPTIONS:
        pattern = option.key.split(".")
        if len(pattern) == len(words) and all(p in ("*", w) for p, w in zip(pattern, words, strict=True)):
            return option
    return None


def _policy_owner(key: str) -> str | None:
    match = re.match(r"(policy|athletes\.[^.]+\.policy)(\.|$)", key)
    return match[1] if match else None


def _subtree(raw: Mapping[str, object], dotted: str) -> Mapping[str, object]:
    node: object = raw
    for word in dotted.split("."):
        node = node.get(word, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}


def _names(raw: Mapping[str, object], *path: str) -> list[str]:
    return [name for name, value in _subtree(raw, ".".join(path)).items() if isinstance(value, dict)]


def _suggestion(key: str) -> str:
    import difflib

    words = key.split(".")
    table = difflib.get_close_matches(words[0], list(TABLES), n=1, cutoff=0.6)
    if table and table[0] != words[0]:
        return f" Did you mean {'.'.join([*table, *words[1:]])}?"
    known = {
        ".".join(w if p == "*" else p for p, w in zip(o.key.split("."), words, strict=False)) for o in OPTIONS
    }
    return near(key, sorted(known | {"policy"}), " Did you mean {}?")


class _Problems:
    """What is wrong so far, each with its place in the file."""

    def __init__(self, path: Path | None, text: str) -> None:
        self._path = path
        self._text = text
        self._found: list[tuple[int, str]] = []

    def add(self, key: str, problem: str) -> None:
        """`key` is the dotted option that the problem is about."""
        line = line_of(self._text, key) or 0
        place = f"{self._path or 'configuration'}{f':{line}' if line else ''}"
        self._found.append((line, f"{place}: {problem}"))

    def raise_if_any(self) -> None:
        """Raises ConfigError with all of them, from the top of the file to its end."""
        if self._found:
            raise ConfigError([sentence for _, sentence in sorted(self._found)])


def line_of(text: str, key: str) -> int | None:
    """The line on which a dotted key is set (or its table begins); TOML readers do not tell.

    Finds keys written in the usual way: `[table.header]` lines and `name = value` lines, bare or quoted.
    """
    table: list[str] = []
    best: tuple[int, int] | None = None
    wanted = key.split(".")
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            table = _words(header[1])
            reached = table
        else:
            setting = re.match(r"\s*([\w\"'.-]+(?:\s*\.\s*[\w\"'-]+)*)\s*=", line)
            if not setting:
                continue
            reached = table + _words(setting[1])
        shared = len(reached) if reached == wanted[: len(reached)] else 0
        if shared and (best is None or shared > best[0]):
            best = (shared, number)
    return best[1] if best else None


def _words(dotted: str) -> list[str]:
    return [word.strip().strip("\"'") for word in dotted.split(".")]
