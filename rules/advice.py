"""The pain x load matrix: what to do (RULES 7). The figures themselves are in the budget."""

from __future__ import annotations

from rules.core import Core
from rules.headlines import LADDER
from rules.outcome import Advice, Budget, Colour, LoadState, PainState
from rules.pain_state import deciding_side
from rules.policy import Policy
from rules.spikes import PAINFUL_STATES

GREEN_ADVICE = {
    LoadState.GREEN: ("Progress a little.",),
    LoadState.AMBER: ("Hold for 3 days.", "Hills back to usual."),
    LoadState.RED: ("Two easy flat runs.", "No hills and no speed for 7 days."),
}
AMBER_SENTENCE = "Flat, 10-20 % slower and 20 % fewer minutes: run 4 min, walk 1 min."
RED_SENTENCE = "No running for 48 hours at least; walk or bike if it stays at 2 or less."
TABLE: dict[tuple[PainState, LoadState], tuple[str, ...]] = {
    **{(PainState.GREEN, load): sentences for load, sentences in GREEN_ADVICE.items()},
    (PainState.UNKNOWN, LoadState.GREEN): ("No answer lately, so no growth.",),
    (PainState.UNKNOWN, LoadState.AMBER): GREEN_ADVICE[LoadState.AMBER],
    (PainState.UNKNOWN, LoadState.RED): GREEN_ADVICE[LoadState.RED],
    (PainState.AMBER, LoadState.GREEN): (AMBER_SENTENCE,),
    (PainState.AMBER, LoadState.AMBER): (
        AMBER_SENTENCE,
        "No fast running for 7 days and one more rest day.",
    ),
    (PainState.AMBER, LoadState.RED): (
        "Not before 48 hours after the last run; then flat, run 4 min, walk 1 min.",
        "Strength: holding exercises only.",
    ),
    (PainState.RED, LoadState.GREEN): (RED_SENTENCE, "Strength: level A only."),
    (PainState.RED, LoadState.AMBER): (RED_SENTENCE, "Three calm runs before any growth."),
    (PainState.RED, LoadState.RED): ("No running before two calm mornings; then walk and run in turns.",),
}
REFERRED_SENTENCE = "No running and no strength until `cleared`."
TWO_CALM_MORNINGS = "No running before two calm mornings."
FLAT_SENTENCE = "Flat for now."
NO_SPEED_SENTENCE = "No speed yet."
COMFORT_SENTENCE = (
    "Some runners find taping or an insole comfortable for up to six weeks; stop if it does not help."
)


def advice(core: Core, load: LoadState, budget: Budget, today: int, policy: Policy) -> Advice:
    """The cell and its sentences at the date `today` (ordinal)."""
    pain = core.pain.overall
    cell = f"{pain.value.lower()}/{load.value}"
    if pain is PainState.REFERRED:
        return Advice(cell, (REFERRED_SENTENCE,))
    sentences = list(TABLE.get((pain, load), ()))
    if pain is PainState.RETURNING:
        sentences = _returning(core, budget, policy)
    if comfort_is_due(core, today, policy):
        sentences.append(COMFORT_SENTENCE)
    return Advice(cell, tuple(sentences))


def colour_of(pain: PainState, load: LoadState) -> Colour:
    """The one colour of a status (DESIGN 7)."""
    if pain in (PainState.RED, PainState.REFERRED) or load is LoadState.RED:
        return Colour.RED
    if pain in (PainState.AMBER, PainState.RETURNING) or load is LoadState.AMBER:
        return Colour.AMBER
    return Colour.GREY if pain is PainState.UNKNOWN else Colour.GREEN


def _returning(core: Core, budget: Budget, policy: Policy) -> list[str]:
    """Return order (Esculier): distance first, then hills, then speed."""
    side = deciding_side(core.pain.sides, policy)
    if side is None:
        return []
    if side.ladder_step is not None:
        return [f"{LADDER[side.ladder_step]}.", "A rest day between sessions."]
    if budget.binding == "calm_mornings":
        return [TWO_CALM_MORNINGS]
    cap = side.stage_cap(policy)
    if cap < policy.ret.hills:
        return [FLAT_SENTENCE, NO_SPEED_SENTENCE]
    return [NO_SPEED_SENTENCE] if cap < policy.ret.speed else []


def comfort_is_due(core: Core, today: int, policy: Policy) -> bool:
    """Whether this is the date to mention taping or an insole: the first of a sore spell longer than
    `comfort.days`, and not mentioned in the four weeks before."""
    sore = {day for day, state, _ in core.pain.days if state in PAINFUL_STATES}
    if core.pain.overall in PAINFUL_STATES:
        sore.add(today)
    first_dates = [
        day
        for day in sorted(sore)
        if all(day - back in sore for back in range(policy.comfort.days + 1))
        and day - policy.comfort.days - 1 not in sore
    ]
    return bool(first_dates) and first_dates[-1] == today and len(first_dates) == 1
