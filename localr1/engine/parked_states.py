"""KV states of the conversations that are not being spoken in, held in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from localr1.engine.shared_prefix import shared_prefix


@dataclass(frozen=True, eq=False)
class ParkedState:
    """What the KV cache held for one conversation."""

    tokens: list[int]
    n_exact: int
    """Leading tokens whose values a fresh worker would compute to the last bit."""
    state: memoryview
    """As `llama_state_seq_get_data` wrote it."""


class ParkedMatch(NamedTuple):
    """A parked state and how much of a prompt it holds."""

    parked: ParkedState
    shared: int
    """Leading tokens that prompt and state have in common; at least one."""


class ParkedStates:
    """States within a budget; the one that was not used for longest goes first.

    All of them must be of one model in one context: `clear` when either changes.

    Args:
        budget_bytes: of all states together; 0 parks nothing.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._parked: list[ParkedState] = []
        """The one used last at the end."""

    @property
    def held_bytes(self) -> int:
        """Bytes of all states."""
        return sum(each.state.nbytes for each in self._parked)

    def park(
        self,
        tokens: Sequence[int],
        n_exact: int,
        make_state: Callable[[], bytes | bytearray | memoryview],
        size_bytes: int,
    ) -> bool:
        """Hold a state; False where it is larger than the budget or memory is lacking.

        Room is made first, so that there is never more than the budget. Shorter states of the same
        conversation are dropped: this one holds what they hold.

        Args:
            tokens: whose keys and values the state has.
            n_exact: see `ParkedState`.
            make_state: copies the state; called only where there is room.
            size_bytes: what it will answer with.
        """
        held = list(tokens)
        if not 0 < size_bytes <= self._budget_bytes:
            return False
        if self._is_held(held, n_exact):
            return True
        self._parked = [each for each in self._parked if held[: len(each.tokens)] != each.tokens]
        self._make_room(size_bytes)
        try:
            state = memoryview(make_state()).cast("B")
        except MemoryError:
            return False
        self._parked.append(ParkedState(held, n_exact, state))
        self._make_room(0)
        return True

    def best_for(self, prompt_tokens: Sequence[int]) -> ParkedMatch | None:
        """The state that shares most with a prompt, the one used last among equals.

        None where not even the first token is shared. Nothing is removed: `take` does that.
        """
        prompt = list(prompt_tokens)
        matches = [ParkedMatch(each, shared_prefix(each.tokens, prompt)) for each in self._parked]
        best = max(reversed(matches), key=lambda match: match.shared, default=None)
        return best if best and best.shared else None

    def take(self, parked: ParkedState) -> ParkedState:
        """Remove a state, since it goes back into the KV cache; it may be gone already."""
        self._parked = [each for each in self._parked if each is not parked]
        return parked

    def clear(self) -> None:
        """Drop everything."""
        self._parked = []

    def _is_held(self, tokens: list[int], n_exact: int) -> bool:
        """Whether a parked state has all of these; it then counts as used."""
        for position, each in enumerate(self._parked):
            if each.tokens[: len(tokens)] == tokens and each.n_exact >= n_exact:
                self._parked.append(self._parked.pop(position))
                return True
        return False

    def _make_room(self, size_bytes: int) -> None:
        while self._parked and self.held_bytes + size_bytes > self._budget_bytes:
            del self._parked[0]
