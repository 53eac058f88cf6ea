"""Entries of a sheet in one widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len

from localr1.tui.entries import Entry, entry_rows
from localr1.tui.rows import Row
from localr1.tui.widgets.line_view import LineView

_LABEL_CELLS = 26
"""The column of labels at most, its space included."""


class EntriesView(LineView):
    """Shows entries; their words can be selected."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "sheet--heading",
        "sheet--label",
        "sheet--quiet",
        "sheet--problem",
        "sheet--command",
    }

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._entries: Sequence[Entry] = ()
        self._label_cells = 0
        self._rows: list[Row] = []

    @property
    def text(self) -> str:
        """All that is shown, as it is copied."""
        return "\n".join(_line(entry, self._label_cells) for entry in self._entries)

    def show(self, entries: Sequence[Entry], label_cells: int | None = None) -> None:
        """Show these in place of what was there.

        Args:
            entries: already harmless for a terminal.
            label_cells: the width of the column of labels; None: as these entries need it.
        """
        count = self.row_count()
        self._entries = entries
        widest = max((cell_len(entry.label) for entry in entries), default=0)
        self._label_cells = label_cells or min(_LABEL_CELLS, widest + 2)
        if self.wrap_width:
            self.wrap(self.wrap_width)
        self.rows_changed(0, count)
        self.refresh(layout=True)

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._rows)

    def row(self, y: int) -> Row:
        """The row at this index."""
        return self._rows[y]

    def wrap(self, width: int) -> None:
        """Make the rows for another width."""
        self._rows = list(entry_rows(self._entries, width, self._label_cells))


def _line(entry: Entry, label_cells: int) -> str:
    return f"{entry.label:<{label_cells}}{entry.text}" if entry.label else entry.text
