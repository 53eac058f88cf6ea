r"""LaTeX formulas as plain text: on one line, or laid out on several.

Pure text in, text out. What is not understood stays in its LaTeX source inside the formula; what
cannot be read as a formula at all (a brace is missing, it is too long, too deep, defines macros)
gives None, and whoever asked shows the source. Work is bounded by the limits below: formulas
come from a model.
"""

from __future__ import annotations

from localr1.chat.maths.box import Measure
from localr1.chat.maths.nodes import Unreadable

SOURCE_LIMIT = 2_000
"""Characters of a formula that is turned; a longer one is most likely no formula."""


def inline(source: str) -> str | None:
    """A formula on one line; None where its source has to be shown."""
    from localr1.chat.maths.linear import in_a_line
    from localr1.chat.maths.parser import parse

    if len(source) > SOURCE_LIMIT:
        return None
    try:
        return in_a_line(parse(source)) or None
    except Unreadable:
        return None


def display(source: str, width: int, cells: Measure) -> list[str] | None:
    """A formula on lines of its own; None where its source has to be shown.

    Args:
        width: cells of the screen. Long formulas are broken before a relation or a sign; one that
            still does not fit gives its rows in the one-line form, which the caller has to wrap.
        cells: how many cells a text takes.
    """
    from localr1.chat.maths.linear import in_lines
    from localr1.chat.maths.lines import laid_out
    from localr1.chat.maths.parser import parse

    if len(source) > SOURCE_LIMIT:
        return None
    try:
        row = parse(source)
        return (laid_out(row, width, cells) or in_lines(row)) if in_lines(row) else None
    except Unreadable:
        return None
