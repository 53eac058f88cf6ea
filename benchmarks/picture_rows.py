"""What a running interface shows, as rows of SVG that load nothing and run nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import App

FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
FONT_SIZE = 20
CELL = 12.04
ROW = 23
BASE = 17
"""From the top of a row to its base line."""

EDGE = 18
BAR = 40
"""Height of what stands for a window's title bar."""

_GAP = re.compile(r"\s{2,}|\s+$")


class Run(NamedTuple):
    """Cells of one look."""

    start: int
    text: str
    colour: str
    ground: str
    marks: str
    """Of bold, italic, underlined, struck: "b", "i", "u", "s"."""


class Picture(NamedTuple):
    """A screen of an interface."""

    rows: Sequence[str]
    """Each as SVG whose top is at 0."""
    width: int
    height: int
    ground: str
    words: str
    """The colour of the title."""


def take(app: App[Any]) -> Picture:
    """What the app shows now."""
    strips = app.screen._compositor.render_strips()
    theme = app.current_theme
    ground = app.theme_variables.get("background", theme.background or "#000000")
    words = app.theme_variables.get("foreground", theme.foreground or "#ffffff")
    rows = [_row([*_runs(strip, ground, words)], ground) for strip in strips]
    return Picture(rows, app.size.width, app.size.height, ground, words)


def _runs(segments: Iterable[Segment], ground: str, words: str) -> Iterator[Run]:
    column = 0
    pending: Run | None = None
    for text, style, _ in segments:
        run = Run(column, text, *_look(style or Style(), ground, words))
        column += cell_len(text)
        if pending is not None and pending[2:] == run[2:]:
            pending = pending._replace(text=pending.text + text)
            continue
        if pending is not None:
            yield pending
        pending = run
    if pending is not None:
        yield pending


def _look(style: Style, ground: str, words: str) -> tuple[str, str, str]:
    colour, behind = _hex(style.color, words), _hex(style.bgcolor, ground)
    if style.reverse:
        colour, behind = behind, colour
    marks = [(style.bold, "b"), (style.italic, "i"), (style.underline, "u"), (style.strike, "s")]
    return colour, behind, "".join(mark for is_so, mark in marks if is_so)


def _hex(color: Color | None, otherwise: str) -> str:
    if color is None or color.is_default:
        return otherwise
    return color.get_truecolor().hex


def _row(runs: Sequence[Run], ground: str) -> str:
    """Backgrounds, then words: those of some fonts are a little wider than their cells."""
    grounds: list[tuple[int, int, str]] = []
    for run in runs:
        end = run.start + cell_len(run.text)
        if grounds and grounds[-1][2] == run.ground:
            grounds[-1] = (grounds[-1][0], end, run.ground)
        else:
            grounds.append((run.start, end, run.ground))
    # A little higher than the row, so that no seam is seen where the picture is scaled
    rects = [
        f'<rect x="{_number(start * CELL)}" width="{_number((end - start) * CELL)}"'
        f' height="{ROW}.6" fill="{colour}"/>'
        for start, end, colour in grounds
        if colour.lower() != ground.lower()
    ]
    return "".join([*rects, *(text for run in runs for text in _texts(run))])


def _texts(run: Run) -> Iterator[str]:
    """Words where they stand; longer blanks between them are not drawn."""
    position = 0
    looks = f' class="{" ".join(run.marks)}"' if run.marks else ""
    for piece in _pieces(run.text):
        start = run.text.index(piece, position)
        position = start + len(piece)
        x = _number((run.start + cell_len(run.text[:start])) * CELL)
        length = _number(cell_len(piece) * CELL)
        yield (
            f'<text x="{x}" y="{BASE}" textLength="{length}" fill="{run.colour}"{looks}>'
            f"{html.escape(piece, quote=False)}</text>"
        )


def _pieces(text: str) -> Iterator[str]:
    yield from (piece.strip() for piece in _GAP.split(text) if piece.strip())


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


STYLE = (
    f"text{{font:{FONT_SIZE}px {FONTS};white-space:pre}}"
    "rect{shape-rendering:crispEdges}.b{font-weight:bold}.i{font-style:italic}.u{text-decoration:underline}"
    ".s{text-decoration:line-through}"
)


def framed(picture: Picture, title: str, body: str, style: str = "") -> str:
    """A whole SVG file: a window with this title around this body.

    Args:
        picture: gives size and colours.
        title: also says what the picture shows, to who cannot see it.
        body: SVG; its left upper corner is at 0, 0.
        style: more CSS.
    """
    width = _number(picture.width * CELL + 2 * EDGE)
    height = picture.height * ROW + BAR + EDGE
    dots = "".join(
        f'<circle cx="{EDGE + 8 + 22 * at}" cy="{BAR / 2:.0f}" r="6" fill="{picture.words}"'
        ' fill-opacity=".25"/>'
        for at in range(3)
    )
    inner = f'x="{EDGE}" y="{BAR}" width="{_number(picture.width * CELL)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' role="img" aria-label="{html.escape(title)}">\n'
        f"<style>{STYLE}{style}</style>\n"
        f'<rect x=".5" y=".5" width="{float(width) - 1:.1f}" height="{height - 1}" rx="10"'
        f' fill="{picture.ground}" stroke="{picture.words}" stroke-opacity=".3"/>\n{dots}\n'
        f'<text x="50%" y="{BAR / 2 + 6:.0f}" text-anchor="middle" fill="{picture.words}"'
        f' fill-opacity=".6">{html.escape(title)}</text>\n'
        f'<svg {inner} height="{picture.height * ROW}">\n{body}\n</svg>\n</svg>\n'
    )


def still(picture: Picture, title: str) -> str:
    """One picture as a file."""
    rows = [
        f'<g transform="translate(0 {at * ROW})">{row}</g>'
        for at, row in enumerate(picture.rows)
        if row
    ]
    return framed(picture, title, "\n".join(rows))
