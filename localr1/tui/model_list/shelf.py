"""The models of this computer and of the catalog, behind what the screen needs of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal, Protocol

from localr1.tui.model_list.rows import ModelHere, Surveyed

Taking = Literal["link", "copy", "move"]
"""How a file becomes part of localr1's models."""


class Shelf(Protocol):
    """Finds, adds and removes models; nothing of it blocks the event loop."""

    def survey(self) -> AsyncIterator[Surveyed]:
        """What is known, ever more of it."""

    async def is_open(self, model: ModelHere) -> bool:
        """Whether some window has it loaded."""

    async def remove(self, model: ModelHere) -> int:
        """Remove it from the disk; the bytes that were freed.

        Raises:
            Localr1Error: it is still there, with the reason.
        """

    async def add(self, path: Path, taking: Taking, advance: Callable[[int], None]) -> str:
        """Take a file into localr1's models; what it is called there.

        Args:
            path: of the file.
            taking: what becomes of it.
            advance: is told of bytes that were read, in another thread; what it raises stops it.

        Raises:
            Localr1Error: it cannot be taken, with the reason; nothing has changed.
        """
