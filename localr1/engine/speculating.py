"""Which guesses are made for a reply: none, looked up in the conversation, or by a small model."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.engine.draft_costs import CPU_COSTS, GPU_COSTS
from localr1.engine.draft_length import DraftPolicy
from localr1.engine.lookup_draft import LookupDrafter
from localr1.engine.protocol import Speculation as Choice
from localr1.engine.speculation import Speculation


class Speculating:
    """Makes the speculator of each reply; what was learned of a model's text stays.

    Args:
        on_gpu: whether all layers are on a GPU, where a batch costs little more than a token.
        can_cut: tokens can be taken back out of the KV cache; nothing is guessed otherwise.
    """

    def __init__(self, *, on_gpu: bool, can_cut: bool) -> None:
        self._costs = GPU_COSTS if on_gpu else CPU_COSTS
        self._can_cut = can_cut
        self._lookup_policy = DraftPolicy(self._costs)

    def begin(self, choice: Choice, tokens: Sequence[int], *, afresh: bool) -> Speculation | None:
        """The speculator for a reply after these tokens.

        Args:
            choice: what was asked for.
            tokens: the prompt, and the reply as far as it was begun.
            afresh: with nothing learned, so that the same seed gives the same text.
        """
        if choice == "off" or not self._can_cut:
            return None
        drafter = LookupDrafter()
        drafter.extend(tokens)
        policy = DraftPolicy(self._costs) if afresh else self._lookup_policy
        return Speculation(drafter, policy)
