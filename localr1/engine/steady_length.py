"""Drafts of one length, whatever becomes of them: for who asks for a draft model by name."""

from __future__ import annotations

from localr1.engine.draft_length import Draft

ASKED_LENGTH = 7
"""With the last token a batch of 8: up to there a GPU multiplies vector by vector, see
`draft_costs.GPU_COSTS`. The draft model ends a draft earlier where it is unsure."""


class SteadyLength:
    """A policy that does not count costs.

    The tables of costs are those of few machines. On another one, a CPU with many cores most of
    all, batches may cost less, so that a draft model pays where the table says it does not.
    """

    def begin_reply(self) -> None:
        """Nothing is kept from one reply to the next."""

    def best(self, match_tokens: int) -> Draft:
        """As long as it may be, and with more promise than anything else."""
        length = ASKED_LENGTH if match_tokens >= 0 else 0
        return Draft(length, float(length + 1))

    def learn(self, match_tokens: int, drafted: int, accepted: int, tried: int = 0) -> None:
        """Nothing is learned."""

    def observe(self, match_tokens: int, drafted: int, accepted: int) -> None:
        """Nothing is learned."""
