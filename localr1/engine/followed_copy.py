"""A copy of earlier text as it is written, followed through small edits."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from localr1.engine.known_edits import Edit, KnownEdits
from localr1.engine.token_index import SHORTEST_MATCH

_WORTH_RESUMING = 6
"""Tokens that a copy must have had in common before an edit is looked past."""
_EDIT_REACH = 12
"""Tokens of an edit, on either side, after which a copy is still found again."""


class FollowedCopy:
    """Expects the tokens after a place, with the edits that were made to the like before.

    Where another token comes, an edit begins: the copy is looked for behind that token's next
    occurrence nearby, until three tokens agree again.

    Args:
        tokens: all of them; grows by the token that `came` is told, after the call.
        place: index of the token expected next.
        match: tokens before the place that agree with the last ones.
        edits: known ones; grows.
    """

    def __init__(self, tokens: array[int], place: int, match: int, edits: KnownEdits) -> None:
        self._tokens = tokens
        self._edits = edits
        self.match = match
        """Tokens that speak for what is expected; 0 to 2 only within an edit."""
        self._edit_place = -1
        """Where in the source the edit began that is being made; -1 outside of one."""
        self._edit_tokens: list[int] = []
        """What was written since."""
        self._match_before_edit = 0
        self._go_to(place)

    @property
    def is_in_edit(self) -> bool:
        """Whether the copy was left and has not been found again for certain."""
        return self._edit_place >= 0

    def upcoming(self, most: int) -> list[int]:
        """Up to so many tokens expected; a place close to the end goes round."""
        n_tokens = len(self._tokens)
        place, edit, offset = self._place, self._expected_edit, self._offset
        expected: list[int] = []
        while len(expected) < most:
            if edit:
                expected += edit.reply[offset:]
                place, offset = place + len(edit.source), 0
            else:
                expected.append(
                    self._tokens[place] if place < n_tokens else expected[place - n_tokens]
                )
                place += 1
            edit = self._edit_at(place)
        return expected[:most]

    def came(self, token: int) -> bool:
        """Move on by a token; False when the copy is given up."""
        edit = self._expected_edit
        expected = edit.reply[self._offset] if edit else self._tokens[self._place]
        if token == expected:
            self._advance(token)
            return True
        if edit:
            self._edits.was_wrong(edit)
            written = (*edit.reply[: self._offset], token)
            if written == edit.source[: len(written)]:
                self.match += 1
                self._go_to(self._place + len(written))
                return True
            return self._look_past_edit(written)
        return self._look_past_edit((token,))

    def _advance(self, token: int) -> None:
        self.match += 1
        edit = self._expected_edit
        if edit:
            self._offset += 1
            if self._offset == len(edit.reply):
                self._go_to(self._place + len(edit.source))
            return
        if self.is_in_edit:
            self._edit_tokens.append(token)
            if self.match >= SHORTEST_MATCH:
                self._end_edit()
        self._go_to(self._place + 1)

    def _go_to(self, place: int) -> None:
        self._place = place
        self._expected_edit = self._edit_at(place)
        self._offset = 0
        """Tokens of the expected edit that have come."""

    def _edit_at(self, place: int) -> Edit | None:
        return None if self.is_in_edit else self._edits.at(self._tokens, place)

    def _look_past_edit(self, written: Sequence[int]) -> bool:
        """After tokens that differ: behind the last one's next occurrence nearby, else one on."""
        if not self.is_in_edit:
            if self.match < _WORTH_RESUMING:
                return False
            self._edit_place, self._edit_tokens = self._place, []
            self._match_before_edit = self.match
        self._edit_tokens += written
        if len(self._edit_tokens) > _EDIT_REACH:
            return False
        end = self._edit_place + len(self._edit_tokens) + _EDIT_REACH
        try:
            found = self._tokens[self._edit_place : end].index(written[-1])
        except ValueError:
            self.match = 0
            self._go_to(min(self._place + 1, len(self._tokens) - 1))
        else:
            self.match = 1
            self._go_to(self._edit_place + found + 1)
        return True

    def _end_edit(self) -> None:
        """The copy is found again; the token after it has not been appended yet."""
        agreed = self.match
        first, end = self._edit_place, self._place + 1 - agreed
        made_at = len(self._tokens) + 1 - len(self._edit_tokens)
        self._edits.remember(self._tokens, first, end, self._edit_tokens[:-agreed], made_at)
        self._edit_place = -1
        self.match += self._match_before_edit
