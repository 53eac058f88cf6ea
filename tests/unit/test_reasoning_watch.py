"""Which limit closes a thought, and how long its sentence is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from localr1.chat.messages import ClosedBy
from localr1.engine.protocol import BegunReply, ReasoningRule
from localr1.engine.reasoning_watch import GRACE_TOKENS, ReasoningWatch
from tests.decoding import Clock

WORD = " and so"
SENTENCE = "That is it."


class Watched:
    """A watch whose clock and person do what the test says."""

    def __init__(self, rule: ReasoningRule, *, room_at: int = 10_000, **begun: Any) -> None:
        self.clock = Clock()
        self.is_asked = False
        self.watch = ReasoningWatch(
            rule,
            BegunReply(**begun),
            room_at=room_at,
            is_asked=lambda: self.is_asked,
            clock=self.clock,
        )

    def verdict(self, tokens: int, text: str = WORD, context_tokens: int = 0) -> ClosedBy | None:
        return self.watch.verdict(tokens, context_tokens, lambda length: text[-length:])

    def closed_at(self, text: str = WORD, first: int = 1) -> tuple[int, ClosedBy]:
        """The first token after which the block is closed, when nothing else changes."""
        for tokens in range(first, 500):
            if reason := self.verdict(tokens, text):
                return tokens, reason
        raise AssertionError


@pytest.mark.parametrize("grace_tokens", [0, 5, 32])
@pytest.mark.parametrize("max_tokens", [0, 1, 16, 64, 256])
def test_a_limit_of_tokens_and_its_grace(max_tokens: int, grace_tokens: int) -> None:
    rule = ReasoningRule(max_tokens=max_tokens, grace_tokens=grace_tokens)
    assert Watched(rule).closed_at() == (max(1, max_tokens + grace_tokens), "tokens")
    assert Watched(rule).closed_at(SENTENCE) == (max(1, max_tokens), "tokens")


def test_what_was_spent_before_counts() -> None:
    watched = Watched(ReasoningRule(max_tokens=20), reasoning_tokens=15)
    assert watched.closed_at() == (5, "tokens")


def test_no_limit_never_closes() -> None:
    watched = Watched(ReasoningRule())
    watched.clock.now += 1e9
    assert watched.verdict(100_000, SENTENCE) is None


def test_seconds_count_from_the_start_and_wait_for_a_sentence() -> None:
    watched = Watched(ReasoningRule(max_seconds=10), reasoning_seconds=4)
    watched.clock.now += 60  # the prompt is read
    watched.watch.start()
    watched.clock.now += 5.9
    assert watched.verdict(30, SENTENCE) is None
    watched.clock.now += 0.1
    assert watched.verdict(31) is None
    assert watched.verdict(32, SENTENCE) == "seconds"
    assert watched.closed_at(first=33) == (31 + GRACE_TOKENS, "seconds")


def test_a_person_is_answered_at_the_sentence_or_after_the_grace() -> None:
    watched = Watched(ReasoningRule(max_tokens=400))
    assert watched.verdict(7, SENTENCE) is None
    watched.is_asked = True
    assert watched.verdict(8, SENTENCE) == "asked"
    assert watched.closed_at(first=9) == (8 + GRACE_TOKENS, "asked")


def test_the_limit_of_tokens_holds_while_a_person_waits() -> None:
    watched = Watched(ReasoningRule(max_tokens=10))
    watched.is_asked = True
    assert watched.closed_at(first=4) == (10, "tokens")


def test_room_is_kept_whatever_the_limits_say() -> None:
    watched = Watched(ReasoningRule(max_tokens=1000, grace_tokens=32), room_at=100)
    first = 100 - GRACE_TOKENS
    assert watched.verdict(5, SENTENCE, first - 1) is None
    assert watched.verdict(5, SENTENCE, first) == "room"
    assert watched.verdict(5, WORD, 99) is None
    assert watched.verdict(5, WORD, 100) == "room"
