"""Drafts looked up in the conversation itself: what followed when it last read like this.

A reply that edits a file, quotes the question or repeats a step of its reasoning writes again
what already stands in the window. The drafter finds where the last tokens stood before and
proposes what followed them. Whether that is right, the model decides (see `speculation`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Protocol

SHORTEST_MATCH = 3
"""Tokens that must agree before a place is believed: pairs of tokens recur in any text."""
_LONGEST_COMPARED = 16
"""Tokens compared before a place; longer agreement does not choose better."""
_MOST_PLACES = 32
"""Places tried for one draft, the latest first: bounds the work in monotonous text."""
_SLOTS = 65_521
"""Length of the table of latest places: the largest prime below 2^16."""
_FACTOR = 31_337
"""Of the slot's polynomial: any number beyond most gaps between token ids."""
_WORTH_RESUMING = 6
"""Tokens that a copy must have had in common before an edit is looked past."""
_EDIT_REACH = 12
"""Tokens of an edit, on either side, after which a copy is still found again."""


class Drafter(Protocol):
    """Proposes how a sequence of tokens goes on."""

    @property
    def match_tokens(self) -> int:
        """How many of the last tokens speak for the draft; negative when there is none."""

    def extend(self, tokens: Iterable[int]) -> None:
        """The sequence grew: by the prompt at first, then by what was accepted."""

    def keep(self, n_tokens: int) -> None:
        """Forget all but the first tokens."""

    def draft(self, most: int) -> list[int]:
        """Up to so many next tokens."""


class LookupDrafter:
    """Follows the place where the last tokens stood before.

    The index is that of zlib's deflate: a table of the latest place of each trigram, and for each
    place the one before it in the same slot. It takes 12 bytes a token and 256 KiB, and about a
    microsecond for a token. Trigrams that share a slot are told apart by comparing tokens.

    A copy goes on after an edit: where the next token differs, the nearest places after the
    edit are watched until the texts agree again.
    """

    def __init__(self) -> None:
        self._tokens = array("i")
        self._latest = array("i", [-1]) * _SLOTS
        self._earlier = array("i")
        """For each token, the place before in its slot. A place is the index after a trigram."""
        self._forget_place()
        self._searched_at = 0

    def _forget_place(self) -> None:
        self._place = -1
        """Index of the token expected next; -1 when nothing is being followed."""
        self._match = -1
        self._edit_place = -1
        """Where the copy was left; -1 outside an edit."""
        self._edit_tokens = 0
        self._match_before_edit = 0

    @property
    def match_tokens(self) -> int:
        """How many of the last tokens speak for the draft; negative when there is none.

        0, 1 and 2 occur only within an edit: a copy of at least `_WORTH_RESUMING` tokens was
        left just before.
        """
        self._search()
        return self._match

    def extend(self, tokens: Iterable[int]) -> None:
        """The sequence grew: by the prompt at first, then by what was accepted."""
        for token in tokens:
            if self._place >= 0:
                self._follow(token)
            self._append(token)

    def keep(self, n_tokens: int) -> None:
        """Forget all but the first tokens."""
        while len(self._tokens) > n_tokens:
            slot = self._last_slot()
            if slot >= 0:
                self._latest[slot] = self._earlier[-1]
            self._tokens.pop()
            self._earlier.pop()
        self._forget_place()
        self._searched_at = 0

    def draft(self, most: int) -> list[int]:
        """Up to so many next tokens; a place close to the end goes round."""
        self._search()
        if self._place < 0:
            return []
        drafted = list(self._tokens[self._place : self._place + most])
        while len(drafted) < most:
            drafted.append(drafted[self._place + len(drafted) - len(self._tokens)])
        return drafted

    # ---- the index -------------------------------------------------------------------------

    def _append(self, token: int) -> None:
        self._tokens.append(token)
        slot = self._last_slot()
        if slot < 0:
            self._earlier.append(-1)
            return
        self._earlier.append(self._latest[slot])
        self._latest[slot] = len(self._tokens)

    def _last_slot(self) -> int:
        """The slot of the last trigram; -1 before there is one."""
        if len(self._tokens) < SHORTEST_MATCH:
            return -1
        first, second, third = self._tokens[-3:]
        return ((first * _FACTOR + second) * _FACTOR + third) % _SLOTS

    def _search(self) -> None:
        """Find the place whose past agrees longest; of equals the latest."""
        n_tokens = len(self._tokens)
        if self._searched_at == n_tokens or self._match >= SHORTEST_MATCH:
            return
        self._searched_at = n_tokens
        place = self._earlier[-1] if n_tokens else -1
        longest, found = max(self._match, SHORTEST_MATCH - 1), -1
        for _ in range(_MOST_PLACES):
            if place < 0 or longest == _LONGEST_COMPARED:
                break
            match = self._agreement(place, n_tokens)
            if match > longest:
                longest, found = match, place
            place = self._earlier[place - 1]
        if found >= 0:
            self._forget_place()
            self._place, self._match = found, longest

    def _agreement(self, place: int, end: int) -> int:
        """How many tokens before two places agree, up to `_LONGEST_COMPARED`."""
        tokens = self._tokens
        most = min(_LONGEST_COMPARED, place)
        match = 0
        while match < most and tokens[place - 1 - match] == tokens[end - 1 - match]:
            match += 1
        return match

    # ---- the copy --------------------------------------------------------------------------

    def _follow(self, token: int) -> None:
        """Move on by the token that came, which need not be the expected one."""
        if self._tokens[self._place] == token:
            self._place += 1
            self._match += 1
            if self._edit_place >= 0 and self._match >= SHORTEST_MATCH:
                self._match += self._match_before_edit
                self._edit_place = -1
            return
        if self._edit_place < 0:
            if self._match < _WORTH_RESUMING:
                self._forget_place()
                return
            self._edit_place, self._edit_tokens = self._place, 0
            self._match_before_edit = self._match
        self._look_past_edit(token)

    def _look_past_edit(self, token: int) -> None:
        """After a token that differs: behind its next occurrence near the edit, else one on."""
        self._edit_tokens += 1
        if self._edit_tokens > _EDIT_REACH:
            self._forget_place()
            return
        end = min(self._edit_place + self._edit_tokens + _EDIT_REACH, len(self._tokens))
        try:
            found = self._tokens[self._edit_place : end].index(token)
            self._place, self._match = self._edit_place + found + 1, 1
        except ValueError:
            self._place, self._match = min(self._place + 1, len(self._tokens) - 1), 0
