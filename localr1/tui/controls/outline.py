"""The outline of the current thought: kept up to date while it is written, and jumped by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from localr1.chat.outline import Outliner, Step
from localr1.tui.turn import Turn
from localr1.tui.widgets.outline_panel import OutlinePanel

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen

SIDE_COLUMNS = 120
"""Of the screen, from which on the panel stands beside the conversation, not in its place."""


class Outline:
    """A panel that shows the steps of one thought."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._panel: OutlinePanel | None = None
        self._followed = _Followed(None)
        self._jumped: Step | None = None

    @property
    def has_focus(self) -> bool:
        """Do keys go to the panel?"""
        return self._panel is not None and self._panel.has_focus

    async def open(self) -> None:
        """Open the panel, or close it where it is open."""
        if self.close():
            return
        screen = self._screen
        self._panel = OutlinePanel()
        await screen.mount(self._panel, before=screen.composer)
        self._jumped = None
        self.place()
        screen.watch(screen.transcript, "scroll_y", self._follow, init=False)
        self._panel.focus()
        self._follow()

    def close(self) -> bool:
        """Close the panel; was it open?"""
        if self._panel is None:
            return False
        self._panel.remove()
        self._panel = None
        self._followed = _Followed(None)
        self._screen.transcript.display = True
        self._screen.call_after_refresh(self._screen.fit_column)
        self._screen.composer.focus()
        return True

    def place(self) -> None:
        """Beside the conversation where there is room, in its place where there is none."""
        if self._panel is not None:
            is_beside = self._screen.room >= SIDE_COLUMNS
            self._panel.set_class(is_beside, "-side")
            self._screen.transcript.display = is_beside
            self._screen.call_after_refresh(self._screen.fit_column)

    def follow(self) -> None:
        """The thought grew; where it is read is known when it is laid out."""
        if self._panel is not None:
            self._screen.call_after_refresh(self._follow)

    def _follow(self) -> None:
        if self._panel is None:
            return
        turn = self._screen.thinking_turn
        if not self._followed.is_of(turn):
            self._followed = _Followed(turn)
            self._jumped = None
            if turn is not None:
                self._screen.watch(turn.trace, "scroll_y", self._follow, init=False)
        steps = self._followed.steps()
        self._panel.show_steps(steps, self._here(turn, steps))

    def jump(self, step: Step) -> None:
        """Show this step in the conversation."""
        turn = self._followed.turn
        if turn is None or self._panel is None:
            return
        self._jumped = step
        self._screen.open_thinking(turn)
        if not self._panel.has_class("-side"):
            self.close()
        self._screen.transcript.reveal(turn.trace, step.place, at_top=True)
        self.follow()

    def _here(self, turn: Turn | None, steps: Sequence[Step]) -> int | None:
        """The index of the step that is read: the one jumped to, or else the one at the top."""
        if turn is None or not steps or not turn.trace.display:
            return None
        rows = self._screen.transcript.rows_in_sight(turn.trace)
        if not rows:
            return None
        if self._jumped is not None and turn.trace.row_at(self._jumped.place) in rows:
            offset = self._jumped.place
        elif rows[-1] >= turn.trace.row_count() - 1:
            return len(steps) - 1
        else:
            offset = turn.trace.offset_at(rows[min(1, len(rows) - 1)])
        return max(0, bisect_right(steps, offset, key=lambda step: step.place) - 1)


class _Followed:
    """A thought and its outline, as far as it is known."""

    def __init__(self, turn: Turn | None) -> None:
        self.turn = turn
        self._generation = turn.trace.generation if turn else 0
        self._outliner = Outliner()
        self._length = 0

    def is_of(self, turn: Turn | None) -> bool:
        """Is this still that turn's thought, at most longer?"""
        return turn is self.turn and (turn is None or turn.trace.generation == self._generation)

    def steps(self) -> Sequence[Step]:
        """All steps so far."""
        if self.turn is not None:
            text = self.turn.trace.text
            self._outliner.append(text[self._length :])
            self._length = len(text)
        return self._outliner.steps
