"""The weekly digest as a mail: the sentences of its text, the coming week in front, and a picture of eight weeks."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import datetime
from html import escape

from connectors.channels.contract import Picture
from daemon.config import AthleteConfig
from daemon.jobs.assess import look
from daemon.pictures.png import png_of
from daemon.pictures.week_svg import WIDTH, draw
from daemon.pictures.week_words import described
from daemon.store.engine import Store
from daemon.store.errors import StoreError
from daemon.store.messages import sent_messages
from rules.digest import ahead_sentence
from rules.outcome import Message
from rules.phrases import local_date
from rules.week_view import WEEK, WeekView, week_end, week_view

log = logging.getLogger(__name__)

PICTURE_NAME = "week.png"
PIXELS = 2 * WIDTH
SHOWN = 480
"""How wide the picture is at most on the page: there its text is little larger than the page's, and a phone with two
or three pixels for one of the page still has all it can show."""
HOW_TO_ANSWER = "Answer this mail with `yes` or `no`; without an answer nothing changes."

# Mail clients drop style sheets of their choice, so what matters is inline and this only darkens the page.
DARK = (
    "@media (prefers-color-scheme: dark) {"
    " .page { background: #14181d !important; color: #e6edf3 !important }"
    " .card { background: #22292f !important; color: #ffffff !important }"
    " .quiet { color: #9da7b1 !important }"
    " .picture { filter: brightness(0.88) } }"
)
PAGE = (
    "margin:0; padding:16px; background:#ffffff; color:#1f2328;"
    " font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
)
COLUMN = f"max-width:{SHOWN}px; margin:0 auto"
TITLE = "margin:0 0 4px; font-size:22px; line-height:1.3"
LINE = "margin:0 0 12px"
CARD = (
    "margin:0 0 16px; padding:12px 16px; border-radius:10px; background:#e3ecf5; color:#14181d;"
    " font-size:18px; font-weight:600"
)
IMAGE = f"display:block; width:100%; max-width:{SHOWN}px; height:auto; margin:0 0 16px; border:0"


def digest_of(
    store: Store, athlete: AthleteConfig, message: Message, now: datetime
) -> tuple[str, Picture] | None:
    """The page and picture of a digest, as of when it was decided; None where only the text can go.

    That is so without resvg. Nothing that goes wrong with a picture holds up the text. Raises StoreError only.
    """
    at = min(message.decided_at, now)
    try:
        view, ahead = _shown(store, athlete, at)
        return dressed(view, message, ahead)
    except StoreError:
        raise
    except ImportError:
        log.info("resvg-py is not installed: the digest goes out as text alone")
    except Exception as error:
        log.warning("The picture of the digest failed (%s): it goes out as text alone", type(error).__name__)
        log.debug("The picture of the digest failed", exc_info=error)
    return None


def _shown(store: Store, athlete: AthleteConfig, at: datetime) -> tuple[WeekView, str]:
    """The weeks up to the last Sunday, and the sentence about the coming one."""
    seen = look(store, athlete, at)
    since = at - 2 * WEEK
    with store.reading() as session:
        sent = sent_messages(session, athlete.name, since, alerts_since=since)
    ends = week_end(local_date(at, athlete.runner))
    view = week_view(seen.assessment, seen.history, sent, seen.policy, ends)
    return view, ahead_sentence(seen.assessment, athlete.runner)


def dressed(view: WeekView, message: Message, ahead: str) -> tuple[str, Picture]:
    """A digest as an HTML page and the picture in it; `ahead` is what it says of the coming week.

    Where it says something else, because more has been run since, the picture leaves the coming week out. Raises
    ImportError where resvg is not installed.
    """
    lines = message.text.splitlines()
    if ahead not in lines:
        view = replace(view, coming_km=None)
    words = described(view)
    picture = Picture(PICTURE_NAME, png_of(draw(view), PIXELS), words)
    # The picture follows the coming week; without that, the first line.
    before = lines.index(ahead) + 1 if ahead in lines else 1
    image = f'<img class="picture" src="cid:{PICTURE_NAME}" width="{SHOWN}" alt="{escape(words)}" style="{IMAGE}">'
    question = message.question.text if message.question is not None else None
    parts = [_line(line, ahead, question) for line in lines]
    return _page(message.title, [*parts[:before], image, *parts[before:]]), picture


def _line(line: str, ahead: str, question: str | None) -> str:
    if line == ahead:
        return f'<p class="card" style="{CARD}">{_marked(line)}</p>'
    if line == question:
        hint = f'<span class="quiet" style="color:#57606a">{_marked(HOW_TO_ANSWER)}</span>'
        return f'<p style="{LINE}">{_marked(line)}<br>{hint}</p>'
    return f'<p style="{LINE}">{_marked(line)}</p>'


def _marked(text: str) -> str:
    """Escaped, with the words to type in bold."""
    return re.sub(r"`([^`]+)`", r"<b>\1</b>", escape(text))


def _page(title: str, parts: list[str]) -> str:
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="supported-color-schemes" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>:root {{ color-scheme: light dark }} {DARK}</style>",
            "</head>",
            f'<body class="page" style="{PAGE}">',
            f'<div style="{COLUMN}">',
            f'<h1 style="{TITLE}">{escape(title)}</h1>',
            *parts,
            "</div>",
            "</body>",
            "</html>",
        ]
    )
