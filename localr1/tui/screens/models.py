"""All models in one list: those that are here, and those that can be fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Click, Resize
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from localr1.session.pull_events import Fetched, NotFetched, Stopped
from localr1.tui.entries import Entry
from localr1.tui.marks import one_line
from localr1.tui.model_list.details import details_of_model, details_of_offer
from localr1.tui.model_list.listing import listed, loaded_at
from localr1.tui.model_list.rows import ModelHere, Offer, Surveyed
from localr1.tui.screens.choice_question import ChoiceQuestion
from localr1.tui.screens.sheet import Sheet
from localr1.tui.themed import counter_seconds
from localr1.tui.widgets.entries_view import EntriesView
from localr1.tui.widgets.key_line import KeyLine, KeyPhrase
from localr1.tui.widgets.model_list import ModelList

if TYPE_CHECKING:
    from localr1.session.pull_job import PullJob
    from localr1.tui.controls.models import Models

_LABEL_CELLS, _NARROW_LABEL_CELLS = 14, 11
_LOW = 30
"""Lines of a screen on which the details get few."""


class ModelsScreen(Sheet):
    """A sheet over the chat; fetches go on when it is closed.

    Args:
        models: does what is asked for here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "press", "Use or fetch", show=False, priority=True),
        Binding("up", "scroll_sheet(-1)", "Up", show=False, priority=True),
        Binding("down", "scroll_sheet(1)", "Down", show=False, priority=True),
        Binding("ctrl+s", "stop_fetch", "Stop fetching", show=False, priority=True),
        Binding("delete,ctrl+d", "remove", "Remove", show=False, priority=True),
        Binding("ctrl+a", "add", "Add", show=False, priority=True),
        Binding("ctrl+o", "copy_path", "Copy the path", show=False, priority=True),
    ]
    heading = "Models"
    placeholder = "Type to search, as 7b q8_0"
    hint = ""

    def __init__(self, models: Models) -> None:
        super().__init__()
        self._models = models
        self._surveyed = Surveyed()
        self._list = ModelList(id="models")
        self._details = EntriesView(id="model-details")
        self._details_box = VerticalScroll(self._details, id="details", can_focus=False)
        self._keys = KeyLine(id="model-keys")
        self._drawing: Timer | None = None

    def compose(self) -> ComposeResult:
        """Heading, search, the list, what is said of the chosen model, keys."""
        with Widget(id="sheet"):
            yield Static(Content.styled(self.heading, "bold"), id="sheet-heading", markup=False)
            yield self.search
            with self.body:
                yield self._list
            yield self._details_box
            yield self.closing
            yield self._keys

    def on_mount(self) -> None:
        """Show what is known at once, then look."""
        self.say("")
        self._show()
        self.survey()

    def on_resize(self, event: Resize) -> None:
        """Leave the list its room on a low screen."""
        super().on_resize(event)
        self.query_one("#sheet").set_class(event.size.height < _LOW, "-low")
        self._show_details()

    # ---- what there is ---------------------------------------------------------------------

    def survey(self) -> None:
        """Look again at what is here and what there could be."""
        self.run_worker(self._survey(), group="survey", exclusive=True)

    async def _survey(self) -> None:
        async for surveyed in self._models.survey():
            self._surveyed = surveyed
            self._show()

    def fetch_changed(self, job: PullJob) -> None:
        """A fetch has something new to show; an end at once, mere progress a little later."""
        if not job.is_running:
            if not isinstance(job.outcome, Stopped):
                self.say("")
            self._show()
            if isinstance(job.outcome, Fetched):
                self.survey()
        elif self._drawing is None:
            self._drawing = self.set_timer(counter_seconds(self), self._draw_later)

    def _draw_later(self) -> None:
        self._drawing = None
        self._show()

    def searched(self, words: str) -> None:  # noqa: ARG002 (the screen reads them where it draws)
        """Show the models with these words."""
        self._show()

    def _show(self) -> None:
        pulls = self._models.pulls
        items = listed(
            self._surveyed, pulls.jobs, self.search.value, is_offline=self._models.is_offline
        )
        jobs = {job.reference: job for job in pulls.jobs}
        loaded = loaded_at(self._models.loaded_path, self._surveyed.here)
        self._list.show(items, jobs, loaded, datetime.now().date())
        self._show_details()

    def on_model_list_chosen(self) -> None:
        """Say what is known of it."""
        self.say("")
        self._details_box.scroll_home(animate=False)
        self._show_details()

    def _show_details(self) -> None:
        chosen, today = self._list.chosen, datetime.now().date()
        entries: list[Entry] = []
        if isinstance(chosen, ModelHere):
            entries = details_of_model(chosen, today)
        elif chosen is not None:
            entries = details_of_offer(chosen, self._job(chosen))
        elif self.search.value:
            entries = [Entry("Nothing has these words.", kind="quiet")]
        self._details.show(entries, _NARROW_LABEL_CELLS if self.is_narrow else _LABEL_CELLS)
        self._keys.show(list(self._phrases()))

    def _job(self, offer: Offer) -> PullJob | None:
        return self._models.pulls.job(offer.reference)

    def _phrases(self) -> Iterator[KeyPhrase]:
        chosen = self._list.chosen
        if isinstance(chosen, ModelHere):
            yield KeyPhrase("Enter", "uses it", "press")
            if chosen.freed_bytes is not None:
                yield KeyPhrase("Del", "removes it", "remove")
            yield KeyPhrase("Ctrl+O", "copies its path", "copy_path")
        elif chosen is not None:
            job = self._job(chosen)
            if job is not None and job.is_running:
                yield KeyPhrase("Ctrl+S", "stops it", "stop_fetch")
            else:
                yield KeyPhrase("Enter", _enter(job), "press")
        yield KeyPhrase("Ctrl+A", "adds a file", "add")
        yield KeyPhrase("Esc", "closes", "leave")

    def say(self, text: str) -> None:
        """Say something above the keys, until another model is chosen."""
        self.closing.update(Content(one_line(text, 1_000)))
        self.closing.display = bool(text)

    # ---- what a person does ----------------------------------------------------------------

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter is the screen's."""
        event.stop()

    async def on_key_line_pressed(self, message: KeyLine.Pressed) -> None:
        """Do what was clicked."""
        await self.run_action(message.action)

    def on_model_list_pressed(self) -> None:
        """A click on the chosen model is Enter."""
        self.action_press()

    def on_click(self, event: Click) -> None:
        """Only beside the sheet it closes."""
        super().on_click(event)

    def action_press(self) -> None:
        """Use the chosen model, fetch it, or go on with that; what does not fit is asked about."""
        chosen = self._list.chosen
        if isinstance(chosen, ModelHere):
            problem = self._models.refusal(chosen)
            if problem:
                self.say(problem)
            else:
                self._if_it_fits(chosen, "Use it", lambda: self._use(chosen))
        elif chosen is not None:
            job = self._job(chosen)
            if job is None:
                self._if_it_fits(chosen, "Fetch it", lambda: self._fetch(chosen.reference))
            elif job.is_running:
                self.say("It is being fetched.")
            else:
                self._fetch(chosen.reference)

    def _use(self, model: ModelHere) -> None:
        problem = self._models.use_file(model)
        if problem:
            self.say(problem)
        else:
            self.dismiss()

    def _fetch(self, reference: str) -> None:
        self.say(self._models.fetch(reference))
        self._show()

    def _if_it_fits(self, model: ModelHere | Offer, words: str, do: Callable[[], None]) -> None:
        """Do it; where the model does not fit, only if the person says so."""
        if model.fit is None or model.fit.fits:
            do()
            return
        why = f": {model.fit.why}" if model.fit.why else ""
        question = ChoiceQuestion(
            f"{model.name} does not fit into memory now{why}.",
            ["Leave it", f"{words} all the same"],
        )

        def answered(number: int | None) -> None:
            if number == 1:
                do()

        self.app.push_screen(question, answered)

    def action_stop_fetch(self) -> None:
        """Stop the fetch; what is here of it is kept. A file that is being added stops first."""
        if self._models.files.is_adding:
            self._models.files.stop_adding()
            return
        chosen = self._list.chosen
        job = self._job(chosen) if isinstance(chosen, Offer) else None
        if job is None or not job.is_running:
            self.say("This is not being fetched.")
            return
        self.say("What was fetched so far is kept; Enter goes on with it.")
        self._models.stop(job)
        self._show()

    def action_remove(self) -> None:
        """Ask, then remove the chosen model from this computer."""
        chosen = self._list.chosen
        if isinstance(chosen, ModelHere):
            self._models.files.ask_to_remove(chosen, self)
        elif chosen is not None:
            self.say("It is not on this computer.")

    def action_add(self) -> None:
        """Ask for a file or a name."""
        self._models.files.ask_to_add(self)

    def action_copy_path(self) -> None:
        """Put the path of the chosen model, or of the folder, on the clipboard."""
        chosen = self._list.chosen
        path = chosen.path if isinstance(chosen, ModelHere) else self._surveyed.folder
        if path is not None:
            # names need not be text; what is none cannot be copied
            self.app.copy_to_clipboard(str(path).encode(errors="replace").decode())
            self.say(f"Copied {path}")

    def action_scroll_sheet(self, rows: int) -> None:
        """The next model, or the one before."""
        self._list.move(rows)

    def action_scroll_pages(self, pages: int) -> None:
        """Some models further."""
        self._list.move(pages * max(1, self.body.size.height - 2))

    def action_scroll_first(self) -> None:
        """The first model."""
        self._list.move(-10_000)

    def action_scroll_last(self) -> None:
        """The last model."""
        self._list.move(10_000)


def _enter(job: PullJob | None) -> str:
    """What Enter does with a model that is not being fetched now."""
    if job is None:
        return "fetches it"
    return "tries again" if isinstance(job.outcome, NotFetched) else "goes on"
