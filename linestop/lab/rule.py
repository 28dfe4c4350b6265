"""The decision rule: fixed and printed before the first pair, so that no result can choose it."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linestop.lab.power import MOST_PAIRS, pairs_for, pairs_for_no_change, power

VERDICTS_SHARE = 0.8  # of alpha; the rest is the tokens': both together never pass alpha (Bonferroni)


class Answer(StrEnum):
    """What the lab may say."""

    IMPROVED = "improved"
    REGRESSED = "regressed"
    NO_CHANGE = "no change"
    NOT_ENOUGH = "not enough data"


class Rule(BaseModel):
    """How pairs become an answer. A value: two rules of equal fields are one rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pairs: int = Field(default=0, ge=0, le=MOST_PAIRS, description="of trials; 0: as many as the power asks for")
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="chance of an effect where there is none")
    power: float = Field(default=0.8, gt=0, lt=1, description="chance to find the effect that is looked for")
    better: float = Field(default=0.6, gt=0, le=1, description="the effect: share of pairs that memory makes better")
    worse: float = Field(default=0.05, ge=0, lt=1, description="and worse; the rest are ties")
    margin: float = Field(default=0.25, gt=0, lt=1, description="no change: net share of pairs within ± this")
    token_margin: float = Field(default=0.25, gt=0, lt=1, description="and tokens within this of each other")

    @model_validator(mode="after")
    def _effect(self) -> "Rule":
        if self.better <= self.worse or self.better + self.worse > 1:
            raise ValueError("the effect needs better above worse, and both together at most 1")
        return self

    @property
    def verdict_alpha(self) -> float:
        """Return the part of alpha that is spent on verdicts."""
        return self.alpha * VERDICTS_SHARE

    @property
    def token_alpha(self) -> float:
        """Return the part of alpha that is spent on tokens."""
        return self.alpha * (1 - VERDICTS_SHARE)

    @property
    def planned(self) -> "Rule":
        """Return the rule with its number of pairs: the given one, else what both claims need, at most MOST_PAIRS."""
        if self.pairs:
            return self
        effect = pairs_for(self.better, self.worse, alpha=self.verdict_alpha, power_wanted=self.power)
        same = pairs_for_no_change(self.margin, self.alpha)
        return self.model_copy(update={"pairs": max(effect or MOST_PAIRS, same or MOST_PAIRS)})

    @property
    def reached(self) -> float:
        """Return the power that its pairs have."""
        return power(self.pairs, self.better, self.worse, self.verdict_alpha)

    @property
    def text(self) -> str:
        """Return the rule in words, as it is printed before the first pair."""
        least, most = 1 / (1 + self.token_margin), 1 + self.token_margin
        strict, wide = f"{1 - self.token_alpha:.0%}", f"{1 - 2 * self.alpha:.0%}"
        pairs = f"{self.pairs} pair{'s' * (self.pairs != 1)}"
        return f"""\
{pairs}, in each one trial with memory and one without: same task, engine and commit, fresh workspaces.
The order turns round from pair to pair. A verdict is failed < inert < struggled < productive; a pair is better, worse
or a tie.
1. Exact sign test on the verdicts, two-sided, alpha {self.verdict_alpha:g}: improved or regressed.
2. Else tokens, by the {strict} Hodges-Lehmann interval of their ratio: improved if all of it is below {least:.2f}
   where both arms did the work; regressed if all of it is above {most:.2f}. Not against the verdicts: if more
   pairs are worse than better, fewer tokens are no improvement, nor more of them harm if more are better.
3. Else no change, if the {wide} interval of better minus worse lies within ±{self.margin:.2f}, and that of the
   ratio of tokens, where they are known, within {least:.2f} to {most:.2f}.
4. Else not enough data; so are fewer pairs than planned, whatever they say.
Time and firings are reported with tests and intervals and decide nothing of their own: warnings count in the verdict.
If memory makes {self.better:.0%} of pairs better and {self.worse:.0%} worse, {pairs} would say so\
 with a chance of {self.reached:.0%}.
{self._no_change}"""

    @property
    def _no_change(self) -> str:
        needed = pairs_for_no_change(self.margin, self.alpha)
        if needed is None or needed > self.pairs:
            return f"They are too few for no change, which needs {needed or f'over {MOST_PAIRS}'} pairs."
        return "They can show that nothing changed."
