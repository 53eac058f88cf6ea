"""A tall widget that draws rows one at a time, whatever the number of rows.

One widget instead of one per paragraph: the cost of a layout grows with the number of widgets,
and a row is only turned into a strip when it comes into sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.selection import Selection
from textual.strip import Strip

from localr1.tui.rows import Look, Row, Span
from localr1.tui.widgets.steady_scroll_bar import SteadyScrollBar

_STRIPS_KEPT = 512


class _Frame(NamedTuple):
    """What stands around each row, as Textual draws it."""

    left: Strip
    right: Strip
    filters: Sequence[LineFilter]
    background: Color
    drawn_for: tuple[int, object]
    """Width in cells and the state of the styles."""


class LineView(ScrollView, can_focus=False):
    """Rows of styled text with selection; subclasses hold the text and wrap it."""

    DEFAULT_CSS = "LineView { width: 1fr; height: auto; overflow-x: hidden; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.wrap_width = 0
        """Cells that words may take; 0 until the first layout, and nothing is wrapped before."""
        self._strips: LRUCache[int, Strip] = LRUCache(_STRIPS_KEPT)
        """Rows with what stands around them, ready to be painted."""
        self._frame: _Frame | None = None
        self._styles: dict[Look, Style] = {}

    # ---- what a subclass provides ----------------------------------------------------------

    def row_count(self) -> int:
        """How many rows there are now."""
        raise NotImplementedError

    def row(self, y: int) -> Row:
        """The row at this index."""
        raise NotImplementedError

    def wrap(self, width: int) -> None:
        """Make the rows anew for another width."""
        raise NotImplementedError

    def rows_made_anew(self) -> None:
        """All rows were made for another width; nothing need be done."""

    def highlighted(self, words: Strip, y: int) -> Strip:  # noqa: ARG002 (for subclasses)
        """The words of a row with whatever is marked in them; nothing here."""
        return words

    # ---- changes ---------------------------------------------------------------------------

    def rows_changed(self, first: int, previous_count: int) -> None:
        """Redraw from this row on; lay out again only if the height on the screen changes."""
        for y in range(first, previous_count):
            self._strips.discard(y)
        if not self.wrap_width:
            self.refresh(layout=True)
        elif min(previous_count, self.row_count()) > self._container_size.height > 0:
            self._rows_behind_window(first, previous_count)
        elif self.row_count() != previous_count:
            self.virtual_size = Size(self.wrap_width, self.row_count())
            self.refresh(layout=True)
        elif first < previous_count:
            self.refresh_lines(first, previous_count - first)

    def _rows_behind_window(self, first: int, previous_count: int) -> None:
        """Rows of a window changed that keeps its height: nothing around it has to move."""
        if first < previous_count:
            self.refresh_lines(first, previous_count - first)
        if self.row_count() == previous_count:
            return
        count = self.row_count()
        self.set_reactive(ScrollView.virtual_size, Size(self.wrap_width, count))
        end = self.max_scroll_y
        is_following = self._anchored and not self._anchor_released
        y = end if is_following else min(self.scroll_y, end)
        bar = self.vertical_scrollbar
        if isinstance(bar, SteadyScrollBar):
            bar.show_window(count, self._container_size.height, y)
        self.scroll_y = self.scroll_target_y = y
        if count < previous_count:
            self.refresh()

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The scroll bar, made when it is first wanted."""
        if self._vertical_scrollbar is None:
            bar = SteadyScrollBar(name="vertical", thickness=self.scrollbar_size_vertical)
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 (Textual's)
        """As wide as there is room."""
        return container.width

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 (Textual's signature)
        viewport: Size,  # noqa: ARG002
        width: int,
    ) -> int:
        """The number of rows at this width; one cell is kept free for a scroll bar."""
        if width > 1 and width - 1 != self.wrap_width:
            self.wrap_width = width - 1
            self._strips.clear()
            self.wrap(self.wrap_width)
            self.rows_made_anew()
        count = self.row_count()
        self.set_reactive(ScrollView.virtual_size, Size(self.wrap_width, count))
        return count

    def notify_style_update(self) -> None:
        """Colours changed: nothing that was drawn holds any more."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()
        self._frame = None

    # ---- drawing ---------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of a part of the widget, given in cells from its corner.

        Textual would put border and padding around each row, and keep the result by its place on
        the screen: rows that scroll would be made anew each time. Here they are kept by their
        number. Rows of views with something above or below them are left to Textual.
        """
        gutter = self.styles.gutter
        width = self.outer_size.width
        if gutter.top or gutter.bottom or not width or not self.is_attached:
            return super().render_lines(crop)
        frame = self._framed(width)
        top = self.scroll_offset.y
        strips = [self._framed_row(y + top, frame) for y in crop.line_range]
        if crop.column_span == (0, width):
            return strips
        return [strip.crop(*crop.column_span) for strip in strips]

    def _framed(self, width: int) -> _Frame:
        """What is around the rows now; a change of it makes all rows anew."""
        drawn_for = (width, self.styles._cache_key)
        frame = self._frame
        if frame is None or frame.drawn_for != drawn_for:
            self._strips.clear()
            filters, gutter = self.get_line_filters(), self.styles.gutter
            row = super().render_lines(Region(0, 0, width, 1))[0]
            left, right = row.crop(0, gutter.left), row.crop(width - gutter.right, width)
            background = self.background_colors[1]
            self._frame = frame = _Frame(left, right, filters, background, drawn_for)
        return frame

    def _framed_row(self, y: int, frame: _Frame) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            strip = self._row_strip(y)
            for each in frame.filters:
                strip = strip.apply_filter(each, frame.background)
            strip = Strip.join([frame.left, strip, frame.right])
            if y < self.row_count():
                self._strips[y] = strip
        return strip

    def render_line(self, y: int) -> Strip:
        """The strip at this line of the visible part, without what is around it."""
        return self._row_strip(y + self.scroll_offset.y)

    def _row_strip(self, y: int) -> Strip:
        width = self.outer_size.width - self.styles.gutter.width
        if y >= self.row_count():
            return Strip.blank(width, self._style(()))
        return self._draw(y, width)

    def _draw(self, y: int, width: int) -> Strip:
        row = self.row(y)
        words = self.highlighted(self._strip(row.spans), y).apply_offsets(0, y)
        selection = self.text_selection
        selected = selection.get_span(y) if selection is not None else None
        if selected is not None:
            words = self._marked(words, selected)
        strip = Strip.join([self._strip(row.margin), words])
        filled = strip.extend_cell_length(width - 1, self._style(row.fill))
        return filled.adjust_cell_length(width, self._style(()))

    def _strip(self, spans: Sequence[Span]) -> Strip:
        return Strip([Segment(text, self._style(look)) for text, look in spans])

    def _marked(self, strip: Strip, selected: tuple[int, int]) -> Strip:
        """Mark the selected characters, given as a range of indices (end -1: to the end)."""
        # Dragged past the end of a row, the mouse counts cells as characters
        length = len(strip.text)
        start, end = min(selected[0], length), min(selected[1], length)
        first = strip.index_to_cell_position(start)
        last = strip.cell_length if end == -1 else strip.index_to_cell_position(end)
        style = self.screen.get_component_rich_style("screen--selection")
        marked = [
            Segment(text, own + style if own else style) for text, own, _ in strip.crop(first, last)
        ]
        return Strip.join([strip.crop(0, first), Strip(marked), strip.crop(last)])

    def _style(self, look: Look) -> Style:
        style = self._styles.get(look)
        if style is None:
            style = self.rich_style
            for name in look:
                style += self._component_style(name)
            self._styles[look] = style
        return style

    def _component_style(self, name: str) -> Style:
        """Only what the style sheet says of this look, with translucent colours made solid."""
        partial = self.get_component_rich_style(name, partial=True)
        solid = self.get_component_rich_style(name)
        return partial.without_color + Style(
            color=solid.color if partial.color else None,
            bgcolor=solid.bgcolor if partial.bgcolor else None,
        )

    # ---- selection -------------------------------------------------------------------------

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002 (Textual's)
        """Draw again with the marks of the new selection."""
        self._strips.clear()
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text as it was before it was wrapped."""
        copied: list[str] = []
        for y in range(self.row_count()):
            selected = selection.get_span(y)
            if selected is None:
                continue
            row = self.row(y)
            start, end = selected
            copied.append(row.text[start:] + row.ending if end == -1 else row.text[start:end])
        return "".join(copied).rstrip("\n"), "\n"
