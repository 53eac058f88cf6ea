"""The first screen of a person who has named no model: what there is, and what there could be.

It is there at once and fills in: the computer is looked at and model files are searched for
meanwhile. The demo is chosen from the start, so that Enter alone leads to a chat.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Click, Key
from textual.widgets import Input, OptionList, Static

from localr1.errors import Localr1Error
from localr1.models.local_files import Place
from localr1.models.reference import DEMO, ModelReference, find_model
from localr1.settings import Settings
from localr1.settings_file import save_setting
from localr1.tui.advised import advised, family
from localr1.tui.choices import ModelChoices, computer
from localr1.tui.composing.threads import beside
from localr1.tui.file_search import FileSearch, FitKnown, ModelFound
from localr1.tui.marks import one_line
from localr1.tui.model_list.named import is_fetchable
from localr1.tui.model_list.phrases import short_name
from localr1.tui.model_list.rows import Offer
from localr1.tui.themed import ThemedApp
from localr1.tui.widgets.entries_view import EntriesView
from localr1.tui.widgets.notes import sentence
from localr1.tui.widgets.path_input import PathInput

if TYPE_CHECKING:
    from localr1.advice.first_look import Fitting
    from localr1.advice.report import Report

KEYS = "Enter opens it   Ctrl+R remembers it   Esc leaves"
FETCHES = "Ctrl+F fetches {name}   Enter opens   Esc leaves"
PATH_HINT = "Or type the path of a .gguf file, or a name; Tab completes it"


class Chosen(NamedTuple):
    """What a person begins with."""

    model: ModelReference
    fetch: str = ""
    """A reference that is fetched meanwhile."""


class FirstRunApp(ThemedApp[Chosen]):
    """Choose a model; the result is None when the screen is left without one.

    Args:
        settings: what a person asked for.
        settings_file: where a choice is made for good, if the person says so.
        places: in which model files are searched for.
        theme: to begin with.
    """

    TITLE = "localr1"
    CSS_PATH: ClassVar = ["localr1.tcss", "sheets.tcss", "first_run.tcss"]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c,ctrl+q", "quit", "Leave", show=False, priority=True),
        Binding("ctrl+r", "remember", "Remember the choice", show=False, priority=True),
        Binding("ctrl+f", "fetch", "Fetch the advised model", show=False, priority=True),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False, priority=True),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False, priority=True),
    ]

    def __init__(
        self,
        settings: Settings,
        settings_file: Path,
        places: Sequence[Place],
        theme: str | None = None,
    ) -> None:
        super().__init__(theme, reduced_motion=bool(settings.reduced_motion))
        self._settings = settings
        self._file = settings_file
        self._search = FileSearch(places, self.post_message)
        self._remembers = False
        self._is_searching = True
        self._fitting: Fitting | None = None
        self._column = VerticalScroll(id="first-run", can_focus=False)
        self._choices = ModelChoices(id="choices")
        self._path = PathInput(PATH_HINT, id="path")
        self._computer = EntriesView(id="computer")
        self._advised = EntriesView(id="advised")
        self._offers: list[Offer] = []
        """With what fits, once that is known."""
        self._pick: Offer | None = None
        """The advised model, once it is known."""
        self._typed = ""
        """A name that was typed, to be fetched if Enter is pressed again."""
        self._real = EntriesView(id="real-models")
        self._toggle = Static(id="remember", markup=False)
        self._status = Static(KEYS, id="first-status", markup=False)

    def compose(self) -> ComposeResult:
        """The computer, what is here to choose from, then what can be had."""
        with self._column:
            yield self._computer
            yield Static(Content.styled("Which model?", "bold"), markup=False)
            yield self._choices
            yield self._path
            yield self._toggle
            yield self._advised
            yield self._real
        yield self._status

    def on_mount(self) -> None:
        """Show what is known at once; everything slow starts after the first paint."""
        self._computer.show(computer(None))
        self._advised.display = False
        self._show_family(())
        self._show_toggle()
        self._choices.focus()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self._look_at_the_catalog())
        self.run_worker(self._look_at_the_computer())
        self._search.begin()

    # ---- what fills in ---------------------------------------------------------------------

    async def _look_at_the_catalog(self) -> None:
        from localr1.tui.model_list import offers_here

        found = await beside(offers_here.bare)
        if not self._offers:
            self._show_family(found)

    async def _look_at_the_computer(self) -> None:
        # What probes a computer is not needed for the first paint, nor is the catalog
        from localr1.advice import doctor
        from localr1.advice.first_look import Fitting
        from localr1.tui.model_list import offers_here

        try:
            report: Report = await doctor.examine(self._settings)
        except Localr1Error as error:
            self._status.update(Content(one_line(error.message)))
            return
        self._fitting = Fitting(report, self._settings)
        self._computer.show(computer(report))
        self._keep_in_sight()
        self._look_at_the_models()
        fitting = self._fitting
        self._offers = await beside(lambda: offers_here.planned(fitting.computer, self._settings))
        self._show_offers()

    def _show_offers(self) -> None:
        self._show_family(self._offers)
        pick = next((offer for offer in self._offers if offer.reason), None)
        if pick is not None and not self._settings.offline:
            self._pick = pick
            self._advised.show(advised(pick))
            self._advised.display = True
            name = short_name(pick.name, pick.quant)
            self._status.update(Content(FETCHES.format(name=name)))
        self._keep_in_sight()

    def _show_family(self, found: Sequence[Offer]) -> None:
        self._real.show(family(found, is_offline=self._settings.offline))

    def on_model_found(self, message: ModelFound) -> None:
        """Add it to the choices."""
        self._choices.add(message.model)
        self._keep_in_sight()

    def on_search_ended(self) -> None:
        """All are found."""
        self._is_searching = False
        self._look_at_the_models()

    def on_fit_known(self, message: FitKnown) -> None:
        """Say it beside the model."""
        self._choices.tell(message.path, message.words)
        self._keep_in_sight()

    def _look_at_the_models(self) -> None:
        if self._fitting is not None and not self._is_searching and self._choices.found:
            self._search.fit(self._choices.found, self._fitting)

    # ---- choosing --------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """What is typed is a path."""
        if event.is_printable and event.character and not self._path.has_focus:
            event.stop()
            self._path.focus()
            self._path.insert_text_at_cursor(event.character)

    def on_option_list_option_highlighted(self) -> None:
        """Another one is to be chosen."""
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        """The choices, where not everything fits."""
        self.call_after_refresh(self._column.scroll_to_widget, self._choices, animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Leave with the choice."""
        self._leave_with(self._choices.reference(event.option_index))

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Leave with the file at this path, if there is one; a name can be fetched."""
        text = event.value.strip()
        try:
            reference = await beside(lambda: find_model(text))
        except Localr1Error as error:
            await self._not_found(text, error)
            return
        except (OSError, RuntimeError, ValueError):
            self._say(f"There is no file {text}.")
            return
        if reference.path.is_dir():
            self._say(f"{text} is a folder; go on typing, or Tab completes.")
        else:
            self._leave_with(reference)

    async def _not_found(self, text: str, error: Localr1Error) -> None:
        with contextlib.suppress(Localr1Error):
            if not self._settings.offline and await beside(lambda: is_fetchable(text)):
                if text == self._typed:
                    self._leave_fetching(text)
                self._typed = text
                self._say(f"{text} is not on this computer. Enter again fetches it.")
                return
        hint = f" {sentence(error.hint)}." if error.hint else ""
        self._say(f"{sentence(error.message)}.{hint}")

    def _leave_with(self, reference: ModelReference) -> None:
        if self._remembers:
            is_demo = reference.name == DEMO
            value = DEMO if is_demo else str(reference.path.expanduser().absolute())
            try:
                save_setting(self._file, "model", value)
            except Localr1Error as error:
                self.action_remember()
                self._say(f"Not remembered: {error.message}. Enter opens it all the same.")
                return
        self.exit(Chosen(reference))

    def action_fetch(self) -> None:
        """Leave with the choice, while the advised model is fetched."""
        if self._pick is not None:
            self._leave_fetching(self._pick.reference)

    def _leave_fetching(self, reference: str) -> None:
        self.exit(Chosen(self._choices.reference(self._choices.highlighted or 0), reference))

    def _say(self, text: str) -> None:
        self._status.update(Content(one_line(text)))

    def action_remember(self) -> None:
        """Make the choice for good, or for this time only."""
        self._remembers = not self._remembers
        self._show_toggle()

    def on_click(self, event: Click) -> None:
        """The line of the toggle is a button, and so is what is advised."""
        if event.widget is self._toggle:
            self.action_remember()
        elif event.widget is self._advised:
            self.action_fetch()

    def _show_toggle(self) -> None:
        mark = "[x]" if self._remembers else "[ ]"
        self._toggle.update(Content(f"{mark} Open it from now on without asking (Ctrl+R)"))

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by pages."""
        rows = max(1, self._column.size.height - 2)
        self._column.scroll_relative(y=pages * rows, animate=False)

    async def action_quit(self) -> None:
        """Leave without a choice."""
        self.exit(None)
