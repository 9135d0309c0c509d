"""What an option may be set to: each kind of value is checked, with a hint for a slip of the pen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from ipaddress import ip_address
from urllib.parse import urlsplit

from daemon import credentials
from daemon.config_page import split_listen
from daemon.options import Option


def checked(option: Option, value: object) -> object:
    """The value in its type; raises ValueError saying what it should be."""
    match option.kind:
        case "integer":
            if (
                not isinstance(value, int)
                or isinstance(value, bool)
                or not option.lowest <= value <= option.highest
            ):
                raise ValueError(f"must be a whole number from {option.lowest} to {option.highest}")
        case "choice":
            if value not in option.choices:
                raise ValueError(
                    f"must be one of {', '.join(option.choices)}{near(str(value), option.choices)}"
                )
        case "choices":
            words = value if isinstance(value, list) else []
            wrong = [str(word) for word in words if word not in option.choices]
            if not words or wrong:
                raise ValueError(
                    f"must be a list of {', '.join(option.choices)}{near(''.join(wrong[:1]), option.choices)}"
                )
            return tuple(words)
        case "secret":
            return credentials.parse(value)
        case "zone":
            return _zone(value)
        case "date":
            return _date(value)
        case "time":
            return _time(value)
        case "address":
            return _address(value, _is_this_machine, "this machine")
        case "server":
            return _address(value, _is_in_the_house, "the house")
        case "listen":
            split_listen(value if isinstance(value, str) else "")
        case "text" | "path":
            if not isinstance(value, str) or not value:
                raise ValueError("must be a text")
    return value


def _zone(value: object) -> str:
    from zoneinfo import available_timezones

    name = str(value)
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone{near(name, sorted(available_timezones()))}")
    return name


def _date(value: object) -> str:
    """A day as ISO text; TOML's own dates are welcome too."""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError("must be a day as YYYY-MM-DD") from None


def _time(value: object) -> str:
    """A time of day as HH:MM; TOML's own times are welcome too."""
    text = value.isoformat() if isinstance(value, time) else value
    try:
        found = time.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise ValueError("must be a time of day as HH:MM")
    return f"{found:%H:%M}"


def _address(value: object, may_be_plain: Callable[[str], bool], where: str) -> str:
    """The base of web addresses. Without encryption only where `may_be_plain` allows it for the host."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("must be a web address") from None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise ValueError("must be a web address that begins with https://")
    if parts.path not in ("", "/"):
        raise ValueError("must end with the name of the machine, or its port")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a name or a password")
    if parts.scheme == "http" and not may_be_plain(host):
        raise ValueError(f"must begin with https://; plain http is for {where} only")
    return str(value).rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_in_the_house(host: str) -> bool:
    """A private address, or a name that only the home network knows."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home", ".internal", ".home.arpa"))


def near(word: str, known: tuple[str, ...] | list[str], form: str = " (did you mean {}?)") -> str:
    """A hint at the known word that is meant; empty where none is close."""
    import difflib

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return form.format(close[0]) if close else ""
