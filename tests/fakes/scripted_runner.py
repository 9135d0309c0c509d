"""A runner by script: a weekly habit, a knee that follows the load, and a year of it told to the rules.

Everything follows from the script and its seed. Before each run she looks at the budget of one minute earlier, and
obeys it or does as she likes; she answers the questions that triage sends, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fakes.scripted_knee import Knee, load_of

from rules.assess import advance, judge, start
from rules.facts import Activity, Family, PainReply, Prompt, PromptKind, ReplyKind, RunLoad, Runner
from rules.outcome import Budget, Finding, Level, LoadState, Message, PainState, PromptWanted, Sent
from rules.policy import Policy
from rules.prompts import EVENING_RUN_TEXT
from rules.state import State
from rules.triage import triage

POLICY = Policy()
ZONE = ZoneInfo("Europe/Berlin")
RUNNER = Runner(timezone="Europe/Berlin", birth_year=1986)
WEEK_ONE = date(2025, 3, 3)
PRELUDE_WEEKS = 7
MINUTE = timedelta(minutes=1)
EVENING = time(18)
LEAST_KM = 2.0
FLAT_M_PER_KM, ROLLING_M_PER_KM, HILLY_M_PER_KM = 2.0, 8.0, 30.0
PACE_S_PER_KM = 360.0
UNRUNNABLE = 7
LADDER_KM = (2.5, 2.8, 3.2, 3.6, 4.0, 4.5)
"""How far half an hour of each step of the walk-run ladder goes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One weekday's run (Monday = 0). `grows`: she takes the whole figure, up to the goal; `rolling`: on the gentle
    hills."""

    weekday: int
    clock: time
    km: float
    fast_min: float = 0.0
    grows: bool = False
    rolling: bool = False


HABIT = (
    Wish(1, time(18), 5.0),
    Wish(3, time(18), 6.0, fast_min=10.0),
    Wish(5, time(9), 5.0),
    Wish(6, time(9), 10.0, grows=True, rolling=True),
)
EAGER = tuple(replace(wish, grows=True) for wish in HABIT)


@dataclass(frozen=True, slots=True)
class Script:
    """Who runs. Days count from the Monday of week 1; before it the habit was run for seven weeks, whatever the figures.

    On the first run from each day of `flares` on the knee goes bad by itself. From `away_from` on she does not run for
    `away_days`. `always` is a pain that every run has. `minds_week`: she keeps to the figure of the week too, which is
    advice. A runner who does not obey goes for a large run every third Sunday, and for hills on the one after it.
    """

    name: str
    weeks: int = 26
    obeys: bool = True
    minds_week: bool = False
    answers: bool = True
    habit: tuple[Wish, ...] = HABIT
    goal_km: float = 21.1
    flares: tuple[int, ...] = ()
    away_from: int | None = None
    away_days: int = 0
    always: int = 0
    seed: int = 1


OBEYING_YEAR = Script("obeys", weeks=52, flares=(63,), away_from=231, away_days=18)
DISOBEYING_YEAR = Script("does as she likes", weeks=52, obeys=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What was true at `at`, one minute before a planned run."""

    at: datetime
    budget: Budget
    pain: PainState
    load: LoadState
    stage_cap: float | None
    calm_runs: int

    @property
    def day(self) -> date:
        return self.at.astimezone(ZONE).date()

    @property
    def week(self) -> int:
        return week_of(self.day)

    @property
    def figure_km(self) -> float | None:
        return self.budget.longest_run_km.flat


@dataclass(frozen=True, slots=True)
class Ran:
    """A run, the look before it, and how much it really hurt. `before` is the state of the rules just before it."""

    id: str
    start: datetime
    end: datetime
    km: float
    descent_m: float
    pain: int
    look: Look
    before: State
    walk: bool = False

    @property
    def week(self) -> int:
        return self.look.week


@dataclass(frozen=True, slots=True)
class Year:
    """Everything that happened, each in order of time. A run that she left out has a look and no run."""

    script: Script
    looks: tuple[Look, ...]
    runs: tuple[Ran, ...]
    replies: tuple[PainReply, ...]
    findings: tuple[Finding, ...]
    messages: tuple[Message, ...]


@cache
def year_of(script: Script) -> Year:
    """The year of a script, under the policy as it comes."""
    return _Course(script).run()


def week_of(day: date) -> int:
    """1 for the first week; 0 and less before it."""
    return (day - WEEK_ONE).days // 7 + 1


