"""Tells the library and other windows which model is loaded here."""

from __future__ import annotations

import asyncio

from localr1 import paths
from localr1.models.in_use import InUse
from localr1.models.last_used import note_use
from localr1.models.reference import DEMO, ModelReference


class ModelUse:
    """The mark of the model that a session has loaded; neither it nor its loss stops a chat."""

    def __init__(self) -> None:
        self._mark: InUse | None = None

    async def begin(self, reference: ModelReference) -> None:
        """The engine is ready with this model."""
        if reference.kind == "gguf" and reference.name != DEMO and not reference.is_check:
            await asyncio.to_thread(self._begin, reference)

    async def end(self) -> None:
        """The engine has let go of it."""
        mark, self._mark = self._mark, None
        if mark is not None:
            await asyncio.to_thread(mark.release)

    def _begin(self, reference: ModelReference) -> None:
        self._mark = self._mark or InUse(paths.locks_folder())
        self._mark.mark(reference.path)
        note_use(paths.models_folder(), reference.path)
