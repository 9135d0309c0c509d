"""What the wizard works on: one configuration file, one athlete in it, and everything that was settled so far."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

from daemon import paths
from daemon.config import AthleteConfig, Config, ConfigError, build
from daemon.setup_config import Tables, added_to, config_with, keep_secrets, text_of, write_config

USUAL = "~/.config/niggled/config.toml"


@dataclass(frozen=True, slots=True)
class Desk:
    """`path` is the configuration, there or to be. `name` is the athlete."""

    path: Path
    home: Path
    name: str

    @property
    def table(self) -> str:
        return f"athletes.{self.name}"

    @property
    def config(self) -> Config:
        """As it is at this moment, with the athlete in it."""
        return config_with(text_of(self.path), self.path, self.home, self.name)

    @property
    def athlete(self) -> AthleteConfig:
        return self.config.athletes[self.name]

    @property
    def named(self) -> str | None:
        """What `--athlete` has to name; None where there is only one."""
        return self.name if len(self.config.athletes) > 1 else None

    def drafted(self, tables: Tables) -> AthleteConfig:
        """The athlete as they would be with these settings. Raises ConfigError for settings that cannot be."""
        return config_with(text_of(self.path), self.path, self.home, self.name, tables).athletes[self.name]

    def is_set(self, option: str) -> bool:
        """Whether an option of the athlete (`birth_year`, `policy.strength.days`) stands in the file."""
        config = self.config
        if not option.startswith("policy."):
            return f"{self.table}.{option}" in config.values
        node: object = tomllib.loads(text_of(self.path))
        for word in f"{self.table}.{option}".split("."):
            node = node.get(word) if isinstance(node, dict) else None
        return node is not None

    def add(self, tables: Tables) -> None:
        """Write settings down, all of them or none; their secrets go into files beside the configuration."""
        tables = {table: values for table, values in tables.items() if values}
        if not tables:
            return
        self.drafted(tables)
        text = text_of(self.path)
        if self._hides_me(text):
            tables = {"athletes.me": {}, **tables}
        # Placed once without the secrets: where there is no place, nothing at all is written.
        added_to(text, tables, self.path)
        try:
            kept = keep_secrets(tables, self.path.resolve().parent / "secrets", self.name)
            write_config(self.path, added_to(text, kept, self.path))
        except OSError as error:
            raise click.ClickException(
                f"The configuration cannot be written. {error.filename or self.path}: {error.strerror}. "
                "Name a place that you may write with --config FILE."
            ) from None

    def _hides_me(self, text: str) -> bool:
        """Whether a first table of athletes would end the one that needs none and has data already."""
        has_names = bool(tomllib.loads(text).get("athletes"))
        return not has_names and self.name != "me" and (self.home / "niggled.db").exists()


def stays(option: str, desk: Desk) -> str:
    """Said where an option of the command would overrule what stands in the file."""
    return f"! {option} stands in {desk.path} already and stays as it is there."


def open_desk(config_path: str | None, athlete_name: str | None) -> Desk:
    """The configuration and the athlete that are meant. Raises ConfigError for one that is wrong already."""
    home = paths.home_folder()
    path = (paths.config_file(config_path) or Path(USUAL)).expanduser()
    if xdg := _xdg_place(config_path):
        path = xdg if not path.is_file() else path
    text = text_of(path)
    names = _names(text, path, home)
    if athlete_name is None and len(names) > 1:
        raise click.UsageError(
            f"there are several athletes: add --athlete with one of {', '.join(names)}, or a new name"
        )
    desk = Desk(path, home, athlete_name or names[0])
    _ = desk.athlete
    return desk


def _names(text: str, path: Path, home: Path) -> list[str]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: this is not TOML: {error}"]) from None
    return list(build(raw, text, path, home).athletes)


def _xdg_place(config_path: str | None) -> Path | None:
    """Where a new configuration goes if none was named and XDG says where."""
    if config_path or os.environ.get("NIGGLED_CONFIG"):
        return None
    if folder := os.environ.get("CONFIGURATION_DIRECTORY"):
        return Path(folder.split(":")[0]) / "config.toml"
    if folder := os.environ.get("XDG_CONFIG_HOME"):
        return Path(folder) / "niggled/config.toml"
    return None
