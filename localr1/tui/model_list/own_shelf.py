"""The shelf of this computer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.tui.model_list.rows import ModelHere, Surveyed
from localr1.tui.model_list.shelf import Taking

if TYPE_CHECKING:
    from localr1.session import ChatSession


class OwnShelf:
    """Looks at files, the catalog and the computer when it is asked to.

    Args:
        session: whose settings and model matter.
    """

    def __init__(self, session: ChatSession) -> None:
        self._session = session

    async def survey(self) -> AsyncIterator[Surveyed]:
        """What is known, ever more of it."""
        yield Surveyed(is_complete=True)

    async def remove(self, model: ModelHere) -> int:
        """Remove it from the disk; the bytes that were freed."""
        raise NotImplementedError

    async def add(self, path: Path, taking: Taking) -> str:
        """Take a file into localr1's models; what it is called there."""
        raise NotImplementedError
