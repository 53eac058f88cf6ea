"""Events in batches: one update of the screen for all that happened in a short while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from localr1.engine.protocol import Answer, Event, Loading, Prompt, Reasoning
from localr1.hardware.load_plan import LoadPlan

INTERVAL_SECONDS = 0.045
"""Between two updates: about 22 a second, smooth to read and cheap to draw."""

SHARE_BESIDE_CPU = 0.025
"""Of one core, what the interface may take where the processor writes the reply: the engine's
threads wait for each other, so whatever is taken from one of them is lost to all."""

SLOWEST_SECONDS = 0.2
"""Between two updates however much they take."""


def is_beside_cpu(plan: LoadPlan | None) -> bool:
    """Does a model that is loaded so compete with the interface for the processor?"""
    return plan is not None and plan.weights_bytes > 0 and plan.n_gpu_layers == 0


class Pacer:
    """Collects events; the first goes out at once, the following ones together.

    Args:
        deliver: takes a batch.
        share: of one core that this process may take; None for no limit. Updates become fewer
            where they take more.
        used_seconds: of processor time by this process.
    """

    def __init__(
        self,
        deliver: Callable[[list[Event]], object],
        share: float | None = None,
        used_seconds: Callable[[], float] = time.process_time,
    ) -> None:
        self._deliver = deliver
        self._share = share
        self._used_seconds = used_seconds
        self._used = used_seconds()
        self._interval_seconds = INTERVAL_SECONDS
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
        self._adapt()
        self._timer = asyncio.get_running_loop().call_later(self._interval_seconds, self._tick)

    def _adapt(self) -> None:
        """Let what an update took since the last one be the share of the time until the next."""
        if self._share is None:
            return
        used = self._used_seconds()
        wanted = min(SLOWEST_SECONDS, max(INTERVAL_SECONDS, (used - self._used) / self._share))
        self._used = used
        self._interval_seconds += (wanted - self._interval_seconds) / 4  # one alone may be long

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
