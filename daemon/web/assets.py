"""Styles, script, icons and the manifest that puts the page on a home screen."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

from daemon.web.errors import NOT_HERE
from daemon.web.frame import HERE, Asset, script, stylesheet
from daemon.web.visit import Visit

FOR_EVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"
TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
ICONS = {"icon.svg", "icon-192.png", "icon-512.png", "icon-maskable-512.png", "apple-touch-icon.png"}


def show(visit: Visit, name: str) -> Response:
    for asset in (stylesheet(), script()):
        if name == asset.name:
            return _sent(asset, FOR_EVER)
    if name in ICONS:
        return _icon(name)
    raise NOT_HERE


def touch_icon(visit: Visit) -> Response:
    return _icon("apple-touch-icon.png")


def favicon(visit: Visit) -> Response:
    return _icon("icon.svg")


def manifest(visit: Visit) -> Response:
    """What a phone needs to keep the page as an app."""
    icons = [
        {"src": "/assets/icon-192.png", "sizes": "192x192", "type": "image/png"},
        {"src": "/assets/icon-512.png", "sizes": "512x512", "type": "image/png"},
        {
            "src": "/assets/icon-maskable-512.png",
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
        {"src": "/assets/icon.svg", "sizes": "any", "type": "image/svg+xml"},
    ]
    told = {
        "name": "niggled",
        "short_name": "niggled",
        "description": "Running load and knee, watched.",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f5f3",
        "theme_color": "#0b5cad",
        "icons": icons,
    }
    body = json.dumps(told, separators=(",", ":")).encode()
    return _sent(Asset("manifest.webmanifest", body, "application/manifest+json"), A_DAY)


def _icon(name: str) -> Response:
    path = HERE / "static" / name
    return _sent(Asset(name, path.read_bytes(), TYPES[path.suffix]), A_DAY)


def _sent(asset: Asset, lasts: str) -> Response:
    return Response(asset.body, mimetype=asset.mimetype, headers={"Cache-Control": lasts})
