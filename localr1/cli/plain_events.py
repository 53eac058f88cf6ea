"""A chat in words for screen readers: every line says what it is, and nothing is drawn again."""

from __future__ import annotations

import time
from collections.abc import Callable

from localr1.cli.output import Printer
from localr1.cli.show import TextEvents
from localr1.engine.protocol import Answer, Done, Event, Failed, Loading, Notice, Prompt, Reasoning
from localr1.session import ChatSession
from localr1.units import count, duration

MARK = "You: "

PROGRESS_SECONDS = 15.0
"""Between two lines that say that it still thinks: often enough to know, seldom enough to bear."""


class PlainEvents(TextEvents):
    """Says "Thinking", "Answer" and "Note" before what they are.

    Args:
        printer: the sink; its lines are never replaced.
        session: whose vote is told.
        reasoning: "hide" or None sums thoughts up, anything else has them spoken as they come.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        printer: Printer,
        session: ChatSession,
        reasoning: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(printer, session, "hide" if reasoning in (None, "hide") else "show")
        self._clock = clock
        self._is_loading = False
        self._is_answering = False
        self._thinks_since: float | None = None
        self._told_at = 0.0
        self._tokens = 0

    def begin(self, samples: int = 1, *, goes_on: bool = False) -> None:
        """So many replies to a question begin, or the last one goes on."""
        super().begin(samples, goes_on=goes_on)
        self._is_answering = False
        self._thinks_since = None
        self._tokens = 0

    def show(self, event: Event) -> None:
        """Show one event."""
        if self._many is None and isinstance(event, Reasoning):
            self._think(event)
        elif self._many is None and isinstance(event, Answer):
            self._end_thought()
            self._begin_answer()
            self._printer.data(event.text)
        elif self._many is None and isinstance(event, Notice):
            self._end_thought()
            self._printer.line(f"Note: {event.text}")
        else:
            if isinstance(event, (Done, Failed)):
                self._end_thought()
            super().show(event)

    def _think(self, event: Reasoning) -> None:
        now = self._clock()
        if self._thinks_since is None:
            self._thinks_since = self._told_at = now
            self._printer.line("Thinking:" if self.shows_thoughts else "Thinking.")
        self._tokens += event.tokens
        if self.shows_thoughts:
            self._printer.aside(event.text)
        elif now - self._told_at >= PROGRESS_SECONDS:
            self._told_at = now
            self._printer.line(f"Still thinking ({self._taken(now)}).")

    def _end_thought(self) -> None:
        if self._thinks_since is not None:
            if self.shows_thoughts:
                self._printer.end_aside()
            self._printer.line(f"Thought for {self._taken(self._clock())}.")
            self._thinks_since = None

    def _taken(self, now: float) -> str:
        seconds = now - (self._thinks_since or now)
        return f"{duration(seconds)}, {count(self._tokens, 'token')}"

    def _begin_answer(self) -> None:
        if not self._is_answering:
            self._is_answering = True
            self._printer.line("Answer:")

    def _show_progress(self, event: Loading | Prompt) -> None:
        if isinstance(event, Loading) and not self._is_loading:
            self._is_loading = True
            self._printer.line("Loading the model.")
