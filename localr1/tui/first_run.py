"""The first screen of a person who has named no model: what there is, and what there could be."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from localr1.models.distills import DISTILLS
from localr1.models.reference import DEMO, ModelReference, find_model
from localr1.tui.marks import one_line
from localr1.tui.themed import ThemedApp
from localr1.units import download_size

_NAME_CELLS = 30
_SIZE_CELLS = 9
_TOY = "a toy for small sums"


class FirstRunApp(ThemedApp[ModelReference]):
    """Choose a model; the result is None when the screen is left without one.

    Args:
        found: model files on this computer.
        settings_file: where a choice can be made for good.
        theme: of the person's settings.
    """

    TITLE = "localr1"
    CSS_PATH = "localr1.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c,ctrl+q", "quit", "Leave", show=False, priority=True)
    ]

    def __init__(
        self, found: list[ModelReference], settings_file: Path, theme: str | None = None
    ) -> None:
        super().__init__(theme)
        self._choices = [*found, find_model(DEMO)]
        self._settings_file = settings_file

    def compose(self) -> ComposeResult:
        """What is here to choose from, then what can be had."""
        with VerticalScroll(id="first-run", can_focus=False):
            yield Static(_heading("Which model?"), markup=False)
            yield OptionList(*(Option(_choice(choice)) for choice in self._choices), id="choices")
            yield Static(_real_models(self._settings_file), id="real-models", markup=False)
        yield Static("Enter opens it, Esc leaves.", id="status", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Leave with the choice."""
        self.exit(self._choices[event.option_index])

    async def action_quit(self) -> None:
        """Leave without a choice."""
        self.exit(None)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold")


def _choice(model: ModelReference) -> Content:
    name = one_line(model.name, _NAME_CELLS)
    try:
        size = download_size(model.path.stat().st_size)
    except OSError:
        size = ""
    told = _TOY if model.name == DEMO else "on this computer"
    return Content.assemble(
        f"{name:<{_NAME_CELLS}}  {size:>{_SIZE_CELLS}}  ", (told, "$text-muted")
    )


def _real_models(settings_file: Path) -> Content:
    rows = [
        Content.assemble(
            f"{model.name:<{_NAME_CELLS}}  {download_size(model.size_bytes):>{_SIZE_CELLS}}  ",
            (f"needs {model.memory_gib} GiB of memory", "$text-muted"),
        )
        for model in DISTILLS
    ]
    return Content("\n").join(
        [
            _heading("Real reasoning models"),
            *rows,
            Content(""),
            Content.assemble(
                "Their GGUF files (Q4_K_M is a good choice) are at addresses like\n",
                (DISTILLS[1].address, "$text-primary"),
                ".\nOpen one with ",
                ("localr1 chat FILE", "$text-accent"),
                ", or name it for good in the settings,\n",
                (one_line(str(settings_file)), "$text-accent"),
                ":  ",
                ('model = "FILE"', "$text-accent"),
            ),
        ]
    )
