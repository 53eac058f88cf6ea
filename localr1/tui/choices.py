"""The first screen's words on the computer, and its list of the models that are here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from localr1.models.reference import DEMO, ModelReference, find_model
from localr1.tui.entries import GAP, Entry
from localr1.tui.marks import one_line
from localr1.units import download_size

if TYPE_CHECKING:
    from pathlib import Path

    from localr1.advice.report import Report
    from localr1.models.local_files import LocalModel

LOOKING = "Looking at the computer…"
_TOY = "a toy for small sums, opens at once"
_USUAL_CELLS = 80
"""Until the width of the terminal is known."""

_SIZE_CELLS = 9
_TOLD_CELLS = 38
"""What is said of a model; where it does not fit beside the name, it goes below."""


class ModelChoices(OptionList):
    """The demo, then every model file that was found."""

    def __init__(self, *, id: str | None = None) -> None:
        self._demo = find_model(DEMO)
        self._demo_row = (DEMO, _size_of(self._demo), _TOY)
        self.found: list[LocalModel] = []
        self._fits: dict[Path, str] = {}
        first = next(_prompts([self._demo_row], _USUAL_CELLS))
        super().__init__(Option(first), id=id, compact=True)

    def add(self, model: LocalModel) -> None:
        """One more, at the end: what is chosen already stays where it is."""
        self.found.append(model)
        self.add_option(Option(""))
        self._show_all()

    def tell(self, path: Path, words: str) -> None:
        """Say this beside the model at this path."""
        self._fits[path] = words
        self._show_all()

    def reference(self, index: int) -> ModelReference:
        """The model of an option."""
        return self.found[index - 1].reference if index else self._demo

    def on_resize(self, event: Resize) -> None:  # noqa: ARG002 (Textual's signature)
        """Share out the new width."""
        self._show_all()

    def _show_all(self) -> None:
        rows = [self._demo_row]
        for model in self.found:
            fit = self._fits.get(model.reference.path, "")
            told = ", ".join(part for part in (model.place, fit) if part)
            rows.append(
                (one_line(model.reference.name, 100), download_size(model.size_bytes), told)
            )
        width = self.scrollable_content_region.width
        for index, prompt in enumerate(_prompts(rows, width)):
            self.replace_option_prompt_at_index(index, prompt)


def _prompts(rows: list[tuple[str, str, str]], width: int) -> Iterator[Content]:
    """Name, size and what is said of each; below each other where they do not fit."""
    names = max(cell_len(name) for name, _, _ in rows)
    is_narrow = names + _SIZE_CELLS + _TOLD_CELLS + 4 > width
    for name, size, told in rows:
        if is_narrow:
            facts = ", ".join(part for part in (size, told) if part)
            yield Content.assemble(_fitted(name, width).rstrip(), ("\n  " + facts, "$text-muted"))
        else:
            columns = f"{_fitted(name, names)}  {size:>{_SIZE_CELLS}}  "
            yield Content.assemble(columns, (told, "$text-muted"))


def _fitted(name: str, cells: int) -> str:
    """The name in so many cells: its end tells more than its middle."""
    if cell_len(name) > cells > 12:
        tail = name[-10:]
        name = set_cell_size(name, cells - cell_len(tail) - 1).rstrip() + "…" + tail
    return set_cell_size(name, max(1, cells))


def _size_of(model: ModelReference) -> str:
    try:
        return download_size(model.path.stat().st_size)
    except OSError:
        return ""


def computer(report: Report | None) -> list[Entry]:
    """The computer in a few lines; None while it is looked at."""
    heading = Entry("This computer", kind="heading")
    if report is None:
        return [heading, Entry(LOOKING, kind="quiet"), GAP, GAP]
    from localr1.advice.first_look import computer_lines

    lines = [Entry(one_line(fact), name) for name, fact in computer_lines(report)]
    return [heading, *lines]
