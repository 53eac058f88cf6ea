"""The turns that are shown of a conversation: the last ones, and earlier ones when wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from localr1.chat.messages import FilePart, Message
from localr1.tui.counter import Clock
from localr1.tui.widgets.branch_line import Place
from localr1.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from localr1.tui.turn import Turn

TURNS_SHOWN = 10
"""At first: what is mounted is laid out again for every new row."""

TURNS_ADDED = 4
"""Each time that a person scrolls to the first turn; more of them would be felt."""

Branches = Callable[[int], tuple[int, int]]
"""Of the message at a position: its number among those at its place, and how many there are."""


class TurnList(Sequence["Turn"]):
    """The turns in the transcript, in their order.

    Args:
        transcript: shows them.
        branches: see `Branches`.
        clock: seconds, monotonic.
    """

    def __init__(
        self, transcript: Transcript, branches: Branches, clock: Clock = time.monotonic
    ) -> None:
        self._transcript = transcript
        self._branches = branches
        self._clock = clock
        self._turns: list[Turn] = []
        self._earlier: list[int] = []
        """Positions of the questions that are not shown yet."""
        self.prepare: Callable[[Turn], object] = lambda _: None
        """Called with every new turn."""

    def __len__(self) -> int:
        return len(self._turns)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # as list's
        return self._turns[index]

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    def at(self, position: int) -> Turn | None:
        """The turn with the message at this position, where it is shown."""
        return next((turn for turn in reversed(self._turns) if turn.position <= position), None)

    # ---- what is shown ---------------------------------------------------------------------

    def show(self, messages: Sequence[Message], start: int = 0) -> None:
        """Show the messages from this position on in place of what was shown there."""
        self._drop(start)
        questions = _questions(messages, start)
        if not start:
            self._earlier, questions = questions[:-TURNS_SHOWN], questions[-TURNS_SHOWN:]
        self._turns += self._mounted(messages, questions)
        self._transcript.say_earlier(len(self._earlier))

    def show_earlier(self, messages: Sequence[Message], until: int | None = None) -> bool:
        """Show some earlier turns above; whether there were any.

        Args:
            messages: all of the conversation.
            until: at least back to the message at this position.
        """
        count = TURNS_ADDED
        if until is not None:
            count = sum(position >= until for position in self._earlier) + 1
        questions = self._earlier[-count:]
        del self._earlier[-count:]
        self._turns[:0] = self._mounted(messages, questions, at_start=True)
        self._transcript.say_earlier(len(self._earlier))
        return bool(questions)

    @property
    def has_earlier(self) -> bool:
        """Are there turns that are not shown?"""
        return bool(self._earlier)

    def add(self, question: str, position: int, files: Sequence[FilePart] = ()) -> Turn:
        """A new turn at the end; those far above it are not shown any more."""
        self._let_go()
        turn = self._new(question, position, files)
        self._turns.append(turn)
        self._transcript.add_turn(turn)
        return turn

    def replace_reply(self, turn: Turn, messages: Sequence[Message]) -> Turn:
        """A new turn in place of this one and all after it, with the same question."""
        self._drop(turn.position)
        question = messages[turn.position]
        return self.add(question.text, turn.position, question.files)

    def take_back(self) -> None:
        """The last turn is not there after all."""
        self._drop(self._turns[-1].position)

    def mark_branches(self, turn: Turn, messages: Sequence[Message]) -> None:
        """Say at this turn which of several questions and replies is shown."""
        places = [
            Place(*self._branches(position)) if position < len(messages) else Place(0, 1)
            for position in (turn.position, turn.position + 1)
        ]
        turn.branches.show(*places)

    # ---- widgets ---------------------------------------------------------------------------

    def _drop(self, start: int) -> None:
        kept = [turn for turn in self._turns if turn.position < start]
        gone = [widget for turn in self._turns[len(kept) :] for widget in turn.widgets]
        self._turns = kept
        if gone:
            self._transcript.remove_children(gone)

    def _let_go(self) -> None:
        if len(self._turns) > 2 * TURNS_SHOWN:
            gone, self._turns = self._turns[:-TURNS_SHOWN], self._turns[-TURNS_SHOWN:]
            self._earlier += [turn.position for turn in gone]
            self._transcript.remove_children([widget for turn in gone for widget in turn.widgets])
            self._transcript.say_earlier(len(self._earlier))

    def _mounted(
        self, messages: Sequence[Message], questions: Sequence[int], *, at_start: bool = False
    ) -> list[Turn]:
        turns = [self._turn(messages, position) for position in questions]
        self._transcript.show_turns(turns, at_start=at_start)
        return turns

    def _new(self, question: str, position: int, files: Sequence[FilePart]) -> Turn:
        from localr1.tui.turn import Turn

        turn = Turn(question, self._clock, position, files)
        self.prepare(turn)
        return turn

    def _turn(self, messages: Sequence[Message], position: int) -> Turn:
        question = messages[position]
        turn = self._new(question.text, position, question.files)
        for message in messages[position + 1 : position + 2]:
            if message.role == "assistant":
                turn.show_reply(message)
        self.mark_branches(turn, messages)
        return turn


def _questions(messages: Sequence[Message], start: int) -> list[int]:
    return [
        position
        for position, message in enumerate(messages)
        if position >= start and message.role == "user"
    ]
