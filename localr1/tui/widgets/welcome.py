"""What an empty conversation shows: which model, how far it is loaded, what to do first."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from localr1.engine.protocol import Event, Failed, Loading, Ready
from localr1.models.reference import DEMO
from localr1.tui.glyphs import BAR
from localr1.tui.keymap import keymap_of
from localr1.tui.marks import one_line
from localr1.units import count, memory_size

_BAR_CELLS = 32
INVITATION = "Ask something. What you write stays on this machine."
EXAMPLES = {DEMO: "What is 347 + 586?"}
"""A first question, by the name of the model that a person gave."""
_REAL = "{models} shows real models, and fetches them."
_EXAMPLE = "A toy for small sums and puzzles. {send} asks: "


class Welcome(Widget):
    """Stands in the transcript until the first question."""

    def __init__(self, model_name: str) -> None:
        super().__init__(classes="welcome")
        self._model = one_line(model_name, 60)
        self._example = EXAMPLES.get(model_name, "")
        self.set_class(bool(self._example), "-demo")
        self._facts = ""
        self._progress: float | None = 0.0

    def take(self, event: Event) -> None:
        """Follow the load."""
        if isinstance(event, Loading):
            self._progress = event.progress
        elif isinstance(event, Ready):
            self._progress = None
            self._model = one_line(event.model.name, 60)
            self._facts = _facts(event)
        elif isinstance(event, Failed):
            self._progress = None
        self.refresh()

    def render(self) -> Content:
        """Name, facts or progress, and an invitation; with the demo, the way to real models."""
        real = keymap_of(self).fill(_REAL) if self._example else ""
        more = [Content.styled(real, "$text-muted")] if real else []
        return Content("\n").join(
            [
                Content.styled(self._model, "bold"),
                self._second_line(),
                Content(""),
                Content(self._invitation),
                *more,
            ]
        )

    @property
    def _invitation(self) -> str:
        told = keymap_of(self).fill(_EXAMPLE) if self._example else ""
        return told + self._example if told else INVITATION

    def _second_line(self) -> Content:
        if self._progress is None:
            return Content.styled(self._facts, "$text-muted")
        filled = round(self._progress * _BAR_CELLS)
        return Content.assemble(
            (BAR * filled, "$primary"),
            (BAR * (_BAR_CELLS - filled), "$rule"),
            (f"  Loading {self._progress * 100:.0f} %", "$text-muted"),
        )


def _facts(event: Ready) -> str:
    model = event.model
    size = memory_size(model.size_bytes) if model.size_bytes else ""
    window = f"window of {count(event.plan.n_ctx, 'token')}"
    return ", ".join(part for part in (one_line(model.quant_type, 16), size, window) if part)
