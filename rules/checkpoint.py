"""A state of the fold as plain JSON-able data and back (DESIGN 5).

Only the core before the recent facts and those facts are written; loading folds them again. So a checkpoint
is good for the policy and the formula it was made with, which `policy_hash` and `FORMULA_VERSION` name.
"""

from __future__ import annotations

import hashlib
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from rules.core import Core
from rules.facts import Activity, Night, PainReply, Pause, PlannedRun, Prompt, StrengthSession
from rules.fold import Fact, Measured, OrderKey
from rules.policy import Policy
from rules.state import State, refolded

FORMULA_VERSION = 1
"""Goes up whenever the same facts could lead to another core."""

KINDS: Mapping[str, type] = {
    kind.__name__: kind for kind in (Activity, PainReply, Prompt, StrengthSession, Night, Pause)
}


def policy_hash(policy: Policy) -> str:
    """A name for exactly this policy."""
    return hashlib.sha256(repr(policy).encode()).hexdigest()[:16]


def dump(state: State) -> dict[str, Any]:
    """State -> JSON-able data without series and profiles."""
    oldest = state.journal[0].before if state.journal else state.core
    return {
        "core": _encode(oldest),
        "settled": _encode(state.settled),
        "planned": [_encode(run) for run in state.planned],
        "facts": [
            {
                "kind": type(entry.fact).__name__,
                "fact": _encode(_slim(entry.fact)),
                "measured": _encode(entry.measured),
            }
            for entry in state.journal
        ],
    }


def load(data: Mapping[str, Any], policy: Policy) -> State:
    """Data of `dump` -> State under the same policy. Raises ValueError where it is not such data."""
    try:
        state = State(
            core=_decoder(Core)(data["core"]),
            settled=_decoder(OrderKey | None)(data["settled"]),
            planned=tuple(_decoder(PlannedRun)(run) for run in data["planned"]),
        )
        facts = [
            (_decoder(KINDS[entry["kind"]])(entry["fact"]), _decoder(Measured | None)(entry["measured"]))
            for entry in data["facts"]
        ]
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ValueError(f"not a checkpoint: {error!r}") from error
    return refolded(state, facts, policy)


def _slim(fact: Fact) -> Fact:
    return replace(fact, profile=None, series=None) if isinstance(fact, Activity) else fact


def _encode(value: Any) -> Any:
    """Data classes as lists of their fields, mappings as lists of pairs."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return [_encode(getattr(value, item.name)) for item in fields(value)]
    if isinstance(value, Mapping):
        return [[_encode(key), _encode(held)] for key, held in value.items()]
    if isinstance(value, tuple | list):
        return [_encode(held) for held in value]
    if isinstance(value, frozenset):
        return sorted(_encode(held) for held in value)
    raise TypeError(f"cannot be saved: {value!r}")


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> Callable[[Any], Any]:
    """The function that turns data back into a value of a type."""
    if isinstance(kind, typing.TypeAliasType):
        return _decoder(kind.__value__)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _union(inner)
    if origin is tuple:
        return _tuple(inner)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(inner)
    if origin is frozenset:
        part = _decoder(inner[0])
        return lambda data: frozenset(part(one) for one in data)
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if is_dataclass(kind):
        return _record(kind)
    return lambda data: data


def _union(inner: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Optional values, and unions of plain numbers and words."""
    solid = [one for one in inner if one is not type(None)]
    if len(solid) > 1:
        return lambda data: data
    part = _decoder(solid[0])
    return lambda data: None if data is None else part(data)


def _tuple(inner: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(inner) == 2 and inner[1] is Ellipsis:
        part = _decoder(inner[0])
        return lambda data: tuple(part(one) for one in data)
    parts = [_decoder(one) for one in inner]
    return lambda data: tuple(part(one) for part, one in zip(parts, data, strict=True))


def _mapping(inner: tuple[Any, ...]) -> Callable[[Any], Any]:
    key, held = _decoder(inner[0]), _decoder(inner[1])
    return lambda data: {key(one[0]): held(one[1]) for one in data}


def _record(kind: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind)
    parts = [_decoder(hints[item.name]) for item in fields(kind)]
    return lambda data: kind(*(part(one) for part, one in zip(parts, data, strict=True)))
