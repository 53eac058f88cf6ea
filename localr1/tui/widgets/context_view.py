"""Gauges of the context window with sentences around them, in one widget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from localr1.tui.gauges import WARNING, Gauge, gauge_rows
from localr1.tui.glyphs import BULLET
from localr1.tui.rows import Row, Span, wrap_spans
from localr1.tui.widgets.line_view import LineView

_EMPTY = Row(())


class ContextView(LineView):
    """Shows gauges; its words can be selected."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "gauge--label",
        "gauge--full",
        "gauge--rest",
        "gauge--warning",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._headline = ""
        self._gauges: list[Gauge] = []
        self._advice: Sequence[str] = ()
        self._rows: list[Row] = []

    @property
    def text(self) -> str:
        """All that is shown, as it is copied."""
        lines = [f"{each.label}: {each.tokens:,} ({each.share})" for each in self._gauges]
        return "\n".join([self._headline, *lines, *self._advice])

    def show(self, headline: str, gauges: Sequence[Gauge] = (), advice: Sequence[str] = ()) -> None:
        """Show these in place of what was there; all words are harmless for a terminal."""
        shown = (headline, list(gauges), list(advice))
        if shown == (self._headline, self._gauges, self._advice):
            return
        self._headline, self._gauges, self._advice = shown
        before = self.row_count()
        if self.wrap_width:
            self.wrap(self.wrap_width)
        self.rows_changed(0, before)

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._rows)

    def row(self, y: int) -> Row:
        """The row at this index."""
        return self._rows[y]

    def wrap(self, width: int) -> None:
        """Make the rows for another width."""
        self._rows = wrap_spans([Span(self._headline)], width)
        if self._gauges:
            self._rows += [_EMPTY, *gauge_rows(self._gauges, width)]
        for number, sentence in enumerate(self._advice):
            self._rows += [*([] if number else [_EMPTY]), *_point(sentence, width)]


def _point(sentence: str, width: int) -> Iterator[Row]:
    """A sentence with a bullet, or with the sign of a warning in its place."""
    warns = sentence.startswith(WARNING)
    look = ("gauge--warning",) if warns else ()
    words = Span(sentence.removeprefix(WARNING), look)
    for number, row in enumerate(wrap_spans([words], max(1, width - len(WARNING)))):
        sign = WARNING if warns else f"{BULLET} "
        yield row._replace(margin=(Span("  " if number else sign, look or ("gauge--label",)),))
