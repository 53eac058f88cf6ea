"""Which parts stand apart from their neighbours: TeX's rules, in whole cells."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.chat.maths.nodes import Kind

_TIGHT_AFTER: tuple[Kind | None, ...] = (None, "bin", "rel", "open", "punct", "fn", "big")
_TIGHT_BEFORE: tuple[Kind | None, ...] = (None, "rel", "close", "punct")
_WORDS: tuple[Kind, ...] = ("fn", "big")


def settled(kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds, with signs told from operators: the minus of -x stands with its x."""
    found = list(kinds)
    solid = [index for index, kind in enumerate(found) if kind != "space"]
    for place, index in enumerate(solid):
        if found[index] == "bin":
            before = found[solid[place - 1]] if place else None
            after = found[solid[place + 1]] if place + 1 < len(solid) else None
            if before in _TIGHT_AFTER or after in _TIGHT_BEFORE:
                found[index] = "ord"
    return found


def has_gap(before: Kind, after: Kind) -> bool:
    """Is there a cell between these two neighbours?"""
    if "space" in (before, after):
        return False
    if "rel" in (before, after):
        return before != after and not (before == "open" or after == "close")
    if "bin" in (before, after) or before == "punct":
        return True
    if before in _WORDS:
        return after not in ("open", "close", "punct") or (before == "big" and after == "open")
    if after in _WORDS:
        return before in ("ord", "close", "inner", "script")
    if "inner" in (before, after):
        return not (before == "open" or after in ("close", "punct"))
    return before == "script" and after in ("ord", "text")
