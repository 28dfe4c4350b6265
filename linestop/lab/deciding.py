"""From pairs to an answer, by the rule and by nothing else. A pure function: the same pairs, the same answer."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from linestop.lab.pairs import Compared, Pair, Verdicts, firings, seconds, tokens, verdicts
from linestop.lab.rule import Answer, Rule


class Reckoning(BaseModel):
    """What the pairs say. `because` names the line of the rule that decided."""

    model_config = ConfigDict(frozen=True)

    answer: Answer
    because: str
    pairs: int
    verdicts: Verdicts
    tokens: Compared
    time: Compared
    firings: Compared


def decide(rule: Rule, pairs: Sequence[Pair]) -> Reckoning:
    """Return the answer of a rule. Fewer pairs than it plans are never enough; further ones aren't looked at."""
    seen = pairs[: rule.pairs]
    found = verdicts(seen, rule.alpha)
    costs = tokens(seen, rule.alpha)
    answer, because = _answer(rule, seen, found, costs)
    return Reckoning(
        answer=answer,
        because=because,
        pairs=len(seen),
        verdicts=found,
        tokens=costs,
        time=seconds(seen, rule.alpha),
        firings=firings(seen, rule.alpha),
    )


def _answer(rule: Rule, pairs: Sequence[Pair], found: Verdicts, costs: Compared) -> tuple[Answer, str]:
    if len(pairs) < rule.pairs or not pairs:
        return Answer.NOT_ENOUGH, f"rule 4: {len(pairs)} of {rule.pairs} pairs"
    if found.p <= rule.verdict_alpha:
        answer = Answer.IMPROVED if found.better > found.worse else Answer.REGRESSED
        return answer, f"rule 1: {found.better} better, {found.worse} worse, sign test p = {found.p:.4g}"
    if by_tokens := _by_tokens(rule, pairs, found):
        return by_tokens
    return _same(rule, found, costs)


def _by_tokens(rule: Rule, pairs: Sequence[Pair], found: Verdicts) -> tuple[Answer, str] | None:
    """Return the answer of the tokens, None where they decide nothing. To fail at less cost is no improvement.

    Nor do they speak against verdicts that lean the other way, however few: what is cheap and fails more often doesn't
    help, what is dear and succeeds more often does no harm.
    """
    fewer = tokens([pair for pair in pairs if pair.worked], rule.token_alpha / 2)
    if found.net >= 0 and fewer.high is not None and fewer.high < 1 / (1 + rule.token_margin):
        return Answer.IMPROVED, f"rule 2: where both did the work, {_ratio(fewer)}"
    more = tokens(pairs, rule.token_alpha / 2)
    if found.net <= 0 and more.low is not None and more.low > 1 + rule.token_margin:
        return Answer.REGRESSED, f"rule 2: {_ratio(more)}"
    return None


def _same(rule: Rule, found: Verdicts, costs: Compared) -> tuple[Answer, str]:
    net = f"better minus worse is {found.low:+.2f} to {found.high:+.2f}"
    if max(-found.low, found.high) > rule.margin:
        return Answer.NOT_ENOUGH, f"rule 4: {net}, beyond ±{rule.margin:.2f}"
    if not costs.pairs:
        return Answer.NO_CHANGE, f"rule 3: {net}; no tokens are known"
    if costs.low is None or costs.high is None:
        return Answer.NOT_ENOUGH, f"rule 4: {net}, and tokens are known of {costs.pairs} pairs only"
    if costs.low < 1 / (1 + rule.token_margin) or costs.high > 1 + rule.token_margin:
        return Answer.NOT_ENOUGH, f"rule 4: {net}; {_ratio(costs)}, beyond the margin"
    return Answer.NO_CHANGE, f"rule 3: {net}; {_ratio(costs)}"


def _ratio(costs: Compared) -> str:
    return f"tokens with memory are {costs.low:.2f} to {costs.high:.2f} times those without"
