"""A terminal that may go away while the interface paints on it.

Textual writes from a thread of its own through a short queue. A write to a terminal that was
closed fails; the thread would end, the queue fill up, and the program wait for ever with its
conversation locked.
"""

from __future__ import annotations

import contextlib
from typing import IO, Any, cast

from textual.driver import Driver


class LastingFile:
    """A file whose writes are lost when nobody can read them any more.

    Args:
        file: the terminal.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write, if that is possible; the number of characters given."""
        with contextlib.suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that is possible."""
        with contextlib.suppress(OSError, ValueError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def with_lasting_output(driver: type[Driver]) -> type[Driver]:
    """The driver, writing through a `LastingFile` where it writes to a file at all."""

    class LastingDriver(driver):  # type: ignore[valid-type, misc]  # one of several, by platform
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            file = getattr(self, "_file", None)
            if file is not None:
                self._file = LastingFile(file)

    return cast("type[Driver]", LastingDriver)
