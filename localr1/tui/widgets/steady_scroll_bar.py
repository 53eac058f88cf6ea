"""A scroll bar that is painted when it looks different, not whenever its numbers change."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip

if TYPE_CHECKING:
    from typing_extensions import Self

_STEPS = 8
"""Of a cell, that the ends of the thumb are drawn in."""


class SteadyScrollBar(ScrollBar):
    """Stands beside a long text that grows: its thumb hardly moves then.

    A vertical one, drawn without the general way of Textual, which takes longer for a bar than
    for all of the text beside it.
    """

    _looks: object = None
    """What was drawn last."""
    _rows: list[Strip] | None = None

    def show_window(self, whole: int, window: int, position: float) -> None:
        """Take all numbers at once, in rows: one after the other would move the thumb twice."""
        self.set_reactive(ScrollBar.window_virtual_size, whole)
        self.set_reactive(ScrollBar.window_size, window)
        self.set_reactive(ScrollBar.position, position)
        self.refresh()

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint again what looks different; anything but a repaint is done as ever."""
        looks = (self._thumb, self.mouse_over, self.grabbed is None, self._size)
        if looks == self._looks and not (layout or recompose):
            return self
        self._looks = looks
        self._rows = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Colours changed."""
        super().notify_style_update()
        self._looks = self._rows = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of a part of the bar, given in cells from its corner."""
        if self._rows is None or len(self._rows) != self._size.height:
            self._rows = self._draw()
        return self._rows[crop.y : crop.bottom]

    def _draw(self) -> list[Strip]:
        bar = self.render()
        assert isinstance(bar, ScrollBarRender)
        assert isinstance(bar.style, Style)
        background, colour = bar.style.bgcolor, bar.style.color
        assert background is not None
        assert colour is not None
        drawn = bar.render_bar(
            size=self._size.height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            thickness=self._size.width,
            back_color=background,
            bar_color=colour,
        )
        behind = Style(bgcolor=background)
        segments = Segment.apply_style(drawn.segments, behind)
        strips = [Strip([segment], self._size.width) for segment in segments]
        for each in self.get_line_filters():
            strips = [strip.apply_filter(each, self.background_colors[1]) for strip in strips]
        return strips

    @property
    def _thumb(self) -> tuple[int, int]:
        """Where it begins and ends, in steps, as `ScrollBarRender.render_bar` draws it."""
        size, window, whole = self._size.height, self.window_size, self.window_virtual_size
        if not size or not 0 < window < whole:
            return (0, 0)
        thumb = max(1.0, window * size / whole)
        start = int((size - thumb) * self.position / (whole - window) * _STEPS)
        return (start, start + ceil(thumb * _STEPS))
