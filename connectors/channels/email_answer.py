"""The bare answer in the text of a mail: without quote, quote header, signature and footer.

Nothing is ever read from the quote: where it is not plain what is quote and what is answer, the answer is lost and asked
for again, never guessed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import cache

LONGEST_ANSWER = 2_000
_MOST_LINES = 400
_LONGEST_LINE = 200
"""Of what is searched for quote headers: expressions for them take their time on long lines."""
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "sv", "da", "pl", "cs")
_FULL_LINE = 60
"""From this length on a quoted line may have been wrapped, and what follows without a mark may be its rest."""

_OPENERS = re.compile(r"(?:on|am|le|el|il|op|den|em|dnia|w dniu|dne|på|pe)\b", re.IGNORECASE)
_DATED = re.compile(r"\d{1,2}[:.h]\d{2}|\b\d{4}\b|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_FIELD = re.compile(r"[*\s]*([^\W\d_]{1,16})(?: [^\W\d_]{1,3})? ?:[*\s]")
_FIELD_NAMES = frozenset(
    [
        "from",
        "sent",
        "to",
        "subject",
        "date",
        "cc",
        "von",
        "gesendet",
        "an",
        "betreff",
        "datum",
        "de",
        "envoyé",
        "à",
        "objet",
        "enviado",
        "para",
        "asunto",
        "fecha",
        "da",
        "inviato",
        "a",
        "oggetto",
        "data",
        "van",
        "verzonden",
        "aan",
        "onderwerp",
        "od",
        "do",
        "temat",
        "från",
        "skickat",
        "till",
        "ämne",
        "fra",
        "sendt",
        "til",
        "emne",
        "от",
        "кому",
        "тема",
    ]
)
_DIVIDER = re.compile(r"\s*(?:[-_=]{2,} ?[^-_=]{3,60} ?[-_=]{2,}|[-_=*–—]{10,})\s*")
_DEVICE = re.compile(
    r"(?:sent (?:from|via|with)|get outlook|von meinem .* gesendet|gesendet (?:von|mit|aus)|diese nachricht wurde von|"
    r"hol(?:en sie sich)? outlook|envoyé (?:de|depuis|à partir)|télécharger outlook|enviado (?:desde|do)|obtener outlook|"
    r"inviato da|verzonden (?:vanaf|met|vanuit)|skickat från|sendt fra|wysłan[eoy] (?:z|przez)|отправлено (?:из|с)|"
    r"yahoo mail:|virus-?free|virenfrei)",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"(?:confidential(?:ity)?|disclaimer|caution|warning|privileged|this (?:e-?mail|message)|diese e-?mail|hinweis:|"
    r"ce (?:message|courriel))\b",
    re.IGNORECASE,
)


def bare_answer(text: str, our_names: Iterable[str], sender_name: str = "") -> str:
    """What the writer of a reply typed, at most LONGEST_ANSWER characters.

    `our_names` are the ways in which a quote header may call us: our addresses and the names they are written with.
    """
    lines = [line.rstrip() for line in text.replace("\ufeff", "").splitlines()[:_MOST_LINES]]
    names = tuple(name.lower() for name in our_names if len(name) > 2)
    kept = _without_signature(_without_quote(lines, names), sender_name)
    answer = "\n".join(kept).strip()
    return re.sub(r"\n{3,}", "\n\n", answer)[:LONGEST_ANSWER]


def _without_quote(lines: list[str], names: tuple[str, ...]) -> list[str]:
    headers = _headers(lines, names)
    kept: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        if position in headers:
            position = headers[position]
            if not _is_quoted(_next_written(lines, position)):
                break  # a quote without marks goes on to the end
            continue
        if _DIVIDER.fullmatch(line[:_LONGEST_LINE]):
            break
        if _is_quoted(line):
            position = _end_of_wrapped(lines, position)
            kept.append("")
            continue
        kept.append(line)
        position += 1
    return kept


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "|", "»"))


def _next_written(lines: list[str], position: int) -> str:
    return next((line for line in lines[position:] if line.strip()), "")


def _end_of_wrapped(lines: list[str], position: int) -> int:
    """The line behind a quoted one, and behind the rest of it that a client has wrapped without a mark."""
    end = position + 1
    if len(lines[position]) < _FULL_LINE:
        return end
    while end < len(lines) and lines[end].strip() and not _is_quoted(lines[end]):
        end += 1
    return end


def _headers(lines: list[str], names: tuple[str, ...]) -> dict[int, int]:
    """Where quote headers begin, and where each ends."""
    found = dict(_known_headers(lines))
    for position, line in enumerate(lines):
        if _is_quoted(line):
            continue
        if (
            line.endswith((":", "："))
            and (start := _start_of_introduction(lines, position, names)) is not None
        ):
            found[start] = max(position + 1, found.get(start, 0))
        elif _is_field(line) and position + 1 < len(lines) and _is_field(_next_written(lines, position + 1)):
            found[position] = len(lines) if not _is_quoted(line) else position + 1
    return found


def _start_of_introduction(lines: list[str], last: int, names: tuple[str, ...]) -> int | None:
    """Where "On 19 May at 20:00, niggled wrote:" begins that ends at `last`, over four lines at most."""
    for first in range(last, max(-1, last - 4), -1):
        if first < last and (not lines[first].strip() or _is_quoted(lines[first])):
            break
        whole = " ".join(lines[first : last + 1]).lower()
        if any(name in whole for name in names) and _DATED.search(whole):
            return _beginning(lines, first)
    addressed = any("@" in name and name in lines[last].lower() for name in names)
    return _beginning(lines, last) if addressed else None


def _beginning(lines: list[str], first: int) -> int:
    """The true first line of an introduction that has all its marks from `first` on: its own first words may stand above."""
    for above in range(first, max(-1, first - 3), -1):
        if not lines[above].strip():
            break
        if _OPENERS.match(lines[above].lstrip()):
            return above
    while first > 0 and len(lines[first - 1]) >= _FULL_LINE - 15 and not _is_quoted(lines[first - 1]):
        first -= 1
    return first


def _is_field(line: str) -> bool:
    match = _FIELD.match(line[:_LONGEST_LINE] + " ")
    return match is not None and match[1].lower() in _FIELD_NAMES


def _known_headers(lines: list[str]) -> Iterable[tuple[int, int]]:
    """The quote headers that the library knows, in ten languages."""
    text = "\n".join("" if _is_quoted(line) else line[:_LONGEST_LINE] for line in lines)
    for match in _library_expression().finditer(text):
        matched = match.group()
        first = text.count("\n", 0, match.start() + len(matched) - len(matched.lstrip("\n")))
        yield first, first + matched.strip("\n").count("\n") + 1


@cache
def _library_expression() -> re.Pattern[str]:
    from mailparser_reply.parser import EmailMessage  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        # It calls `re.sub` in a way that Python will drop one day; the expression alone is what we are after.
        warnings.simplefilter("ignore", DeprecationWarning)
        expression: re.Pattern[str] = EmailMessage(text="", languages=list(_LANGUAGES)).HEADER_REGEX
    return expression


def _without_signature(lines: list[str], sender_name: str) -> list[str]:
    kept: list[str] = []
    for line in lines:
        plain = line.strip().strip("*_")
        if line.strip() in ("--", "—", "–") or _DEVICE.match(plain) or _FOOTER.match(plain):
            break
        if (
            sender_name
            and any(kept)
            and plain.lower() in (sender_name.lower(), sender_name.split()[0].lower())
        ):
            break
        kept.append(line)
    return kept
