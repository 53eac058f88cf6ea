"""What may be meant by the words before the cursor, found beside the typing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from localr1.tui.actions import Action
from localr1.tui.composing.mentions import Mention, mention_before
from localr1.tui.composing.near_files import NearFile, near_files
from localr1.tui.composing.slash import MARK, action_of, matching
from localr1.tui.composing.threads import beside
from localr1.tui.widgets.offers import Offers, Row

PATIENCE_SECONDS = 0.5
"""How long a key waits for the folder that was named before it."""


class Hint(NamedTuple):
    """What may follow the word of a command."""

    action: Action


class Dropped(NamedTuple):
    """A paste that is the path of a file."""

    path: Path
    text: str
    """As it was pasted."""


class _Slash(NamedTuple):
    word: str


Offer = NearFile | Action | Hint | Dropped
_Query = Mention | _Slash | Hint | Dropped | None


class Completer:
    """Keeps the rows above the composer up to what is typed.

    Args:
        view: shows the offers.
        folder: where relative paths start.
    """

    def __init__(self, view: Offers, folder: Callable[[], Path] = Path.cwd) -> None:
        self._view = view
        self._folder = folder
        self._query: _Query = None
        self._offers: Sequence[Offer] = ()
        self._search: asyncio.Task[None] | None = None
        self._dropped: Dropped | None = None
        self._is_dismissed = False

    @property
    def chosen(self) -> Offer | None:
        """The offer that Enter takes."""
        return self._offers[self._view.chosen] if self._offers else None

    @property
    def mention(self) -> Mention | None:
        """The file that is being named."""
        return self._query if isinstance(self._query, Mention) else None

    @property
    def has_choice(self) -> bool:
        """Is there more than one offer?"""
        return len(self._offers) > 1

    def exact(self) -> NearFile | None:
        """The file, no folder, that was named in full."""
        mention = self.mention
        for offer in self._offers:
            if mention and isinstance(offer, NearFile) and offer.typed == mention.path:
                return None if offer.is_folder else offer
        return None

    def choose(self, by: int) -> None:
        """Choose another offer."""
        self._view.choose(by)

    def offer(self, index: int) -> Offer | None:
        """The offer of this row, which was clicked."""
        return self._offers[index] if index < len(self._offers) else None

    def offer_dropped(self, path: Path, text: str) -> None:
        """Offer to attach the file whose path was pasted."""
        self._dropped = Dropped(path, text)

    def dismiss(self) -> bool:
        """Offer nothing until something else is begun; whether anything was offered."""
        was_open = bool(self._offers)
        self._is_dismissed = self._query is not None
        self._dropped = None
        self._show(())
        return was_open

    async def settle(self) -> None:
        """Return when the offers are those of the text, or do not come soon."""
        if self._search is not None and not self._search.done():
            await asyncio.wait([self._search], timeout=PATIENCE_SECONDS)

    def update(self, before: str, text: str) -> None:
        """Find the offers for another text.

        Args:
            before: what stands before the cursor in its line.
            text: all of it.
        """
        query = self._query_of(before, text)
        if query == self._query:
            return
        if type(query) is not type(self._query):
            self._is_dismissed = False
        self._query = query
        self._search = None
        if query is None or self._is_dismissed:
            self._show(())
        elif isinstance(query, Mention):
            self._search = asyncio.create_task(self._find(query))
        elif isinstance(query, _Slash):
            self._show(list(matching(query.word)))
        else:
            self._show([query])

    def _query_of(self, before: str, text: str) -> _Query:
        if self._dropped and before.endswith(self._dropped.text):
            return self._dropped
        self._dropped = None
        if text.startswith(MARK) and not text.startswith(MARK * 2) and "\n" not in text:
            word, space, _ = text[1:].partition(" ")
            if not space and MARK not in word:
                return _Slash(word) if before == text else None
            action = action_of(word)
            if action is not None and action.takes:
                return Hint(action)
        return mention_before(before)

    async def _find(self, mention: Mention) -> None:
        def search() -> list[NearFile]:
            return near_files(mention.path, self._folder(), lambda: self._query is mention)

        found: list[NearFile] = []
        # The current folder may have been deleted
        with contextlib.suppress(OSError):
            found = await beside(search)
        if self._query is mention:
            self._show(found)

    def _show(self, offers: Sequence[Offer]) -> None:
        if offers or self._offers:
            self._offers = offers
            self._view.show([_row(offer) for offer in offers])


def _row(offer: Offer) -> Row:
    if isinstance(offer, NearFile):
        return Row(offer.typed, is_quiet=offer.is_quiet)
    if isinstance(offer, Dropped):
        return Row(f"Enter attaches {offer.path.name}", "Esc leaves its path as text")
    if isinstance(offer, Hint):
        return Row(f"/{offer.action.word} {offer.action.takes}", is_quiet=True)
    return Row(f"/{offer.word}", offer.title)
