"""Changes that a copy has made once and will likely make again: a renamed word, for example."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

_LONGEST_EDIT = 12
"""Tokens on either side that an edit may have to be remembered: names, not paragraphs."""


_Change = tuple[tuple[int, ...], tuple[int, ...]]
"""Source and reply of an edit."""


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
        self._wrong: set[_Change] = set()
        self._seen_once: set[_Change] = set()

    def at(self, tokens: array[int], place: int) -> Edit | None:
        """The edit to expect where a copy goes on at a place."""
        edit = self._edits.get(tokens[place]) if place < len(tokens) else None
        if edit is None or place >= edit.made_at:
            return None
        end = place + len(edit.source)
        return edit if tuple(tokens[place:end]) == edit.source else None

    def remember(
        self, tokens: array[int], first: int, end: int, reply: Sequence[int], made_at: int
    ) -> None:
        """An edit is over and the copy goes on.

        Args:
            tokens: the conversation's.
            first: index of the first token that was replaced.
            end: index after the last one.
            reply: what was written instead.
            made_at: index of the first of them.
        """
        if first < end and reply:
            self._add(Edit(tuple(tokens[first:end]), tuple(reply), made_at))
            return
        # Something was put in or left out. The sign of it is the token before or the one after:
        # names grow at their end more often, so the one after must have been seen twice.
        before, after = tokens[first - 1], tokens[end]
        source = tuple(tokens[first:end])
        self._add(Edit((before, *source), (before, *reply), made_at))
        behind = Edit((*source, after), (*reply, after), made_at)
        if behind[:2] in self._seen_once:
            self._add(behind)
        self._seen_once.add(behind[:2])

    def _add(self, edit: Edit) -> None:
        is_short = max(len(edit.source), len(edit.reply)) <= _LONGEST_EDIT
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
        self._seen_once.clear()
