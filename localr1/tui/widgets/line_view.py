"""A tall widget that draws rows one at a time, whatever the number of rows.

One widget instead of one per paragraph: the cost of a layout grows with the number of widgets,
and a row is only turned into a strip when it comes into sight.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from localr1.tui.rows import Look, Row, Span

_STRIPS_KEPT = 512


class LineView(ScrollView, can_focus=False):
    """Rows of styled text with selection; subclasses hold the text and wrap it."""

    DEFAULT_CSS = "LineView { width: 1fr; height: auto; overflow-x: hidden; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.wrap_width = 0
        """Cells that words may take; 0 until the first layout, and nothing is wrapped before."""
        self._strips: LRUCache[int, Strip] = LRUCache(_STRIPS_KEPT)
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
        elif self.row_count() != previous_count:
            self.virtual_size = Size(self.wrap_width, self.row_count())
            self.refresh(layout=True)
        elif first < previous_count:
            self.refresh_lines(first, previous_count - first)

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

    # ---- drawing ---------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """The strip at this line of the visible part."""
        y += self.scroll_offset.y
        width = self.size.width
        if y >= self.row_count():
            return Strip.blank(width, self._style(()))
        strip = self._strips.get(y)
        if strip is None or strip.cell_length != width:
            self._strips[y] = strip = self._draw(y, width)
        return strip

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
