"""Two replies to one question side by side; Enter goes on with the one that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from localr1.chat.messages import Message
from localr1.tui.marks import one_line
from localr1.tui.screens.overlay import Overlay
from localr1.tui.widgets.answer_view import AnswerView
from localr1.tui.widgets.trace_view import TraceView
from localr1.units import count, duration

_SIDE_BY_SIDE_CELLS = 76
"""A screen narrower than this shows the two below each other."""

_MODEL_CHARACTERS = 40
HINT = "← → the other reply   Tab the other side   T thinking   Enter keeps this one   Esc leaves"


class _Side(VerticalScroll):
    """One reply: facts, thought, answer."""

    def __init__(self) -> None:
        super().__init__(classes="side")
        self.number = 0
        self._facts = Static(classes="facts", markup=False)
        self._thought = TraceView(classes="trace")
        self._answer = AnswerView(classes="answer")

    def compose(self) -> ComposeResult:
        yield self._facts
        yield self._thought
        yield self._answer

    def show(self, replies: Sequence[Message], number: int, *, thinking: bool) -> None:
        """Show this one of the replies."""
        self.number = number
        reply = replies[number]
        self._facts.update(_facts(reply, number, len(replies)))
        thought = reply.reasoning
        self._thought.show(thought.text if thought else "", thought.insertions if thought else ())
        self._thought.display = thinking and thought is not None
        self._answer.take_text()
        self._answer.append(reply.text or "No answer.")
        self._answer.finish()
        self.scroll_home(animate=False)

    def show_thinking(self, is_shown: bool) -> None:
        """Open or close the thought."""
        self._thought.display = is_shown and bool(self._thought.text)


class CompareScreen(Overlay[int]):
    """Its result is the number of the reply to go on with, or None.

    Args:
        replies: two or more.
        shown: the number of the one that the conversation shows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "other_side", "The other side", show=False, priority=True),
        Binding("left", "turn(-1)", "The reply before", show=False),
        Binding("right", "turn(1)", "The reply after", show=False),
        Binding("t", "thinking", "Thinking", show=False),
        Binding("enter", "take", "Keep", show=False),
    ]

    def __init__(self, replies: Sequence[Message], shown: int) -> None:
        super().__init__()
        self._replies = replies
        self._first = shown - 1 if shown else 0
        self._sides = (_Side(), _Side())
        self._has_thinking = False

    def compose(self) -> ComposeResult:
        """Two columns, or two halves where the screen is narrow."""
        with Horizontal(id="sides"):
            yield from self._sides
        yield Static(Content(HINT), classes="closing", markup=False)

    def on_mount(self) -> None:
        """Show the reply at hand and the one before it, or after the first."""
        for side, number in zip(self._sides, (self._first, self._first + 1), strict=True):
            side.show(self._replies, number, thinking=False)
        self._sides[0].focus()

    def on_resize(self) -> None:
        """Side by side where there is room."""
        # The screen itself may not have its size yet
        self.set_class(self.app.size.width < _SIDE_BY_SIDE_CELLS, "-narrow")

    @property
    def _at_hand(self) -> _Side:
        return next((side for side in self._sides if side.has_focus), self._sides[0])

    # ---- actions ---------------------------------------------------------------------------

    def action_other_side(self) -> None:
        """Go to the other column."""
        self._sides[self._at_hand is self._sides[0]].focus()

    def action_turn(self, step: int) -> None:
        """Show another reply at this side."""
        number = (self._at_hand.number + step) % len(self._replies)
        self._at_hand.show(self._replies, number, thinking=self._has_thinking)

    def action_thinking(self) -> None:
        """Open or close both thoughts."""
        self._has_thinking = not self._has_thinking
        for side in self._sides:
            side.show_thinking(self._has_thinking)

    def action_take(self) -> None:
        """Go on with the reply at hand."""
        self.dismiss(self._at_hand.number)


def _facts(reply: Message, number: int, replies: int) -> Content:
    thought = reply.reasoning
    facts = [one_line(reply.model, _MODEL_CHARACTERS)]
    if thought is not None:
        facts += [f"thought {count(thought.tokens, 'token')}"]
        facts += [duration(thought.seconds)] if thought.seconds else []
    if reply.finish_reason not in (None, "stop"):
        facts.append(f"ended: {reply.finish_reason}")
    head = Content.styled(f"Reply {number + 1} of {replies}", "bold")
    rest = ", ".join(fact for fact in facts if fact)
    return Content.assemble(head, (f"  {rest}", "$text-muted"))
