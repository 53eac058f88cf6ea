"""The line above a reasoning block: what the model does before it answers; a click folds it."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from localr1.engine.protocol import Loading, Prompt
from localr1.tui.messages import ThinkingToggled
from localr1.units import count, duration


class ThinkingHeader(Widget):
    """One line of fixed height, so that its counters never move what stands below."""

    ALLOW_SELECT = False

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.words = ""
        self._open = False
        self._has_trace = False

    def show_waiting(self) -> None:
        """The message waits for the model."""
        self._show("Will be sent when the model is loaded")

    def show_loading(self, event: Loading) -> None:
        """The model is being read."""
        self._show(f"Loading the model… {event.progress * 100:.0f} %")

    def show_reading(self, event: Prompt) -> None:
        """The prompt is being processed."""
        self._show(f"Reading {event.processed:,} of {event.total:,} tokens")

    def show_thinking(self, seconds: float, tokens: int) -> None:
        """Reasoning arrives."""
        self._has_trace = True
        span = f"{int(seconds)} s" if seconds < 60 else duration(seconds)
        self._show(f"Thinking… {span}, {count(tokens, 'token')}")

    def show_thought(self, seconds: float, tokens: int) -> None:
        """Reasoning is over; what was not measured is left out."""
        self._has_trace = True
        span = f" for {duration(seconds)}" if seconds else ""
        length = f", {count(tokens, 'token')}" if tokens else ""
        self._show(f"Thought{span}{length}")

    def show_open(self, is_open: bool) -> None:
        """Whether the block below is shown."""
        self._open = is_open
        self.refresh()

    def on_click(self) -> None:
        """Fold or unfold the block below."""
        if self._has_trace:
            self.post_message(ThinkingToggled(self))

    def render(self) -> Content:
        """A sign and the words."""
        sign = ("▾" if self._open else "▸") if self._has_trace else "·"
        return Content(f"{sign} {self.words}")

    def _show(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self.display = True
            self.refresh()
