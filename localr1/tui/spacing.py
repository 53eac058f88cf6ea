"""Where the white space of a growing text stands.

Rows keep of white space only what they need. The characters between are the same in the text and
on the screen, so that a place in the one is found in the other by counting them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

_space = re.compile(r"[ \t\n]")


def count_words(text: str) -> int:
    """How many characters are no white space."""
    return len(text) - sum(map(text.count, " \t\n"))


class Spacing:
    """Counts the characters that are no white space, in both directions."""

    def __init__(self) -> None:
        self._spaces: list[int] = []
        self._before: list[int] = []
        """How many other characters stand before each."""
        self._length = 0

    def extend(self, text: str) -> None:
        """Read on: the text begins with what was read before."""
        for found in _space.finditer(text, self._length):
            self._before.append(found.start() - len(self._spaces))
            self._spaces.append(found.start())
        self._length = len(text)

    def words_before(self, offset: int) -> int:
        """How many characters that are no white space stand before this place in the text."""
        return offset - bisect_left(self._spaces, offset)

    def offset(self, words: int) -> int:
        """The place in the text of the character with so many before it."""
        return words + bisect_right(self._before, words)
