"""Every address of the page, and the function behind it; that one is imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import cast

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response


class Door(StrEnum):
    """Who may come in: a runner who is signed in, somebody with a link out of a message, or anybody; an asset is the same
    for all."""

    SIGNED_IN = "signed_in"
    LINK = "link"
    ANYBODY = "anybody"
    ASSET = "asset"


@dataclass(frozen=True, slots=True)
class Route:
    """`handler` is "module:function" of this package."""

    path: str
    handler: str
    method: str = "GET"
    door: Door = Door.SIGNED_IN

    def opened(self) -> Callable[..., Response]:
        module, _, name = self.handler.partition(":")
        return cast("Callable[..., Response]", getattr(import_module(f"daemon.web.{module}"), name))


ROUTES = (
    Route("/", "today:show"),
    Route("/knee", "today:knee_now", "POST"),
    Route("/trends", "trends:show"),
    Route("/runs", "runs:listing"),
    Route("/runs/<int:number>", "runs:show"),
    Route("/what-if", "what_if:show"),
    Route("/strength", "strength:show"),
    Route("/strength/done", "strength:done", "POST"),
    Route("/strength/skip", "strength:skip", "POST"),
    Route("/messages", "messages:listing"),
    Route("/messages/<path:key>", "messages:show"),
    Route("/findings/<int:number>", "messages:finding"),
    Route("/mute", "messages:mute", "POST"),
    Route("/unmute", "messages:unmute", "POST"),
    Route("/snooze", "messages:snooze", "POST"),
    Route("/settings", "settings:show"),
    Route("/settings/pause", "settings:pause", "POST"),
    Route("/settings/resume", "settings:resume", "POST"),
    Route("/settings/quiet-hours", "settings:quiet_hours", "POST"),
    Route("/settings/garmin-key", "settings:garmin_key", "POST"),
    Route("/a/<link>", "linked:show", door=Door.LINK),
    Route("/a/<link>", "linked:take", "POST", Door.LINK),
    Route("/sign-in", "sign_in:show", door=Door.ANYBODY),
    Route("/sign-in", "sign_in:take", "POST", Door.ANYBODY),
    Route("/sign-out", "sign_in:leave", "POST"),
    Route("/manifest.webmanifest", "assets:manifest", door=Door.ASSET),
    Route("/apple-touch-icon.png", "assets:touch_icon", door=Door.ASSET),
    Route("/favicon.ico", "assets:favicon", door=Door.ASSET),
    Route("/assets/<name>", "assets:show", door=Door.ASSET),
)


def route_map() -> Map:
    """The routes as werkzeug matches them; a slash too many is another page."""
    rules = [Rule(route.path, endpoint=route, methods=[route.method]) for route in ROUTES]
    return Map(rules, strict_slashes=False, merge_slashes=False)
