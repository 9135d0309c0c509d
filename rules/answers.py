"""The one grammar of what a runner may answer (RULES 9).

Nothing is guessed: a decimal, a range, two loose numbers or a number with a unit is unclear and asked back once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from rules.answer_words import (
    ALTERNATIVES,
    CHECKLIST_WORDS,
    COMMANDS,
    DONE_FILLERS,
    EFFORTS,
    FLAG_WORDS,
    GRADES,
    NEGATIONS,
    NUMBER_WORDS,
    PHRASES,
    POLITE,
    SIDES,
    SPANS,
    UNITS,
    YES_NO,
)
from rules.facts import Grade, MuscleGroup, Side


class Question(StrEnum):
    """What the answer is to; a bare number or command needs no question."""

    SCORE = "score"
    MORNING_AND_RUN = "morning_and_run"
    SETTLED = "settled"
    CHECKLIST = "checklist"
    OFFER = "offer"
    WHEN = "when"


class AnswerKind(StrEnum):
    PAIN = "pain"
    DONE = "done"
    EFFORT = "effort"
    YES = "yes"
    NO = "no"
    RUN = "run"
    NOW = "now"
    RACE = "race"
    WRONG = "wrong"
    PLANNED = "planned"
    SEEN = "seen"
    CLEARED = "cleared"
    SKIP = "skip"
    LATER = "later"
    SNOOZE = "snooze"
    PAUSE = "pause"
    RESUME = "resume"
    STATUS = "status"
    HELP = "help"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply, understood.

    `scores` holds pain 0-10 by side; the key None is the runner's usual side. `run_score` is the second number of an
    evening's morning question. `settled` and `settled_score` answer "back to the pre-run level?". `span` is how long a
    pause or snooze lasts (None: until `resume`). `flags` are checklist codes. `alarms` are words that bring up the checklist
    whatever else was said. `candidates` are the numbers an unclear answer may have meant.
    """

    kind: AnswerKind
    scores: dict[Side | None, int] = field(default_factory=dict)
    run_score: int | None = None
    settled: bool | None = None
    settled_score: int | None = None
    grade: Grade | None = None
    limp: bool = False
    painkillers: bool = False
    groups: frozenset[MuscleGroup] = frozenset()
    effort: int | None = None
    span: timedelta | None = None
    flags: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    candidates: tuple[int, ...] = ()

    @property
    def score(self) -> int | None:
        """The one number, where there is one."""
        return next(iter(self.scores.values())) if len(set(self.scores.values())) == 1 else None


LONGEST_ANSWER = 280
_UNCLEAR = Answer(AnswerKind.UNCLEAR)


def read(text: str, question: Question = Question.SCORE, alarm_words: Iterable[str] = ()) -> Answer:
    """What the runner meant by `text`, the bare answer without any quote or signature."""
    plain = _plain(text)
    alarms = tuple(word for word in alarm_words if re.search(rf"\b{re.escape(word)}(less|ing)?\b", plain))
    if len(plain) > LONGEST_ANSWER:
        return replace(_UNCLEAR, alarms=alarms)
    answer = _command(plain) or _to_question(plain, question) or _words_and_numbers(plain, question)
    return replace(answer, alarms=alarms)


def _plain(text: str) -> str:
    """NFKC, lower case, one kind of dash and blank, no emoji parts."""
    folded = unicodedata.normalize("NFKC", text).lower()
    folded = re.sub("[‐‑‒–—−]", "-", folded)
    folded = re.sub("[\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}]", "", folded)
    folded = folded.replace("’", "'")
    return re.sub(r"\s+", " ", folded).strip()


def _bare(plain: str) -> list[str]:
    """The words without punctuation and politeness."""
    return [word for word in re.sub(r"[^\w'? ]", " ", plain).split() if word not in POLITE]


