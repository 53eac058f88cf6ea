"""Model files that a person adds or removes, each after a question that says what follows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import Localr1Error
from localr1.tui.composing.threads import beside
from localr1.tui.marks import one_line
from localr1.tui.model_list.named import is_fetchable
from localr1.tui.model_list.rows import ModelHere
from localr1.tui.model_list.shelf import Shelf, Taking
from localr1.tui.widgets.notes import sentence
from localr1.units import download_size

if TYPE_CHECKING:
    from localr1.tui.controls.models import Models
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.screens.models import ModelsScreen

KEEP, REMOVE = "Keep it", "Remove it"
TAKINGS: dict[Taking, str] = {
    "link": "Link it: the file stays where it is",
    "copy": "Copy it into localr1's folder",
    "move": "Move it into localr1's folder",
}
STOPPED = "it was stopped; nothing was added"
_NAME_CHARACTERS = 80


class ModelFiles:
    """Asks and does it; what becomes of it is said on the screen of models, or else in the chat.

    Args:
        models: uses and fetches them.
        screen: the chat.
        shelf: has them.
    """

    def __init__(self, models: Models, screen: ChatScreen, shelf: Shelf) -> None:
        self._models = models
        self._screen = screen
        self._shelf = shelf
        self._stop = threading.Event()
        self.is_adding = False
        """A file is being taken in."""

    def _say(self, sheet: ModelsScreen, text: str) -> None:
        if sheet.is_attached:
            sheet.say(text)
        else:
            self._screen.say(text)

    def _look_again(self, sheet: ModelsScreen) -> None:
        if sheet.is_attached:
            sheet.survey()

    # ---- removing --------------------------------------------------------------------------

    def ask_to_remove(self, model: ModelHere, sheet: ModelsScreen) -> None:
        """Remove a model if the person says so; the question says what that frees."""
        name = one_line(model.name, _NAME_CHARACTERS)
        if model.freed_bytes is None:
            sheet.say(f"{name} is not in localr1's folder; it is removed where it was made.")
            return
        if self._models.is_loaded(model):
            sheet.say("It is in use; use another model first.")
            return
        self._screen.run_worker(self._ask_to_remove(model, name, sheet), group="models")

    async def _ask_to_remove(self, model: ModelHere, name: str, sheet: ModelsScreen) -> None:
        from localr1.tui.screens.choice_question import ChoiceQuestion

        size = download_size(model.freed_bytes or 0)
        frees = f"That frees {size}." if model.freed_bytes else "Its file stays elsewhere."
        if await self._shelf.is_open(model):
            frees = f"{frees} It is open in another window."

        def answered(number: int | None) -> None:
            if number == 1:
                self._screen.run_worker(self._remove(model, sheet), group="models")

        question = ChoiceQuestion(f"Remove {name} from this computer? {frees}", [KEEP, REMOVE])
        self._screen.app.push_screen(question, answered)

    async def _remove(self, model: ModelHere, sheet: ModelsScreen) -> None:
        try:
            freed = await self._shelf.remove(model)
        except Localr1Error as error:
            self._say(sheet, in_sentences(error))
        else:
            self._models.forget_fetch(model.path)
            size = f" {download_size(freed)} are free again." if freed else ""
            self._say(sheet, f"Removed {one_line(model.name, _NAME_CHARACTERS)}.{size}")
        self._look_again(sheet)

    # ---- adding ----------------------------------------------------------------------------

    def ask_to_add(self, sheet: ModelsScreen) -> None:
        """Take in a file, or fetch what is named."""
        from localr1.tui.screens.path_question import PathQuestion

        if self.is_adding:
            sheet.say("One file is being added already.")
            return

        def answered(text: str | None) -> None:
            if text:
                self._screen.run_worker(self._take(text, sheet), group="models")

        question = PathQuestion("Add a model", "Path of a .gguf file, or hf:ORG/REPO")
        self._screen.app.push_screen(question, answered)

    async def _take(self, text: str, sheet: ModelsScreen) -> None:
        """What was typed: fetch it, or ask what becomes of the file."""
        text = text.strip("'\"")
        try:
            fetches = await beside(lambda: is_fetchable(text))
        except Localr1Error as error:
            self._say(sheet, in_sentences(error))
            return
        if fetches:
            sheet.search.value = ""
            self._say(sheet, self._models.fetch(text))
            self._look_again(sheet)
        else:
            await self._ask_how(text, sheet)

    async def _ask_how(self, text: str, sheet: ModelsScreen) -> None:
        from localr1.tui.screens.choice_question import ChoiceQuestion

        path = _path(text)
        size = await beside(lambda: _size(path))
        if size is None:
            self._say(sheet, f"There is no file {one_line(text)}.")
            return

        def answered(number: int | None) -> None:
            if number is not None:
                taking = list(TAKINGS)[number]
                self._screen.run_worker(self._add(path, size, taking, sheet), group="models")

        shown = f"Add {one_line(path.name, _NAME_CHARACTERS)}, {download_size(size)}"
        self._screen.app.push_screen(ChoiceQuestion(shown, list(TAKINGS.values())), answered)

    async def _add(self, path: Path, size: int, taking: Taking, sheet: ModelsScreen) -> None:
        self._stop.clear()
        self.is_adding = True
        self._say(sheet, "Reading it…")
        try:
            name = await self._shelf.add(path, taking, self._advance(size, sheet))
        except Localr1Error as error:
            self._say(sheet, in_sentences(error))
        else:
            self._say(sheet, f"Added {one_line(name, _NAME_CHARACTERS)}.")
        finally:
            self.is_adding = False
        self._look_again(sheet)

    def stop_adding(self) -> None:
        """Stop taking in a file; nothing of it stays."""
        self._stop.set()

    def _advance(self, size: int, sheet: ModelsScreen) -> Callable[[int], None]:
        """Says how much was read; it is called from another thread."""
        loop = asyncio.get_running_loop()
        read, told = 0, 0

        def advance(more: int) -> None:
            nonlocal read, told
            if self._stop.is_set():
                raise Localr1Error(STOPPED)
            read += more
            percent = min(100, read * 100 // max(1, size))
            if percent > told:
                told = percent
                loop.call_soon_threadsafe(self._tell_share, percent, sheet)

        return advance

    def _tell_share(self, percent: int, sheet: ModelsScreen) -> None:
        if self.is_adding and sheet.is_attached:
            sheet.say(f"Reading it: {percent} %. Ctrl+S stops.")


def in_sentences(error: Localr1Error) -> str:
    """What went wrong, and what to do about it."""
    words = sentence(one_line(error.message, 500)).rstrip(".")
    hint = sentence(one_line(error.hint, 500)).rstrip(".")
    return f"{words}. {hint}." if hint else f"{words}."


def _path(text: str) -> Path:
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path  # there is no such person


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except (OSError, ValueError):
        return None
