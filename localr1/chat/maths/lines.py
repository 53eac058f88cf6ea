"""A displayed formula as lines that fit the width."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.chat.maths.box import Measure
from localr1.chat.maths.layout import Layout, Part
from localr1.chat.maths.nodes import Kind, Row
from localr1.chat.maths.spacing import settled

_INDENT = 4
"""Of the lines on which a long formula goes on."""


def laid_out(row: Row, width: int, cells: Measure) -> list[str]:
    """The lines of a displayed formula; none where it does not fit into the width."""
    layout = Layout(cells)
    lines: list[str] = []
    for number, parts in enumerate(_broken(layout.parts(row), width)):
        box = layout.join(parts, goes_on=number > 0)
        indent = _INDENT if number and box.width + _INDENT <= width else 0
        if box.width > width:
            return []
        if number and (box.height > 1 or _is_tall(lines)):
            lines.append("")
        lines += [f"{' ' * indent}{line}".rstrip() for line in box.lines]
    return lines


def _is_tall(lines: Sequence[str]) -> bool:
    return len(lines) > 1 and lines[-2] != ""


def _broken(parts: Sequence[Part], width: int) -> list[list[Part]]:
    """The parts of each line: broken before relations, or else before signs and after commas."""
    lines: list[list[Part]] = [[]]
    used = 0
    kinds = settled([part.left for part in parts])
    for index, part in enumerate(parts):
        size = part.box.width + 2
        if used + size > width and lines[-1]:
            cut = _break_place(lines[-1], kinds[index - len(lines[-1]) : index], kinds[index])
            if cut:
                rest = lines[-1][cut:]
                del lines[-1][cut:]
                lines.append(rest)
                used = _INDENT + sum(p.box.width + 2 for p in rest)
            elif used > 3 * width:
                return []
        lines[-1].append(part)
        used += part.box.width + _space_around(kinds, index)
    return [line for line in lines if line]


def _space_around(kinds: Sequence[Kind], index: int) -> int:
    """In cells, counted generously."""
    return (
        2 if kinds[index] in ("rel", "bin", "fn", "big", "inner") else int(kinds[index] == "punct")
    )


def _break_place(line: Sequence[Part], kinds: Sequence[Kind], following: Kind) -> int:
    """Where to break a line that is full; 0 where it cannot be broken."""
    if following in ("rel", "bin"):
        return len(line)
    for wanted in ("rel", "bin"):
        places = [i for i, kind in enumerate(kinds) if kind == wanted and i]
        if places and places[-1] > len(line) // 3:
            return places[-1]
    places = [i + 1 for i, kind in enumerate(kinds) if kind in ("punct", "space", "text") and i]
    places += [i for i, kind in enumerate(kinds) if kind in ("rel", "bin") and i]
    return max(places, default=0)