def _command(plain: str) -> Answer | None:
    """A word that is an answer of its own, with a span where one is allowed."""
    if plain == "?":
        return Answer(AnswerKind.HELP)
    words = [word.strip("?") for word in _bare(plain)]
    phrase = " ".join(word for word in words if word)
    if phrase in GRADES:
        # Only without politeness: "ok thanks" thanks for the question, it does not answer it.
        exact = re.sub(r"[^\w ]", "", plain).strip() == phrase
        return Answer(AnswerKind.PAIN, grade=GRADES[phrase]) if exact else None
    if phrase in COMMANDS:
        kind = AnswerKind(COMMANDS[phrase])
        return Answer(kind, span=SPANS["day"] if kind is AnswerKind.SNOOZE else None)
    if phrase in EFFORTS:
        return Answer(AnswerKind.EFFORT, effort=EFFORTS[phrase])
    span = re.fullmatch(r"(snooze|pause) (\d{1,3}) ?([a-z]*)", phrase)
    if span and span[3] in SPANS and int(span[2]) > 0:
        return Answer(AnswerKind(span[1]), span=int(span[2]) * SPANS[span[3]])
    return None


def _to_question(plain: str, question: Question) -> Answer | None:
    """Words that only mean something as the answer to one kind of question."""
    words = _bare(plain)
    phrase = " ".join(words)
    if question is Question.WHEN and phrase in ("run", "now", "during the run", "during"):
        return Answer(AnswerKind.NOW if phrase == "now" else AnswerKind.RUN)
    if question is Question.OFFER and phrase in YES_NO:
        return Answer(AnswerKind.YES if YES_NO[phrase] else AnswerKind.NO)
    if question is Question.SETTLED and words and words[0] in YES_NO:
        settled = YES_NO[words[0]]
        if len(words) == 1:
            return Answer(AnswerKind.YES if settled else AnswerKind.NO, settled=settled)
        if not settled and len(words) == 2 and words[1].isdecimal() and int(words[1]) <= 10:
            return Answer(AnswerKind.NO, settled=False, settled_score=int(words[1]))
    if question is Question.CHECKLIST:
        return _checklist(plain, phrase)
    return None


def _checklist(plain: str, phrase: str) -> Answer | None:
    if phrase in ("none", "none of these", "no", "n", "nothing"):
        return Answer(AnswerKind.NO)
    if phrase in ("yes", "y"):
        return Answer(AnswerKind.YES)
    flags = tuple(
        dict.fromkeys(code for word, code in CHECKLIST_WORDS.items() if re.search(rf"\b{word}\b", plain))
    )
    return Answer(AnswerKind.YES, flags=flags) if flags else None


def _words_and_numbers(plain: str, question: Question) -> Answer:
    """Scores with their sides and flags, or `done` with what it carries."""
    text = plain
    for phrase, meaning in PHRASES:
        text = re.sub(rf"\b{phrase}\b", meaning, text)
    text = re.sub(r"\b(\d+) ?(?:/|out of|of) ?10\b", r"\1", text)
    text = re.sub(r"\b(\d+)([ynlr])\b", r"\1 \2", text)
    if _doubtful(text):
        return replace(_UNCLEAR, candidates=_candidates(text))
    words = re.findall(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)?", text)
    if len(words) == 1 and words[0] in NUMBER_WORDS:
        words = [str(NUMBER_WORDS[words[0]])]
    words = _collapsed_zeros(["0" if word == "none" else word for word in words])
    words, flags = _flags(words)
    if any(word.isdecimal() and int(word) > 10 for word in words):
        return _UNCLEAR
    answer = _done(words) if "done" in words else _pain(words, question)
    if answer.kind is AnswerKind.UNCLEAR:
        return replace(answer, candidates=_candidates(text))
    return replace(answer, limp="limp" in flags, painkillers="pills" in flags)


def _doubtful(text: str) -> bool:
    """Decimals, negative numbers, limits and hearts (<3), ranges, times, fractions, numbers with a unit or inside a word."""
    negations = "|".join(NEGATIONS)
    units = "|".join(UNITS)
    return any(
        re.search(pattern, text)
        for pattern in (
            r"\d[.,:⁄/]\d",
            r"(?:^|[\s(])[-+]\d",
            r"[<>≤≥] ?\d",
            r"\d ?- ?\d",
            r"[^\W\d_]\d|\d[^\W\d_]|\d ?[%°/]",
            rf"\d ?(?:{units})\b",
            rf"\b(?:{negations}) (?:an? )?\d",
        )
    )


