"""A line view in which words can be found: hits are marked in the rows that are drawn."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip

from localr1.tui.hits import Hits
from localr1.tui.widgets.line_view import LineView

HIT, CURRENT_HIT = "searched--hit", "searched--current-hit"


class SearchedView(LineView):
    """What is searched are the rows as they are shown; a subclass may know a better text."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {HIT, CURRENT_HIT}

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._hits: Hits | None = None
        self._is_searched = False
        """All of the text, since it last changed."""
        self._current_hit: int | None = None
        self._row_starts: list[int] = []

    # ---- finding ---------------------------------------------------------------------------

    @property
    def sought(self) -> str:
        """What is looked for; "" for nothing."""
        return self._hits.words if self._hits else ""

    def look_for(self, words: str) -> None:
        """Mark these words wherever they occur, also in what is still to come; "" marks nothing."""
        if not words and self._hits is None:
            return
        self._hits = Hits(words) if words else None
        self._is_searched = False
        self._current_hit = None
        self._redraw()

    def hits(self) -> Sequence[int]:
        """Where in the text the words occur now."""
        if self._hits is None:
            return ()
        if not self._is_searched:
            self._search(self._hits)
            self._is_searched = True
        return self._hits.starts

    def mark_current(self, start: int | None) -> None:
        """The hit that a person is at; None where it is in another view."""
        if start != self._current_hit:
            self._current_hit = start
            self._redraw()

    def row_at(self, offset: int) -> int:
        """The row of this place in the text."""
        self.hits()
        return max(0, bisect_right(self._row_starts, offset) - 1)

    # ---- for subclasses --------------------------------------------------------------------

    def _search(self, hits: Hits) -> None:
        rows = [self.row(y) for y in range(self.row_count())]
        pieces = [row.text + row.ending for row in rows]
        self._row_starts = list(accumulate(map(len, pieces[:-1]), initial=0)) if rows else []
        hits.clear()
        hits.extend("".join(pieces))

    def _columns(self, y: int, hits: Hits) -> Iterator[tuple[int, int, bool]]:
        """The hits in a row: from character to character, and whether it is the current one."""
        start = self._row_starts[y]
        size = len(self.row(y).text)
        for hit in hits_between(hits, start, start + size):
            first, last = max(0, hit - start), min(size, hit + hits.length - start)
            yield first, last, hit == self._current_hit

    # ---- drawing ---------------------------------------------------------------------------

    def rows_changed(self, first: int, previous_count: int) -> None:
        """What is searched changed, too."""
        self._is_searched = False
        super().rows_changed(first, previous_count)

    def rows_made_anew(self) -> None:
        """Rows may stand elsewhere now."""
        self._is_searched = False

    def highlighted(self, words: Strip, y: int) -> Strip:
        """The words of a row with the marks of the hits in it."""
        if self._hits is None or not self.hits():
            return words
        for first, last, is_current in self._columns(y, self._hits):
            words = self._painted(words, first, last, CURRENT_HIT if is_current else HIT)
        return words

    def _painted(self, words: Strip, first: int, last: int, look: str) -> Strip:
        style = self._component_style(look)
        start = words.index_to_cell_position(first)
        end = words.index_to_cell_position(last)
        marked = [
            Segment(text, own + style if own else style) for text, own, _ in words.crop(start, end)
        ]
        return Strip.join([words.crop(0, start), Strip(marked), words.crop(end)])

    def _redraw(self) -> None:
        self._strips.clear()
        self.refresh()


def hits_between(hits: Hits, start: int, end: int) -> Sequence[int]:
    """Those that touch this stretch of the text."""
    first = bisect_right(hits.starts, start - hits.length)
    return hits.starts[first : bisect_left(hits.starts, end)]
