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
    """Renders the widgets whose visible part has rows in common with what changed."""

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            if not shown or (crop and (shown.y >= crop.bottom or shown.bottom <= crop.y)):
                continue
            part = shown.translate((-region.x, -region.y))
            yield region, clip, widget.render_lines(part)
