"""A formula on several lines: fractions with bars, tall brackets, bounds over and under."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from localr1.chat.maths import linear
from localr1.chat.maths.box import (
    Box,
    Measure,
    above,
    beside,
    blank,
    checked,
    fenced,
    framed,
    widened,
)
from localr1.chat.maths.grids import GridLayout
from localr1.chat.maths.nodes import (
    Accent,
    Atom,
    Boxed,
    Fenced,
    Fraction,
    Grid,
    Kind,
    Node,
    Root,
    Row,
    Scripts,
    Stack,
)
from localr1.chat.maths.spacing import has_gap, settled

_PAIRS = {"(": ")", "[": "]"}
_LINES = {
    **{"overline": "─", "underline": "─", "underbar": "─", "overrightarrow": "→"},
    **{"overleftarrow": "←", "vec": "→", "widehat": "^", "widetilde": "~", "bar": "─", "hat": "^"},
    **{"overleftrightarrow": "↔", "wideparen": "⌒", "overparen": "⌒", "overarc": "⌒"},
}


class Part(NamedTuple):
    """A box, and how it stands to its neighbours on either side."""

    box: Box
    left: Kind
    right: Kind


class Layout:
    """Makes boxes of parts.

    Args:
        cells: how many cells a text takes.
    """

    def __init__(self, cells: Measure) -> None:
        self._cells = cells
        self._grids = GridLayout(self.row, self.text)

    # ---- rows ------------------------------------------------------------------------------

    def text(self, text: str) -> Box:
        """A box of one line."""
        return Box((text,), self._cells(text))

    def row(self, row: Row) -> Box:
        """Parts side by side."""
        return checked(self.join(self.parts(row)))

    def join(self, parts: Sequence[Part], *, goes_on: bool = False) -> Box:
        """The parts with the space that belongs between them.

        Args:
            parts: from left to right.
            goes_on: they follow what stands on the line before.
        """
        boxes: list[Box] = []
        before: Kind | None = None
        kinds: list[Kind] = [*(("ord",) if goes_on else ()), *(part.left for part in parts)]
        for part, left in zip(parts, settled(kinds)[goes_on:], strict=True):
            touches = _touches(boxes, before, part)
            if before is not None and not touches and has_gap(before, left):
                boxes.append(blank(1))
            boxes.append(part.box)
            before = left if left != part.left else part.right
        return beside(boxes) if boxes else blank(0)

    def parts(self, row: Row) -> list[Part]:
        """The boxes of a row; typed brackets become as tall as what is between them."""
        found: list[Part] = []
        openings: list[int] = []
        bars = linear.bar_kinds([_bar(item) for item in row.items])
        for item, bar in zip(row.items, bars, strict=True):
            part = self._part(item)
            if bar is not None:
                part = part._replace(left=bar, right=bar)
            found.append(part)
            sign = _bracket_of(item)
            if sign in _PAIRS:
                openings.append(len(found) - 1)
            elif sign and openings:
                self._close(found, openings.pop(), item)
        return found

    def _close(self, found: list[Part], start: int, closing: Node) -> None:
        inner = self.join(found[start + 1 : -1])
        if inner.height == 1:
            return
        box = fenced(found[start].box.lines[0], inner, _bracket_of(closing))
        if isinstance(closing, Scripts):
            box = self._corners(box, closing.sub, closing.sup)
        found[start:] = [Part(box, "open", "close")]

    # ---- parts -----------------------------------------------------------------------------

    def _part(self, node: Node) -> Part:
        if isinstance(node, Scripts):
            return self._scripts(node)
        if isinstance(node, Fenced):
            return self._fenced(node)
        if isinstance(node, Row) and node.items:
            parts = self.parts(node)
            first = settled([part.left for part in parts])[0]
            return Part(self.join(parts), first, parts[-1].right)
        box = self._box(node)
        if isinstance(node, (Fraction, Grid)) and box.height > 1:
            return Part(box, "inner", "inner")
        piece = linear.piece(node)
        return Part(box, piece.left, piece.right)

    def _box(self, node: Node) -> Box:
        if isinstance(node, Fraction):
            return self._fraction(node)
        if isinstance(node, Root):
            return self._root(node)
        if isinstance(node, Grid):
            return self._grids.box(node)
        if isinstance(node, Boxed):
            return framed(self.row(node.body))
        if isinstance(node, Stack):
            return self._stack(node)
        if isinstance(node, Accent):
            return self._accent(node)
        return self.text(linear.piece(node).text)

    def _fraction(self, node: Fraction) -> Box:
        top, bottom = self.row(node.above), self.row(node.below)
        if not node.has_bar:
            body = above(
                [top, bottom] if top.height + bottom.height > 2 else [top, blank(1), bottom], 1
            )
            return fenced("(", body._replace(base=top.height), ")")
        width = max(top.width, bottom.width)
        nested = any("─" in line for box in (top, bottom) for line in box.lines)
        bar = self.text("─" * (width + 2 * nested))
        return above([top, bar, bottom], top.height)

    def _root(self, node: Root) -> Box:
        body = self.row(node.body)
        if body.height == 1:
            return self.text(linear.piece(node).text)
        degree = linear.script_text(node.degree) if node.degree is not None else ""
        size = max(1, self._cells(degree))
        stem = [" " * size + "│ "] * body.height
        stem[-1] = " " * (size - 1) + "╲│ "
        if degree:
            place = max(0, body.height - 2)
            stem[place] = degree + " " * (size - self._cells(degree)) + "│ "
        roof = " " * size + "┌" + "─" * (body.width + 1)
        lines = (roof, *(left + line for left, line in zip(stem, body.lines, strict=True)))
        return Box(lines, size + 2 + body.width, body.base + 1)

    def _stack(self, node: Stack) -> Box:
        base = self.row(node.base)
        rows = [base]
        if node.brace == "arrow":
            words = [self.row(row) for row in (node.over, node.under) if row is not None]
            base = self._long_arrow(base.lines[0], max((box.width for box in words), default=0))
            rows = [base]
        if node.brace in ("over", "under"):
            return self._braced(base, node.brace)
        place = base.base
        if node.over is not None:
            over = self.row(node.over)
            rows.insert(0, over)
            place += over.height
        if node.under is not None:
            rows.append(self.row(node.under))
        return above(rows, place)

    def _long_arrow(self, sign: str, width: int) -> Box:
        stem = "═" if sign in "⇒⇐⇔=⇌" else "─"
        if sign in "←⇐":
            return self.text(sign + stem * (width + 1))
        return self.text(stem * (width + 1) + sign)

    def _braced(self, base: Box, brace: str) -> Box:
        width = max(3, base.width)
        left, middle, right = "╭┴╮" if brace == "over" else "╰┬╯"
        line = left + "─" * ((width - 3) // 2) + middle + "─" * ((width - 2) // 2) + right
        if brace == "over":
            return above([self.text(line), base], base.base + 1)
        return above([base, self.text(line)], base.base)

    def _accent(self, node: Accent) -> Box:
        body = self.row(node.body)
        text = linear.piece(node).text
        if (body.height == 1 and self._cells(text) == body.width) or node.name not in _LINES:
            return self.text(text) if body.height == 1 else body
        sign = _LINES[node.name]
        if sign in "→←↔":
            line = {"→": "─" * (body.width - 1) + "→", "←": "←" + "─" * (body.width - 1)}.get(
                sign, "←" + "─" * (body.width - 2) + "→"
            )
        else:
            line = sign * (body.width if sign in "─⌒" else 1)
        if node.name.startswith("under"):
            return above([body, self.text(line)], body.base)
        return above([self.text(line), body], body.base + 1)

    # ---- scripts and brackets --------------------------------------------------------------

    def _scripts(self, node: Scripts) -> Part:
        base = self._part(node.base)
        if node.has_limits:
            box = self._limits(base.box, node.sub, node.sup)
            return Part(box, base.left, "big" if base.left in ("fn", "big") else base.right)
        if base.box.height == 1:
            flat = linear.piece(node)
            return Part(self.text(flat.text), flat.left, flat.right)
        return Part(self._corners(base.box, node.sub, node.sup), base.left, "close")

    def _limits(self, base: Box, sub: Row | None, sup: Row | None) -> Box:
        rows, place = [base], base.base
        if sup is not None and sup.items:
            over = self._small(sup)
            rows.insert(0, over)
            place += over.height
        if sub is not None and sub.items:
            rows.append(self._small(sub))
        return above(rows, place)

    def _small(self, row: Row) -> Box:
        if len(row.items) == 1 and isinstance(row.items[0], Grid):
            return self.row(row)
        return self.text(linear.script_text(row))

    def _corners(self, base: Box, sub: Row | None, sup: Row | None) -> Box:
        """Scripts at the upper and the lower corner of something tall."""
        upper, lower = (
            self.text(linear.script_text(r) if r is not None else "") for r in (sup, sub)
        )
        width = max(upper.width, lower.width)
        space = " " * width
        body = [line + space for line in base.lines]
        place = base.base
        if upper.width:
            body.insert(0, " " * base.width + widened(upper, width, "l").lines[0])
            place += 1
        if lower.width:
            body.append(" " * base.width + widened(lower, width, "l").lines[0])
        return Box(tuple(body), base.width + width, place)

    def _fenced(self, node: Fenced) -> Part:
        body = self.row(node.body)
        if node.left == "{" and not node.right and body.height > 1:
            body = beside([blank(1), body])
        left: Kind = "open" if node.left else "ord"
        right: Kind = "close" if node.right else "ord"
        return Part(fenced(node.left, body, node.right), left, right)


def _bracket_of(node: Node) -> str:
    """The bracket that was typed here, also one with scripts."""
    base = node.base if isinstance(node, Scripts) else node
    is_bracket = isinstance(base, Atom) and base.text in "()[]"
    return base.text if is_bracket and isinstance(base, Atom) else ""


def _bar(node: Node) -> bool:
    return node == Atom("|")


def _touches(boxes: Sequence[Box], before: Kind | None, part: Part) -> bool:
    """Do words that stand here bring their own space?"""
    if before in ("text", "space") and boxes[-1].lines[boxes[-1].base].endswith(" "):
        return True
    return part.left in ("text", "space") and part.box.lines[part.box.base].startswith(" ")
