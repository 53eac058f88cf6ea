"""Rectangles of text that are put beside and above each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from localr1.chat.maths.nodes import Unreadable

Measure: TypeAlias = Callable[[str], int]
"""How many cells a text takes on the screen."""

AREA_LIMIT = 40_000
"""Cells of a formula; beyond that it is shown in another way."""

_TALL = {
    "(": "⎛⎜⎝",
    ")": "⎞⎟⎠",
    "[": "⎡⎢⎣",
    "]": "⎤⎥⎦",
    "⌊": "⎢⎢⎣",
    "⌋": "⎥⎥⎦",
    "⌈": "⎡⎢⎢",
    "⌉": "⎤⎥⎥",
    "|": "│││",
    "‖": "‖‖‖",
    "{": "⎧⎪⎩",
    "}": "⎫⎪⎭",
}
_MIDDLES = {"{": "⎨", "}": "⎬"}


class Box(NamedTuple):
    """Lines of equal width, one of which stands in line with the text around."""

    lines: tuple[str, ...]
    width: int
    base: int = 0

    @property
    def height(self) -> int:
        """The number of lines."""
        return len(self.lines)


def checked(box: Box) -> Box:
    """The box, if it is not too large.

    Raises:
        Unreadable: it is.
    """
    if box.width * box.height > AREA_LIMIT:
        raise Unreadable
    return box


def blank(width: int, height: int = 1, base: int = 0) -> Box:
    """A box of spaces."""
    return Box((" " * width,) * height, width, base)


def beside(boxes: Sequence[Box]) -> Box:
    """Boxes from left to right, their base lines in line."""
    above = max((box.base for box in boxes), default=0)
    below = max((box.height - box.base for box in boxes), default=1)
    width = sum(box.width for box in boxes)
    if width * (above + below) > AREA_LIMIT:
        raise Unreadable
    columns = [
        [" " * box.width] * (above - box.base)
        + list(box.lines)
        + [" " * box.width] * (below - box.height + box.base)
        for box in boxes
    ]
    lines = tuple("".join(parts) for parts in zip(*columns, strict=True)) or ("",)
    return Box(lines, width, above)


def above(boxes: Sequence[Box], base: int, align: str = "c") -> Box:
    """Boxes from top to bottom; `base` is a line of the whole, `align` one of l, c and r."""
    width = max(box.width for box in boxes)
    if width * sum(box.height for box in boxes) > AREA_LIMIT:
        raise Unreadable
    lines = tuple(line for box in boxes for line in widened(box, width, align).lines)
    return Box(lines, width, base)


def widened(box: Box, width: int, align: str = "c") -> Box:
    """The box with spaces on its sides."""
    space = width - box.width
    left = {"l": 0, "c": space // 2, "r": space}[align]
    lines = tuple(" " * left + line + " " * (space - left) for line in box.lines)
    return Box(lines, width, box.base)


def bracket(sign: str, height: int) -> Box:
    """A bracket of this height; one that has no tall form stands in the middle."""
    middle = (height - 1) // 2
    if height == 1 or sign not in _TALL:
        lines = [" " * len(sign)] * height
        lines[middle] = sign
        return Box(tuple(lines), len(sign), middle)
    top, stem, bottom = tuple(_TALL[sign])
    lines = [top, *[stem] * (height - 2), bottom]
    if sign in _MIDDLES and height > 2:
        lines[middle] = _MIDDLES[sign]
    return Box(tuple(lines), 1, middle)


def fenced(left: str, body: Box, right: str) -> Box:
    """The box between brackets of its height."""
    sides = [bracket(sign, body.height)._replace(base=body.base) for sign in (left, right)]
    if body.height > 1 and all(sign and sign not in _TALL for sign in (left, right)):
        sides = [bracket(sign, 1) for sign in (left, right)]
    parts = [sides[0], body, sides[1]]
    return beside([part for part in parts if part.width])


def framed(body: Box) -> Box:
    """The box in a frame."""
    edge = "─" * (body.width + 2)
    lines = (f"┌{edge}┐", *(f"│ {line} │" for line in body.lines), f"└{edge}┘")
    return Box(lines, body.width + 4, body.base + 1)
