"""The conversation: all widgets of all turns, below each other in one scrolling column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.strip import Strip

from localr1.tui.actions import PICKED_KEYS, single_keys
from localr1.tui.messages import EarlierWanted
from localr1.tui.widgets.line_view import LineView
from localr1.tui.widgets.notes import Notes
from localr1.units import count

if TYPE_CHECKING:
    from localr1.tui.turn import Turn
    from localr1.tui.widgets.searched_view import SearchedView

_LAYOUTS_AT_MOST = 8
"""Until a widget that was just shown has its place."""


class Transcript(VerticalScroll, can_focus=True):
    """Shows turns; follows the end unless a person scrolled away from it.

    It has the focus while a turn is picked, and only then.
    """

    FOCUS_ON_CLICK = False
    BINDINGS = single_keys(PICKED_KEYS)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._earlier = Notes(classes="notes -earlier")
        self._has_earlier = False
        self._blank: tuple[object, Strip] | None = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """What is behind the turns: the same row everywhere, so it is made once."""
        key = (crop.column_span, self.styles._cache_key)
        if self._blank is None or self._blank[0] != key:
            first = Region(crop.x, 0, crop.width, 1)
            self._blank = (key, super().render_lines(first)[0])
        return [self._blank[1]] * crop.height

    def notify_style_update(self) -> None:
        """Colours changed, perhaps the background's."""
        super().notify_style_update()
        self._blank = None

    def compose(self) -> ComposeResult:
        """What is above the first turn shown."""
        yield self._earlier

    def show_turns(self, turns: Sequence[Turn], *, at_start: bool = False) -> None:
        """Show turns at the end, or above all others without moving those."""
        widgets = [widget for turn in turns for widget in turn.widgets]
        if at_start:
            below = self.max_scroll_y - self.scroll_y
            self.mount(*widgets, after=self._earlier)
            self.call_after_refresh(self._stay, below)
        else:
            self.mount(*widgets)

    def _stay(self, below: float) -> None:
        self.scroll_to(y=self.max_scroll_y - below, animate=False)

    def say_earlier(self, hidden: int) -> None:
        """Say that so many questions are not shown yet."""
        self._has_earlier = hidden > 0
        words = f"{count(hidden, 'earlier question')} above; scrolling on shows more."
        self._earlier.show_only(words if hidden else "")

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """At the top, earlier turns are wanted."""
        super().watch_scroll_y(old_value, new_value)
        if self._has_earlier and new_value <= 0 < old_value:
            self.post_message(EarlierWanted())

    def add_turn(self, turn: Turn) -> None:
        """Show a new turn at the end and follow it."""
        self.mount(*turn.widgets)
        self.follow()

    def reveal(self, view: SearchedView, offset: int, *, at_top: bool = False) -> None:
        """Show this place in the text of a view, with some of what stands around it.

        The end is not followed any more, neither of the conversation nor of the view.

        Args:
            view: one of this transcript; it may have been opened just now.
            offset: in its text.
            at_top: as the beginning of what is to be read.
        """
        self._reveal(view, offset, at_top, _LAYOUTS_AT_MOST)

    def _reveal(self, view: SearchedView, offset: int, at_top: bool, layouts: int) -> None:
        if layouts and not view.virtual_region:
            # It has no place yet
            self.call_after_refresh(self._reveal, view, offset, at_top, layouts - 1)
            return
        self.release_anchor()
        row = view.row_at(offset)
        is_window = view.max_scroll_y > 0
        if is_window:
            before = 1 if at_top else view.size.height // 3
            view.scroll_to(y=max(0, row - before), animate=False, immediate=True)
        y = view.virtual_region.y + row - view.scroll_offset.y
        top, height = self.scroll_offset.y, self.container_size.height
        if not top < y < top + height - 1 or (at_top and not is_window):
            before = 1 if at_top else height // 3
            self.scroll_to(y=max(0, y - before), animate=False)

    def rows_in_sight(self, view: LineView) -> range:
        """The rows of a view that are seen now."""
        top = self.scroll_offset.y - view.virtual_region.y
        height = min(view.size.height, top + self.container_size.height)
        within = range(view.row_count())
        return within[view.scroll_offset.y + max(0, top) : view.scroll_offset.y + max(0, height)]

    def show_turn(self, turn: Turn) -> None:
        """Scroll to the beginning of this turn."""
        self.release_anchor()
        self.scroll_to_widget(turn.question, animate=False, top=False)

    def clear(self) -> None:
        """Show nothing."""
        self.remove_children([child for child in self.children if child is not self._earlier])
        self.say_earlier(0)

    def note(self) -> Notes:
        """Notes at the end, for what belongs to no turn."""
        last = self.children[-1] if self.children else None
        if isinstance(last, Notes) and last.has_class("-session"):
            return last
        notes = Notes(classes="notes -session")
        self.mount(notes)
        return notes

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.anchor(self._is_full)
        self.scroll_end(animate=False)

    @property
    def _is_full(self) -> bool:
        return self.virtual_size.height > self.container_size.height > 0

    def watch_virtual_size(self) -> None:
        """Follow the end from the moment on at which not everything fits."""
        self._anchor_when_full()

    def on_resize(self) -> None:
        """The same for a screen that became smaller or larger."""
        self._anchor_when_full()

    def _anchor_when_full(self) -> None:
        # An anchored column that is not full would stand at the bottom of the screen
        if self.is_anchored != self._is_full:
            self.anchor(self._is_full)
        if not self.is_anchored:
            self.scroll_y = 0
