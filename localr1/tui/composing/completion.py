"""Taking what is offered: by Tab, by Enter, by the mouse, by naming a file in full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from localr1.tui.actions import Action
from localr1.tui.composing.completer import Completer, Dropped, Hint, Offer
from localr1.tui.composing.mentions import is_escape, mention_before, mention_of
from localr1.tui.composing.near_files import NearFile
from localr1.tui.composing.slash import NotUnderstood, read_slash
from localr1.tui.widgets.offers import Offers
from localr1.tui.widgets.typing_area import TypingArea


class Completion:
    """What keys do while something is offered; each awaits the offers of what was typed before it.

    Args:
        area: where it is typed.
        view: shows the offers.
        attach: for a file that was taken.
        run: for an action that was taken.
    """

    def __init__(
        self,
        area: TypingArea,
        view: Offers,
        attach: Callable[[Path], None],
        run: Callable[[Action], None],
    ) -> None:
        self._area = area
        self._attach = attach
        self._run = run
        self._completer = Completer(view)
        self._untouched: str | None = None

    def leave_alone(self) -> None:
        """Offer nothing for the text as it is now: nobody types it."""
        self._untouched = self._area.text
        self.find()

    def find(self) -> None:
        """Find the offers for what the area holds now."""
        if self._area.text == self._untouched or self._area.read_only:
            self._completer.update("", "")
        else:
            self._untouched = None
            self._completer.update(self._area.before, self._area.text)

    def dismiss(self) -> bool:
        """Offer nothing for what is being typed; whether anything was offered."""
        return self._completer.dismiss()

    def offer_dropped(self, path: Path, text: str) -> None:
        """Offer to attach the file whose path was pasted."""
        self._completer.offer_dropped(path, text)
        self.find()

    async def moves(self, by: int) -> bool:
        """Choose another offer; whether there is a choice."""
        await self._current()
        if self._completer.has_choice:
            self._completer.choose(by)
        return self._completer.has_choice

    async def tab(self) -> bool:
        """Complete what was typed; whether something was offered."""
        offer = await self._current()
        if offer is None or isinstance(offer, Hint):
            return False
        if isinstance(offer, Action):
            self._complete_word(offer)
        else:
            self._take(offer)
        return True

    async def enter(self) -> bool:
        """Take what is offered; whether something was, so that nothing is sent."""
        offer = await self._current()
        if isinstance(offer, Action):
            # A whole word is run by its text, with what follows it
            is_part = isinstance(read_slash(self._area.text), NotUnderstood)
            if is_part:
                self._run(offer)
            return is_part
        if offer is None or isinstance(offer, Hint):
            return False
        self._take(offer)
        return True

    async def typed(self, character: str) -> bool:
        """What a character does that ends a mention, or escapes one; whether it is dealt with."""
        if character == "@" and is_escape(self._area.before):
            self._area.replace_before(1, "@")
            self.find()
            self._completer.dismiss()
            return True
        mention = mention_before(self._area.before) if character in ' "' else None
        if mention is None or mention.is_quoted != (character == '"'):
            return False
        await self._current()
        exact = self._completer.exact()
        if exact is None:
            return False
        self._take(exact)
        if character == " " and self._area.text:
            self._area.replace_before(0, " ")
        return True

    def click(self, index: int) -> None:
        """Take the offer of this row."""
        offer = self._completer.offer(index)
        if isinstance(offer, Action):
            if offer.takes:
                self._complete_word(offer)
            else:
                self._run(offer)
        elif offer is not None and not isinstance(offer, Hint):
            self._take(offer)

    async def _current(self) -> Offer | None:
        # The message that the text has changed may still be in the queue
        self.find()
        await self._completer.settle()
        return self._completer.chosen

    def _complete_word(self, action: Action) -> None:
        self._area.show_text(f"/{action.word} " if action.takes else f"/{action.word}")
        self._untouched = None
        self.find()

    def _take(self, offer: NearFile | Dropped) -> None:
        area = self._area
        if isinstance(offer, Dropped):
            area.replace_before(len(offer.text), "")
            self._attach(offer.path)
        elif mention := mention_before(area.before):
            if offer.is_folder:
                area.replace_before(mention.length, mention_of(offer.typed, is_open=True))
            else:
                # Inside of a sentence the name stays, or the sentence would lose a word
                is_alone = len(area.text) == mention.length
                area.replace_before(mention.length, "" if is_alone else offer.path.name)
                self._attach(offer.path)
        self.find()
