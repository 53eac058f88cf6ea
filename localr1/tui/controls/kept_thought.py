"""A thought that is over: carry it along in the context, leave it out, delete it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from localr1.chat.messages import ReasoningPart
from localr1.errors import EngineError
from localr1.tui.counter import Clock
from localr1.tui.keymap import keymap_of
from localr1.tui.widgets.status_line import SAYING_SECONDS
from localr1.units import count

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from localr1.tui.screens.chat import ChatScreen


class _Place(NamedTuple):
    """A thought and the position of its message."""

    position: int
    thought: ReasoningPart


class KeptThought:
    """The actions of the scope "kept"."""

    def __init__(self, screen: ChatScreen, clock: Clock) -> None:
        self._screen = screen
        self._clock = clock
        self._asked: ReasoningPart | None = None
        self._asked_until = float("-inf")

    async def carry_thought(self) -> None:
        """Carry the current thought along, or leave it out again."""
        self._change(self._carry)

    async def delete_thought(self) -> None:
        """Delete the current thought; asked for twice, since nothing brings it back."""
        self._change(self._delete)

    def _change(self, work: Callable[[_Place], Awaitable[None]]) -> None:
        if not self._screen.may_change():
            return
        place = self._place()
        if place is None:
            self._screen.say("There is no thought.")
        else:
            self._screen.change(work(place))

    async def _carry(self, place: _Place) -> None:
        cost = await self._cost(place)
        is_carried = not place.thought.carried
        await self._screen.session.carry_thought(place.position, is_carried)
        self._show(place.position)
        done = "Carried along: takes" if is_carried else "Left out: frees"
        self._screen.say(f"{done} {cost} of the window.")

    async def _delete(self, place: _Place) -> None:
        if place.thought is self._asked and self._clock() < self._asked_until:
            await self._screen.session.delete_thought(place.position)
            self._show(place.position)
            self._screen.say("The thought is deleted.")
            return
        cost = await self._cost(place)
        self._asked, self._asked_until = place.thought, self._clock() + SAYING_SECONDS
        effect = f"; that frees {cost}" if place.thought.carried else f" of {cost}"
        key = keymap_of(self._screen).label("delete_thought") or "The same"
        self._screen.say(f"{key} again deletes the thought{effect}.")

    async def _cost(self, place: _Place) -> str:
        """What carrying it takes, or what it took to write where no model is there to count."""
        try:
            tokens = await self._screen.session.thought_tokens(place.position)
        except EngineError:
            tokens = place.thought.tokens
        return count(tokens, "token")

    def _place(self) -> _Place | None:
        turn, messages = self._screen.thinking_turn, self._screen.session.messages
        position = turn.position + 1 if turn is not None else len(messages)
        thought = messages[position].reasoning if position < len(messages) else None
        return _Place(position, thought) if thought is not None else None

    def _show(self, position: int) -> None:
        thought = self._screen.session.messages[position].reasoning
        for turn in self._screen.turns:
            if turn.position + 1 == position:
                turn.show_thought(thought)
