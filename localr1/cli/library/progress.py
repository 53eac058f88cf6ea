"""A line that says how far reading or copying has come."""

from __future__ import annotations

import time
from collections.abc import Callable

from localr1.cli.output import Printer
from localr1.units import download_size, duration

_SECONDS_BETWEEN = 0.1


class ByteProgress:
    """Is called with bytes that were done; on a terminal it shows how many are left.

    Args:
        printer: shows it.
        doing: "Copying".
        total_bytes: there are.
    """

    def __init__(
        self,
        printer: Printer,
        doing: str,
        total_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._printer = printer
        self._doing = doing
        self._total_bytes = total_bytes
        self._clock = clock
        self._done_bytes = 0
        self._began = self._shown = clock()

    def __call__(self, size_bytes: int) -> None:
        """So many bytes more are done."""
        self._done_bytes += size_bytes
        now = self._clock()
        if now - self._shown >= _SECONDS_BETWEEN:
            self._shown = now
            self._printer.status(self._line(now))

    def _line(self, now: float) -> str:
        total_bytes = max(self._total_bytes, self._done_bytes)
        speed = self._done_bytes / max(now - self._began, 1e-6)
        left = (total_bytes - self._done_bytes) / max(speed, 1.0)
        done, total = download_size(self._done_bytes), download_size(total_bytes)
        return (
            f"{self._doing}: {done} of {total}, {download_size(round(speed))}/s, "
            f"{duration(left)} left"
        )
