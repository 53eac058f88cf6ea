"""The list of the models screen: headings, models, and one of them chosen, in one widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from localr1.session.pull_job import PullJob
from localr1.tui.glyphs import ELLIPSIS
from localr1.tui.marks import one_line
from localr1.tui.model_list.listing import Heading, Listed, Remark
from localr1.tui.model_list.progress import fetch_words
from localr1.tui.model_list.row_words import (
    Line,
    line_of_model,
    line_of_offer,
    rows_of,
    widths,
)
from localr1.tui.model_list.rows import ModelHere, Offer
from localr1.tui.rows import Row, Span, wrap_spans
from localr1.tui.widgets.line_view import LineView

Model = ModelHere | Offer


class ModelList(LineView):
    """Draws its rows itself; which keys move in it is the screen's affair."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "models--heading",
        "models--remark",
        "models--mark",
        "models--name",
        "models--quiet",
        "models--facts",
        "models--fetch",
        "models--bar",
        "models--rest",
        "models--problem",
        "models--chosen",
    }

    @dataclass
    class Chosen(Message):
        """Another model is chosen."""

    @dataclass
    class Pressed(Message):
        """The chosen model was clicked once more."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items: Sequence[Listed] = ()
        self._jobs: Mapping[str, PullJob] = {}
        self._loaded = ""
        self._today = date.min
        self._key = ""
        self._rows: list[Row] = []
        self._places: list[tuple[int, int]] = []
        """Of each item its first row and the one after its last."""

    def show(
        self, items: Sequence[Listed], jobs: Mapping[str, PullJob], loaded: str, today: date
    ) -> None:
        """Show these in place of what was there; the chosen model stays so where it can.

        Args:
            items: headings and models.
            jobs: fetches by their references.
            loaded: the key of the model that is in use.
            today: the day here.
        """
        before, old = self.row_count(), self._models
        position = self._position
        self._items, self._jobs, self._loaded, self._today = items, jobs, loaded, today
        models = self._models
        if models and all(model.key != self._key for model in models):
            # the next one takes the place of one that is gone
            self._key = models[min(position, len(models) - 1)].key if old else models[0].key
        if self.wrap_width:
            self.wrap(self.wrap_width)
        self.rows_changed(0, before)
        if [each.key for each in old] != [each.key for each in models]:
            self.call_after_refresh(self._keep_in_sight)

    @property
    def chosen(self) -> Model | None:
        """The model that keys act on; None where there is none."""
        return next((each for each in self._models if each.key == self._key), None)

    @property
    def _models(self) -> list[Model]:
        return [each for each in self._items if isinstance(each, (ModelHere, Offer))]

    @property
    def _position(self) -> int:
        keys = [model.key for model in self._models]
        return keys.index(self._key) if self._key in keys else 0

    def move(self, steps: int) -> None:
        """Choose a model further on or back."""
        models = self._models
        if models:
            position = max(0, min(self._position + steps, len(models) - 1))
            self.choose(models[position].key)

    def choose(self, key: str) -> None:
        """Choose this model."""
        if key != self._key:
            self._key = key
            self._draw_again()
            self.post_message(self.Chosen())
        self._keep_in_sight()

    def _draw_again(self) -> None:
        if self.wrap_width:
            self.wrap(self.wrap_width)
        self.rows_changed(0, self.row_count())

    def _keep_in_sight(self) -> None:
        """Let what holds the list show the chosen model; with the first one, its heading too."""
        for item, (start, end) in zip(self._items, self._places, strict=False):
            if isinstance(item, (ModelHere, Offer)) and item.key == self._key:
                top = 0 if self._position == 0 else start
                region = Region(0, top, 1, end - top)
                if isinstance(self.parent, Widget):
                    self.parent.scroll_to_region(region, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Choose the model under the pointer; the chosen one is pressed."""
        event.stop()
        y = event.get_content_offset_capture(self).y
        for item, (start, end) in zip(self._items, self._places, strict=False):
            if start <= y < end and isinstance(item, (ModelHere, Offer)):
                if item.key == self._key:
                    self.post_message(self.Pressed())
                else:
                    self.choose(item.key)

    # ---- rows ------------------------------------------------------------------------------

    def row_count(self) -> int:
        """How many rows there are now."""
        return len(self._rows)

    def row(self, y: int) -> Row:
        """The row at this index."""
        return self._rows[y]

    def wrap(self, width: int) -> None:
        """Make the rows for another width."""
        lines = {model.key: self._line(model) for model in self._models}
        columns = widths(list(lines.values()), width)
        self._rows, self._places = [], []
        for item in self._items:
            if isinstance(item, Heading) and self._rows:
                self._rows.append(Row(()))
            start = len(self._rows)
            if isinstance(item, Heading):
                self._rows += _heading(item, width)
            elif isinstance(item, Remark):
                self._rows += _remark(item, width)
            else:
                rows = rows_of(lines[item.key], columns, width)
                self._rows += map(_chosen, rows) if item.key == self._key else rows
            self._places.append((start, len(self._rows)))

    def _line(self, model: Model) -> Line:
        if isinstance(model, ModelHere):
            return line_of_model(model, self._today, is_loaded=model.key == self._loaded)
        job = self._jobs.get(model.reference)
        return line_of_offer(model, fetch_words(job) if job else None)


def _heading(heading: Heading, width: int) -> list[Row]:
    title = Span(heading.text, ("models--heading",))
    folder = one_line(heading.folder, 1_000)
    if not folder:
        return [Row([title])]
    beside = f"   localr1's folder is {folder}"
    if cell_len(heading.text + beside) <= width:
        return [Row([title, Span(beside, ("models--remark",))])]
    if cell_len(folder) > width:  # the end of a path tells more than its beginning
        folder = ELLIPSIS + folder[-(width - 1) :]
    return [Row([title]), Row([Span(folder, ("models--remark",))])]


def _remark(remark: Remark, width: int) -> list[Row]:
    text = one_line(remark.text, 1_000)
    return wrap_spans([Span(f"  {text}", ("models--remark",))], width)


def _chosen(row: Row) -> Row:
    spans = [Span(text, (*look, "models--chosen")) for text, look in row.spans]
    return row._replace(spans=spans, fill=("models--chosen",))
