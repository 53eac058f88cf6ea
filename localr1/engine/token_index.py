"""Where a sequence of tokens stood before: an index that grows with the sequence."""

from __future__ import annotations

from array import array

SHORTEST_MATCH = 3
"""Tokens that must agree before a place is believed: pairs of tokens recur in any text."""
_LONGEST_COMPARED = 16
"""Tokens compared before a place; longer agreement does not choose better."""
_MOST_PLACES = 32
"""Places tried in one search, the latest first: bounds the work in monotonous text."""
_SLOTS = 65_521
"""Length of the table of latest places: the largest prime below 2^16."""
_FACTOR = 31_337
"""Of the slot's polynomial: a prime, larger than most gaps between the ids of a text."""


class TokenIndex:
    """Tokens, and for each three in a row where they stood before.

    It is the index of zlib's deflate: a table of the latest place of each trigram, and for each
    place the one before it in the same slot. A place is the index after a trigram. Trigrams that
    share a slot are told apart by comparing tokens. It takes 8 bytes a token and 256 KiB.
    """

    def __init__(self) -> None:
        self.tokens = array("i")
        self._latest = array("i", [-1]) * _SLOTS
        self._earlier = array("i")
        """For each token, the place before in the slot of the trigram that it ends."""

    def append(self, token: int) -> None:
        """The sequence grew."""
        self.tokens.append(token)
        slot = self._last_slot()
        self._earlier.append(self._latest[slot])
        self._latest[slot] = len(self.tokens)

    def keep(self, n_tokens: int) -> None:
        """Forget all but the first tokens."""
        while len(self.tokens) > n_tokens:
            self._latest[self._last_slot()] = self._earlier.pop()
            self.tokens.pop()

    def _last_slot(self) -> int:
        slot = 0
        for token in self.tokens[-SHORTEST_MATCH:]:
            slot = slot * _FACTOR + token
        return slot % _SLOTS

    def longest_match(self) -> tuple[int, int]:
        """The place whose past agrees longest with the end, of equals the latest.

        Returns:
            The place and how many tokens agree, at most `_LONGEST_COMPARED`; (-1, 0) when fewer
            than `SHORTEST_MATCH` do.
        """
        place = self._earlier[-1] if self.tokens else -1
        longest, found = SHORTEST_MATCH - 1, -1
        for _ in range(_MOST_PLACES):
            if place < 0 or longest == _LONGEST_COMPARED:
                break
            if self._agrees_at(place, longest) and (match := self._agreement(place)) > longest:
                longest, found = match, place
            place = self._earlier[place - 1]
        return (found, longest) if found >= 0 else (-1, 0)

    def _agrees_at(self, place: int, back: int) -> bool:
        """Whether the token so far before a place is the one that far before the end."""
        return place > back and self.tokens[place - 1 - back] == self.tokens[-1 - back]

    def _agreement(self, place: int) -> int:
        """How many tokens before a place and before the end agree, up to `_LONGEST_COMPARED`."""
        tokens, end = self.tokens, len(self.tokens)
        most = min(_LONGEST_COMPARED, place)
        match = 0
        while match < most and tokens[place - 1 - match] == tokens[end - 1 - match]:
            match += 1
        return match
