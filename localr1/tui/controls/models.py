"""Models: show them, use another one, fetch, add and remove them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import Localr1Error
from localr1.models.offline import refuse_if_offline
from localr1.models.reference import ModelReference
from localr1.session.pull_events import Fetched, NotFetched
from localr1.session.pull_job import PullJob
from localr1.session.pulls import Pulls
from localr1.terminal_text import clean_line
from localr1.tui.keymap import keymap_of
from localr1.tui.marks import one_line
from localr1.tui.messages import FetchChanged
from localr1.tui.model_list.progress import fetches_line
from localr1.tui.model_list.rows import ModelHere, Surveyed
from localr1.tui.model_list.shelf import Shelf, Taking
from localr1.tui.widgets.notes import sentence
from localr1.units import download_size

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.screens.models import ModelsScreen

_NAME_CHARACTERS = 80
_HUB = "hf:"
_KEEP = "Keep it"
_TAKINGS: dict[Taking, str] = {
    "link": "Link it: the file stays where it is",
    "copy": "Copy it into localr1's folder",
    "move": "Move it into localr1's folder",
}


class Models:
    """The actions of the scope "models".

    Args:
        screen: the chat.
        pulls: fetches models.
        shelf: knows all models.
    """

    def __init__(self, screen: ChatScreen, pulls: Pulls, shelf: Shelf) -> None:
        self._screen = screen
        self.pulls = pulls
        self._shelf = shelf
        self._fetched: ModelReference | None = None
        """The newest that was fetched and is not used yet."""
        pulls.changed = lambda job: screen.post_message(FetchChanged(job))

    # ---- actions ---------------------------------------------------------------------------

    async def models(self) -> None:
        """Show all models; asked for again, leave them."""
        # Imported when first wanted
        from localr1.tui.screens.models import ModelsScreen

        app = self._screen.app
        if isinstance(app.screen, ModelsScreen):
            app.pop_screen()
        elif app.screen is self._screen:
            app.push_screen(ModelsScreen(self))

    async def use_fetched(self) -> None:
        """Go on with the model that was fetched last."""
        if self._fetched is None:
            self._screen.say("No model was fetched yet; /models shows what there is.")
            return
        problem = self._use(self._fetched)
        if problem:
            self._screen.say(problem)

    # ---- what the screen of models shows and does -------------------------------------------

    @property
    def is_offline(self) -> bool:
        """A person wants nothing fetched."""
        return self._screen.session.settings.offline

    @property
    def loaded_path(self) -> str:
        """Of the model that is in use, on one line; empty without one."""
        model = self._screen.session.model
        return model.path if model else ""

    def survey(self) -> AsyncIterator[Surveyed]:
        """What is known of all models, ever more of it."""
        return self._shelf.survey()

    def use_file(self, model: ModelHere) -> str:
        """Go on with this model; answers why not, where it cannot be now."""
        if model.problem:
            return sentence(model.problem)
        if self._is_loaded(model):
            return "It is in use already."
        return self._use(ModelReference(model.path, one_line(model.name, 100), "gguf"))

    def _use(self, model: ModelReference) -> str:
        problem = self._screen.use_model(model)
        if not problem and self._fetched is not None and self._fetched.path == model.path:
            self._fetched = None
            self._show_state()
        return problem

    def _is_loaded(self, model: ModelHere) -> bool:
        whole = os.path.abspath(model.path)  # noqa: PTH100  # a link is itself meant
        return bool(self.loaded_path) and clean_line(whole, 4096) == self.loaded_path

    def fetch(self, reference: str) -> str:
        """Begin to fetch this, or go on with it; answers why not, where it cannot be."""
        try:
            refuse_if_offline(self._screen.session.settings, "fetching a model")
        except Localr1Error as error:
            return sentence(f"{error.message}; {error.hint}.")
        self.pulls.start(reference)
        self._show_state()
        return ""

    def stop(self, job: PullJob) -> None:
        """Stop a fetch, without waiting for it; what was fetched is kept."""
        self._screen.run_worker(job.stop(), group="pulls")

    async def obey_settings(self) -> None:
        """Settings changed: what is being fetched stops where nothing may be."""
        if self.is_offline:
            await self.pulls.stop_all()

    # ---- what fetches tell -----------------------------------------------------------------

    def changed(self, job: PullJob) -> None:
        """Show what is new of a fetch, wherever it is shown."""
        outcome = job.outcome
        if isinstance(outcome, Fetched):
            path = Path(outcome.path)
            self._fetched = ModelReference(path, one_line(path.name, _NAME_CHARACTERS), "gguf")
            self._tell_fetched(_name(job))
        elif isinstance(outcome, NotFetched):
            words = f"{_name(job)} was not fetched: {one_line(outcome.message)}"
            self._screen.transcript.note().add(words, "error", one_line(outcome.hint))
        self._show_state()
        sheet = self._sheet
        if sheet is not None:
            sheet.fetch_changed(job)

    def _tell_fetched(self, name: str) -> None:
        use = keymap_of(self._screen).fill("{use_fetched} uses it") or "/use uses it"
        self._screen.transcript.note().add(f"{name} is here. {use}.")
        self._screen.say(f"{name} is here. {use}.")

    def _show_state(self) -> None:
        self._screen.show_fetching(
            fetches_line(self.pulls.running) or ("model fetched" if self._fetched else "")
        )

    @property
    def _sheet(self) -> ModelsScreen | None:
        """The screen of models, where it is open."""
        from localr1.tui.screens.models import ModelsScreen

        stack = self._screen.app.screen_stack
        return next((each for each in stack if isinstance(each, ModelsScreen)), None)

    # ---- removing and adding ---------------------------------------------------------------

    def ask_to_remove(self, model: ModelHere, sheet: ModelsScreen) -> None:
        """Remove a model if the person says so; the question says what that frees."""
        from localr1.tui.screens.choice_question import ChoiceQuestion

        name = one_line(model.name, _NAME_CHARACTERS)
        if model.freed_bytes is None:
            sheet.say(f"{name} belongs to {model.place or 'another program'}; it is removed there.")
            return
        if self._is_loaded(model):
            sheet.say("It is in use; use another model first.")
            return
        size = download_size(model.freed_bytes)
        frees = f"That frees {size}." if model.freed_bytes else "The file it links to stays."

        def answered(number: int | None) -> None:
            if number == 1:
                sheet.run_worker(self._remove(model, sheet))

        question = ChoiceQuestion(
            f"Remove {name} from this computer? {frees}", [_KEEP, "Remove it"]
        )
        self._screen.app.push_screen(question, answered)

    async def _remove(self, model: ModelHere, sheet: ModelsScreen) -> None:
        try:
            freed = await self._shelf.remove(model)
        except Localr1Error as error:
            sheet.say(_both(error))
        else:
            if self._fetched is not None and self._fetched.path == model.path:
                self._fetched = None
            self._show_state()
            size = f" {download_size(freed)} are free again." if freed else ""
            sheet.say(f"Removed {one_line(model.name, _NAME_CHARACTERS)}.{size}")
        sheet.survey()

    def ask_to_add(self, sheet: ModelsScreen) -> None:
        """Take in a file, or fetch what is named."""
        from localr1.tui.screens.path_question import PathQuestion

        def answered(text: str | None) -> None:
            if text and text.startswith(_HUB):
                sheet.say(self.fetch(text))
                sheet.search.value = ""
                sheet.survey()
            elif text:
                self._ask_how(text, sheet)

        question = PathQuestion("Add a model", f"Path of a .gguf file, or {_HUB}ORG/REPO")
        self._screen.app.push_screen(question, answered)

    def _ask_how(self, text: str, sheet: ModelsScreen) -> None:
        from localr1.tui.screens.choice_question import ChoiceQuestion

        path = _path(text)

        def answered(number: int | None) -> None:
            if number is not None:
                sheet.run_worker(self._add(path, list(_TAKINGS)[number], sheet))

        question = ChoiceQuestion(f"Add {text}", list(_TAKINGS.values()))
        self._screen.app.push_screen(question, answered)

    async def _add(self, path: Path, taking: Taking, sheet: ModelsScreen) -> None:
        sheet.say("Adding it…")
        try:
            name = await self._shelf.add(path, taking)
        except Localr1Error as error:
            sheet.say(_both(error))
        else:
            sheet.say(f"Added {one_line(name, _NAME_CHARACTERS)}.")
        sheet.survey()


def _name(job: PullJob) -> str:
    name = job.planned.name if job.planned else ""
    return one_line(name or job.reference, _NAME_CHARACTERS)


def _both(error: Localr1Error) -> str:
    words = sentence(one_line(error.message, 500)).rstrip(".")
    return f"{words}. {sentence(error.hint)}." if error.hint else f"{words}."


def _path(text: str) -> Path:
    path = Path(text.strip("'\""))
    try:
        return path.expanduser()
    except RuntimeError:
        return path  # there is no such person
