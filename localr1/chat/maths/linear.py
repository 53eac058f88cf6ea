"""A formula on one line, as a mathematician writes it in a letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from localr1.chat.maths import symbols
from localr1.chat.maths.brackets import denominator, is_bracketed, is_one, is_sum, numerator
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

MATRIX_BRACKETS = {
    **{"pmatrix": "()", "bmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||", "Vmatrix": "‖‖"},
    **{"matrix": "[]", "smallmatrix": "[]", "array": "[]", "tabular": "[]"},
}
STACKED_ROWS = ("cases", "dcases", "rcases")
_MARKS = {
    **{"hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "overline": "\u0305"},
    **{"vec": "\u20d7", "overrightarrow": "\u20d7", "overleftarrow": "\u20d6", "dot": "\u0307"},
    **{"ddot": "\u0308", "dddot": "\u20db", "tilde": "\u0303", "widetilde": "\u0303"},
    **{"check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300"},
    **{"underline": "\u0332", "underbar": "\u0332", "mathring": "\u030a", "cancel": "\u0338"},
    **{"bcancel": "\u0338", "xcancel": "\u0338", "sout": "\u0336"},
    **{"overleftrightarrow": "\u20e1", "wideparen": "\u0311", "overparen": "\u0311"},
    "overarc": "\u0311",
}
_REPEATED = {"overline", "underline", "underbar", "cancel", "bcancel", "xcancel", "sout"}
"""Marks that join over several letters."""
_CALLED = {
    **{"overrightarrow": "vec", "vec": "vec", "widehat": "hat", "hat": "hat", "widetilde": "tilde"},
    **{"overleftrightarrow": "line", "wideparen": "arc", "overparen": "arc", "overarc": "arc"},
}
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}
_PLAIN_FRACTION = re.compile(r"\d+/\d+")
_SPACES = re.compile(r" {5,}")


class Piece(NamedTuple):
    """A part as text, and how it stands to its neighbours on either side."""

    text: str
    left: Kind
    right: Kind


def in_a_line(row: Row) -> str:
    """The formula in one line; rows of an alignment are divided by semicolons."""
    return "; ".join(in_lines(row))


def in_lines(row: Row) -> list[str]:
    """The formula with a line for each of its top-level rows."""
    grid = row.items[0] if len(row.items) == 1 else None
    if isinstance(grid, Grid) and grid.name not in (*MATRIX_BRACKETS, *STACKED_ROWS):
        return [line for line in map(_cells, grid.rows) if line]
    text = _row(row).strip()
    return [text] if text else []


def script_text(row: Row) -> str:
    """A subscript or superscript without its spaces."""
    pieces = _pieces(row.items)
    kinds = settled([piece.left for piece in pieces])
    text = ""
    for piece, kind in zip(pieces, kinds, strict=True):
        apart = kind == "fn" and text[-1:].isalnum()
        text += (" " if apart else "") + piece.text.strip(" ") + (" " if kind == "fn" else "")
    if any(isinstance(item, Atom) and item.kind == "text" for item in row.items):
        text = _row(row)
    return text.strip()


def with_scripts(base: str, sub: Row | None, sup: Row | None) -> tuple[str, bool]:
    """The base with its scripts; says whether the last of them is plain text."""
    is_plain = False
    for row, sign, turn in ((sub, "_", symbols.lowered), (sup, "^", symbols.raised)):
        text = script_text(row) if row is not None else ""
        if not text:
            continue
        small = turn(text)
        is_plain = small is None
        if small is not None:
            base += small
        else:
            base += sign + (text if len(text) == 1 or text in ("∞", "−∞", "+∞") else f"({text})")
    return base, is_plain


def tuple_of(cells: Sequence[Row]) -> str:
    """The cells of a row of a matrix."""
    texts = [_row(cell).strip() for cell in cells]
    return (", " if any(" " in text for text in texts) else " ").join(texts)


# ---- rows ----------------------------------------------------------------------------------


def _row(row: Row) -> str:
    return _join(_pieces(row.items))


def _cells(cells: Sequence[Row]) -> str:
    items: list[Node] = []
    for cell in cells:
        items.extend(cell.items)
    return _row(Row(tuple(items))).strip()


def _join(pieces: Sequence[Piece]) -> str:
    lefts = settled([piece.left for piece in pieces])
    text = ""
    before: Kind | None = None
    for piece, left in zip(pieces, lefts, strict=True):
        touches = text.endswith(" ") or piece.text.startswith(" ")
        if before is not None and not touches and has_gap(before, left):
            text += " "
        text += piece.text.lstrip(" ") if text.endswith("  ") else piece.text
        before = left if left != piece.left else piece.right
    return _SPACES.sub("    ", text)


def _pieces(items: Sequence[Node]) -> list[Piece]:
    pieces = [piece(item) for item in items]
    for index, item in enumerate(items):
        if isinstance(item, Fraction) and item.has_bar and _needs_brackets(pieces, index):
            pieces[index] = _set_apart(pieces, index)
    return _with_bars(pieces)


def _set_apart(pieces: Sequence[Piece], index: int) -> Piece:
    """The fraction in brackets, or as a part of a mixed number: 2 1/2."""
    text = pieces[index].text
    before = pieces[index - 1].text if index else ""
    ends = index + 1 == len(pieces) or pieces[index + 1].left in ("rel", "bin", "punct", "close")
    if before.isdecimal() and _PLAIN_FRACTION.fullmatch(text) and ends:
        return Piece(f" {text}", "ord", "ord")
    return Piece(f"({text})", "open", "close")


def _with_bars(pieces: list[Piece]) -> list[Piece]:
    kinds = bar_kinds([piece == Piece("|", "ord", "ord") for piece in pieces])
    return [
        piece if kind is None else Piece("|", kind, kind)
        for piece, kind in zip(pieces, kinds, strict=True)
    ]


def bar_kinds(bars: Sequence[bool]) -> list[Kind | None]:
    """For each place with a bar its kind: of an even number the odd ones open, the others close."""
    kinds: list[Kind | None] = [None] * len(bars)
    places = [index for index, is_bar in enumerate(bars) if is_bar]
    if len(places) % 2 == 0:
        for number, index in enumerate(places):
            kinds[index] = "close" if number % 2 else "open"
    return kinds


def _needs_brackets(pieces: Sequence[Piece], index: int) -> bool:
    """Would a factor beside this fraction be taken for a part of it, or are there two signs?"""
    before = pieces[index - 1] if index else None
    after = pieces[index + 1] if index + 1 < len(pieces) else None
    if before is not None and before.right == "bin" and pieces[index].text.startswith("−"):
        return index > 1
    if before is not None and before.right in ("close", "script") and before.text != "|":
        return True
    if before is not None and before.right == "ord":
        end = before.text[-1:]
        if end.isalnum() or end in "°′":
            return True
    return after is not None and after.left in ("ord", "open", "fn", "script", "inner")


def piece(node: Node) -> Piece:
    """A part as text."""
    if isinstance(node, Atom):
        return Piece(node.text, node.kind, node.kind)
    if isinstance(node, Row):
        return _grouped(node)
    if isinstance(node, Fraction):
        return _fraction(node)
    if isinstance(node, Scripts):
        return _scripts(node)
    if isinstance(node, Fenced):
        return _fenced(node)
    text = _text(node)
    kind: Kind = "rel" if isinstance(node, Stack) and is_relation(node.base) else "ord"
    return Piece(text, kind, kind)


def _text(node: Root | Accent | Stack | Boxed | Grid) -> str:
    if isinstance(node, Root):
        return _root(node)
    if isinstance(node, Accent):
        return _accent(node)
    if isinstance(node, Boxed):
        return f"⟦{_row(node.body).strip()}⟧"
    if isinstance(node, Grid):
        return _grid(node)
    return _stack(node)


def _grouped(row: Row) -> Piece:
    pieces = _pieces(row.items)
    if not pieces:
        return Piece("", "space", "space")
    first = settled([piece.left for piece in pieces])[0]
    return Piece(_join(pieces), first, pieces[-1].right)


# ---- parts ---------------------------------------------------------------------------------


def _fraction(node: Fraction) -> Piece:
    above, below = _row(node.above).strip(), _row(node.below).strip()
    if not node.has_bar:
        return Piece(f"C({above}, {below})", "ord", "ord")
    is_word = below.isalpha() and node.below.items == (Atom(below, "text"),)
    return Piece(f"{numerator(above)}/{below if is_word else denominator(below)}", "ord", "ord")


def _root(node: Root) -> str:
    body = _row(node.body).strip()
    degree = script_text(node.degree) if node.degree is not None else ""
    sign = _ROOTS.get(degree)
    if sign is None:
        small = symbols.raised(degree)
        sign = f"{small}√" if small is not None else f"^({degree})√"
    return f"{sign}{body if is_one(body) else f'({body})'}"


def _scripts(node: Scripts) -> Piece:
    base = piece(node.base)
    text = base.text
    is_group = isinstance(node.base, Stack) and node.base.brace and is_sum(text)
    if isinstance(node.base, (Fraction, Scripts)) or text.startswith(("√", "∛", "∜")) or is_group:
        text = f"({text})"
    text, is_plain = with_scripts(text, node.sub, node.sup)
    if node.has_limits and base.left in ("fn", "big"):
        return Piece(text, base.left, "big")
    if base.right in ("fn", "big"):
        return Piece(text, base.left, base.right)
    if base.text == "":
        return Piece(text, "ord", "ord")
    ends = "script" if is_plain else base.right
    return Piece(text, base.left, ends)


def _fenced(node: Fenced) -> Piece:
    body = _row(node.body).strip()
    if len(node.body.items) == 1 and isinstance(grid := node.body.items[0], Grid):
        body = _grid(grid, has_brackets=True)
        body = f" {body}" if node.left == "{" and not node.right else body
    if not node.left and node.right and ("/" in body or is_sum(body)):
        body = f"({body})"
    left: Kind = "open" if node.left else "ord"
    right: Kind = "close" if node.right else "ord"
    return Piece(f"{node.left}{body}{node.right}", left, right)


def _accent(node: Accent) -> str:
    body = _row(node.body).strip()
    mark = _MARKS[node.name]
    if len(body) == 1:
        return (body + mark) if mark != "\u0305" else f"{body}\u0304"
    if node.name in _REPEATED:
        return "".join(letter + mark for letter in body)
    return f"{_CALLED[node.name]}({body})" if node.name in _CALLED else f"{body}{mark}"


def _stack(node: Stack) -> str:
    base = _row(node.base)
    if node.brace == "arrow" and (node.over or node.under):
        words = ", ".join(script_text(row) for row in (node.over, node.under) if row is not None)
        return f"—{words}{base}" if base in "→⇒↦↔⇔" else f"{base}{words}—"
    if is_sum(base) and not is_bracketed(base):
        base = f"({base})" if node.under or node.over else base
    return with_scripts(base, node.under, node.over)[0]


def is_relation(row: Row) -> bool:
    """Is it a relation or an arrow, and nothing else?"""
    return len(row.items) == 1 and isinstance(atom := row.items[0], Atom) and atom.kind == "rel"


def _grid(node: Grid, *, has_brackets: bool = False) -> str:
    if node.name in STACKED_ROWS:
        rows = [
            ", ".join(filter(None, (_row(c).strip().rstrip(",") for c in r))) for r in node.rows
        ]
        text = "; ".join(rows)
        return f"{text} }}" if node.name == "rcases" else f"{{ {text}"
    if node.name not in MATRIX_BRACKETS:
        join = ", " if node.name in ("substack", "subarray") else "; "
        return join.join(filter(None, map(_cells, node.rows)))
    text = "; ".join(filter(None, map(tuple_of, node.rows)))
    left, right = ("", "") if has_brackets else tuple(MATRIX_BRACKETS[node.name])
    return f"{left}{text}{right}"
