"""When a running reasoning block has to be closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from localr1.chat.messages import ClosedBy
from localr1.chat.sentence_end import ends_sentence
from localr1.engine.protocol import BegunReply, ReasoningRule

GRACE_TOKENS = 16
"""A limit of seconds, a person and the room for the answer wait so long for a sentence's end:
about a second at the speed of a laptop."""

_TAIL_CHARACTERS = 24
"""Enough to see whether a sentence ends."""


class Limit(NamedTuple):
    """A limit that is reached, and how many tokens past it were written."""

    reason: ClosedBy
    over_tokens: int
    grace_tokens: int


class ReasoningWatch:
    """Watches one block.

    Args:
        rule: limits of tokens and seconds.
        begun: what was spent of them before.
        room_at: tokens in the context window beyond which only the answer's room is left.
        is_asked: whether a person wants the answer now.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        rule: ReasoningRule,
        begun: BegunReply,
        *,
        room_at: int,
        is_asked: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rule = rule
        self._spent_tokens = begun.reasoning_tokens
        self._room_at = room_at
        self._is_asked = is_asked
        self._clock = clock
        self._spent_seconds = begun.reasoning_seconds
        self._due_since: int | None = None
        self.start()

    def start(self) -> None:
        """The prompt has been read: the limit of seconds begins to run."""
        seconds = self._rule.max_seconds
        self._ends_at = None if seconds is None else self._clock() + seconds - self._spent_seconds

    def verdict(
        self, reasoning_tokens: int, context_tokens: int, tail: Callable[[int], str]
    ) -> ClosedBy | None:
        """Why the block has to be closed after this token; None where it may go on.

        Args:
            reasoning_tokens: written in this run.
            context_tokens: in the window, this one included.
            tail: gives the last characters of the reasoning.
        """
        limit = self._reached(reasoning_tokens + self._spent_tokens, context_tokens)
        if limit is None:
            self._due_since = None
            return None
        if limit.over_tokens >= limit.grace_tokens or ends_sentence(tail(_TAIL_CHARACTERS)):
            return limit.reason
        return None

    def _reached(self, tokens: int, context_tokens: int) -> Limit | None:
        rule = self._rule
        over_room = context_tokens - (self._room_at - GRACE_TOKENS)
        if over_room >= 0:
            return Limit("room", over_room, GRACE_TOKENS)
        if rule.max_tokens is not None and tokens >= rule.max_tokens:
            return Limit("tokens", tokens - rule.max_tokens, rule.grace_tokens)
        if self._is_asked():
            return self._since_now("asked", tokens)
        if self._ends_at is not None and self._clock() >= self._ends_at:
            return self._since_now("seconds", tokens)
        return None

    def _since_now(self, reason: ClosedBy, tokens: int) -> Limit:
        if self._due_since is None:
            self._due_since = tokens
        return Limit(reason, tokens - self._due_since, GRACE_TOKENS)
