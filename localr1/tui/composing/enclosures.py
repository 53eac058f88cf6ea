"""What goes with the words that are being written: files, folded pastes, and their chips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from localr1.chat.messages import FilePart
from localr1.tui.composing.attachments import Attachment, Attachments, Room, fit_warning
from localr1.tui.composing.pasted import LIMIT_BYTES, Pasted, PastedTexts, size_bytes
from localr1.tui.question import Written
from localr1.tui.widgets.chips import Chip, Chips


class Aside(NamedTuple):
    """A question that is set aside while the composer is used for something else."""

    text: str
    files: list[Attachment]
    pasted: PastedTexts


class Enclosures:
    """Keeps the chips up to what goes with the text.

    Args:
        chips: shows them.
        text: what the composer holds, with marks for pastes.
        say: for what cannot be done.
    """

    def __init__(self, chips: Chips, text: Callable[[], str], say: Callable[[str], None]) -> None:
        self._chips = chips
        self._text = text
        self.files = Attachments(self.show, say)
        self.pasted = PastedTexts()
        self.room: Callable[[], Room | None] = lambda: None
        """Set by whoever knows the window."""

    @property
    def folded(self) -> list[Pasted]:
        """The pastes whose marks stand in the text."""
        return list(self.pasted.marked_in(self._text())) if self.pasted else []

    def has_room_for(self, text: str) -> bool:
        """May this be folded beside the others?"""
        held = sum(pasted.size_bytes for pasted in self.folded)
        return held + size_bytes(text) <= LIMIT_BYTES

    def show(self) -> None:
        """Show a chip for each, and whether they fit into the window."""
        folded = self.folded
        chips = [Chip(item, item.name, item.facts) for item in self.files.items]
        chips += [Chip(pasted, pasted.name, pasted.facts) for pasted in folded]
        if not chips:
            self._chips.show(())
            return
        tokens = self.files.tokens + sum(pasted.tokens for pasted in folded)
        is_exact = self.files.is_counted and not folded
        self._chips.show(chips, fit_warning(tokens, self.room(), is_exact=is_exact))

    def set_aside(self) -> Aside:
        """All of them and the text, of which nothing is left here."""
        aside = Aside(self._text(), list(self.files.items), self.pasted)
        self.pasted = PastedTexts()
        self.files.clear()
        return aside

    def take_up(self, aside: Aside) -> None:
        """Those that were set aside."""
        self.pasted = aside.pasted
        self.files.put(aside.files)

    def written(self) -> Written:
        """The question as it would be sent now."""
        return Written(self.pasted.unfold(self._text()), self.files.parts)

    def replace(self, files: Sequence[FilePart] = ()) -> None:
        """These files go with the text, and nothing else."""
        self.pasted.clear()
        self.files.clear()
        self.files.add(files)

    def remove_last(self) -> bool:
        """Remove the last file; whether there was one."""
        items = self.files.items
        if items:
            self.files.remove(items[-1])
            return True
        return False
