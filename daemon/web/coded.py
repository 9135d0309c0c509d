"""Sentences for the page that were written for a screen of text: commands stand in `backticks`, papers as doi:…"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
_DOI = re.compile(r"doi:(10\.\d{4,}/[\w.()/:-]*\w)")


def coded(text: str) -> Markup:
    """With commands as such."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  escaped before


def linked(text: str) -> Markup:
    """With papers to be opened."""
    link = r'<a href="https://doi.org/\1" rel="noreferrer">doi:\1</a>'
    return Markup(_DOI.sub(link, str(escape(text))))  # noqa: S704  escaped before
