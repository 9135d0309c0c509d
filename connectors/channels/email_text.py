"""The readable text of a mail, whatever its encoding, and never more work than a mail is worth."""

from __future__ import annotations

import codecs
import email.message
import email.policy
import re
from email.errors import MessageError
from email.parser import BytesParser
from html import unescape

LARGEST_MAIL_BYTES = 262_144
"""What is read of a mail: an answer stands at its beginning, photos come behind."""
MOST_PARTS = 50
_LARGEST_TEXT = 65_536
# Their decoders are slow, or turn plain text into something else.
_STRANGE_CODECS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "utf-7"})
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "tr",
        "table",
        "ul",
        "ol",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "hr",
        "section",
        "article",
        "blockquote",
    ]
)
_UNREAD = frozenset({"style", "script", "head", "title", "blockquote"})
_LONGEST_QUOTED_VALUE = 2_000
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})|<[!?/]")
_CONTENT_TYPE = re.compile(rb"^content-type:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_LONGEST_CONTENT_TYPE = 1_000


def text_of(raw: bytes) -> str | None:
    """The text of a mail; None for one that is made to be a burden. HTML without its quoted blocks. Never raises."""
    raw = raw[:LARGEST_MAIL_BYTES]
    if len(re.findall(rb"multipart/|message/", raw, re.IGNORECASE)) > MOST_PARTS:
        return None
    if any(len(found[0]) > _LONGEST_CONTENT_TYPE for found in _CONTENT_TYPE.finditer(raw)):
        return None
    try:
        mail = BytesParser(policy=email.policy.compat32).parsebytes(raw)
        return _best_text(mail)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, MessageError):
        return None


def _best_text(mail: email.message.Message) -> str | None:
    parts = list(mail.walk())
    if len(parts) > MOST_PARTS:
        return None
    page = ""
    for part in parts:
        kind = part.get_content_type()
        if kind not in ("text/plain", "text/html") or part.get_content_disposition() == "attachment":
            continue
        text = _decoded(part)
        if kind == "text/html":
            page = page or text
            continue
        if part.get_param("format", "") == "flowed":
            text = _unflowed(text, delete_space=part.get_param("delsp", "no") == "yes")
        if text.strip():
            return text
    return _text_of_page(page)


def _decoded(part: email.message.Message) -> str:
    """The text of one part. A wrong charset never loses an answer: it is written in plain digits and letters."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    content = content[:_LARGEST_TEXT]
    for charset in (str(part.get_content_charset("us-ascii")), "utf-8", "cp1252"):
        try:
            if codecs.lookup(charset).name.replace("_", "-") not in _STRANGE_CODECS:
                return content.decode(charset)
        except (LookupError, ValueError):
            continue
    return content.decode("utf-8", "replace")


def _unflowed(text: str, *, delete_space: bool) -> str:
    """Lines that a client has wrapped, whole again (RFC 3676)."""
    lines: list[str] = []
    open_line = False
    for line in text.splitlines():
        plain = line.removeprefix(" ")
        goes_on = plain.endswith(" ") and plain != "-- " and not plain.startswith(">")
        kept = plain[:-1] if goes_on and delete_space else plain
        if open_line and not plain.startswith(">"):
            lines[-1] += kept
        else:
            lines.append(kept)
        open_line = goes_on
    return "\n".join(lines)


def _text_of_page(page: str) -> str:
    """HTML as lines of text, without styles and quoted blocks. Linear in its length, however broken."""
    pieces: list[str] = []
    unread: list[str] = []
    position = 0
    while position < len(page):
        start = page.find("<", position)
        text = page[position:] if start < 0 else page[position:start]
        if not unread:
            pieces.append(re.sub(r"\s+", " ", unescape(text)))
        if start < 0:
            break
        position, closing, name = _tag(page, start)
        if position == start + 1 and not unread:
            pieces.append("<")
        if name == "body":
            unread = []
        elif name in _UNREAD:
            if not closing:
                unread.append(name)
            elif name in unread:
                while unread.pop() != name:
                    continue
        if not unread and (name in _BLOCKS or name == "br"):
            pieces.append("\n")
    return "\n".join(line.strip() for line in "".join(pieces).splitlines())


def _tag(page: str, start: int) -> tuple[int, bool, str]:
    """Where the tag, comment or bare `<` at `start` ends, whether it closes something, and its name."""
    if page.startswith("<!--", start):
        end = page.find("-->", start + 4)
        return (end + 3 if end >= 0 else len(page)), False, ""
    match = _TAG.match(page, start)
    if match is None:
        return start + 1, False, ""
    position = match.end()
    while position < len(page) and page[position] != ">":
        if page[position] in "\"'":
            end = page.find(page[position], position + 1, position + _LONGEST_QUOTED_VALUE)
            position = end if end >= 0 else position
        position += 1
    return position + 1, bool(match[1]), (match[2] or "").lower()