def _candidates(text: str) -> tuple[int, ...]:
    decimal = re.fullmatch(r"\D*(\d)[.,]\d\D*", text)
    if decimal:
        return int(decimal[1]), int(decimal[1]) + 1
    numbers = [int(number) for number in re.findall(r"\d{1,3}", text)]
    return tuple(dict.fromkeys(number for number in numbers if number <= 10))


def _collapsed_zeros(words: list[str]) -> list[str]:
    """ "0, no pain" says zero once."""
    numbers = [word for word in words if word.isdecimal()]
    if len(numbers) < 2 or any(int(number) for number in numbers) or any(word in SIDES for word in words):
        return words
    first = next(index for index, word in enumerate(words) if word.isdecimal())
    return [word for index, word in enumerate(words) if index == first or not word.isdecimal()]


def _flags(words: list[str]) -> tuple[list[str], set[str]]:
    """The words without `limp` and `pills`, and which of the two were said and not denied."""
    kept: list[str] = []
    flags: set[str] = set()
    for word in words:
        if word not in FLAG_WORDS:
            kept.append(word)
        elif kept and kept[-1] in ("no", "without"):
            kept.pop()
        else:
            flags.add(FLAG_WORDS[word])
    return kept, flags


def _done(words: list[str]) -> Answer:
    groups: set[MuscleGroup] = set()
    effort = None
    numbers: list[int] = []
    for word in words:
        if word in MuscleGroup:
            groups.add(MuscleGroup(word))
        elif word in EFFORTS:
            effort = EFFORTS[word]
        elif word.isdecimal():
            numbers.append(int(word))
        elif word != "done" and word not in DONE_FILLERS and word not in POLITE:
            return _UNCLEAR
    if len(numbers) > 1:
        return _UNCLEAR
    scores: dict[Side | None, int] = {None: numbers[0]} if numbers else {}
    return Answer(AnswerKind.DONE, scores=scores, groups=frozenset(groups), effort=effort)


def _pain(words: list[str], question: Question) -> Answer:
    """Scores by side; `y` or `n` with its number right after the score."""
    numbers = [index for index, word in enumerate(words) if word.isdecimal()]
    if not numbers:
        return _UNCLEAR
    settled, settled_score, words = _settled(words, numbers[0])
    values = [int(word) for word in words if word.isdecimal()]
    sides = [SIDES[word] for word in words if word in SIDES]
    marks = "".join("n" if word.isdecimal() else "s" for word in words if word.isdecimal() or word in SIDES)
    scores: dict[Side | None, int]
    run_score = None
    if marks == "nn" and question is Question.MORNING_AND_RUN and not ALTERNATIVES.intersection(words):
        scores, run_score = {None: values[0]}, values[1]
    elif marks == "n":
        scores = {None: values[0]}
    elif marks in ("ns", "sn"):
        named = sides[0]
        scores = dict.fromkeys((Side.LEFT, Side.RIGHT) if named is None else (named,), values[0])
    elif marks in ("nsns", "snsn") and set(sides) == {Side.LEFT, Side.RIGHT}:
        scores = dict(zip(sides, values, strict=True))
    else:
        return _UNCLEAR
    return Answer(
        AnswerKind.PAIN, scores=scores, run_score=run_score, settled=settled, settled_score=settled_score
    )


def _settled(words: list[str], first_number: int) -> tuple[bool | None, int | None, list[str]]:
    """`y` or `n` after the score, where nothing but sides and the number of the `n` follows it."""
    for index in range(first_number + 1, len(words)):
        if words[index] not in YES_NO:
            continue
        rest = words[index + 1 :]
        number = rest[0] if rest and rest[0].isdecimal() else None
        others = rest[1:] if number else rest
        settled = YES_NO[words[index]]
        if any(word not in SIDES for word in others) or (number and settled):
            return None, None, words
        return settled, int(number) if number else None, [*words[:index], *others]
    return None, None, words
