"""Plain text that grows at its end: a model's reasoning, or what a person wrote."""

from __future__ import annotations

from localr1.terminal_text import clean
from localr1.tui.rows import Row, Span
from localr1.tui.widgets.line_view import LineView
from localr1.tui.wrap import WrappedText


class TraceView(LineView):
    """Append-only plain text in one widget; an append costs the same whatever is shown."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None):
        super().__init__(id=id, classes=classes)
        self._wrapped = WrappedText()
        if text:
            self._wrapped.append(clean(text))

    @property
    def text(self) -> str:
        """All of the text."""
        return self._wrapped.text

    def append(self, text: str) -> None:
        """Add text that follows what is there."""
        if text:
            count = self.row_count()
            self.rows_changed(self._wrapped.append(clean(text)), count)

    def row_count(self) -> int:
        """How many rows there are up to the last one with words."""
        lines = self._wrapped.lines
        count = len(lines)
        while count and not lines[count - 1].text:
            count -= 1
        return count

    def row(self, y: int) -> Row:
        """The row at this index."""
        text, ending = self._wrapped.lines[y]
        return Row((Span(text.rstrip(" ")),), ending)

    def wrap(self, width: int) -> None:
        """Wrap all of the text for another width."""
        self._wrapped.rewrap(width)
