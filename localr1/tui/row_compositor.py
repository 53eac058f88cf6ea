"""Painting only what stands in the rows that changed.

Textual asks every widget in sight for its lines at each update, however small: its compositor
compares what changed with the region a widget is clipped to, which for most is the whole screen.
A reply that is written changes a dozen rows 25 times a second.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class RowCompositor(Compositor):
    """Renders, of each widget, the rows that it has in common with what changed."""

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        for widget, (region, clip) in self.visible_widgets.items():
            rows = clip if crop is None else _rows(clip, crop)
            shown = region.intersection(rows)
            if shown:
                part = shown.translate((-region.x, -region.y))
                yield region, rows, widget.render_lines(part)


def _rows(clip: Region, crop: Region) -> Region:
    """The rows of a region that another one has, too."""
    top, bottom = max(clip.y, crop.y), min(clip.bottom, crop.bottom)
    return Region(clip.x, top, clip.width, max(0, bottom - top))
