"""The insertions of a reasoning text: moved as their text is cleaned, kept as JSON text."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from localr1.chat.messages import Insertion
from localr1.terminal_text import clean

_ONE_AS_JSON_CHARACTERS = 64
"""37 for the names of the fields and the longest author, 20 for two offsets of ten digits."""

_DECODER = msgspec.json.Decoder(tuple[Insertion, ...])


def cleaned_insertions(text: str, insertions: Iterable[Insertion]) -> tuple[Insertion, ...]:
    """The insertions of `text`, around the same words of `clean(text)`.

    Those are dropped that do not fit (`_fitting`) and those of which cleaning leaves nothing.
    """
    moved: list[Insertion] = []
    done = end = 0
    for each in _fitting(insertions, len(text)):
        # clean() looks at each character by itself, so the pieces of a text add up to the whole.
        start = end + len(clean(text[done : each.start]))
        end = start + len(clean(text[each.start : each.end]))
        done = each.end
        if start < end:
            moved.append(Insertion(start, end, each.author))
    return tuple(moved)


def insertions_as_json(insertions: tuple[Insertion, ...]) -> str | None:
    """The column: [{"start":0,"end":4,"author":"person"}, …] without spaces; None where empty."""
    return msgspec.json.encode(insertions).decode() if insertions else None


def insertions_from_json(column: object, text_characters: int) -> tuple[Insertion, ...]:
    """What a column says; nothing where it is damaged. Never raises.

    Args:
        column: of any type and content.
        text_characters: length of the text, which bounds the number of its insertions.
    """
    if not isinstance(column, str):
        return ()
    if len(column) > _ONE_AS_JSON_CHARACTERS * (text_characters + 1):
        return ()
    try:
        return _fitting(_DECODER.decode(column), text_characters)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ()


def _fitting(insertions: Iterable[Insertion], characters: int) -> tuple[Insertion, ...]:
    """Those that are not empty, lie in the text and begin where the one before ended, or later."""
    kept: list[Insertion] = []
    end = 0
    for each in insertions:
        if end <= each.start < each.end <= characters:
            kept.append(each)
            end = each.end
    return tuple(kept)
