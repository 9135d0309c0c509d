"""What was said and why, and what is not to be said for a while."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.wrappers import Response

from daemon.explanation import explained
from daemon.jobs.adapt import in_force
from daemon.links import signed
from daemon.store import preferences
from daemon.store.answers import replies_to_all
from daemon.store.findings import find_finding, findings_by_key
from daemon.store.messages import load_messages
from daemon.store.spoken import find_spoken, newest_spoken, words_by_message
from daemon.web.coded import coded
from daemon.web.errors import NOT_HERE, Refused
from daemon.web.messages_view import (
    NOWHERE,
    Muted,
    Subject,
    address_of,
    days_of,
    line_of,
    muted_words,
    reason_of,
    spoken_when,
    way_of,
)
from daemon.web.saying import once, say
from daemon.web.settings_view import pause_words
from daemon.web.told import told_to, when_words
from daemon.web.visit import Visit
from rules.muting import may_be_muted
from rules.muting_words import subject_words, subjects_of, what_silence_costs, why_never
from rules.phrases import capital

PAGE_LENGTH = 25
LAST_PAGE = 10_000
SPANS = {"7": "1 week", "28": "4 weeks", "": "For good"}
"""Days that something can be muted for; empty: until it is unmuted."""
SNOOZES = {"1": "1 day", "3": "3 days", "7": "7 days"}
LONGEST_SUBJECT = 40


def listing(visit: Visit) -> Response:
    page = _page_number(visit.request.args.get("page", ""))
    name, runner, now = visit.athlete.name, visit.athlete.runner, visit.now
    with visit.house.store.reading() as session:
        spoken = newest_spoken(session, name, PAGE_LENGTH + 1, (page - 1) * PAGE_LENGTH)
        shown = spoken[:PAGE_LENGTH]
        keys = [one.message.key for one in shown]
        replies = replies_to_all(session, name, keys)
        words = words_by_message(session, name, keys)
        muted = preferences.mutes(session, name, now)
        paused = pause_words(session, visit.athlete, now) if page == 1 else ""
    lines = [
        line_of(one, replies.get(one.message.key, ()), words.get(one.message.key), runner) for one in shown
    ]
    return visit.page(
        "messages",
        days=days_of(lines, runner, now),
        page=page,
        older=len(spoken) > PAGE_LENGTH,
        muted=[Muted(one.subject, capital(muted_words(one, runner, now))) for one in muted],
        paused=paused,
        snoozes=SNOOZES,
        once=once(),
    )


def show(visit: Visit, key: str) -> Response:
    name, runner, now = visit.athlete.name, visit.athlete.runner, visit.now
    if not key.isprintable():
        raise NOT_HERE
    with visit.house.store.reading() as session:
        athlete = in_force(session, visit.athlete, now)
        spoken = find_spoken(session, name, key)
        if spoken is None:
            raise NOT_HERE
        message = spoken.message
        told = told_to(session, name, message)
        found = findings_by_key(session, name, message.findings)
        muted = {one.subject for one in preferences.mutes(session, name, now)}
    open_until = message.question.expires_at if message.question else message.expires_at
    answerable = spoken.token is not None and bool(spoken.passages) and now < open_until and told is None
    return visit.page(
        "message",
        message=message,
        when=spoken_when(spoken, runner, now),
        ways=[way_of(one, runner, now) for one in spoken.passages],
        nowhere=NOWHERE,
        text=coded(message.text),
        answered=told,
        answered_at=capital(when_words(told.at, runner, now)) if told else "",
        answer=f"/a/{signed(visit.house.key, spoken.token)}" if answerable and spoken.token else "",
        reasons=[reason_of(explained(one, athlete), runner, now) for one in found],
        subjects=[
            Subject(one, subject_words(one), what_silence_costs(one), one in muted)
            for one in subjects_of(message)
        ],
        why_never=why_never(message),
        spans=SPANS,
    )


def finding(visit: Visit, number: int) -> Response:
    name, runner, now = visit.athlete.name, visit.athlete.runner, visit.now
    with visit.house.store.reading() as session:
        athlete = in_force(session, visit.athlete, now)
        stored = find_finding(session, name, str(number))
        if stored is None:
            raise NOT_HERE
        told = load_messages(session, [(name, key) for key in stored.message_keys])
    return visit.page(
        "finding",
        reason=reason_of(explained(stored, athlete), runner, now),
        messages=[
            (address_of(one.key), one.title, when_words(one.due_at, runner, now))
            for one in sorted(told.values(), key=lambda each: each.due_at)
        ],
    )


def mute(visit: Visit) -> Response:
    subject, days = visit.field("subject", LONGEST_SUBJECT), visit.field("days", 3)
    if days not in SPANS:
        raise Refused(400, "Not understood", "Nothing can be muted for so long. Nothing was changed.")
    if not may_be_muted(subject):
        raise Refused(400, "Not this one", "What keeps you safe cannot be muted. Nothing was changed.")
    until = visit.now + timedelta(days=int(days)) if days else None
    with visit.house.store.session() as session:
        preferences.mute(session, visit.athlete.name, subject, until, visit.now)
    words = muted_words(preferences.Mute(subject, until), visit.athlete.runner, visit.now)
    return visit.see_other("/messages", told=f"Muted: {words}.")


def unmute(visit: Visit) -> Response:
    subject = visit.field("subject", LONGEST_SUBJECT)
    if not may_be_muted(subject):
        raise Refused(400, "Not understood", "There is nothing of that name to unmute. Nothing was changed.")
    with visit.house.store.session() as session:
        preferences.unmute(session, visit.athlete.name, subject)
    return visit.see_other("/messages", told=f"{capital(subject_words(subject))} again.")


def snooze(visit: Visit) -> Response:
    days = visit.field("days", 2)
    if days not in SNOOZES:
        raise Refused(400, "Not understood", "There is no such snooze. Nothing was changed.")
    say(visit, f"pause {days}d")
    with visit.house.store.reading() as session:
        told = pause_words(session, visit.athlete, visit.now)
    return visit.see_other("/messages", told=told or "Nothing is paused.")


def _page_number(asked: str) -> int:
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 5 else 1
    return min(max(number, 1), LAST_PAGE)
