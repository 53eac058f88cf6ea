"""Where words occur in a text that may grow at its end."""

from __future__ import annotations

import re


class Hits:
    """All places of some words in one text, in order.

    Args:
        words: at least one character; capitals among them are meant, otherwise case is ignored.
    """

    def __init__(self, words: str) -> None:
        self.words = words
        self.length = len(words)
        """Of every hit, in characters."""
        self.starts: list[int] = []
        ignored = 0 if any(map(str.isupper, words)) else re.IGNORECASE
        self._pattern = re.compile(re.escape(words), ignored)
        self._searched = 0

    def extend(self, text: str) -> None:
        """Search what is new: the text begins with what was searched before."""
        behind_last = self.starts[-1] + self.length if self.starts else 0
        start = max(behind_last, self._searched - self.length + 1)
        self.starts += [found.start() for found in self._pattern.finditer(text, start)]
        self._searched = len(text)

    def clear(self) -> None:
        """The text is another one: search all of it the next time."""
        self.starts = []
        self._searched = 0
