"""What a person asked: a quiet line for each file, then the words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from localr1.chat.attachments import file_line
from localr1.chat.messages import FilePart
from localr1.tui.marks import MarkLimit
from localr1.tui.rows import Row, Span, wrap_spans
from localr1.tui.widgets.trace_view import TraceView

LONG_LINES = 24
"""A question of more is shown in a window, unless its turn is picked."""

_LINE_CHARACTERS = 80


class QuestionView(TraceView):
    """The words do not grow; `text` is theirs alone.

    A pasted document that was sent as a question would else push the reply out of sight.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"question--file"}

    def __init__(
        self, text: str = "", files: Sequence[FilePart] = (), *, classes: str | None = None
    ) -> None:
        super().__init__(text, classes=classes)
        self.files = tuple(files)
        """Attached to it."""
        self.set_class(_estimated_lines(text) > LONG_LINES, "-long")
        self._file_rows: list[Row] = []

    def row_count(self) -> int:
        """Files and words."""
        return len(self._file_rows) + super().row_count()

    def row(self, y: int) -> Row:
        """The row at this index."""
        files = len(self._file_rows)
        return self._file_rows[y] if y < files else super().row(y - files)

    def wrap(self, width: int) -> None:
        """Wrap names and words for another width."""
        spans = [Span(MarkLimit()(file_line(each)), ("question--file",)) for each in self.files]
        self._file_rows = [row for span in spans for row in wrap_spans([span], width)]
        super().wrap(width)


def _estimated_lines(text: str) -> int:
    return sum(1 + len(line) // _LINE_CHARACTERS for line in text.split("\n"))
