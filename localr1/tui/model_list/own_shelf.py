"""The shelf of this computer: its files, the catalog, and what fits into its memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from localr1 import paths
from localr1.errors import Localr1Error, ModelNotFound
from localr1.terminal_text import clean_line
from localr1.tui.composing.threads import beside
from localr1.tui.model_list.rows import ModelHere, Surveyed
from localr1.tui.model_list.shelf import Taking

if TYPE_CHECKING:
    from localr1.advice.first_look import Fitting
    from localr1.models.library import Library
    from localr1.session import ChatSession


class OwnShelf:
    """Looks at files, the catalog and the computer when it is asked to.

    Args:
        session: whose settings and model matter.
    """

    def __init__(self, session: ChatSession) -> None:
        self._session = session

    async def survey(self) -> AsyncIterator[Surveyed]:
        """Files at once; then what fits, as headers are read; then what could be fetched."""
        library = _library()
        here = await beside(lambda: _files(library))
        surveyed = Surveyed(here, folder=library.folder, problem="; ".join(library.unread))
        yield surveyed
        try:
            fitting = await self._fitting()
        except Localr1Error as error:
            yield surveyed._replace(is_complete=True, problem=error.message)
            return
        for number, model in enumerate(here):
            here[number] = await beside(_reading(model, fitting))
            surveyed = surveyed._replace(here=list(here))
            yield surveyed
        yield surveyed._replace(is_complete=True)

    async def _fitting(self) -> Fitting:
        # What probes a computer is imported when it is first asked for
        from localr1.advice import doctor
        from localr1.advice.first_look import Fitting

        settings = self._session.settings
        return Fitting(await doctor.examine(settings), settings)

    async def remove(self, model: ModelHere) -> int:
        """Remove it from the disk; the bytes that were freed."""
        return await beside(lambda: _remove(model))

    async def add(self, path: Path, taking: Taking, advance: Callable[[int], None]) -> str:
        """Take a file into localr1's models; what it is called there."""
        return await beside(lambda: _add(path, taking, advance))


def _library() -> Library:
    from localr1.models.library import Library

    return Library(paths.models_folder())


def _files(library: Library) -> list[ModelHere]:
    from localr1.tui.model_list.files_here import models_here, other_places

    return models_here(library, other_places(library.folder))


def _reading(model: ModelHere, fitting: Fitting) -> Callable[[], ModelHere]:
    from localr1.advice.model_facts import facts_of
    from localr1.tui.model_list.files_here import with_facts

    def read() -> ModelHere:
        return model if model.problem else with_facts(model, facts_of(model.path, fitting))

    return read


def _remove(model: ModelHere) -> int:
    from localr1.models.removal import removal_of, remove

    library = _library()
    found = library.model_at(model.path)
    if found is None:
        raise ModelNotFound(f"{clean_line(model.name)} is not there any more")
    removal = removal_of(found)
    remove(removal, library)
    return removal.freed_bytes


def _add(path: Path, taking: Taking, advance: Callable[[int], None]) -> str:
    from localr1.gguf_header import read_header
    from localr1.models.importing import import_model

    return import_model(_library(), read_header(path), taking, advance=advance).model.name
