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
from localr1.tui.controls.model_files import ModelFiles, in_sentences
from localr1.tui.keymap import keymap_of
from localr1.tui.marks import one_line
from localr1.tui.messages import FetchChanged
from localr1.tui.model_list.progress import fetches_line
from localr1.tui.model_list.rows import ModelHere, Surveyed
from localr1.tui.model_list.shelf import Shelf
from localr1.tui.widgets.notes import sentence

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.screens.models import ModelsScreen

_NAME_CHARACTERS = 80


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
        self.files = ModelFiles(self, screen, shelf)
        """Adds and removes them."""
        self._shelf = shelf
        self._fetched: ModelReference | None = None
        """The newest that was fetched and is not used yet."""
        pulls.changed = self._post

    def _post(self, job: PullJob) -> None:
        self._screen.post_message(FetchChanged(job))

    # ---- actions ---------------------------------------------------------------------------

    async def models(self) -> None:
        """Show all models."""
        # Imported when first wanted
        from localr1.tui.screens.models import ModelsScreen

        if self._screen.is_current:
            self._screen.app.push_screen(ModelsScreen(self))

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

    def refusal(self, model: ModelHere) -> str:
        """Why this model cannot be used now; empty where it can."""
        if model.problem:
            return sentence(model.problem)
        if self.is_loaded(model):
            return "It is in use already."
        return self._screen.load_refusal()

    def use_file(self, model: ModelHere) -> str:
        """Go on with this model; answers why not, where it cannot be now."""
        return self.refusal(model) or self._use(
            ModelReference(model.path, one_line(model.name, 100), "gguf")
        )

    def _use(self, model: ModelReference) -> str:
        problem = self._screen.use_model(model)
        if not problem:
            self.forget(model.path)
        return problem

    def is_loaded(self, model: ModelHere) -> bool:
        """Whether it is in use in this chat."""
        whole = os.path.abspath(model.path)  # noqa: PTH100  # a link is itself meant
        return bool(self.loaded_path) and clean_line(whole, 4096) == self.loaded_path

    def fetch(self, reference: str) -> str:
        """Begin to fetch this, or go on with it; answers why not, where it cannot be."""
        try:
            refuse_if_offline(self._screen.session.settings, "fetching a model")
        except Localr1Error as error:
            return in_sentences(error)
        self.pulls.start(reference)
        self._show_state()
        return ""

    def begin(self, reference: str) -> None:
        """The chat begins with a fetch."""
        problem = self.fetch(reference)
        models = keymap_of(self._screen).way_to("models")
        self._screen.say(
            problem or f"Fetching {one_line(reference)}; {models} shows how far it is."
        )

    def forget(self, path: Path) -> None:
        """Nothing offers to use this file any more: it is in use, or gone."""
        if self._fetched is not None and self._fetched.path == path:
            self._fetched = None
            self._show_state()

    def forget_fetch(self, path: Path) -> None:
        """This file is gone, so that it can be fetched again."""
        self.forget(path)
        for job in self.pulls.jobs:
            if isinstance(job.outcome, Fetched) and Path(job.outcome.path) == path:
                self.pulls.forget(job.reference)

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
            self._fetched = ModelReference(path, one_line(path.stem, _NAME_CHARACTERS), "gguf")
            self._tell_fetched(_name(job))
        elif isinstance(outcome, NotFetched):
            words = f"{_name(job)} was not fetched: {one_line(outcome.message)}"
            self._screen.transcript.note().add(words, "error", one_line(outcome.hint))
        self._show_state()
        sheet = self._sheet
        if sheet is not None:
            sheet.fetch_changed(job)

    def _tell_fetched(self, name: str) -> None:
        self._screen.notify_terminal(f"Fetched: {name}")
        told = f"{name} is here. {keymap_of(self._screen).way_to('use_fetched')} uses it."
        self._screen.transcript.note().add(told)
        self._screen.say(told)

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


def _name(job: PullJob) -> str:
    name = job.planned.name if job.planned else ""
    return one_line(name.removesuffix(".gguf") or job.reference, _NAME_CHARACTERS)
