"""Changes that a copy has made once and will likely make again: a renamed word, for example."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

_LONGEST_EDIT = 12
"""Tokens on either side that an edit may have to be remembered: names, not paragraphs."""


class Edit(NamedTuple):
    """What was replaced by what."""

    source: tuple[int, ...]
    reply: tuple[int, ...]
    made_at: int
    """Index of its first token in the reply: text from there on is new already."""


class KnownEdits:
    """The edits of a conversation's copies, by the first token that they replace."""

    def __init__(self) -> None:
        self._edits: dict[int, Edit] = {}
        self._wrong: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()

    def at(self, tokens: array[int], place: int) -> Edit | None:
        """The edit to expect where a copy goes on at a place."""
        edit = self._edits.get(tokens[place]) if place < len(tokens) else None
        if edit is None or place >= edit.made_at:
            return None
        end = place + len(edit.source)
        return edit if tuple(tokens[place:end]) == edit.source else None

    def remember(self, source: Sequence[int], reply: Sequence[int], made_at: int) -> None:
        """An edit is over and the copy goes on."""
        edit = Edit(tuple(source), tuple(reply), made_at)
        is_short = max(len(source), len(reply)) <= _LONGEST_EDIT
        if is_short and edit[:2] not in self._wrong:
            self._edits[edit.source[0]] = edit

    def was_wrong(self, edit: Edit) -> None:
        """It did not come where it was expected; it will not be expected again."""
        self._wrong.add(edit[:2])
        self._edits.pop(edit.source[0], None)

    def clear(self) -> None:
        """Forget all."""
        self._edits.clear()
        self._wrong.clear()
