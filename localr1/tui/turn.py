"""One question and its reply: five widgets side by side in the transcript, and what moves them.

The widgets have no container of their own: Textual paints the background of every container
again for each update, which made a nested tree three times as costly.
"""

from __future__ import annotations

import time

from textual.widget import Widget

from localr1.chat.messages import FinishReason, Message
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
from localr1.tui.widgets.answer_view import AnswerView
from localr1.tui.widgets.notes import Notes
from localr1.tui.widgets.thinking_header import ThinkingHeader
from localr1.tui.widgets.trace_view import TraceView

_ENDINGS: dict[FinishReason, str] = {
    "cancelled": "Stopped.",
    "length": "Cut off: the context window or the token limit was reached.",
    "error": "Not finished.",
}


class Turn:
    """Applies the events of one reply to its widgets."""

    def __init__(self, question: str, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self.question = TraceView(question, classes="question")
        self.header = ThinkingHeader(classes="thinking")
        self.trace = TraceView(classes="trace")
        self.answer = AnswerView(classes="answer")
        self.notes = Notes(classes="notes")
        for widget in (self.header, self.trace, self.answer):
            widget.display = False
        self._counter = ReplyCounter(clock)

    @property
    def widgets(self) -> tuple[Widget, ...]:
        """From top to bottom."""
        return (self.question, self.header, self.trace, self.answer, self.notes)

    @property
    def tps(self) -> float | None:
        """Tokens a second of the reply so far."""
        return self._counter.tps

    def apply(self, event: Event) -> None:
        """Show what this event says."""
        if isinstance(event, Reasoning):
            self._think(event.text, event.tokens)
        elif isinstance(event, Answer):
            self._answer(event)
        elif isinstance(event, Prompt):
            self.header.show_reading(event)
        elif isinstance(event, Loading):
            self.header.show_loading(event)
        elif isinstance(event, Notice):
            self._notice(event)
        elif isinstance(event, Done):
            self._finish(event)
        elif isinstance(event, Failed):
            self._fail(event)

    def show_reply(self, message: Message) -> None:
        """Show a reply from an earlier day."""
        reasoning = message.reasoning
        if reasoning is not None:
            self.trace.append(reasoning.text)
            self.header.show_thought(reasoning.seconds, reasoning.tokens)
        if message.text:
            self.answer.append(message.text)
            self.answer.finish()
            self.answer.display = True
        if message.finish_reason in _ENDINGS:
            self.notes.add(_ENDINGS[message.finish_reason], "warning")

    def wait_for_model(self) -> None:
        """Say that the question is not sent yet."""
        self.header.show_waiting()

    def toggle_thinking(self) -> None:
        """Open or close the reasoning block."""
        if self.trace.text:
            # Opened again after the reply it is read like any text, not through a small window
            self.trace.set_class(self._counter.is_thinking, "-live")
            self._open_trace(not self.trace.display)

    # ---- a running reply -------------------------------------------------------------------

    def _think(self, text: str, tokens: int) -> None:
        if not self._counter.is_thinking:
            self._counter.start_thinking()
            self.trace.add_class("-live")
            self._open_trace(True)
            self.trace.anchor()
        self._counter.add(tokens, reasoning=True)
        self.trace.append(text)
        if self._counter.is_due():
            self.header.show_thinking(
                self._counter.thinking_seconds, self._counter.reasoning_tokens
            )

    def _answer(self, event: Answer) -> None:
        if self._counter.is_thinking:
            self._end_thinking()
        elif not self.trace.text:
            self.header.display = False
        self._counter.add(event.tokens)
        self.answer.display = True
        self.answer.append(event.text)

    def _end_thinking(self) -> None:
        self._counter.stop_thinking()
        self.header.show_thought(self._counter.thinking_seconds, self._counter.reasoning_tokens)
        self._open_trace(False)

    def _notice(self, event: Notice) -> None:
        if event.kind == "late_reasoning":
            self.trace.append(self.answer.take_text())
            self.answer.display = False
            self._counter.count_all_as_reasoning()
            self._end_thinking()
        else:
            self.notes.add(event.text)

    def _finish(self, event: Done) -> None:
        self._close(event.reasoning_seconds, event.reasoning_tokens)
        if event.finish_reason in _ENDINGS:
            self.notes.add(_ENDINGS[event.finish_reason], "warning")
        elif not self.answer.text.strip():
            self.notes.add("The model gave no answer.")

    def _fail(self, event: Failed) -> None:
        self._close(self._counter.thinking_seconds, self._counter.reasoning_tokens)
        self.notes.add(event.message, "error", event.hint)

    def _close(self, reasoning_seconds: float, reasoning_tokens: int) -> None:
        self._counter.stop_thinking()
        self.answer.finish()
        if self.trace.text:
            self.header.show_thought(reasoning_seconds, reasoning_tokens)
        else:
            self.header.display = False

    def _open_trace(self, is_open: bool) -> None:
        self.trace.display = is_open
        self.header.show_open(is_open)
