"""How much a model may think: named efforts and explicit limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from localr1.units import count, duration

Effort = Literal["low", "medium", "high", "unlimited"]

EFFORT_TOKENS: Mapping[Effort, int | None] = {
    "low": 512,  # everyday questions; 15 s at the 35 tokens/s of a 1.5B model on two cores
    "medium": 2_048,  # school maths, a function; about a minute at that speed
    "high": 8_192,  # hard problems; about four minutes
    "unlimited": None,  # only max_tokens and the context window end it
}
"""Tokens of reasoning, each four times the one before.

For scale: R1 spends 12,000 tokens on the average AIME problem (model card of R1-0528), and its
authors evaluate with up to 32,768 new tokens, so competition problems want "unlimited".
"""

CLOSING_SENTENCE = "\n\nI have thought about this enough; now I give the answer.\n"
"""Written in the model's name before its reasoning is closed at a limit.

A sentence that announces the answer makes a cut thought end like a finished one; the Qwen3
technical report (section on thinking budgets) stops reasoning in this way.
"""

GRACE_TOKENS_AT_MOST = 32
"""Measured: a sentence ended within 32 tokens of 95 % of 1,025 places in SmolLM2-135M's prose and
of all 261 in the demo's reasoning, after 9 and 7 tokens (medians)."""


_NO_THINKING = "no thinking"


class ReasoningLimit(msgspec.Struct, frozen=True, kw_only=True):
    """When reasoning is closed and the answer begins; whichever limit is reached first."""

    tokens: int | None = None
    """At most this many tokens of reasoning; 0 means none at all, None no limit."""
    seconds: float | None = None
    """At most this long, from the first token of reasoning; None means no limit."""
    reason: str = ""
    """A sentence why, as "effort medium: at most 2,048 tokens of thinking (flag)"."""
    effort: Effort | None = None
    """What was asked for by name."""

    @property
    def words(self) -> str:
        """The limit for a status line; "" where there is none."""
        if self.effort is not None:
            return f"effort {self.effort}"
        has_limit = self.tokens is not None or self.seconds is not None
        return _spans("up to", self.tokens, self.seconds) if has_limit else ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one level asks for: this reply, the conversation, a flag, a model's settings, the file.

    `tokens` and `seconds` are at least 0; None leaves a field to the effort or to other levels.
    """

    origin: str
    effort: Effort | None = None
    tokens: int | None = None
    seconds: float | None = None


def resolve(candidates: Iterable[Asked | None]) -> ReasoningLimit:
    """The limit of the first level that asks for anything, highest level first.

    That level replaces all lower ones wholly. In it, `tokens` or `seconds` go before `effort`.
    """
    for asked in candidates:
        if asked is None:
            continue
        if asked.tokens is not None or asked.seconds is not None:
            wording = f"{_limits(asked.tokens, asked.seconds)} ({asked.origin})"
            return ReasoningLimit(tokens=asked.tokens, seconds=asked.seconds, reason=wording)
        if asked.effort is not None:
            tokens = EFFORT_TOKENS[asked.effort]
            wording = f"effort {asked.effort}: {_limits(tokens, None)} ({asked.origin})"
            return ReasoningLimit(tokens=tokens, reason=wording, effort=asked.effort)
    return ReasoningLimit(reason="no limit of thinking")


def _limits(tokens: int | None, seconds: float | None) -> str:
    if tokens is None and seconds is None:
        return "thinking without a limit"
    spans = _spans("at most", tokens, seconds)
    return spans if spans == _NO_THINKING else f"{spans} of thinking"


def _spans(bound: str, tokens: int | None, seconds: float | None) -> str:
    if tokens == 0 or seconds == 0:
        return _NO_THINKING
    parts = []
    if tokens is not None:
        parts.append(count(tokens, "token"))
    if seconds is not None:
        parts.append(duration(seconds))
    return f"{bound} {' or '.join(parts)}"


def grace_tokens(limit_tokens: int | None) -> int:
    """How many tokens past the limit may be spent on the end of a sentence.

    A quarter of the limit, so that a small limit stays one; None, for a limit in seconds only,
    gets the most.
    """
    if limit_tokens is None:
        return GRACE_TOKENS_AT_MOST
    return min(GRACE_TOKENS_AT_MOST, limit_tokens // 4)
