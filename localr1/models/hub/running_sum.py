"""The SHA-256 of a file that grows: computed behind the downloading, and finished after it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from localr1.errors import StorageError

PIECE_BYTES = 1 << 20
_LOOK_SECONDS = 0.05


class RunningSum:
    """Reads a file from its beginning as far as that is there; the system still has it in memory.

    Args:
        path: of the file.
        available: how many bytes are there without a gap.
    """

    def __init__(self, path: Path, available: Callable[[], int]) -> None:
        self._path = path
        self._available = available
        self._sum = hashlib.sha256()
        self._position = 0
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="sha256", daemon=True)

    @property
    def position(self) -> int:
        """How many bytes are in the sum."""
        return self._position

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no more; blocks for a piece at most."""
        self._is_ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def finish(self, stop: threading.Event) -> str:
        """The sum of all that is there, in hexadecimal digits; empty where told to stop.

        Raises:
            StorageError: the file cannot be read.
        """
        self.stop()
        try:
            while self._position < self._available() and not stop.is_set():
                self._read_on(stop.is_set)
        except OSError as error:
            raise StorageError(f"cannot read {self._path}: {error.strerror}") from error
        return "" if stop.is_set() else self._sum.hexdigest()

    def _follow(self) -> None:
        try:
            while not self._is_ending.is_set():
                self._read_on(self._is_ending.is_set)
                self._is_ending.wait(_LOOK_SECONDS)
        except OSError:
            return  # told when it is finished

    def _read_on(self, is_ending: Callable[[], bool]) -> None:
        end = self._available()
        if end - self._position <= 0:
            return
        with self._path.open("rb", buffering=0) as file:
            file.seek(self._position)
            while self._position < end and not is_ending():
                piece = file.read(min(PIECE_BYTES, end - self._position))
                if not piece:
                    raise OSError(0, "it became shorter while it was read")
                self._sum.update(piece)
                self._position += len(piece)


def sha256_of(path: Path, stop: threading.Event, told: Callable[[int], None]) -> str:
    """The SHA-256 of a file in hexadecimal digits; empty where told to stop.

    Args:
        path: of the file.
        stop: ends it.
        told: is called with how many bytes were read.

    Raises:
        OSError: the file cannot be read.
    """
    total = hashlib.sha256()
    done = 0
    with path.open("rb", buffering=0) as file:
        while not stop.is_set():
            piece = file.read(PIECE_BYTES)
            if not piece:
                return total.hexdigest()
            total.update(piece)
            done += len(piece)
            told(done)
    return ""
