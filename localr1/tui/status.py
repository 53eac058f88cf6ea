"""The facts of the status line, and how they are put into the width there is."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

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
from localr1.tui.marks import one_line

GAP = "  "


@dataclass
class Status:
    """What the session is doing, in the words shown."""

    model: str = ""
    quant_type: str = ""
    split: str = ""
    """Which device holds which layers."""
    activity: str = ""
    effort: str = ""
    """How long replies may think, where this was chosen here."""
    context_tokens: int = 0
    n_ctx: int = 0
    tps: float | None = None
    failed: bool = False

    def forget_reply(self) -> None:
        """Another conversation is shown: what was counted belongs to the one before."""
        self.context_tokens, self.tps, self.failed = 0, None, False

    def take(self, event: Event) -> None:
        """Bring the facts up to this event."""
        self.failed = isinstance(event, Failed)
        if isinstance(event, Loading):
            self.activity = f"Loading {event.progress * 100:.0f} %"
        elif isinstance(event, Ready):
            self._take_ready(event)
        elif isinstance(event, Prompt):
            self.activity = "Reading"
            self.context_tokens = event.processed
        elif isinstance(event, (Reasoning, Answer)):
            self.activity = "Thinking" if isinstance(event, Reasoning) else "Answering"
            self.context_tokens += event.tokens
        elif isinstance(event, Done):
            self._take_done(event)
        elif isinstance(event, Failed):
            self.activity = "Stopped by an error"

    def _take_ready(self, event: Ready) -> None:
        self.model = one_line(event.model.name, 60)
        self.quant_type = one_line(event.model.quant_type, 16)
        self.split = one_line(without_places(event.split), 60)
        self.n_ctx = event.plan.n_ctx
        self.activity = "Ready"

    def _take_done(self, event: Done) -> None:
        self.activity = "Ready"
        self.n_ctx = event.n_ctx or self.n_ctx
        self.context_tokens = event.context_tokens or self.context_tokens
        self.tps = event.generation_tps or self.tps

    def right_side(self) -> list[str]:
        """The numbers, the most important last."""
        context = f"{self.context_tokens:,} of {self.n_ctx:,}" if self.n_ctx else ""
        speed = f"{self.tps:.1f} tokens/s" if self.tps is not None else ""
        return [part for part in (speed, context) if part]


def fit(left: list[str], right: list[str], width: int) -> tuple[list[str], list[str]]:
    """What of both sides fits into a line; the first of the left side always stays."""
    left, right = [part for part in left if part], list(right)

    def size() -> int:
        return cell_len(GAP.join([*left, *right]))

    while size() > width and (len(left) > 1 or right):
        if len(left) > 2:
            left.pop()
        elif len(right) > 1:
            right.pop(0)
        elif len(left) > 1:
            left.pop()
        else:
            right.pop()
    return left, right


def fitting_phrases(text: str, width: int) -> str:
    """As many of these phrases, parted by three blanks, as fit; the last one always."""
    *phrases, last = text.split("   ")
    while phrases and cell_len("   ".join([*phrases, last])) > width:
        phrases.pop()
    return "   ".join([*phrases, last])
