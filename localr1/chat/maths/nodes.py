"""What a formula consists of."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Kind = Literal[
    "ord", "fn", "big", "bin", "rel", "open", "close", "punct", "space", "text", "inner", "script"
]
"""How a part stands among its neighbours. Beside TeX's classes: "inner" is a fraction and the like,
"script" ends in a plain subscript or superscript, "text" brings its own spaces."""


class Unreadable(Exception):
    """The source cannot be read as a formula."""


class Atom(NamedTuple):
    """A symbol, a number, a name or words."""

    text: str
    kind: Kind = "ord"


RULE = Atom("", "space")
"""A line between two rows of a grid."""


class Row(NamedTuple):
    """Parts side by side."""

    items: tuple[Node, ...]


class Fraction(NamedTuple):
    """One above the other, with a bar or, for a binomial coefficient, without."""

    above: Row
    below: Row
    has_bar: bool = True


class Root(NamedTuple):
    """A square root, or one of a degree."""

    body: Row
    degree: Row | None = None


class Scripts(NamedTuple):
    """A base with what stands below and above it."""

    base: Node
    sub: Row | None
    sup: Row | None
    has_limits: bool
    """In a displayed formula they stand under and over the base."""


class Fenced(NamedTuple):
    """Brackets as tall as what they hold; an empty one is not drawn."""

    left: str
    body: Row
    right: str


class Accent(NamedTuple):
    """A mark over or under something."""

    name: str
    body: Row


class Stack(NamedTuple):
    """Something with words set over or under it."""

    base: Row
    over: Row | None = None
    under: Row | None = None
    brace: Literal["", "over", "under", "arrow"] = ""
    """A brace along it, or an arrow as long as the words."""


class Boxed(NamedTuple):
    """A result in a box."""

    body: Row


class Grid(NamedTuple):
    """Rows and columns."""

    name: str
    """Of the environment, without a star."""
    rows: tuple[tuple[Row, ...], ...]
    columns: str = ""
    """What an array says of its columns: "c|c"."""


Node: TypeAlias = Atom | Row | Fraction | Root | Scripts | Fenced | Accent | Stack | Boxed | Grid
