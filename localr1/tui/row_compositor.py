"""Painting only what stands in the rows that changed.

Textual asks every widget in sight for its lines at each update, however small: its compositor
compares what changed with the region a widget is clipped to, which for most is the whole screen.
A reply that is written changes a few rows 25 times a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class RowCompositor(Compositor):
    """Renders, of each widget, the rows that changed, and nothing that is wholly covered."""

    _is_wanted: Callable[[int], bool] | None = None

    def _render_chops(
        self, crop: Region, is_rendered_line: Callable[[int], bool]
    ) -> Sequence[Mapping[int, Strip]]:
        self._is_wanted = is_rendered_line
        return super()._render_chops(crop, is_rendered_line)

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        screen = self.size.region
        rows = screen if crop is None else screen.intersection(crop)
        for band in _bands(rows, self._is_wanted or (lambda _: True)):
            yield from self._renders_of(Region(rows.x, band.start, rows.width, len(band)))

    def _renders_of(self, band: Region) -> Iterator[tuple[Region, Region, list[Strip]]]:
        """What is seen in a part of the screen, from front to back; each row of it whole."""
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            if not shown.overlaps(band):
                continue
            top, bottom = max(shown.y, band.y), min(shown.bottom, band.bottom)
            seen = Region(shown.x, top, shown.width, bottom - top)
            part = seen.translate((-region.x, -region.y))
            yield region, seen, widget.render_lines(part)
            if seen.contains_region(band):
                return


def _bands(rows: Region, is_wanted: Callable[[int], bool]) -> Iterator[range]:
    """The rows that are wanted, those that follow each other together."""
    start = None
    for y in rows.line_range:
        if not is_wanted(y):
            if start is not None:
                yield range(start, y)
            start = None
        elif start is None:
            start = y
    if start is not None:
        yield range(start, rows.bottom)
