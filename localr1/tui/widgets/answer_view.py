"""A model's answer: Markdown that grows, in one widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual import events

from localr1.tui.markdown import render
from localr1.tui.markdown.blocks import Block, GrowingMarkdown
from localr1.tui.markdown.code_blocks import code_blocks
from localr1.tui.markdown.pressable import CodeBlock, Pressable
from localr1.tui.messages import CodeClicked, LinkClicked
from localr1.tui.rows import Row
from localr1.tui.widgets.searched_view import SearchedView


class _Mark(NamedTuple):
    """How many blocks are rendered, and how many rows they and all before them take."""

    blocks: int = 0
    rows: int = 0


class AnswerView(SearchedView):
    """Closed blocks are rendered once; only the open one is read again when text arrives."""

    COMPONENT_CLASSES = render.LOOKS

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None):
        super().__init__(id=id, classes=classes)
        self._shows_source = False
        self._start_empty()
        if text:
            self.append(text)
            self.finish()

    def _start_empty(self) -> None:
        self._source: list[str] = []
        self._markdown = GrowingMarkdown()
        self._rows: list[Row] = []
        self._closed_mark = _Mark()
        self._frozen_mark = _Mark()
        self._is_finished = False

    @property
    def text(self) -> str:
        """The Markdown source."""
        self._source = ["".join(self._source)]
        return self._source[0]

    def append(self, text: str) -> None:
        """Add source that follows what is there."""
        if text:
            self._is_finished = False
            self._source.append(text)
            self._markdown.append(text)
            self._show_changes()

    def finish(self) -> None:
        """Nothing more will come: show exactly what is there."""
        self._is_finished = True
        self._markdown.finish()
        self._show_changes()

    def take_text(self) -> str:
        """The source, which is not shown any more."""
        text, count = self.text, self.row_count()
        self._start_empty()
        self.rows_changed(0, count)
        return text

    def code_blocks(self) -> Sequence[CodeBlock]:
        """The code of the answer, block by block, without one that is still being written."""
        return code_blocks(self.text, with_open=self._is_finished)

    @property
    def shows_source(self) -> bool:
        """Are formulas shown as they were written?"""
        return self._shows_source

    def show_source(self, is_source: bool) -> None:
        """Show formulas as they were written, or as they are read."""
        if is_source != self._shows_source:
            self._shows_source = is_source
            count = self.row_count()
            if self.wrap_width:
                self.wrap(self.wrap_width)
            self.rows_changed(0, count)

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._rows)

    def row(self, y: int) -> Row:
        """The row at this index."""
        return self._rows[y]

    def wrap(self, width: int) -> None:
        """Render everything for another width."""
        self._rows.clear()
        self._closed_mark = self._frozen_mark = _Mark()
        self._extend(width)

    def _show_changes(self) -> None:
        fixed, count = self._closed_mark.rows, self.row_count()
        before = self._rows[fixed:]
        first = self._extend(self.wrap_width) if self.wrap_width else 0
        # Of a paragraph that grows most rows stay as they are
        while first < count and self._rows[first : first + 1] == [before[first - fixed]]:
            first += 1
        self.rows_changed(first, count)

    def _extend(self, width: int) -> int:
        """Render what is not fixed yet; the index of the first row that may have changed."""
        markdown = self._markdown
        block_closed = len(markdown.closed) > self._closed_mark.blocks
        if block_closed:
            self._frozen_mark = self._closed_mark
        first = self._frozen_mark.rows
        del self._rows[first:]
        if block_closed:
            self._add_rows(markdown.closed[self._closed_mark.blocks :], width)
            self._closed_mark = _Mark(len(markdown.closed), len(self._rows))
            self._frozen_mark = _Mark(0, len(self._rows))
        self._add_rows(markdown.pieces[self._frozen_mark.blocks :], width)
        self._frozen_mark = _Mark(len(markdown.pieces), len(self._rows))
        self._add_rows([markdown.tail], width)
        return first

    def _add_rows(self, blocks: Sequence[Block], width: int) -> None:
        for block in blocks:
            rows = render.render(block, width, maths_source=self._shows_source)
            if rows and self._rows and block.gap:
                self._rows.append(Row(()))
            self._rows += rows

    # ---- the mouse -------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """A link asks whether it may open, the label of a code block copies it."""
        place = event.get_content_offset(self)
        if place is None or self.text_selection is not None:
            return
        target = self._target_at(place.x, place.y + self.scroll_offset.y)
        if isinstance(target, CodeBlock):
            self.post_message(CodeClicked(target))
        elif target is not None:
            self.post_message(LinkClicked(target))

    def _target_at(self, x: int, y: int) -> CodeBlock | str | None:
        row = self._rows[y] if y < len(self._rows) else Row(())
        for span in (*row.margin, *row.spans):
            x -= cell_len(span.text)
            if x < 0:
                return span.look.target if isinstance(span.look, Pressable) else None
        return None
