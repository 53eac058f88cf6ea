"""How long to wait before a connection is tried again, and when to give up."""

from __future__ import annotations

import email.utils
import math
import threading
import time
from collections.abc import Callable

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
RETRY_AFTER_AT_MOST = 3600.0


class Pauses:
    """Growing pauses of one connection: 0.5, 1, 2 ... 30 seconds.

    Args:
        tries: without a byte between them, after which there is no more pause.
    """

    def __init__(self, tries: int) -> None:
        self._tries = tries
        self.failed = 0
        """Tries since the last byte came."""

    def reset(self) -> None:
        """Bytes came."""
        self.failed = 0

    def next(self, retry_after_seconds: float | None = None) -> float | None:
        """Seconds to wait before the next try; None when it is time to give up.

        Args:
            retry_after_seconds: as the server wants it.
        """
        self.failed += 1
        if self.failed > self._tries:
            return None
        if retry_after_seconds is not None:
            return retry_after_seconds
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(self.failed - 1, 16))


class Gate:
    """When the server of several connections may be asked again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0

    def close(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._until = max(self._until, self._clock() + seconds)

    def wait(self, stop: threading.Event) -> None:
        """Return when it is open, or when told to stop."""
        while not stop.is_set() and (left := self._until - self._clock()) > 0:
            stop.wait(left)


def retry_after(header: str, now: Callable[[], float] = time.time) -> float | None:
    """Seconds of a Retry-After header: a number, or a date; None where it is neither."""
    text = header.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now()
        except (TypeError, ValueError, OverflowError, OSError):
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(0.0, seconds), RETRY_AFTER_AT_MOST)
