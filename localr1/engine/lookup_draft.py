"""Drafts looked up in the conversation itself: what followed when it last read like this.

A reply that edits a file, quotes the question or repeats a step of its reasoning writes again
what already stands in the window. The drafter finds where the last tokens stood before and
proposes what followed them. Whether that is right, the model decides (see `speculation`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from localr1.engine.followed_copy import FollowedCopy
from localr1.engine.known_edits import KnownEdits
from localr1.engine.token_index import SHORTEST_MATCH, TokenIndex

_TAKES_OVER = 6
"""Tokens that must agree elsewhere before a copy within an edit is left for it: in simulations
(benchmarks.draft_simulation) with 3, edits were often missed, with 6 to 100 results were alike."""


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
    """Follows the place where the last tokens stood before, looked for when drafts are asked."""

    def __init__(self) -> None:
        self._index = TokenIndex()
        self._edits = KnownEdits()
        self._copy: FollowedCopy | None = None
        self._searched_at = 0

    @property
    def match_tokens(self) -> int:
        """How many of the last tokens speak for the draft; negative when there is none.

        0, 1 and 2 occur only within an edit: a copy was left just before.
        """
        copy = self._find_copy()
        return copy.match if copy else -1

    def draft(self, most: int) -> list[int]:
        """Up to so many next tokens; none where nothing was found."""
        copy = self._find_copy()
        return copy.upcoming(most) if copy else []

    def extend(self, tokens: Iterable[int]) -> None:
        """The sequence grew: by the prompt at first, then by what was accepted."""
        for token in tokens:
            if self._copy and not self._copy.came(token):
                self._copy = None
            self._index.append(token)

    def keep(self, n_tokens: int) -> None:
        """Forget all but the first tokens."""
        self._index.keep(n_tokens)
        self._edits.clear()
        self._copy = None
        self._searched_at = 0

    def _find_copy(self) -> FollowedCopy | None:
        """The copy being followed, or one that is found now; sought once for each token."""
        copy, n_tokens = self._copy, len(self._index.tokens)
        if self._searched_at == n_tokens or (copy and not copy.is_in_edit):
            return copy
        self._searched_at = n_tokens
        place, match = self._index.longest_match()
        if match >= (_TAKES_OVER if copy else SHORTEST_MATCH):
            self._copy = FollowedCopy(self._index.tokens, place, match, self._edits)
        return self._copy
