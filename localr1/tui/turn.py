"""One question and its reply: six widgets below each other in the transcript, and what moves them.

The widgets have no container of their own: Textual paints the background of every container
again for each update, which made a nested tree three times as costly.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.widget import Widget

from localr1.chat.effort import ReasoningLimit
from localr1.chat.messages import FilePart, FinishReason, Message, ReasoningPart
from localr1.engine.protocol import (
    Answer,
    Done,
    Event,
    Failed,
    Loading,
    Notice,
    Prompt,
    Reasoning,
)
from localr1.tui.counter import Clock, ReplyCounter
from localr1.tui.themed import counter_seconds
from localr1.tui.widgets.answer_view import AnswerView
from localr1.tui.widgets.branch_line import BranchLine
from localr1.tui.widgets.notes import Notes
from localr1.tui.widgets.question_view import QuestionView
from localr1.tui.widgets.thinking_header import ThinkingHeader
from localr1.tui.widgets.trace_view import TraceView

STOPPED = "Stopped."
_ENDINGS: dict[FinishReason, str] = {
    "cancelled": STOPPED,
    "length": "Cut off: the context window or the token limit was reached.",
    "loop": "Ended: it repeated itself.",
    "error": "Not finished.",
}
NO_ANSWER = "The model gave no answer."
BROKEN_OFF = "Broken off: localr1 ended while this was written."


class Turn:
    """Applies the events of one reply to its widgets.

    Args:
        question: the person's words.
        clock: seconds, monotonic.
        position: of the question in the session's messages.
        files: attached to the question.
    """

    def __init__(
        self,
        question: str,
        clock: Clock = time.monotonic,
        position: int = 0,
        files: Sequence[FilePart] = (),
    ) -> None:
        self._clock = clock
        self.position = position
        self.question = QuestionView(question, files, classes="question")
        self.header = ThinkingHeader(classes="thinking")
        self.trace = TraceView(classes="trace")
        self.answer = AnswerView(classes="answer")
        self.branches = BranchLine(classes="branches")
        self.notes = Notes(classes="notes")
        for widget in (self.header, self.trace, self.answer):
            widget.display = False
        self._counter = ReplyCounter(clock)
        self._is_answering = False
        self._is_open = False
        self._hides_thinking = False
        self._failure = ""
        self.collapses = True
        """Whether the reasoning block closes when the answer starts."""
        self.limit = ReasoningLimit()
        """How long the reply may think."""

    @property
    def widgets(self) -> tuple[Widget, ...]:
        """From top to bottom."""
        reply = (self.header, self.trace, self.answer, self.notes)
        return (self.question, self.branches, *reply)

    @property
    def tps(self) -> float | None:
        """Tokens a second of the reply so far."""
        return self._counter.tps

    @property
    def thinking_seconds(self) -> float:
        """How long the reply has thought so far."""
        return self._counter.thinking_seconds

    @property
    def is_thinking(self) -> bool:
        """Is reasoning arriving?"""
        return self._counter.is_thinking

    def apply(self, event: Event) -> None:
        """Show what this event says."""
        if isinstance(event, Reasoning):
            self._think(event)
        elif isinstance(event, Answer):
            self._answer(event)
        elif isinstance(event, Prompt):
            self.header.show_reading(event)
        elif isinstance(event, Loading):
            self.header.show_loading(event)
        elif isinstance(event, Notice):
            self._notice(event)
        elif isinstance(event, Done):
            self._close()
        elif isinstance(event, Failed):
            self._fail(event)

    def show_picked(self, is_picked: bool) -> None:
        """Mark the turn that single keys act on."""
        self.question.set_class(is_picked, "-picked")

    def show_reply(self, message: Message) -> None:
        """Show the reply as it is kept: one from an earlier day, or one that has just ended."""
        self.show_thought(message.reasoning)
        if message.text != self.answer.text.strip():
            self._show_answer(message.text)
            self.answer.finish()
        if message.finish_reason in _ENDINGS:
            self.notes.add(_ENDINGS[message.finish_reason], "warning")
        elif message.finish_reason == "stop" and not message.text:
            self.notes.add(NO_ANSWER)
        elif message.finish_reason is None:
            self.notes.add(BROKEN_OFF, "warning")

    def show_paused(self, is_paused: bool) -> None:
        """What a person stopped to go on with is not said to be stopped."""
        self.notes.take_back(STOPPED)
        if not is_paused:
            self.notes.add(STOPPED, "warning")

    def show_thought(self, thought: ReasoningPart | None) -> None:
        """Show the thought as it is kept; None where there is none, or none any more."""
        if thought is None:
            self.trace.clear()
            self._open_trace(False)
            self.header.show_nothing()
            return
        if thought.text != self.trace.text.rstrip():
            self.trace.show(thought.text, thought.insertions)
        self.header.show_thought(thought)

    def resume(self, message: Message) -> None:
        """Show a reply that goes on from here: its widgets and counters grow further."""
        thought = message.reasoning or ReasoningPart("")
        self._counter = ReplyCounter(self._clock, thought.tokens, thought.seconds)
        self._is_answering = False
        for ending in (*_ENDINGS.values(), NO_ANSWER, BROKEN_OFF, self._failure):
            self.notes.take_back(ending)
        self.trace.show(thought.text, thought.insertions)
        # What was finished is closed for the Markdown that follows
        self.answer.take_text()
        self._show_answer(message.text)

    def wait_for_model(self) -> None:
        """Say that the question is not sent yet."""
        self.header.show_waiting()

    @property
    def is_open(self) -> bool:
        """Is the reasoning block open?"""
        return self._is_open

    @property
    def hides_thinking(self) -> bool:
        """Are the reasoning block and its line left out, open or not?"""
        return self._hides_thinking

    def toggle_thinking(self) -> None:
        """Open or close the reasoning block."""
        self.open_thinking(not self._is_open)

    def open_thinking(self, is_open: bool = True) -> None:
        """Open or close the reasoning block, where there is one."""
        if self.trace.text and is_open != self._is_open:
            # Opened again after the reply it is read like any text, not through a small window
            self.trace.set_class(self._counter.is_thinking, "-live")
            self._open_trace(is_open)

    def hide_thinking(self, hides: bool) -> None:
        """Leave out the reasoning block and its line, or show them again."""
        self._hides_thinking = hides
        self.header.hide(hides)
        self._open_trace(self._is_open)

    # ---- a running reply -------------------------------------------------------------------

    def _think(self, event: Reasoning) -> None:
        if not self._counter.is_thinking:
            self._counter.start_thinking()
            self.trace.add_class("-live")
            self._open_trace(True)
            self.trace.anchor()
        self._counter.add(event.tokens, reasoning=True)
        self.trace.append(event.text, event.author)
        if self._counter.is_due(counter_seconds(self.header)):
            self.header.show_thinking(
                self._counter.thinking_seconds, self._counter.reasoning_tokens, self.limit
            )

    def _answer(self, event: Answer) -> None:
        if self._counter.is_thinking:
            self._end_thinking()
        elif not self.trace.text:
            self.header.display = False
        elif not self._is_answering:
            self._show_counts()
        self._is_answering = True
        self._counter.add(event.tokens)
        self.answer.display = True
        self.answer.append(event.text)

    def _show_answer(self, text: str) -> None:
        self.answer.take_text()
        self.answer.append(text)
        self.answer.display = bool(text)

    def _end_thinking(self) -> None:
        self._counter.stop_thinking()
        self._show_counts()
        if self.collapses:
            self._open_trace(False)

    def _show_counts(self) -> None:
        """Until the session says how the thought ended and what it counted."""
        counter = self._counter
        counted = ReasoningPart("", counter.reasoning_tokens, counter.thinking_seconds)
        self.header.show_thought(counted)

    def _notice(self, event: Notice) -> None:
        if event.kind == "late_reasoning":
            self.trace.append(self.answer.take_text())
            self.answer.display = False
            self._counter.count_all_as_reasoning()
            self._end_thinking()
        else:
            self.notes.add(event.text)

    def _fail(self, event: Failed) -> None:
        self._close()
        self._failure = event.message
        self.notes.add(event.message, "error", event.hint)

    def _close(self) -> None:
        self._counter.stop_thinking()
        self.answer.finish()
        if self.trace.text:
            self._show_counts()
        else:
            self.header.display = False

    def _open_trace(self, is_open: bool) -> None:
        self._is_open = is_open
        self.trace.display = is_open and not self._hides_thinking
        self.header.show_open(is_open)
