"""Speculation on a reply's next tokens: what to propose, and what became of it.

The loop decodes the last token and the proposed ones in one batch, with logits of each, and
draws from one position after the other, each time from the model's own distribution, until a
draw differs from the proposal. So every token is drawn as it would be without proposals, with as
many draws; only the number of batches differs.
"""

from __future__ import annotations

from collections.abc import Sequence

from localr1.engine.draft_length import Policy
from localr1.engine.lookup_draft import Drafter

_COMPARED_UNSENT = 1
"""Tokens looked up and compared, at no cost to speak of, in a step that drafts nothing."""


class Speculation:
    """A drafter and a policy, kept in step with one reply.

    Args:
        drafter: knows all tokens so far.
        policy: decides on lengths.
        compares_unsent: learn also from steps without a draft; right for a drafter that costs
            nothing.
    """

    def __init__(self, drafter: Drafter, policy: Policy, *, compares_unsent: bool = True) -> None:
        self._drafter = drafter
        self._policy = policy
        self._compares_unsent = compares_unsent
        policy.begin_reply()
        self._match = -1
        self._is_watching = False
        self._sent: list[int] = []
        self._unsent: list[int] = []
        self._tried = 0

    @property
    def gain(self) -> float:
        """Tokens in the time of one that a proposal now promises; 1 for none."""
        return self._policy.best(self._drafter.match_tokens).gain

    def propose(self, most: int) -> list[int]:
        """Tokens to decode after the last one, at most so many; often none."""
        self._is_watching = False
        self._match = self._drafter.match_tokens
        length = min(self._policy.best(self._match).length, most)
        self._sent = self._drafter.draft(length) if length else []
        # one that is held back was worked out all the same
        self._tried = int(len(self._sent) < length)
        self._unsent = [] if length else self._compared()
        return self._sent

    def watch(self) -> None:
        """Propose nothing in this step: another's proposal is sent."""
        self._is_watching = True
        self._match = self._drafter.match_tokens
        self._sent, self._unsent = [], self._compared()

    def _compared(self) -> list[int]:
        compares = self._compares_unsent and self._match >= 0
        return self._drafter.draft(_COMPARED_UNSENT) if compares else []

    def came(self, tokens: Sequence[int]) -> None:
        """What was drawn in the step: proposed tokens that were right, then one more."""
        if not self._is_watching:
            sent = len(self._sent)
            self._policy.learn(self._match, sent, _agreeing(self._sent, tokens), self._tried)
        if self._unsent or self._is_watching:
            unsent = len(self._unsent)
            self._policy.observe(self._match, unsent, _agreeing(self._unsent, tokens))
        self._drafter.extend(tokens)
        # words that are put in come without a proposal
        self._sent, self._unsent, self._tried = [], [], 0

    def keep(self, n_tokens: int) -> None:
        """The text, prompt included, was cut to its first tokens."""
        self._drafter.keep(n_tokens)


class EitherSpeculation:
    """Two ways of guessing; in each step the one that promises more for its cost.

    Args:
        first: goes before where both promise the same.
        second: the other one.
    """

    def __init__(self, first: Speculation, second: Speculation) -> None:
        self._first = first
        self._second = second

    def propose(self, most: int) -> list[int]:
        """Tokens to decode after the last one; see `Speculation`."""
        first, second = self._first, self._second
        better, other = (second, first) if second.gain > first.gain else (first, second)
        other.watch()
        return better.propose(most)

    def came(self, tokens: Sequence[int]) -> None:
        """What was drawn in the step."""
        self._first.came(tokens)
        self._second.came(tokens)

    def keep(self, n_tokens: int) -> None:
        """The text, prompt included, was cut to its first tokens."""
        self._first.keep(n_tokens)
        self._second.keep(n_tokens)


def _agreeing(drafted: Sequence[int], came: Sequence[int]) -> int:
    count = 0
    for ours, theirs in zip(drafted, came, strict=False):
        if ours != theirs:
            break
        count += 1
    return count
