"""When things happened in one reply."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator


class ReplyTimes:
    """Monotonic seconds of one reply, from the command's arrival.

    Args:
        started: when the command arrived.
    """

    def __init__(self, started: float) -> None:
        self._started = started
        self._first: float | None = None
        self._last = started
        self.prompt_tps: float | None = None

    @contextlib.contextmanager
    def reading(self, tokens: int) -> Iterator[None]:
        """Measure the processing of so many prompt tokens."""
        started = time.monotonic()
        yield
        self.prompt_tps = _rate(tokens, time.monotonic() - started)

    def saw_token(self) -> None:
        """A token was drawn."""
        self._last = time.monotonic()
        if self._first is None:
            self._first = self._last

    @property
    def ttft_seconds(self) -> float | None:
        """From the command's arrival to the first token."""
        return None if self._first is None else self._first - self._started

    def generation_tps(self, tokens: int) -> float | None:
        """Tokens a second after the first one, which the prompt's processing paid for."""
        if self._first is None:
            return None
        return _rate(tokens - 1, self._last - self._first)


def _rate(tokens: int, seconds: float) -> float | None:
    """Tokens a second, where there is something to divide."""
    return tokens / seconds if tokens > 0 and seconds > 0 else None
