"""Plain text that grows at its end: a model's reasoning, or what a person wrote."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal, NamedTuple

from localr1.chat.messages import Insertion
from localr1.terminal_text import clean
from localr1.tui.hits import Hits
from localr1.tui.rows import Row, Span
from localr1.tui.spacing import Spacing, count_words
from localr1.tui.widgets.searched_view import SearchedView, hits_between
from localr1.tui.wrap import WrappedText

Author = Literal["model", "person", "localr1"]


class _Mark(NamedTuple):
    """A stretch that somebody else wrote.

    Counted in characters that are no white space: of that, rows keep as much as they need.
    """

    start: int
    end: int
    look: str


class TraceView(SearchedView):
    """Append-only plain text in one widget; an append costs the same whatever is shown."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"trace--person", "trace--localr1"}

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None):
        super().__init__(id=id, classes=classes)
        self._wrapped = WrappedText()
        self._marks: list[_Mark] = []
        self._starts = [0]
        self._spacing = Spacing()
        self.generation = 0
        """Goes up when the text is replaced; otherwise it only grows."""
        if text:
            self._wrapped.append(clean(text))

    @property
    def text(self) -> str:
        """All of the text."""
        return self._wrapped.text

    def append(self, text: str, author: Author = "model") -> None:
        """Add text that follows what is there."""
        if text:
            count = self.row_count()
            start = count_words(self.text) if author != "model" else 0
            changed = self._wrapped.append(clean(text))
            if author != "model":
                self._marks.append(_Mark(start, count_words(self.text), f"trace--{author}"))
            del self._starts[changed + 1 :]
            self.rows_changed(changed, count)

    def show(self, text: str, insertions: Iterable[Insertion] = ()) -> None:
        """Show this text in place of what was there, with the marks of who wrote what."""
        self.clear()
        position = 0
        for each in sorted(insertions, key=lambda insertion: insertion.start):
            start = max(position, each.start)
            self.append(text[position:start])
            self.append(text[start : each.end], each.author)
            position = max(start, each.end)
        self.append(text[position:])

    def clear(self) -> None:
        """Show nothing."""
        count = self.row_count()
        self._wrapped = WrappedText(self._wrapped.width)
        self._marks.clear()
        self._starts = [0]
        self._spacing = Spacing()
        self.generation += 1
        if self._hits is not None:
            self._hits.clear()
        self.rows_changed(0, count)

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
        text = text.rstrip(" ")
        spans = self._spans(text, self._start(y)) if self._marks else [Span(text)]
        return Row(tuple(spans), ending)

    def wrap(self, width: int) -> None:
        """Wrap all of the text for another width."""
        self._wrapped.rewrap(width)
        self._starts = [0]

    # ---- places in the text ----------------------------------------------------------------

    def row_at(self, offset: int) -> int:
        """The row of this place in the text."""
        self._spacing.extend(self.text)
        count = self.row_count()
        self._start(count)
        words = self._spacing.words_before(offset)
        return max(0, bisect_right(self._starts, words, 0, count) - 1)

    def offset_at(self, y: int) -> int:
        """Where in the text this row begins."""
        self._spacing.extend(self.text)
        return self._spacing.offset(self._start(y))

    def _search(self, hits: Hits) -> None:
        hits.extend(self.text)
        self._spacing.extend(self.text)

    def _columns(self, y: int, hits: Hits) -> Iterator[tuple[int, int, bool]]:
        text = self._wrapped.lines[y].text.rstrip(" ")
        places = [index for index, character in enumerate(text) if character != " "]
        if not places:
            return
        start = self._start(y)
        before = self._spacing.words_before
        first = self._spacing.offset(start)
        last = self._spacing.offset(start + len(places) - 1)
        for hit in hits_between(hits, first, last + 1):
            begin, end = before(hit) - start, before(hit + hits.length) - start
            marked = places[max(0, begin) : max(0, end)]
            if marked:
                yield marked[0], marked[-1] + 1, hit == self._current_hit

    # ---- who wrote what --------------------------------------------------------------------

    def _start(self, y: int) -> int:
        """How many characters stand before a row."""
        for line in self._wrapped.lines[len(self._starts) - 1 : y]:
            self._starts.append(self._starts[-1] + count_words(line.text))
        return self._starts[y]

    def _spans(self, text: str, start: int) -> Iterator[Span]:
        places = [index for index, character in enumerate(text) if character != " "]
        position = 0
        for mark in self._marks:
            marked = places[max(0, mark.start - start) : max(0, mark.end - start)]
            if marked:
                yield Span(text[position : marked[0]])
                position = marked[-1] + 1
                yield Span(text[marked[0] : position], (mark.look,))
        yield Span(text[position:])
