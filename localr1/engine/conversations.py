"""The KV cache and what it held before: parked in memory, kept on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from localr1.engine.held import HeldContext
from localr1.engine.parked_states import ParkedStates
from localr1.engine.protocol import LoadState, SaveState
from localr1.engine.shared_prefix import shared_prefix
from localr1.engine.state_files import StateFolder, StateKey
from localr1.hardware.memory_limits import read_memory

_LEAST_PARKED_TOKENS = 256
"""Less is read again in the time that copying takes: one micro-batch."""
_PARKED_SHARE = 0.125
"""Of the memory that is free when a state is parked; it is there to spare time, not to be kept."""
_MOST_PARKED_BYTES = 4 << 30


class HeldConversations:
    """Turns the cache from one conversation to another without reading either again.

    Args:
        held: the cache.
        key: what a state on disk must agree with.
        parked_bytes: memory for other conversations; None takes a share of what is free.
    """

    def __init__(self, held: HeldContext, key: StateKey, parked_bytes: int | None = None) -> None:
        self.held = held
        self._key = key
        budget = _parked_budget() if parked_bytes is None else parked_bytes
        self._parked = ParkedStates(budget)
        self._lasting = 0
        """Leading tokens of the cache that a next prompt of its conversation will share."""

    def turn_to(self, tokens: Sequence[int], lasting: int) -> None:
        """Let the cache hold what of it shares most with a prompt; park what it held.

        Args:
            tokens: the prompt.
            lasting: leading tokens of it that the next prompt will share, too.
        """
        held = self.held
        shared = shared_prefix(held.tokens, tokens)
        match = self._parked.best_for(tokens)
        if match is not None and match.shared >= shared + _LEAST_PARKED_TOKENS:
            self._park(shared)
            parked = self._parked.take(match.parked)
            self._restore(parked.tokens, parked.n_exact, parked.state)
        else:
            self._park(shared)
        self._lasting = lasting

    def save(self, command: SaveState) -> int:
        """Keep the cache in a file; answers how many tokens were saved."""
        held = self.held
        lasting = min(self._lasting, len(held.tokens))
        if lasting < _LEAST_PARKED_TOKENS or not held.keep(lasting):
            return 0
        if not _has_room(held.context.held_bytes()):
            return 0
        folder = StateFolder(_folder(command.folder), command.budget_bytes)
        state = held.context.state()
        is_saved = folder.save(command.name, self._key, held.tokens, held.exact, state)
        return len(held.tokens) if is_saved else 0

    def load(self, command: LoadState) -> int:
        """Fill the cache from a file, where one fits; answers with how many tokens.

        What was held before is parked; where it begins with what the file has, it stays.
        """
        held = self.held
        folder = StateFolder(_folder(command.folder), command.budget_bytes)
        found = folder.load(
            command.name, self._key, lambda tokens: len(tokens) < held.context.n_ctx
        )
        if found is None:
            return 0
        shared = shared_prefix(held.tokens, found.tokens)
        if shared == len(found.tokens):
            self._lasting = max(self._lasting, shared)
            return shared
        self._park(shared)
        self._restore(found.tokens, found.n_exact, found.state)
        self._lasting = len(held.tokens)
        return self._lasting

    def _park(self, shared: int) -> None:
        """Put aside what is about to be lost, where that is another conversation's."""
        held = self.held
        lasting = min(self._lasting, len(held.tokens))
        if lasting - shared < _LEAST_PARKED_TOKENS or not held.keep(lasting):
            return
        size_bytes = held.context.held_bytes()
        if _has_room(size_bytes):
            self._parked.park(held.tokens, held.exact, held.context.state, size_bytes)

    def _restore(self, tokens: Sequence[int], n_exact: int, state: memoryview) -> None:
        held = self.held
        held.forget()
        if held.context.restore(state):
            held.tokens += tokens
            held.exact = n_exact // held.context.n_ubatch * held.context.n_ubatch


def _folder(path: bytes) -> Path:
    return Path(os.fsdecode(path))


def _parked_budget() -> int:
    return min(int(_available_bytes() * _PARKED_SHARE), _MOST_PARKED_BYTES)


def _has_room(size_bytes: int) -> bool:
    """Whether a copy of a state leaves as much memory again; without it, it is read again."""
    return 2 * size_bytes <= _available_bytes()


def _available_bytes() -> int:
    return read_memory().value.available_bytes
