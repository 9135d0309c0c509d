"""The wizard's questions about the runner: where and how they count, the knee, and days for strength work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import click

from daemon import setup_knee
from daemon.cli.context import now, opened_store
from daemon.cli.setup_asking import answered, one_of, whole_number
from daemon.cli.setup_desk import Desk, stays
from daemon.cli.terminal_words import at_a_terminal
from daemon.config import machine_zone
from daemon.config_values import checked
from daemon.options import OPTIONS
from daemon.setup_config import Tables
from daemon.store.history import list_activities
from rules import set_up
from rules.confirmations import WHICH_ITEM
from rules.facts import Activity
from rules.outcome import PainState
from rules.policy import Policy, PolicyError, with_overrides
from rules.prompts import CHECKLIST_TEXT

OLDEST = 1920
MOST_USUAL = 3
"""More than that is never a usual morning (RULES 6, B)."""
PAIN_TEXT = "Pain today on stairs down, 0–10?"
USUAL_TEXT = "Is it like that on most days, yes or no?"
ELSEWHERE = "Your newest activity was recorded at {there}; this machine's zone, {zone}, was at {here} then."


@dataclass(frozen=True, slots=True)
class RunnerAnswers:
    """What was said about the runner by options; None is asked where nobody has said it yet."""

    timezone: str | None = None
    units: str | None = None
    birth_year: str | None = None
    knee: str | None = None
    pain: str | None = None
    usual: str | None = None
    recent: str | None = None
    red_flags: str | None = None
    strength_days: str | None = None


def ask_about_runner(desk: Desk, said: RunnerAnswers) -> None:
    """Zone, unit, birth year and knee, written down together; what stands in the configuration is not asked."""
    zone, why = _proposed_zone(desk)
    this_year = now().year
    asked: dict[str, Callable[[], object]] = {
        "timezone": lambda: answered(
            f"{why}Time zone, like Europe/Berlin?", _zone, "--timezone", said.timezone, proposal=zone
        ),
        "units": lambda: answered(
            "km or miles?", one_of(("km", "miles")), "--units", said.units, proposal="km"
        ),
        "birth_year": lambda: answered(
            "Year of birth?", whole_number(OLDEST, this_year - 6), "--birth-year", said.birth_year
        ),
        "knee": lambda: answered(
            "Which knee, left or right? If both, the worse one.",
            one_of(("left", "right")),
            "--knee",
            said.knee,
        ),
    }
    settled = {name: ask() for name, ask in asked.items() if _is_open(desk, name, getattr(said, name))}
    desk.add({desk.table: settled})


def ask_about_knee(desk: Desk, said: RunnerAnswers) -> None:
    """Pain of today, and what would need a clinician; asked once, and kept in the store together."""
    with opened_store(desk.config) as store:
        athlete = desk.athlete
        told = setup_knee.told(store, athlete.name)
        pain, flags = None, None
        usual: Tables = {}
        if not told.pain:
            pain = answered(PAIN_TEXT, whole_number(0, 10), "--pain", said.pain)
            usual = _usual_pain(desk, said, pain)
        if not told.checklist:
            recent = answered(
                f"{set_up.RECENT_TEXT} none, or which?", _listed(set_up.recent_flags), "--recent", said.recent
            )
            flags = (*recent, *_red_flags(said))
        if pain is not None:
            desk.add(usual)
            athlete = desk.athlete
            if text := setup_knee.keep_pain(store, athlete, pain, now()):
                click.echo(f"  {at_a_terminal(text, desk.named)}")
            today = now().astimezone(ZoneInfo(athlete.runner.timezone)).date()
            if word := set_up.word_about_age(athlete.runner.birth_year or OLDEST, today, pain):
                click.echo(f"  {word}")
        if flags is not None and (text := setup_knee.keep_checklist(store, athlete, flags, now())):
            click.secho(f"  {at_a_terminal(text, desk.named)}", bold=True)


def _usual_pain(desk: Desk, said: RunnerAnswers, pain: int) -> Tables:
    """What mornings are compared with until enough of them are known: a knee that always tells a little is not sore anew."""
    if pain == 0 or desk.is_set("policy.pain.b_start"):
        return {}
    usual = answered(USUAL_TEXT, one_of(("yes", "no")), "--usual", said.usual, proposal="no")
    return {f"{desk.table}.policy.pain": {"b_start": min(pain, MOST_USUAL)}} if usual == "yes" else {}


def ask_strength_days(desk: Desk, said: RunnerAnswers) -> None:
    """Two weekdays, proposed from those without runs; not while a clinician has the word."""
    from daemon.jobs.assess import look

    if not _is_open(desk, "policy.strength.days", said.strength_days):
        return
    athlete = desk.athlete
    with opened_store(desk.config) as store:
        if look(store, athlete, now()).assessment.pain.overall is PainState.REFERRED:
            return
        with store.reading() as session:
            activities = list_activities(session, athlete.name, since=now() - timedelta(days=70))
    today = now().astimezone(ZoneInfo(athlete.runner.timezone)).date()
    proposal = ", ".join(set_up.strength_days(activities, athlete.runner, athlete.policy, today))
    question = "Strength work is 20 minutes twice a week. On which days?"
    days = answered(question, _days, "--strength-days", said.strength_days, proposal=proposal)
    desk.add({f"{desk.table}.policy.strength": {"days": days}})


def _is_open(desk: Desk, option: str, given: str | None) -> bool:
    """Whether an option still has to be asked; one that is set is not overruled by what is said now."""
    if not desk.is_set(option):
        return True
    if given is not None:
        click.echo(stays(option, desk), err=True)
    return False


def _red_flags(said: RunnerAnswers) -> tuple[str, ...]:
    flags = answered(
        f"{CHECKLIST_TEXT} none, or which?", _listed(set_up.checklist_flags), "--red-flags", said.red_flags
    )
    if flags == ("any",) and said.red_flags is None:
        flags = answered(WHICH_ITEM, _listed(set_up.checklist_flags), "--red-flags", proposal="yes")
    return flags


def _listed(read: Callable[[str], tuple[str, ...] | None]) -> Callable[[str], tuple[str, ...]]:
    def words(text: str) -> tuple[str, ...]:
        found = read(text)
        if found is None:
            raise ValueError(f"I read {text!r}. `none`, or the words of the question that apply?")
        return found

    return words


def _days(text: str) -> tuple[str, ...]:
    words = [word for word in text.replace(",", " ").split() if word.lower() != "and"]
    try:
        days = with_overrides(Policy(), {"strength": {"days": words}}).strength.days
    except PolicyError:
        days = ()
    if len(set(days)) < 2:
        raise ValueError(f"{text!r} are not two weekdays: Tue, Fri")
    return days


def _zone(text: str) -> str:
    option = next(one for one in OPTIONS if one.key == "athletes.*.timezone")
    return str(checked(option, text))


def _proposed_zone(desk: Desk) -> tuple[str | None, str]:
    """This machine's zone, where the newest activity does not say otherwise; else none, and a sentence why."""
    zone = machine_zone()
    with opened_store(desk.config) as store, store.reading() as session:
        newest: list[Activity] = list_activities(session, desk.name, limit=1)
    for activity in newest:
        here = activity.start.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
        there = activity.utc_offset_s
        if there is not None and there != here.total_seconds():
            there_text, here_text = (_offset(timedelta(seconds=there)), _offset(here))
            # A server is often in UTC, and nobody runs there; elsewhere the runner may have been on a journey.
            proposal = None if zone in ("UTC", "Etc/UTC") else zone
            return proposal, ELSEWHERE.format(there=there_text, zone=zone, here=here_text) + "\n"
    return zone, ""


def _offset(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60}" + (f":{abs(minutes) % 60:02d}" if minutes % 60 else "")
