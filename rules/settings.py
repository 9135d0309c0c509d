"""How a threshold is declared once, listed and overridden (RULES, head: every threshold is a policy
setting)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import time
from typing import Any

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class PolicyError(ValueError):
    """Overrides that cannot be used; `problems` holds one sentence for each of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Setting:
    """One threshold as documentation shows it. `name` is dotted ("r1.ratio"), `type` a word for people,
    `source` the section of RULES and the paper or mark behind the number; a value lies within `low` and
    `high` where they are set."""

    name: str
    default: object
    unit: str
    type: str
    sentence: str
    source: str
    low: float | None
    high: float | None


def setting(
    default: object,
    unit: str,
    sentence: str,
    source: str,
    *,
    low: float | None = 0.0,
    high: float | None = None,
    kind: str = "",
) -> Any:
    """A field of a policy group. `kind` names the type where the default cannot: "number or unset", "clock
    time", "clock window", "weekday", "weekdays", "date". `low` and `high` bound numbers, and each number of
    a list."""
    meta = {
        "unit": unit,
        "sentence": sentence,
        "source": source,
        "low": low,
        "high": high,
        "kind": kind or _kind(default),
        "length": len(default) if isinstance(default, tuple) else None,
    }
    return field(default=default, metadata=meta)


def _kind(default: object) -> str:
    match default:
        case int():
            return "whole number"
        case float():
            return "number"
        case str():
            return "text"
        case tuple() if default and all(isinstance(part, float) for part in default):
            return "list of numbers"
        case tuple():
            return "list of words"
    raise TypeError(f"a setting cannot have the default {default!r}")


def listed(policy: object) -> Iterator[Setting]:
    """Every setting of a policy and its groups, in order of declaration; `default` is the value it has
    there."""
    for group_field in fields(policy):  # type: ignore[arg-type]
        group = getattr(policy, group_field.name)
        for item in fields(group):
            meta = item.metadata
            yield Setting(
                name=f"{group_field.name.rstrip('_')}.{item.name.rstrip('_')}",
                default=getattr(group, item.name),
                unit=meta["unit"],
                type=meta["kind"],
                sentence=meta["sentence"],
                source=meta["source"],
                low=meta["low"],
                high=meta["high"],
            )


def overridden[P](policy: P, overrides: Mapping[str, Any]) -> P:
    """`policy` with the values of {"group": {"name": value}} in place; PolicyError lists every problem at
    once."""
    problems: list[str] = []
    groups = {item.name.rstrip("_"): item.name for item in fields(policy)}  # type: ignore[arg-type]
    changed: dict[str, Any] = {}
    for group_name, values in overrides.items():
        if group_name not in groups:
            problems.append(f"{group_name}: there is no such group of settings.{_near(group_name, groups)}")
            continue
        if not isinstance(values, Mapping):
            problems.append(f"{group_name}: a group of settings is expected, not {values!r}")
            continue
        group = getattr(policy, groups[group_name])
        assert is_dataclass(group)  # noqa: S101  a policy holds nothing but groups
        changed[groups[group_name]] = _group(group_name, group, values, problems)
    if problems:
        raise PolicyError(problems)
    return replace(policy, **changed)  # type: ignore[type-var]


def _group(group_name: str, group: Any, values: Mapping[str, Any], problems: list[str]) -> Any:
    known = {item.name.rstrip("_"): item for item in fields(group)}
    accepted: dict[str, Any] = {}
    for name, value in values.items():
        dotted = f"{group_name}.{name}"
        item = known.get(name)
        if item is None:
            near = _near(dotted, [f"{group_name}.{other}" for other in known])
            problems.append(f"{dotted}: there is no such setting.{near}")
            continue
        read, problem = _read(value, item.metadata)
        if problem:
            problems.append(f"{dotted}: {problem}")
        else:
            accepted[item.name] = read
    return replace(group, **accepted)


def _near(name: str, known: Any) -> str:
    from difflib import get_close_matches

    match = get_close_matches(name, list(known), n=1)
    return f" Did you mean {match[0]}?" if match else ""


def _read(value: object, meta: Mapping[str, Any]) -> tuple[object, str]:
    """(the value in the type of the setting, "") or (None, what is wrong with it)."""
    kind = meta["kind"]
    wrong = f"{_article(kind)} expected, not {value!r}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "whole number":
            whole = number and float(value) == int(value)  # type: ignore[arg-type, call-overload]
            return _bounded(int(value), meta) if whole else (None, wrong)  # type: ignore[call-overload]
        case "number":
            return _bounded(float(value), meta) if number else (None, wrong)  # type: ignore[arg-type]
        case "number or unset":
            if value is None:
                return None, ""
            return _bounded(float(value), meta) if number else (None, wrong)  # type: ignore[arg-type]
        case "list of numbers":
            return _numbers(value, meta, wrong)
        case "list of words":
            return _words(value, wrong)
    return _clock(value, kind, wrong)


def _article(kind: str) -> str:
    return "weekdays are" if kind == "weekdays" else f"a {kind} is"


def _bounded(value: float, meta: Mapping[str, Any]) -> tuple[object, str]:
    low, high = meta["low"], meta["high"]
    if value != value or (low is not None and value < low) or (high is not None and value > high):
        unit = f" {meta['unit']}" if meta["unit"] else ""
        upper = "" if high is None else f" and at most {high:g}"
        lower = "any number" if low is None else f"at least {low:g}"
        return None, f"{value:g}{unit} is out of range: {lower}{upper} is allowed"
    return value, ""


def _numbers(value: object, meta: Mapping[str, Any], wrong: str) -> tuple[object, str]:
    if not isinstance(value, list | tuple) or len(value) != meta["length"]:
        return None, wrong
    read: list[float] = []
    for part in value:
        if isinstance(part, bool) or not isinstance(part, int | float):
            return None, wrong
        _, problem = _bounded(float(part), meta)
        if problem:
            return None, problem
        read.append(float(part))
    return tuple(read), ""


def _words(value: object, wrong: str) -> tuple[object, str]:
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        return None, wrong
    return tuple(value), ""


def _clock(value: object, kind: str, wrong: str) -> tuple[object, str]:
    """Clock times, windows and weekdays: text with a shape."""
    if kind == "weekdays":
        if isinstance(value, list | tuple):
            days = [_weekday(part) for part in value]
            if all(days):
                return tuple(days), ""
        return None, f'{wrong}, like ["Tue", "Fri"]'
    if not isinstance(value, str):
        return None, wrong
    if kind == "text":
        return value, ""
    if kind == "weekday":
        day = _weekday(value)
        return (day, "") if day else (None, f'{wrong}, like "Fri"')
    parts = [part.strip() for part in value.split("-")]
    wanted, example = (2, "22:00-07:00") if kind == "clock window" else (1, "07:30")
    try:
        times = [time.fromisoformat(part) for part in parts]
    except ValueError:
        return None, f'{wrong}, like "{example}"'
    if len(times) != wanted:
        return None, f'{wrong}, like "{example}"'
    return "-".join(f"{one:%H:%M}" for one in times), ""


def _weekday(value: object) -> str | None:
    if not isinstance(value, str) or len(value) < 3:
        return None
    short = value[:3].capitalize()
    return short if short in WEEKDAYS else None
