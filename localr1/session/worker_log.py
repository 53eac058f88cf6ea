"""What the engine's native code printed: the newest log, and what is added to it."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

TAIL_BYTES = 512 * 1024
"""Read of a log at first, from its end; a log of more than that is rarely read from its start."""


class Addition(NamedTuple):
    """What was found in a log since the last look."""

    text: str = ""
    """Untrusted, as it stands in the file."""
    is_new: bool = False
    """It replaces what was read before: the file was begun anew."""
    problem: str = ""
    """A sentence; the log cannot be read now."""


def newest_log(folder: Path, running: Path | None = None) -> Path | None:
    """The log to look at: that of the running worker, else the newest one; None without any.

    Args:
        folder: where logs are.
        running: the log of the worker that runs, if one does.
    """
    if running is not None:
        return running
    try:
        return max(folder.glob("worker-*.log"), default=None, key=lambda path: path.name)
    except OSError:
        return None


class LogTail:
    """Reads a log as it grows.

    Args:
        path: of the log.
        tail_bytes: how much of its end is read at first, and at once later.
    """

    def __init__(self, path: Path, tail_bytes: int = TAIL_BYTES) -> None:
        self.path = path
        self._tail_bytes = tail_bytes
        self._position: int | None = None
        self._start()

    def _start(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def read(self) -> Addition:
        """What was added since the last call; blocks as long as the disk does."""
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                return self._added(file, size)
        except FileNotFoundError:
            self._position = None
            return Addition(problem="The log is gone.")
        except OSError as error:
            self._position = None
            return Addition(problem=f"The log cannot be read: {error.strerror}.")

    def _added(self, file: BinaryIO, size: int) -> Addition:
        position = self._position
        is_new = position is None or size < position
        too_much = position is not None and size - position > self._tail_bytes
        if position is None or is_new or too_much:
            self._start()
            position = max(0, size - self._tail_bytes)
            is_new = True
        file.seek(position)
        content = file.read(self._tail_bytes)
        self._position = position + len(content)
        if is_new and position:
            content = content[content.find(b"\n") + 1 :]  # a part of a line says little
        return Addition(self._decoder.decode(content), is_new)
