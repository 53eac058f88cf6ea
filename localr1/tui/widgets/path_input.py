"""A line in which the path of a model file is typed; what it may mean is shown ahead."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester

from localr1.models.path_completion import completed_path
from localr1.terminal_text import clean
from localr1.tui.widgets.line_input import LineInput


class _Paths(Suggester):
    """Folders and GGUF files."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first one that begins like this; names that would act on a terminal are left out."""
        found = await asyncio.to_thread(completed_path, value)
        return found if found is not None and clean(found) == found else None


class PathInput(LineInput):
    """Tab or the right arrow take the completion that is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
    ]

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, suggester=_Paths(), id=id)

    def action_complete(self) -> None:
        """Take the completion; without one, go to the next control."""
        before = self.value
        self.action_end()
        self.action_cursor_right()
        if self.value == before:
            self.screen.focus_next()
