"""How far a pull is: told by its threads, read by whoever shows it."""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

State = Literal["downloading", "waiting", "reconnecting", "checking"]

WINDOW_SECONDS = 8.0
"""Over which the speed is taken."""
SETTLING_SECONDS = 1.0
"""Before that a speed says nothing."""


class Reading(NamedTuple):
    """How far it is now."""

    state: State
    done_bytes: int
    total_bytes: int
    bytes_per_second: float
    seconds_left: float | None
    note: str


class Meter:
    """How far a pull is; safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._state: State = "waiting"
        self._note = ""
        self._done: Callable[[], int] = lambda: 0
        self._total_bytes = 0
        self._marks: collections.deque[tuple[float, int]] = collections.deque()
        self._working: set[object] = set()
        self._pausing: dict[object, str] = {}

    def begin(
        self, state: State, done: Callable[[], int], total_bytes: int, note: str = ""
    ) -> None:
        """Something else is done now; `done` answers how many bytes of it are."""
        with self._lock:
            self._state, self._note = state, note
            self._done, self._total_bytes = done, total_bytes
            self._marks.clear()
            self._pausing.clear()
            self._working.clear()

    def working(self, connection: object) -> None:
        """A connection has bytes."""
        with self._lock:
            self._working.add(connection)
            self._pausing.pop(connection, None)

    def pausing(self, connection: object, note: str) -> None:
        """A connection waits before it tries again, and why."""
        with self._lock:
            self._working.discard(connection)
            self._pausing[connection] = note

    def ended(self, connection: object) -> None:
        """A connection has nothing more to do."""
        with self._lock:
            self._working.discard(connection)
            self._pausing.pop(connection, None)

    def read(self) -> Reading:
        """How far it is now."""
        done, now = self._done(), self._clock()
        with self._lock:
            speed = self._speed(now, done)
            state, note = self._state, self._note
            if state == "downloading" and self._pausing and not self._working:
                state, note = "reconnecting", next(iter(self._pausing.values()))
            left = self._total_bytes - done
            seconds = left / speed if speed > 0 and state in ("downloading", "checking") else None
            return Reading(state, done, self._total_bytes, speed, seconds, note)

    def _speed(self, now: float, done: int) -> float:
        marks = self._marks
        if not marks or now > marks[-1][0]:
            marks.append((now, done))
        while len(marks) > 2 and now - marks[1][0] >= WINDOW_SECONDS:
            marks.popleft()
        began, before = marks[0]
        seconds = now - began
        return max(0, done - before) / seconds if seconds >= SETTLING_SECONDS else 0.0
