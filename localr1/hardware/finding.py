"""What a part of the probe found, and a thread that keeps a part from holding up the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from localr1.errors import Localr1Error
from localr1.terminal_text import clean_line

T = TypeVar("T")


@dataclass(frozen=True)
class Finding(Generic[T]):
    """A value, with a sentence for each thing that belongs to it and could not be read."""

    value: T
    unread: tuple[str, ...] = ()


class Background(Generic[T]):
    """A part of the probe that runs in a thread of its own.

    Files of /sys and folders on a network can block without end; such a thread is left behind.
    It is a daemon, so that it does not hold up the end of the program either.
    """

    def __init__(self, subject: str, read: Callable[[], Finding[T]], otherwise: T) -> None:
        """Start reading; `otherwise` is the value when nothing can be found."""
        self._subject = subject
        self._otherwise = otherwise
        self._found: list[Finding[T]] = []
        self._thread = threading.Thread(target=self._run, args=(read,), daemon=True)
        self._thread.start()

    def _run(self, read: Callable[[], Finding[T]]) -> None:
        try:
            self._found.append(read())
        except Exception as error:  # whatever a broken system does, the rest is worth having
            self._found.append(self._nothing(_reason(error)))

    def _nothing(self, why: str) -> Finding[T]:
        sentence = clean_line(f"{self._subject} could not be read: {why}")
        return Finding(self._otherwise, (sentence,))

    def finding(self, deadline: float) -> Finding[T]:
        """What was found by `deadline` (time.monotonic)."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return self._found[0] if self._found else self._nothing("no answer in time")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) if isinstance(error, Localr1Error) else f"{type(error).__name__}: {error}"
