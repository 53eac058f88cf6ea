"""Events in batches: one update of the screen for all that happened in a short while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from localr1.engine.protocol import Answer, Event, Loading, Prompt, Reasoning

INTERVAL_SECONDS = 0.045
"""Between two updates: about 22 a second, smooth to read and cheap to draw."""


class Pacer:
    """Collects events; the first goes out at once, the following ones together."""

    def __init__(self, deliver: Callable[[list[Event]], object]) -> None:
        self._deliver = deliver
        self._waiting: list[Event] = []
        self._timer: asyncio.TimerHandle | None = None

    def push(self, event: Event) -> None:
        """Add an event to the next batch."""
        if self._waiting and (merged := _merge(self._waiting[-1], event)) is not None:
            self._waiting[-1] = merged
        else:
            self._waiting.append(event)
        if self._timer is None:
            self._send()

    def flush(self) -> None:
        """Deliver what waits, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            batch, self._waiting = self._waiting, []
            self._deliver(batch)

    def _send(self) -> None:
        self.flush()
        self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._waiting:
            self._send()


def _merge(earlier: Event, later: Event) -> Event | None:
    """One event that says what both say, where there is one."""
    if isinstance(earlier, Reasoning) and isinstance(later, Reasoning):
        if earlier.author != later.author:
            return None
        text, tokens = earlier.text + later.text, earlier.tokens + later.tokens
        return msgspec.structs.replace(later, text=text, tokens=tokens)
    if isinstance(earlier, Answer) and isinstance(later, Answer):
        text, tokens = earlier.text + later.text, earlier.tokens + later.tokens
        return msgspec.structs.replace(later, text=text, tokens=tokens)
    if isinstance(later, (Loading, Prompt)) and type(earlier) is type(later):
        return later
    return None
