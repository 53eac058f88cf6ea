"""The facts of the status line, and how they are put into the width there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rich.cells import cell_len

from localr1.chat.window import reserve_tokens
from localr1.engine.protocol import (
    Answer,
    Done,
    Event,
    Failed,
    Loading,
    Prompt,
    Ready,
    Reasoning,
)
from localr1.hardware.split import without_places
from localr1.tui.counter import thinking_span
from localr1.tui.glyphs import meter
from localr1.tui.marks import one_line

GAP = "  "
NEARLY_FULL = "nearly full"
_METER_CELLS = 8

FactName = Literal[
    "activity", "effort", "fetching", "model", "quant", "split", "speed", "full", "meter", "context"
]

_BY_WORTH: tuple[FactName, ...] = (
    "activity",
    "context",
    "effort",
    "fetching",
    "model",
    "speed",
    "full",
    "quant",
    "meter",
    "split",
)
_LEFT: tuple[FactName, ...] = ("activity", "effort", "fetching", "model", "quant", "split")
_OF_THE_MODEL = ("quant", "split")
"""Say nothing where the model's name has no room."""


class Fact(NamedTuple):
    """A piece of the status line."""

    name: FactName
    text: str


@dataclass
class Status:
    """What the session is doing, in the words shown."""

    model: str = ""
    quant_type: str = ""
    split: str = ""
    """Which device holds which layers."""
    activity: str = ""
    effort: str = ""
    """How long replies may think, where anything limits it."""
    fetching: str = ""
    """What is being fetched, or was and is not used yet."""
    context_tokens: int = 0
    """Held by the window now."""
    prompt_tokens: int = 0
    """Read for the reply that is being written; of it come the tokens of its thought and answer."""
    thinking_tokens: int = 0
    answer_tokens: int = 0
    thinking_seconds: float | None = None
    """Of the reply that is being written; None where it does not tell."""
    n_ctx: int = 0
    tps: float | None = None
    failed: bool = False

    def forget_reply(self) -> None:
        """Another conversation is shown: what was counted belongs to the one before."""
        self.context_tokens, self.tps, self.failed = 0, None, False
        self._begin_reply(0)

    def take(self, event: Event) -> None:
        """Bring the facts up to this event."""
        self.failed = isinstance(event, Failed)
        if isinstance(event, Loading):
            self.activity = f"Loading {event.progress * 100:.0f} %"
        elif isinstance(event, Ready):
            self._take_ready(event)
        elif isinstance(event, Prompt):
            self.activity = "Reading"
            self._begin_reply(event.processed)
        elif isinstance(event, (Reasoning, Answer)):
            self._take_piece(event)
        elif isinstance(event, Done):
            self._take_done(event)
        elif isinstance(event, Failed):
            self.activity = "Stopped by an error"

    def _begin_reply(self, prompt_tokens: int) -> None:
        self.context_tokens = self.prompt_tokens = prompt_tokens
        self.thinking_tokens = self.answer_tokens = 0
        self.thinking_seconds = None

    def _take_ready(self, event: Ready) -> None:
        self.model = one_line(event.model.name, 60)
        self.quant_type = one_line(event.model.quant_type, 16)
        self.split = one_line(without_places(event.split), 60)
        self.n_ctx = event.plan.n_ctx
        self.activity = "Ready"

    def _take_piece(self, piece: Reasoning | Answer) -> None:
        if isinstance(piece, Reasoning):
            self.activity = "Thinking"
            self.thinking_tokens += piece.tokens
        else:
            self.activity = "Answering"
            self.answer_tokens += piece.tokens
        self.context_tokens += piece.tokens

    def _take_done(self, event: Done) -> None:
        self.activity = "Ready"
        self.n_ctx = event.n_ctx or self.n_ctx
        self.context_tokens = event.context_tokens or self.context_tokens
        self.tps = event.generation_tps or self.tps

    @property
    def is_nearly_full(self) -> bool:
        """Less is left of the window than what is kept for an answer."""
        return self.n_ctx - self.context_tokens < reserve_tokens(self.n_ctx)

    def facts(self) -> list[Fact]:
        """All facts there are, from left to right."""
        facts = [
            Fact("activity", self._doing),
            Fact("effort", self.effort),
            Fact("fetching", self.fetching),
            Fact("model", self.model),
            Fact("quant", self.quant_type),
            Fact("split", self.split),
            Fact("speed", f"{self.tps:.1f} tokens/s" if self.tps is not None else ""),
            *(self._window() if self.n_ctx else ()),
        ]
        return [fact for fact in facts if fact.text]

    @property
    def _doing(self) -> str:
        if self.activity == "Thinking" and self.thinking_seconds is not None:
            return f"Thinking {thinking_span(self.thinking_seconds)}"
        return self.activity

    def _window(self) -> Iterable[Fact]:
        numbers = f"{self.context_tokens:,} of {self.n_ctx:,}"
        if self.is_nearly_full:
            yield Fact("full", NEARLY_FULL)
        if self.context_tokens:
            yield Fact("meter", "".join(meter(self.context_tokens / self.n_ctx, _METER_CELLS)))
        yield Fact("context", f"! {numbers}" if self.is_nearly_full else numbers)


def fit(facts: Sequence[Fact], width: int) -> tuple[list[Fact], list[Fact]]:
    """What fits into a line, for its left and its right end; the activity always stays.

    The facts that are worth most are taken first, each where there is room for the whole of it.
    """
    kept: list[Fact] = []
    taken = -len(GAP)
    for fact in sorted(facts, key=lambda fact: _BY_WORTH.index(fact.name)):
        cells = len(GAP) + cell_len(fact.text)
        has_name = fact.name not in _OF_THE_MODEL or any(each.name == "model" for each in kept)
        if fact.name == "activity" or (has_name and taken + cells <= width):
            kept.append(fact)
            taken += cells
    shown = [fact for fact in facts if fact in kept]
    left = [fact for fact in shown if fact.name in _LEFT]
    return left, [fact for fact in shown if fact.name not in _LEFT]


def fitting_phrases(text: str, width: int) -> str:
    """As many of these phrases, parted by three blanks, as fit; the last one always."""
    *phrases, last = text.split("   ")
    while phrases and cell_len("   ".join([*phrases, last])) > width:
        phrases.pop()
    return "   ".join([*phrases, last])
