"""The steps of a thought in a list, to see where it changed its mind and to go there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from localr1.chat.outline import Step
from localr1.chat.turning_words import Kind
from localr1.tui.marks import one_line
from localr1.units import count

SIGNS: dict[Kind, str] = {
    "start": "○",
    "turn": "↺",
    "alternative": "◇",
    "check": "✓",
    "conclusion": "∴",
    "step": "·",
}
_SHARE_CELLS = 5
_TITLE_ROWS = 2
_CLOSING = "Enter goes there   Esc closes"


class OutlinePanel(Widget, can_focus=True):
    """Draws its rows itself: steps come and go while a thought is written."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home", "move(-1000)", "First", show=False),
        Binding("end", "move(1000)", "Last", show=False),
        Binding("enter", "choose", "Go there", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "outline--title",
        "outline--share",
        "outline--here",
        "outline--picked",
        *(f"outline--{kind}" for kind in SIGNS),
    }

    @dataclass
    class Chosen(Message):
        """Go to this step."""

        step: Step

    def __init__(self) -> None:
        super().__init__(classes="panel")
        self._steps: Sequence[Step] = ()
        self._rows: list[tuple[Kind, str, str]] = []
        self._here: int | None = None
        self._picked: int | None = None
        """The `place` of a step; None goes with the step at hand."""
        self._top = 0

    def show_steps(self, steps: Sequence[Step], here: int | None) -> None:
        """Show these steps; `here` is the index of the one that is being read."""
        if steps is self._steps and here == self._here:
            return
        self._steps = steps
        total = steps[-1].end if steps else 0
        rows = [(step.kind, _words(step), _share(step, total)) for step in steps]
        if (rows, here) != (self._rows, self._here):
            self._rows, self._here = rows, here
            self._keep_in_sight()
            self.refresh()

    @property
    def picked(self) -> int:
        """The index of the step that Enter goes to."""
        if self._picked is None:
            return self._here or 0
        before = [step for step in self._steps if step.place <= self._picked]
        return max(0, len(before) - 1)

    # ---- what a person does ----------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Pick another step."""
        self._pick(self.picked + rows)

    def action_choose(self) -> None:
        """Go to the step that is picked."""
        if self._steps:
            self.post_message(self.Chosen(self._steps[self.picked]))

    def on_click(self, event: events.Click) -> None:
        """Go to the step under the pointer."""
        index = event.y - self.gutter.top - _TITLE_ROWS + self._top
        if 0 <= index < len(self._steps) and event.y >= self.gutter.top + _TITLE_ROWS:
            self._pick(index)
            self.action_choose()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Pick a later step."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Pick an earlier step."""
        event.stop()
        self.action_move(-1)

    def _pick(self, index: int) -> None:
        if self._steps:
            self._picked = self._steps[max(0, min(index, len(self._steps) - 1))].place
            self._keep_in_sight()
            self.refresh()

    # ---- drawing ---------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        return max(1, self.content_size.height - _TITLE_ROWS - 1)

    def _keep_in_sight(self) -> None:
        top = max(self.picked - self._room + 1, min(self._top, self.picked))
        self._top = max(0, min(top, len(self._rows) - self._room))

    def on_resize(self) -> None:
        """Other rows fit now."""
        self._keep_in_sight()

    def render_line(self, y: int) -> Strip:
        """The title, then steps, then what the keys do."""
        width = self.content_size.width
        if y == 0:
            title = f"Outline, {count(len(self._rows), 'step')}" if self._rows else "No thought yet"
            return self._strip(title, width, "outline--title")
        if y == self.content_size.height - 1:
            return self._strip(_CLOSING, width, "outline--share")
        if 0 <= y - _TITLE_ROWS < min(self._room, len(self._rows) - self._top):
            return self._step(y - _TITLE_ROWS + self._top, width)
        return Strip.blank(width, self.rich_style)

    def _step(self, index: int, width: int) -> Strip:
        kind, words, share = self._rows[index]
        is_here, is_picked = index == self._here, index == self.picked and self.has_focus
        looks = ["outline--here"] * is_here + ["outline--picked"] * is_picked
        words_width = max(1, width - 4 - _SHARE_CELLS)
        if cell_len(words) > words_width:
            words = set_cell_size(words, words_width - 1).rstrip() + "…"
        return Strip.join(
            [
                self._strip(f"{'▸' if is_here else ' '} ", 2, "outline--turn", *looks),
                self._strip(f"{SIGNS[kind]} ", 2, f"outline--{kind}", *looks),
                self._strip(words, words_width, f"outline--{kind}", *looks),
                self._strip(f"{share:>{_SHARE_CELLS}}", _SHARE_CELLS, "outline--share", *looks),
            ]
        )

    def _strip(self, text: str, width: int, *looks: str) -> Strip:
        style = self.rich_style
        for look in looks:
            style += self.get_component_rich_style(look, partial=True)
        return Strip([Segment(set_cell_size(text, width), style)], width)


def _words(step: Step) -> str:
    words = one_line(step.words, 80)
    return f"({step.number}) {words}" if step.number > 1 else words


def _share(step: Step, total: int) -> str:
    share = step.size * 100 // total
    return f"{share} %" if share else "<1 %"
