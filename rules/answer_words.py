"""The words of the answer grammar; a language is added by adding its words here (RULES 9)."""

from __future__ import annotations

from datetime import timedelta

from rules.facts import Grade, Side

COMMANDS = {
    "skip": "skip",
    "later": "later",
    "snooze": "snooze",
    "pause": "pause",
    "stop": "pause",
    "resume": "resume",
    "status": "status",
    "help": "help",
    "race": "race",
    "wrong": "wrong",
    "planned": "planned",
    "seen": "seen",
    "cleared": "cleared",
}
GRADES = {
    "fine": Grade.GREEN,
    "ok": Grade.GREEN,
    "good": Grade.GREEN,
    "sore": Grade.AMBER,
    "bad": Grade.RED,
}
EFFORTS = {"easy": 5, "hard": 8}
"""Effort of 10: below and above the 6-7 that a session aims at."""

POLITE = frozenset({"please", "thanks", "thank", "you", "today", "bitte", "danke", "merci", "niggled"})
YES_NO = {
    "y": True,
    "yes": True,
    "n": False,
    "no": False,
    "ja": True,
    "nein": False,
    "oui": True,
    "non": False,
}
SIDES: dict[str, Side | None] = {
    "left": Side.LEFT,
    "l": Side.LEFT,
    "right": Side.RIGHT,
    "r": Side.RIGHT,
    "both": None,
    "links": Side.LEFT,
    "rechts": Side.RIGHT,
    "beide": None,
    "gauche": Side.LEFT,
    "droite": Side.RIGHT,
}
"""None stands for both knees."""

FLAG_WORDS = {
    "limp": "limp",
    "limping": "limp",
    "limped": "limp",
    "pills": "pills",
    "pill": "pills",
    "painkiller": "pills",
    "painkillers": "pills",
}
PHRASES = (
    ("no pain(?: at all)?", "none"),
    ("pain[- ]?free", "none"),
    ("zero", "none"),
    ("keine schmerzen", "none"),
    ("schmerzfrei", "none"),
    ("aucune douleur", "none"),
    ("pas de douleur", "none"),
    ("erledigt", "done"),
)
NUMBER_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
ALTERNATIVES = frozenset({"or", "oder", "ou"})
"""Between two numbers: one of them is meant."""
NEGATIONS = (
    "not",
    "no",
    "isn't",
    "wasn't",
    "less than",
    "more than",
    "over",
    "under",
    "above",
    "below",
    "at least",
    "at most",
    "up to",
    "max",
    "kein",
    "keine",
    "pas",
)
UNITS = (
    "km",
    "kms",
    "k",
    "mi",
    "miles?",
    "m",
    "metres?",
    "meters?",
    "min",
    "mins",
    "minutes?",
    "h",
    "hrs?",
    "hours?",
    "days?",
    "weeks?",
    "nights?",
    "times",
    "x",
    "am",
    "pm",
    "percent",
    "steps",
    "sets?",
    "reps?",
    "kg",
    "runs?",
)
DONE_FILLERS = frozenset({"and", "with", "pain", "knee", "session", "all", "the", "it", "was", "strength"})
SPANS = {
    "": timedelta(days=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "days": timedelta(days=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "hours": timedelta(hours=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
    "weeks": timedelta(weeks=1),
}
CHECKLIST_WORDS = {
    "chest": "chest",
    "breath(?:less(?:ness)?)?": "breath",
    "calf": "calf",
    "twist(?:ed)?": "twist",
    "fall": "twist",
    "fell": "twist",
    "blow": "twist",
    "pop(?:ped)?": "twist",
    "steps": "steps",
    "lock(?:ed)?": "locked",
    "straighten": "locked",
    "bend": "bend",
    "gave way": "gave_way",
    "giving way": "gave_way",
    "swollen": "swelling",
    "swelling": "swelling",
    "deform(?:ed|ity)": "deformity",
    "hot": "hot",
    "fever": "hot",
    "bone": "bone",
    "night": "night",
    "hip": "groin",
    "groin": "groin",
    "constant": "constant",
}
