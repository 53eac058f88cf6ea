"""The outline of the current thought: kept up to date while it is written, and jumped by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.widget import Widget

    from localr1.chat.outline import Step
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.turn import Turn
    from localr1.tui.widgets.outline_panel import OutlinePanel

SIDE_COLUMNS = 120
"""Of the screen, from which on the panel stands beside the conversation, not in its place."""

_GROWTH_CHARACTERS = 200
"""Of the last step, before it is shown with its new share."""


class Outline:
    """A panel that shows the steps of one thought."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._panel: OutlinePanel | None = None
        self._followed: _Followed | None = None
        self._jumped: Step | None = None
        self._earlier_focus: Widget | None = None

    @property
    def has_focus(self) -> bool:
        """Do keys go to the panel?"""
        return self._panel is not None and self._panel.has_focus

    async def open(self) -> None:
        """Open the panel, or close it where it is open."""
        if self.close():
            return
        # Imported when first wanted: the first paint does without
        from localr1.tui.widgets.outline_panel import OutlinePanel

        screen = self._screen
        self._earlier_focus = screen.focused
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
        self._followed = None
        self._screen.transcript.display = True
        self._screen.call_after_refresh(self._screen.fit_column)
        self._screen.focus_after_panel(self._earlier_focus)
        return True

    def place(self) -> None:
        """Beside the conversation where there is room, in its place where there is none."""
        if self._panel is not None:
            is_beside = self._screen.room >= SIDE_COLUMNS
            self._panel.set_class(is_beside, "-side")
            self._screen.transcript.display = is_beside
            self._screen.call_after_refresh(self._screen.fit_column)

    def follow(self, *, is_over: bool = False) -> None:
        """The thought grew, or is over; where it is read is known when it is laid out."""
        if self._panel is not None:
            if self._followed is not None:
                self._followed.grow(is_over=is_over)
            self._screen.call_after_refresh(self._follow)

    def _follow(self) -> None:
        if self._panel is None:
            return
        turn = self._screen.thinking_turn
        if turn is None:
            self._followed = None
            self._panel.show_steps((), None)
            return
        if self._followed is None or not self._followed.is_of(turn):
            self._followed = _Followed(turn)
            self._jumped = None
            self._screen.watch(turn.trace, "scroll_y", self._follow, init=False)
        steps = self._followed.steps
        self._panel.show_steps(steps, self._here(turn, steps))

    def jump(self, step: Step) -> None:
        """Show this step in the conversation."""
        if self._followed is None or self._panel is None:
            return
        turn = self._followed.turn
        self._jumped = step
        self._screen.open_thinking(turn)
        if not self._panel.has_class("-side"):
            self.close()
        self._screen.transcript.reveal(turn.trace, step.place, at_top=True)
        self.follow()

    def _here(self, turn: Turn, steps: Sequence[Step]) -> int | None:
        """The index of the step that is read: the one jumped to, or else the one at the top."""
        if not steps or not turn.trace.display:
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

    def __init__(self, turn: Turn) -> None:
        from localr1.chat.outline import Outliner

        self.turn = turn
        self._generation = turn.trace.generation
        self._outliner = Outliner()
        self._length = 0
        self._shown = (-1, 0)
        self.steps: Sequence[Step] = ()
        """All of them, but for a few words at the end."""
        self.grow()

    def is_of(self, turn: Turn) -> bool:
        """Is this still that turn's thought, at most longer?"""
        return turn is self.turn and turn.trace.generation == self._generation

    def grow(self, *, is_over: bool = False) -> None:
        """Read what is new; the steps are made anew when there are more, or much was added."""
        text = self.turn.trace.text
        self._outliner.append(text[self._length :])
        self._length = len(text)
        begun, length = self._shown
        if is_over or begun != self._outliner.begun or self._length - length >= _GROWTH_CHARACTERS:
            self._shown = (self._outliner.begun, self._length)
            self.steps = self._outliner.steps
