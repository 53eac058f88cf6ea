"""Which message answers which: the messages of a conversation as a tree.

A message is known by its position, counted in the order of creation; a parent is older than its
children. Damaged links never hide a message, and cannot form a circle.
"""

from __future__ import annotations

from collections.abc import Iterable

ROOT = -1
"""In the place of a parent: the message begins the conversation anew."""


def link(position: int, parent: int) -> int | None:
    """The `parent` column of a message: None where it follows the message just before."""
    return None if parent == position - 1 else parent


class Tree:
    """The positions of a conversation and how they hang together.

    Args:
        links: position and `parent` column of each message, positions rising. A column that is
            None, or no older message's position, means the message just before.
    """

    def __init__(self, links: Iterable[tuple[int, object]] = ()) -> None:
        self._parents: dict[int, int] = {}
        self._children: dict[int, list[int]] = {}
        self._newest = ROOT
        for position, column in links:
            known = isinstance(column, int) and (column == ROOT or column in self._parents)
            self._append(position, column if isinstance(column, int) and known else self._newest)

    @property
    def newest(self) -> int:
        """The position of the last message; ROOT without any."""
        return self._newest

    def column(self, position: int) -> int | None:
        """The `parent` column of a message."""
        return link(position, self._parents[position])

    def parent(self, position: int) -> int:
        """The position of the message that this one follows; ROOT for one that begins anew."""
        return self._parents[position]

    def add(self, parent: int) -> int:
        """A new message below `parent`, a position or ROOT; returns its position."""
        self._append(self._newest + 1, parent)
        return self._newest

    def siblings(self, position: int) -> list[int]:
        """The message and its alternatives, in the order of creation."""
        return list(self._children[self._parents[position]])

    def path(self, position: int) -> list[int]:
        """The positions from the root to a message; none for ROOT."""
        path = []
        while position != ROOT:
            path.append(position)
            position = self._parents[position]
        return path[::-1]

    def newest_below(self, position: int) -> int:
        """The newest message that hangs on this one, or is it: a leaf."""
        below = {position}
        newest = position
        for each, parent in self._parents.items():
            if parent in below:
                below.add(each)
                newest = each
        return newest

    def __contains__(self, position: object) -> bool:
        return position in self._parents

    def _append(self, position: int, parent: int) -> None:
        self._parents[position] = parent
        self._children.setdefault(parent, []).append(position)
        self._newest = position
