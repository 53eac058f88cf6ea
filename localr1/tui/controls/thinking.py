"""The thinking of the replies: opened, hidden, copied, seen in outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localr1.tui.controls.outline import Outline
from localr1.tui.preferences import Preferences

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.turn import Turn


class Thinking:
    """The actions of the scope "thinking"."""

    def __init__(self, screen: ChatScreen, preferred: Preferences) -> None:
        self._screen = screen
        self.preferred = preferred
        self._hides = False
        self.shown_outline = Outline(screen)

    def prepare(self, turn: Turn) -> None:
        """Let a new turn show its thinking as the others do."""
        turn.collapses = self.preferred.collapse_thinking
        turn.hide_thinking(self._hides)

    async def outline(self) -> None:
        """Open or close the outline of the current thought."""
        if self._screen.thinking_turn is None and not self.shown_outline.close():
            self._screen.say("There is no thought.")
        else:
            await self.shown_outline.open()

    async def toggle_all(self) -> None:
        """Close all thinking, or open all where none is open."""
        self._show()
        turns = [turn for turn in self._screen.turns if turn.trace.text]
        opens = not any(turn.is_open for turn in turns)
        for turn in turns:
            turn.open_thinking(opens)
        if not turns:
            self._screen.say("There is no thought.")

    async def hide(self) -> None:
        """Leave out all thinking in this chat, or show it again."""
        if self._hides:
            self._show()
            self._screen.say("The thinking is shown again.")
        else:
            self._set_hidden(True)
            self._screen.say("The thinking is hidden in this chat.")

    async def copy_thought(self) -> None:
        """Put the current thought on the clipboard."""
        turn = self._screen.thinking_turn
        if turn is None:
            self._screen.say("There is no thought to copy yet.")
            return
        self._screen.put_on_clipboard(turn.trace.text, "the thought", "thought.txt")

    def open(self, turn: Turn) -> None:
        """Let the thinking of a turn be seen, hidden or not."""
        self._show()
        turn.open_thinking()

    def _show(self) -> None:
        if self._hides:
            self._set_hidden(False)

    def _set_hidden(self, hides: bool) -> None:
        self._hides = hides
        for turn in self._screen.turns:
            turn.hide_thinking(hides)
