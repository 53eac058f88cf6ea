"""Notices when a model writes the same over and over, token by token, at hardly any cost.

Two measures: exact repetition of token ids with any period (here), and prose made of phrases
that were written before (`repeated_prose`), which also sees loops whose numbers or some words
change. Tables, code and digits repeat honestly; docs/loops.md has the error rates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from localr1.engine.repeated_prose import Loop, RepeatedProse

__all__ = ["Loop", "LoopDetector"]

CHECK_TOKENS = 8
"""Repetition is looked for this often, and found at most so much later."""

LONGEST_PERIOD = 1024
"""Tokens. A longer loop fills a usual context window before it has come three times."""
COPIES = 2.75
"""A long period must have come so often: just before the third copy is complete."""
SPAN_TOKENS = 208
"""A short period must have gone on for so long. Lists of equal constants in code do that, too,
so less would be noise; more would miss the 256 tokens within which a loop should be found."""
SYMBOLS_SPAN_TOKENS = 1024
"""The same where the period has no word: rulers, tables of zeros, periodic decimals. That many
digits or dashes are seldom wanted, but nobody is misled by them."""

_PROBE_TOKENS = 16
"""The latest tokens that are searched for before they are compared at length."""
_MOST_PROBES = 16
"""Places looked at in one check: the probe may occur several times within one period."""
_ID_BYTES = 4
_WORDS = re.compile(r"(?<!\w)[^\W\d]{2,}(?!\w)")
_WORDS_SHARE = 0.6
"""Of the characters that are not spaces. A long division that says "remainder" has 0.53."""
_DIFFERENT_WORDS = 3
"""Or so many words, as in a sentence about a formula or the rows of a table."""


class LoopDetector:
    """Fed with every token that a model generates; answers with a `Loop` when there is one.

    One detector serves reasoning and answer alike, a reply at a time.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything: only what is repeated from now on counts."""
        self._ids = bytearray()
        self._texts: list[str] = []
        self._prose = RepeatedProse()
        self._until_check = CHECK_TOKENS

    def feed(self, token: int, text: str) -> Loop | None:
        """Take one token.

        Args:
            token: its id.
            text: its text; may be empty or a part of a character.

        Returns:
            The loop that the text is in. It is answered again at every check as long as it goes
            on, until `reset`.
        """
        self._ids += token.to_bytes(_ID_BYTES, "little", signed=True)
        self._texts.append(text)
        self._until_check -= 1
        return None if self._until_check else self._check()

    def _check(self) -> Loop | None:
        self._until_check = CHECK_TOKENS
        self._prose.add(self._texts[-CHECK_TOKENS:])
        loop = self._exact_period() or self._prose.find()
        self._forget_old()
        return loop

    def _exact_period(self) -> Loop | None:
        for period in self._candidates():
            needed = _needed_tokens(period)
            if not self._repeats(period, needed):
                continue
            if not _is_made_of_words("".join(self._texts[-period:])):
                needed = max(SYMBOLS_SPAN_TOKENS, needed)
            if self._repeats(period, needed):
                return Loop("period", period, needed // period)
            return None
        return None

    def _candidates(self) -> Iterator[int]:
        """Distances at which the latest tokens occurred before, nearest first."""
        ids = self._ids
        probe_at = len(ids) - _PROBE_TOKENS * _ID_BYTES
        if probe_at <= 0:
            return
        probe = bytes(ids[probe_at:])
        first = max(0, probe_at - LONGEST_PERIOD * _ID_BYTES)
        end = len(ids) - 1
        for _ in range(_MOST_PROBES):
            found = ids.rfind(probe, first, end)
            if found < 0:
                return
            if (probe_at - found) % _ID_BYTES == 0:
                yield (probe_at - found) // _ID_BYTES
            end = found + len(probe) - 1

    def _repeats(self, period: int, tokens: int) -> bool:
        """Whether the latest `tokens` tokens repeat with this period."""
        ids, size, shift = self._ids, tokens * _ID_BYTES, period * _ID_BYTES
        if len(ids) < size:
            return False
        start = len(ids) - size
        return ids[start + shift :] == ids[start : len(ids) - shift]

    def _forget_old(self) -> None:
        kept = int(COPIES * LONGEST_PERIOD) + CHECK_TOKENS
        if len(self._texts) > 2 * kept:
            del self._texts[:-kept]
            del self._ids[: -kept * _ID_BYTES]


def _needed_tokens(period: int) -> int:
    return max(SPAN_TOKENS, int(COPIES * period))


def _is_made_of_words(text: str) -> bool:
    words = _WORDS.findall(text)
    if len(set(words)) >= _DIFFERENT_WORDS:
        return True
    return sum(map(len, words)) > _WORDS_SHARE * len("".join(text.split()))