def asks_both(question: PromptWanted) -> bool:
    """Whether a morning question asks about the run of the evening too."""
    return question.text == EVENING_RUN_TEXT


def activity_of(start_at: datetime, km: float, descent_m: float, *, walk: bool = False) -> Activity:
    return Activity(
        id=f"{start_at:%Y-%m-%d}",
        family=Family.WALK if walk else Family.RUN,
        sport="walking" if walk else "running",
        start=start_at,
        distance_m=km * 1000,
        moving_s=1800 if walk else km * PACE_S_PER_KM,
        utc_offset_s=int((start_at.astimezone(ZONE).utcoffset() or timedelta()).total_seconds()),
        ascent_m=descent_m,
        descent_m=descent_m,
        source="watch",
        device="watch",
    )


class _Course:
    """The year as it unrolls: a queue of what is bound to happen, and the simulation that replay uses."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.dice = Random(script.seed)
        longest = max(wish.km for wish in script.habit)
        self.knee = Knee(self.dice, used_to=0.8 * longest)
        self.state = start(RUNNER, POLICY)
        self.looks: list[Look] = []
        self.runs: list[Ran] = []
        self.replies: list[PainReply] = []
        self.flares = list(script.flares)
        self.queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self.turns = count()
        self.findings: dict[str, Finding] = {}
        self.messages: list[Message] = []

    def run(self) -> Year:
        first = WEEK_ONE - timedelta(weeks=PRELUDE_WEEKS)
        for day in range((PRELUDE_WEEKS + self.script.weeks) * 7):
            today = first + timedelta(days=day)
            self._at(_instant(today, EVENING), lambda _: None)
            for wish in self.script.habit:
                if wish.weekday == today.weekday() and not self._away(today):
                    self._at(_instant(today, wish.clock), lambda at, wish=wish: self._plan(wish, at))
        now = self.queue[0][0] - MINUTE
        questions: list[datetime] = []
        while self.queue:
            due = min((moment for moment in questions if moment > now), default=None)
            if due is not None and due < self.queue[0][0]:
                now = due
            else:
                now, _, happens = heappop(self.queue)
                happens(now)
            questions = self._decide(now)
        return Year(
            self.script,
            tuple(self.looks),
            tuple(self.runs),
            tuple(self.replies),
            tuple(sorted(self.findings.values(), key=lambda finding: finding.at)),
            tuple(sorted(self.messages, key=lambda message: message.due_at)),
        )

    def _decide(self, now: datetime) -> list[datetime]:
        """Judge, send what triage wants said, plan the answers; when the next questions are due."""
        told = judge(self.state, POLICY, now, trains=False)
        self.findings |= {
            finding.key: finding for finding in told.findings if finding.key not in self.findings
        }
        sent = [
            Sent(each.key, each.kind, each.due_at, each.findings, each.alert) for each in self.messages[-250:]
        ]
        for message in triage(told, self.state.core.recent, sent, POLICY, now):
            self.messages.append(message)
            asked = message.question
            if asked is not None:
                prompt = Prompt(message.key, asked.kind, message.due_at, asked.expires_at, asked.activity_id)
                self.state = advance(self.state, prompt, POLICY)
            if self.script.answers:
                self._hear(message)
        return [prompt.due_at for prompt in told.prompts]

    def _at(self, instant: datetime, happens: Callable[[datetime], None]) -> None:
        heappush(self.queue, (instant, next(self.turns), happens))

    def _away(self, today: date) -> bool:
        since = self.script.away_from
        day = (today - WEEK_ONE).days
        return since is not None and since <= day < since + self.script.away_days

    def _plan(self, wish: Wish, begins: datetime) -> None:
        look = self._look(begins - MINUTE)
        self.looks.append(look)
        self.knee.rest(begins)
        chosen = self._chosen(wish, look)
        if chosen is None:
            return
        km, descent_m, fast_min = chosen
        walk = self.script.obeys and look.budget.ladder_step == 0
        day = (look.day - WEEK_ONE).days
        goes_bad = bool(self.flares) and day >= self.flares[0]
        if goes_bad:
            self.flares.pop(0)
        run = activity_of(begins, km, descent_m, walk=walk)
        end = begins + timedelta(seconds=run.moving_s or 0)
        always = self.script.always if look.week >= 1 else 0
        pain = self.knee.carry(end, km, descent_m, goes_bad=goes_bad, always=always)
        ran = Ran(run.id, begins, end, km, descent_m, pain, look, self.state, walk)
        self.runs.append(ran)
        load = None if walk else load_of(km, descent_m, fast_min)
        self._at(end, lambda _: self._take(run, load))

    def _take(self, fact: Activity | PainReply, load: RunLoad | None = None) -> None:
        self.state = advance(self.state, fact, POLICY, load)

    def _look(self, at: datetime) -> Look:
        told = judge(self.state, POLICY, at, asks=False, trains=False)
        pain = told.pain
        return Look(at, told.budget, pain.overall, told.load, pain.stage_cap, pain.calm_runs)

    def _chosen(self, wish: Wish, look: Look) -> tuple[float, float, float] | None:
        """Kilometres, metres down and fast minutes; None if she stays at home."""
        hills = ROLLING_M_PER_KM if wish.rolling else FLAT_M_PER_KM
        if look.week < 1:
            return wish.km, wish.km * hills, wish.fast_min
        if not self.script.obeys:
            return self._as_she_likes(wish, look, hills)
        budget = look.budget
        if budget.not_before is None or budget.not_before > look.day:
            return None
        if budget.ladder_step is not None:
            return LADDER_KM[budget.ladder_step], 0.0, 0.0
        down = budget.descent_m or 0
        figures = budget.longest_run_km
        rolling = wish.rolling and down > 0
        figure = (figures.rolling if rolling else figures.flat) or 0.0
        km = min(self.script.goal_km, figure) if wish.grows else min(wish.km, figure)
        if self.script.minds_week and budget.week_km is not None:
            km = min(km, budget.week_km)
        if km < LEAST_KM:
            return None
        descent_m = min(km * (hills if rolling else FLAT_M_PER_KM), down)
        return km, descent_m, min(wish.fast_min, budget.fast_min or 0)

    def _as_she_likes(self, wish: Wish, look: Look, hills: float) -> tuple[float, float, float] | None:
        """Every third Sunday 30 to 100 % more than she is used to, hills on the next one; only a very sore knee stops her."""
        if round(self.knee.soreness) >= UNRUNNABLE:
            return None
        km = wish.km
        if wish.grows and look.week % 3 == 0:
            km *= self.dice.uniform(1.3, 2.0)
        if wish.grows and look.week % 3 == 1:
            hills = HILLY_M_PER_KM
        return round(km, 1), km * hills, wish.fast_min

    def _hear(self, message: Message) -> None:
        """She answers a few minutes after a question was sent."""
        if message.question is not None:
            self._at(message.due_at + 5 * MINUTE, lambda at: self._answer(message, at))
        elif message.level is Level.REFER:
            self._at(message.due_at + 30 * MINUTE, lambda at: self._reply(at, ReplyKind.SEEN))

    def _answer(self, message: Message, at: datetime) -> None:
        assert message.question is not None
        run_id = message.question.activity_id
        match message.question.kind:
            case PromptKind.AFTER_RUN:
                pain = next(run.pain for run in self.runs if run.id == run_id)
                token = {"activity_id": run_id, "prompt_id": message.key}
                self._reply(at, ReplyKind.DURING, score=pain, **token)
                if pain >= 1:
                    now = self.knee.answer(at)
                    settled = now <= self.script.always + 2
                    score = None if settled else now
                    self._at(
                        at + MINUTE,
                        lambda at: self._reply(at, ReplyKind.AFTER, score=score, settled=settled, **token),
                    )
            case PromptKind.MORNING:
                if asks_both(message.question):
                    pain = next(run.pain for run in self.runs if run.id == run_id)
                    self._reply(at, ReplyKind.DURING, score=pain, activity_id=run_id)
                score = self.knee.answer(at)
                self._reply(at, ReplyKind.MORNING, score=score, activity_id=run_id, prompt_id=message.key)
            case PromptKind.WEEKLY:
                week = at - timedelta(days=7)
                worst = max((run.pain for run in self.runs if run.end >= week), default=0)
                self._reply(at, ReplyKind.WEEKLY, score=worst, prompt_id=message.key)
            case _:
                pass

    def _reply(self, at: datetime, kind: ReplyKind, **told: Any) -> None:
        reply = PainReply(f"{len(self.replies):04}", at, kind, **told)
        self.replies.append(reply)
        self._take(reply)


def _instant(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, ZONE).astimezone(UTC)
