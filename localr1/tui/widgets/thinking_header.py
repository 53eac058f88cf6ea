"""The line above a reasoning block: what the model does before it answers; a click folds it."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from localr1.chat.effort import ReasoningLimit
from localr1.chat.messages import ReasoningEnd, ReasoningPart
from localr1.engine.protocol import Loading, Prompt
from localr1.tui.counter import thinking_span
from localr1.tui.glyphs import CLOSED, ELLIPSIS, OPENED, RESTING, meter
from localr1.tui.messages import ThinkingToggled
from localr1.units import count, duration

_ENDINGS: dict[ReasoningEnd, str] = {
    "tokens": "ended at its limit",
    "seconds": "ended at its limit",
    "asked": "you asked for the answer",
    "room": "room kept for the answer",
    "ended": "broken off by the model",
    "repetition": "it repeated itself",
    "loop": "it repeated itself",
}
"""What a person would not guess; a reply that was stopped or cut says so in its notes."""


_GAP = "  "
_BAR_CELLS = 24
_BAR_CELLS_AT_LEAST = 6


class ThinkingHeader(Widget):
    """One line of fixed height, so that its counters never move what stands below."""

    ALLOW_SELECT = False

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._wordings: tuple[str, ...] = ("",)
        """The same in ever fewer words."""
        self._share: float | None = None
        """Of the limit, how much is used up; None without a limit."""
        self._open = False
        self._hides = False
        self._has_trace = False

    def show_waiting(self) -> None:
        """The message waits for the model."""
        self._show("Will be sent when the model is loaded")

    def show_loading(self, event: Loading) -> None:
        """The model is being read."""
        self._show(f"Loading the model{ELLIPSIS} {event.progress * 100:.0f} %")

    def show_reading(self, event: Prompt) -> None:
        """The prompt is being processed."""
        self._show(f"Reading {event.processed:,} of {event.total:,} tokens")

    def show_thinking(self, seconds: float, tokens: int, limit: ReasoningLimit) -> None:
        """Reasoning arrives; it may be at its limit and waiting for a sentence's end."""
        self._has_trace = True
        span = thinking_span(seconds)
        if limit.seconds is not None:
            span += f" of {duration(limit.seconds)}"
        most = limit.tokens
        length = count(tokens, "token") if most is None else f"{tokens:,} of {count(most, 'token')}"
        share = _share(seconds, tokens, limit)
        self._show(
            f"Thinking{ELLIPSIS} {span}, {length}", f"Thinking{ELLIPSIS} {length}", share=share
        )

    def show_thought(self, thought: ReasoningPart) -> None:
        """Reasoning is over; what was not measured is left out."""
        self._has_trace = True
        span = f" for {duration(thought.seconds)}" if thought.seconds else ""
        length = count(thought.tokens, "token") if thought.tokens else ""
        ending = _ENDINGS.get(thought.ended_by, "")
        carried = "carried" if thought.carried else ""
        self._show(
            _joined(f"Thought{span}", length, ending, carried),
            _joined(f"Thought{span}", ending, carried),
            _joined("Thought", ending, carried),
        )

    def show_nothing(self) -> None:
        """There is no reasoning any more."""
        self._has_trace = False
        self._wordings = ("",)
        self.display = False

    def show_open(self, is_open: bool) -> None:
        """Whether the block below is shown."""
        self._open = is_open
        self.refresh()

    def hide(self, hides: bool) -> None:
        """Leave the line out as long as it is about reasoning, or show it again."""
        self._hides = hides
        if self._has_trace:
            self.display = not hides

    def on_click(self) -> None:
        """Fold or unfold the block below."""
        if self._has_trace:
            self.post_message(ThinkingToggled(self))

    def render(self) -> Content:
        """A sign and the words, fewer of them where they do not fit; then how much is used up."""
        sign = (OPENED if self._open else CLOSED) if self._has_trace else RESTING
        room = self.content_size.width - len(f"{sign} ")
        fitting = (words for words in self._wordings if cell_len(words) <= room)
        words = next(fitting, self._wordings[-1])
        bar = _bar(self._share, room - cell_len(words) - len(_GAP))
        if bar is None:
            return Content(f"{sign} {words}")
        filler = " " * (room - cell_len(words) - bar.cell_length)
        return Content.assemble(f"{sign} {words}{filler}", bar)

    def _show(self, *wordings: str, share: float | None = None) -> None:
        if (wordings, share) != (self._wordings, self._share):
            self._wordings, self._share = wordings, share
            self.display = not (self._hides and self._has_trace)
            self.refresh()


def _share(seconds: float, tokens: int, limit: ReasoningLimit) -> float | None:
    """Of the limit that is nearer, as a part of 1; past it a sentence may still be ended."""
    used = ((tokens, limit.tokens), (seconds, limit.seconds))
    shares = [amount / most for amount, most in used if most]
    return min(1.0, max(shares)) if shares else None


def _bar(share: float | None, room: int) -> Content | None:
    """A thin bar; None without a limit, and where there is no room for one."""
    if share is None or room < _BAR_CELLS_AT_LEAST:
        return None
    cells = min(room, _BAR_CELLS)
    full, rest = meter(share, cells)
    return Content.assemble((full, "$primary"), (rest, "$rule"))


def _joined(*facts: str) -> str:
    return ", ".join(fact for fact in facts if fact)
