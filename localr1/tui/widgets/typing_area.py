"""A text area that does what keys say in the order in which they were typed."""

from __future__ import annotations

from textual import events
from textual.strip import Strip
from textual.widgets import TextArea


class TypingArea(TextArea):
    """For people who type fast, and programs that type at once."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, highlight_cursor_line=False, show_line_numbers=False)

    @property
    def before(self) -> str:
        """What stands before the cursor in its line."""
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

    def replace_before(self, length: int, text: str) -> None:
        """Put a text in the place of this many characters before the cursor, in its line."""
        row, column = self.cursor_location
        self._replace_via_keyboard(text, (row, column - length), (row, column))

    def replace_range(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of what stands between two indices."""
        self.replace(text, _location(self.text, start), _location(self.text, end))

    def show_text(self, text: str) -> None:
        """Show this text in place of what was there, the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)

    def is_at_edge(self, by: int) -> bool:
        """Is the cursor in the first row on the screen (by -1), or in the last one (1)?"""
        row = self.wrapped_document.location_to_offset(self.cursor_location).y
        return row == (0 if by < 0 else self.wrapped_document.height - 1)

    async def takes_key(self, event: events.Key) -> bool:  # noqa: ARG002 - for subclasses
        """A key that does something else than in other text areas; whether it did."""
        return False

    def render_line(self, y: int) -> Strip:
        """A row; while the terminal becomes much narrower there may be no room for any."""
        if not self.content_size.width:  # Textual cannot wrap its hint into that
            return Strip.blank(self.size.width, self.rich_style)
        return super().render_line(y)

    async def _on_key(self, event: events.Key) -> None:
        is_done = not self.read_only and await self.takes_key(event)
        if not is_done and not event.is_printable:
            is_done = await self._run_own_binding(event.key)
        if is_done:
            event.stop()
            event.prevent_default()

    async def _run_own_binding(self, key: str) -> bool:
        # Textual would run these only after the key came to the screen and back, and by then
        # letters that were typed later stand in the text already
        for binding in self._bindings.key_to_bindings.get(key, ()):
            if not binding.priority and await self.app.run_action(binding.action, self):
                return True
        return False


def _location(text: str, index: int) -> tuple[int, int]:
    """Row and column of an index."""
    before = text[:index]
    return before.count("\n"), index - (before.rfind("\n") + 1)
