"""Speculation on a reply's next tokens: what to propose, and what became of it.

The loop decodes the last token and the proposed ones in one batch, with logits of each, and
draws from one position after the other, each time from the model's own distribution, until a
draw differs from the proposal. So every token is drawn as it would be without proposals, with as
many draws; only the number of batches differs.
"""

from __future__ import annotations

from collections.abc import Sequence

from localr1.engine.draft_length import DraftPolicy
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

    def __init__(
        self, drafter: Drafter, policy: DraftPolicy, *, compares_unsent: bool = True
    ) -> None:
        self._drafter = drafter
        self._policy = policy
        self._compares_unsent = compares_unsent
        policy.begin_reply()
        self._match = -1
        self._sent: list[int] = []
        self._unsent: list[int] = []

    def propose(self, most: int) -> list[int]:
        """Tokens to decode after the last one, at most so many; often none."""
        drafter = self._drafter
        self._match = drafter.match_tokens
        length = min(self._policy.length(self._match), most)
        self._sent = drafter.draft(length) if length else []
        compares = not length and self._compares_unsent and self._match >= 0
        self._unsent = drafter.draft(_COMPARED_UNSENT) if compares else []
        return self._sent

    def came(self, tokens: Sequence[int]) -> None:
        """What was drawn in the step: proposed tokens that were right, then one more."""
        accepted = _agreeing(self._sent, tokens)
        self._policy.learn(self._match, len(self._sent), accepted)
        if self._unsent:
            self._policy.observe(self._match, len(self._unsent), _agreeing(self._unsent, tokens))
        self._drafter.extend(tokens)
        # words that are put in come without a proposal
        self._sent, self._unsent = [], []


def _agreeing(drafted: Sequence[int], came: Sequence[int]) -> int:
    count = 0
    for ours, theirs in zip(drafted, came, strict=False):
        if ours != theirs:
            break
        count += 1
    return count
