"""What colours mean, drawn by the attributes that every terminal has: bold, dim, reversed."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_BRIGHT_BLACK = 8
_RED, _YELLOW = 1, 3
_DEFAULT = RichColor.default()
_COLOURLESS = Style(color=_DEFAULT, bgcolor=_DEFAULT)


class QuietAsDim(LineFilter):
    """For the themes of the terminal's own colours: bright black becomes dim."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same words in other styles."""
        return [Segment(text, _dimmed(style), control) for text, style, control in segments]


class Attributes(LineFilter):
    """Without any colour: quiet words dim, warnings and errors bold, planes reversed."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same words in other styles."""
        return [Segment(text, _colourless(style), control) for text, style, control in segments]


@lru_cache(1024)
def _dimmed(style: Style | None) -> Style | None:
    if style is None or style.color is None or style.color.number != _BRIGHT_BLACK:
        return style
    return style + Style(color=_DEFAULT, dim=True)


@lru_cache(1024)
def _colourless(style: Style | None) -> Style | None:
    if style is None:
        return None
    number = style.color.number if style.color is not None else None
    has_plane = style.bgcolor is not None and not style.bgcolor.is_default
    drawn = style + _COLOURLESS
    if number == _BRIGHT_BLACK and not has_plane:
        drawn += Style(dim=True)
    elif number in (_RED, _YELLOW):
        drawn += Style(bold=True)
    return drawn + Style(reverse=True) if has_plane else drawn
