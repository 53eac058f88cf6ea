"""What drafts may lose: an account in units of decoding one token alone."""

from __future__ import annotations

FIRST_CREDIT = 3.0
"""Loss allowed before the first gain of a reply, in units of one token."""
CREDIT_PER_TOKEN = 0.01
"""Loss allowed for each token written. With `FIRST_CREDIT` it stays below 3 % from 151 tokens on
and nears 1 %."""
_MOST_CREDIT_DRAFTS = 1.5
"""Credit that is kept, in losses of the longest draft: gains do not buy endless losses."""


class Credit:
    """At most `FIRST_CREDIT` when a reply begins, a little for each token until it is as much
    again, and what right drafts saved.

    All kinds of drafts of a reply draw on one account, so that the bound holds for all together.
    """

    def __init__(self) -> None:
        self._most = FIRST_CREDIT
        self.left = FIRST_CREDIT

    def make_room(self, longest_loss: float) -> None:
        """Let gains pay for drafts that can lose so much."""
        self._most = max(self._most, _MOST_CREDIT_DRAFTS * longest_loss)

    def begin_reply(self) -> None:
        """Earlier replies' gains do not pay for this one's losses."""
        self.left = min(self.left, FIRST_CREDIT)

    def take_step(self, tokens: int, time: float) -> None:
        """A step took so long and brought so many tokens."""
        self.left = min(self.left + tokens - time, self._most)
        if self.left < FIRST_CREDIT:
            self.left = min(self.left + CREDIT_PER_TOKEN * tokens, FIRST_CREDIT)
