"""Find in the conversation that is shown: its questions, thoughts and answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from localr1.tui.marks import one_line
from localr1.units import count

if TYPE_CHECKING:
    from textual.widget import Widget

    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.turn import Turn
    from localr1.tui.widgets.find_bar import FindBar
    from localr1.tui.widgets.searched_view import SearchedView

WORDS_AT_MOST = 200
"""Characters of what is found."""


class _Place(NamedTuple):
    """A hit."""

    number: int
    """Of the view among those of the conversation, from top to bottom."""
    start: int
    """In the text of the view."""
    turn: Turn
    view: SearchedView


class Find:
    """The actions of the scope "find"."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._bar: FindBar | None = None
        self._earlier_focus: Widget | None = None
        self._words = ""
        self._current: _Place | None = None

    @property
    def has_focus(self) -> bool:
        """Does a person type into the bar?"""
        return self._bar is not None and self._bar.entry.has_focus

    async def find(self) -> None:
        """Open the bar, or go back to it."""
        if self._bar is None:
            await self._open("")
        self._enter()

    async def find_text(self, text: str, position: int) -> None:
        """Open the bar with this text and go to its first hit in a message.

        Args:
            text: untrusted words.
            position: of the message among the session's; without a hit, it is shown all the same.
        """
        words = one_line(text, WORDS_AT_MOST)
        if self._bar is None:
            await self._open(words)
        else:
            self._bar.entry.value = words
        self._look_for(words)
        self._enter()
        turn = self._screen.turn_at(position)
        self._look_in_new_turns()
        places = [place for place in self._places() if _is_in(place, position)]
        if places:
            self._visit(places[0])
        elif turn is not None:
            self._screen.transcript.reveal(turn.question, 0)

    def close(self) -> bool:
        """Close the bar and forget the hits; was it open?"""
        if self._bar is None:
            return False
        self._look_for("")
        self._bar.remove()
        self._bar = None
        self._screen.focus_after_panel(self._earlier_focus)
        return True

    def changed(self, words: str) -> None:
        """Other words are to be found; nothing moves until a hit is asked for."""
        if self._bar is not None and words.strip() != self._words:
            self._look_for(words)

    def step(self, direction: int) -> None:
        """To the next hit or the one before it, round the end."""
        self._look_in_new_turns()
        places = list(self._places())
        if not places:
            self._say_where()
        elif self._current is None:
            below = self._first_in_sight(places)
            self._visit(places[below if direction > 0 else below - 1])
        else:
            # The hit that was visited may be gone: its neighbours are found all the same
            cut = bisect_right if direction > 0 else bisect_left
            index = cut(places, _order(self._current), key=_order)
            self._visit(places[index % len(places) if direction > 0 else index - 1])

    # ---- the bar ---------------------------------------------------------------------------

    async def _open(self, words: str) -> None:
        # Imported when first wanted, like the panel of the outline: the first paint needs neither
        from localr1.tui.widgets.find_bar import FindBar

        self._screen.uncover()
        self._earlier_focus = self._screen.focused
        self._bar = FindBar(words, WORDS_AT_MOST)
        await self._screen.mount(self._bar, before=self._screen.composer)
        self._screen.fit_column()

    def _enter(self) -> None:
        if self._bar is not None:
            self._bar.entry.focus()
            self._bar.entry.select_all()

    def _look_for(self, words: str) -> None:
        self._words = words.strip()
        self._current = None
        for _, view in self._views():
            view.look_for(self._words)
        self._say_where()

    def _look_in_new_turns(self) -> None:
        for _, view in self._views():
            if view.sought != self._words:
                view.look_for(self._words)

    def _say_where(self, places: Sequence[_Place] = ()) -> None:
        total = len(places) or sum(len(view.hits()) for _, view in self._views())
        if self._bar is None:
            return
        if not self._words:
            self._bar.say("")
        elif not total:
            self._bar.say("Nothing found")
        elif self._current is None:
            self._bar.say(count(total, "hit"))
        else:
            index = bisect_left(places, _order(self._current), key=_order)
            self._bar.say(f"{index + 1:,} of {total:,}")

    # ---- places ----------------------------------------------------------------------------

    def _views(self) -> Iterator[tuple[Turn, SearchedView]]:
        for turn in self._screen.turns:
            for view in (turn.question, turn.trace, turn.answer):
                yield turn, view

    def _places(self) -> Iterator[_Place]:
        for number, (turn, view) in enumerate(self._views()):
            for start in view.hits():
                yield _Place(number, start, turn, view)

    def _first_in_sight(self, places: Sequence[_Place]) -> int:
        """The first one that is not above the part of the conversation that is seen."""
        top = self._screen.transcript.scroll_offset.y
        for index, (_, start, turn, view) in enumerate(places):
            row = view.row_at(start) if view.display else 0
            shown = view if view.display else turn.header
            if shown.virtual_region.y + row >= top:
                return index
        return 0

    def _visit(self, place: _Place) -> None:
        for _, view in self._views():
            view.mark_current(place.start if view is place.view else None)
        self._current = place
        self._screen.uncover()
        self._say_where(list(self._places()))
        if place.view is place.turn.trace:
            self._screen.open_thinking(place.turn)
        self._screen.transcript.reveal(place.view, place.start)


def _is_in(place: _Place, position: int) -> bool:
    is_question = place.view is place.turn.question
    return position == place.turn.position + (0 if is_question else 1)


def _order(place: _Place) -> tuple[int, int]:
    return place.number, place.start
