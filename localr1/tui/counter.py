"""Tokens and seconds of a running reply."""

from __future__ import annotations

from collections.abc import Callable

from localr1.units import duration

COUNTER_SECONDS = 0.25
"""Between two updates of the counters: quicker ones cannot be read."""

CALM_COUNTER_SECONDS = 1.0
"""The same where little should move."""

Clock = Callable[[], float]
"""Seconds that never go back; tests bring their own."""


def thinking_span(seconds: float) -> str:
    """How long a thought takes so far; no tenths, which would flicker."""
    return f"{int(seconds)} s" if seconds < 60 else duration(seconds)


class ReplyCounter:
    """Counts what arrives and when.

    Args:
        clock: seconds.
        reasoning_tokens: of the same reply before it was gone on with; so is `thinking_seconds`.
    """

    def __init__(
        self, clock: Clock, reasoning_tokens: int = 0, thinking_seconds: float = 0.0
    ) -> None:
        self._clock = clock
        self._first_token: float | None = None
        self._latest = 0.0
        self._thinking_since: float | None = None
        self._shown = float("-inf")
        self._tokens = 0
        self._earlier_seconds = thinking_seconds
        self.reasoning_tokens = reasoning_tokens
        self.thinking_seconds = thinking_seconds

    @property
    def is_thinking(self) -> bool:
        """Is reasoning arriving?"""
        return self._thinking_since is not None

    @property
    def tps(self) -> float | None:
        """Tokens a second so far; None before a second has passed."""
        seconds = self._latest - (self._first_token or self._latest)
        return (self._tokens - 1) / seconds if seconds >= 1.0 else None

    def start_thinking(self) -> None:
        """The first piece of reasoning is here."""
        self._thinking_since = self._clock()

    def stop_thinking(self) -> None:
        """Reasoning is over."""
        self._thinking_since = None

    def add(self, tokens: int, *, reasoning: bool = False) -> None:
        """A piece arrived."""
        self._latest = self._clock()
        if self._first_token is None:
            self._first_token = self._latest
        self._tokens += tokens
        if reasoning:
            self.reasoning_tokens += tokens
        if self._thinking_since is not None:
            seconds = self._latest - self._thinking_since
            self.thinking_seconds = self._earlier_seconds + seconds

    def count_all_as_reasoning(self) -> None:
        """What was taken for the answer was reasoning."""
        self.reasoning_tokens = self._tokens
        self.thinking_seconds = self._latest - (self._first_token or self._latest)

    def is_due(self, seconds: float = COUNTER_SECONDS) -> bool:
        """Is it time to show the counters again, so many seconds after the last time?"""
        due = self._latest - self._shown >= seconds
        if due:
            self._shown = self._latest
        return due
