"""How many tokens to draft, so that checking them pays and what it loses stays bounded.

Time is counted in units of decoding one token alone. A step with k drafted tokens takes
`CostTable.batch(k + 1)` and yields the drafted tokens that were right and one more. Decisions
depend on the tokens that a policy has seen, never on a clock: with a fresh policy for a reply,
the same seed gives the same batches, and so the same rounding and the same text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from localr1.engine.draft_costs import CostTable
from localr1.engine.draft_credit import Credit

MATCH_CLASSES = (0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)
"""Least match of each class; how long two texts have agreed tells how long they will."""
LOOKUP_PRIORS = (0.05, 0.6, 0.85, 0.5, 0.65, 0.7, 0.75, 0.8, 0.88, 0.92, 0.93, 0.95, 0.97)
"""Chance that the next token agrees, by class, before anything is known: between what copies and
what free text had in simulations (`python -m benchmarks.draft_simulation`)."""
MODEL_PRIORS = (0.6,) * 3 + (0.7,) * 10
"""The same for a smaller model's drafts; its match is the number of its last right tokens."""
_PRIOR_TOKENS = 4.0
"""Weight of a prior, in tokens seen."""
_MEMORY = 0.98
"""What is left of an observation after the next of its class: some 50 tokens count."""
_LEAST_GAIN = 1.05
"""Tokens a unit of time that a draft must promise; below, errors of the estimate would decide."""


class Draft(NamedTuple):
    """A draft that could be made."""

    length: int
    """0 where none would pay."""
    gain: float
    """Tokens expected in a unit of time."""


NO_DRAFT = Draft(0, 1.0)


class Policy(Protocol):
    """Chooses how long drafts are; see `DraftPolicy`."""

    def begin_reply(self) -> None:
        """A new reply begins."""

    def best(self, match_tokens: int) -> Draft:
        """The draft to make after such a match."""

    def learn(self, match_tokens: int, drafted: int, accepted: int, tried: int = 0) -> None:
        """What became of a draft that was sent."""

    def observe(self, match_tokens: int, drafted: int, accepted: int) -> None:
        """What became of a draft that was only compared."""


class DraftPolicy:
    """Chooses the length of drafts and learns from what became of them.

    A draft is made only if the credit covers its whole cost, so for each reply and on any text
    time <= tokens * (1 + CREDIT_PER_TOKEN) + FIRST_CREDIT, and for all replies together too.
    What a small model reads before it drafts is not counted: it reads in large batches, of which
    a token costs little.
    One policy can serve a loaded model, so that what it learned stays.

    Args:
        costs: time of batches of the model that checks.
        draft_cost: time to draft one token; 0 for looking up, for a smaller model its share.
        priors: chance that the next token agrees, for each class of match.
        credit: shared with others that draft for the same replies; None has its own.
    """

    def __init__(
        self,
        costs: CostTable,
        draft_cost: float = 0.0,
        priors: Sequence[float] = LOOKUP_PRIORS,
        credit: Credit | None = None,
    ) -> None:
        self._draft_cost = draft_cost
        self._prices = [
            costs.batch(drafted + 1) + draft_cost * drafted
            for drafted in range(costs.longest_draft + 1)
        ]
        self._priors = priors
        self._right = [0.0] * len(MATCH_CLASSES)
        self._seen = [0.0] * len(MATCH_CLASSES)
        self.credit = credit or Credit()
        self.credit.make_room(max(self._prices) - 1)

    def begin_reply(self) -> None:
        """Earlier replies' gains do not pay for this one's losses."""
        self.credit.begin_reply()

    def length(self, match_tokens: int) -> int:
        """How many tokens to draft now; 0 where none would pay.

        Args:
            match_tokens: tokens that speak for the draft; negative when there is none.
        """
        return self.best(match_tokens).length

    def best(self, match_tokens: int) -> Draft:
        """The draft that promises most, of those that the credit covers."""
        best, chance, expected = NO_DRAFT, 1.0, 1.0
        longest = len(self._prices) - 1 if match_tokens >= 0 else 0
        for drafted in range(1, longest + 1):
            chance *= self.agreement(match_tokens + drafted - 1)
            expected += chance
            price = self._prices[drafted]
            gain = expected / price
            if price - 1 <= self.credit.left and gain > max(best.gain, _LEAST_GAIN):
                best = Draft(drafted, gain)
        return best

    def agreement(self, match_tokens: int) -> float:
        """The estimated chance that the token after such a match agrees."""
        at = _class_index(match_tokens)
        weight = self._seen[at] + _PRIOR_TOKENS
        return (self._right[at] + self._priors[at] * _PRIOR_TOKENS) / weight

    def learn(self, match_tokens: int, drafted: int, accepted: int, tried: int = 0) -> None:
        """A step is over.

        Args:
            match_tokens: what `length` was asked with.
            drafted: tokens that were checked in one batch; 0 for a step without a draft.
            accepted: how many of them were right.
            tried: tokens that were drafted and held back.
        """
        time = self._prices[drafted] + self._draft_cost * tried
        self.credit.take_step(accepted + 1, time)
        self.observe(match_tokens, drafted, accepted)

    def observe(self, match_tokens: int, drafted: int, accepted: int) -> None:
        """Learn from a draft that was only compared with what came, at no cost."""
        for matched in range(match_tokens, match_tokens + accepted):
            self._count(matched, 1.0)
        if accepted < drafted:
            self._count(match_tokens + accepted, 0.0)
        if not drafted and match_tokens >= 0:
            self._fade(_class_index(match_tokens))

    def _count(self, match_tokens: int, right: float) -> None:
        at = _class_index(match_tokens)
        self._fade(at)
        self._right[at] += right
        self._seen[at] += 1.0

    def _fade(self, at: int) -> None:
        """Forget a little: also while nothing is drafted, so that it is tried again one day."""
        self._right[at] *= _MEMORY
        self._seen[at] *= _MEMORY


def match_class(match_tokens: int) -> int:
    """The least match of the class that a match of at least 0 falls in."""
    return MATCH_CLASSES[_class_index(match_tokens)]


def _class_index(match_tokens: int) -> int:
    return bisect_right(MATCH_CLASSES, match_tokens) - 1
