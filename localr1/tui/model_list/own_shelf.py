"""The shelf of this computer: its files, the catalog, and what fits into its memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from localr1 import paths
from localr1.errors import Localr1Error, ModelNotFound
from localr1.terminal_text import clean_line
from localr1.tui.composing.threads import beside
from localr1.tui.model_list.rows import ModelHere, Offer, Surveyed
from localr1.tui.model_list.shelf import Taking

if TYPE_CHECKING:
    from localr1.advice.computer import Computer
    from localr1.advice.report import Report
    from localr1.models.catalog import Catalog
    from localr1.models.library import Library, LibraryModel
    from localr1.session import ChatSession
    from localr1.settings import Settings


ELSEWHERE_SECONDS = 6.0
"""The search for files of other programs ends itself before, unless a disk hangs."""


class _Stock(NamedTuple):
    """What disks tell."""

    library: Library
    own: list[LibraryModel]
    here: list[ModelHere]
    catalog: Catalog
    offers: list[Offer]


class OwnShelf:
    """Looks at files, the catalog and the computer when it is asked to.

    Args:
        session: whose settings and model matter.
    """

    def __init__(self, session: ChatSession) -> None:
        self._session = session
        self._bandwidth: float | None = None
        """Of main memory, once it was measured; it does not change."""

    async def survey(self) -> AsyncIterator[Surveyed]:
        """Own files at once; then those elsewhere; then what fits of the catalog and the files."""
        stock = await beside(_stock)
        elsewhere = asyncio.ensure_future(beside(lambda: _elsewhere(stock)))
        known = Surveyed(
            list(stock.here),
            stock.offers,
            stock.library.folder,
            problem="; ".join([*stock.library.unread, stock.catalog.notice]).strip("; "),
        )
        try:
            yield known
            # A network folder may hang for minutes: it is not waited for any longer than this
            await asyncio.wait([elsewhere], timeout=ELSEWHERE_SECONDS)
        finally:
            elsewhere.cancel()  # nothing, where it is done
        if elsewhere.done() and not elsewhere.cancelled():
            stock.here.extend(elsewhere.result())
            known = known._replace(here=list(stock.here))
            yield known
        settings = self._session.settings
        try:
            report = await self._report(settings)
        except Localr1Error as error:
            yield known._replace(is_complete=True, problem=error.message)
            return
        computer = await beside(lambda: self._computer(report))
        offers = await beside(lambda: _offers(stock, computer, settings))
        known = known._replace(offers=offers)
        yield known
        for number, model in enumerate(stock.here):
            stock.here[number] = await beside(_reading(model, report, computer, settings))
            known = known._replace(here=list(stock.here))
            yield known
        yield known._replace(is_complete=True)

    async def _report(self, settings: Settings) -> Report:
        """The computer without the model that is loaded: it makes room for another one."""
        # What probes a computer is imported when it is first asked for
        from localr1.advice import doctor
        from localr1.advice.freed_memory import as_if_unloaded

        report = await doctor.examine(settings)
        model, plan = self._session.model, self._session.plan
        if model is None or plan is None:
            return report
        return as_if_unloaded(report, doctor.Loaded(model, plan))

    def _computer(self, report: Report) -> Computer:
        from localr1.advice.computer import computer_of

        computer = computer_of(report)
        if self._bandwidth is None:
            self._bandwidth = computer.measured().host_bandwidth
        return computer._replace(host_bandwidth=self._bandwidth)

    async def is_open(self, model: ModelHere) -> bool:
        """Whether some window has it loaded."""
        from localr1.models.in_use import is_loaded

        return await beside(lambda: is_loaded(paths.locks_folder(), model.path))

    async def remove(self, model: ModelHere) -> int:
        """Remove it from the disk; the bytes that were freed."""
        return await beside(lambda: _remove(model))

    async def add(self, path: Path, taking: Taking, advance: Callable[[int], None]) -> str:
        """Take a file into localr1's models; what it is called there."""
        return await beside(lambda: _add(path, taking, advance))


def _stock() -> _Stock:
    from localr1.models.catalog import load_catalog
    from localr1.tui.model_list.files_here import own_models
    from localr1.tui.model_list.offers import bare_offers, without_those_here

    library, catalog = _library(), load_catalog(paths.catalog_file())
    own = library.models()
    here = own_models(library, own)
    bare = without_those_here(bare_offers(catalog), catalog, own, library.folder)
    return _Stock(library, own, here, catalog, bare)


def _elsewhere(stock: _Stock) -> list[ModelHere]:
    from localr1.tui.model_list.files_here import models_elsewhere, other_places

    return models_elsewhere(stock.library, stock.own, other_places(stock.library.folder))


def _offers(stock: _Stock, computer: Computer, settings: Settings) -> list[Offer]:
    from localr1.advice.recommend import recommend
    from localr1.tui.model_list.offers import offers, without_those_here

    found = offers(stock.catalog, recommend(stock.catalog, computer, settings))
    return without_those_here(found, stock.catalog, stock.own, stock.library.folder)


def _library() -> Library:
    from localr1.models.library import Library

    return Library(paths.models_folder())


def _reading(
    model: ModelHere, report: Report, computer: Computer, settings: Settings
) -> Callable[[], ModelHere]:
    from localr1.advice.file_speed import speed_of_file
    from localr1.advice.first_look import Fitting
    from localr1.advice.model_facts import facts_of
    from localr1.tui.model_list.files_here import with_facts

    def read() -> ModelHere:
        if model.problem:
            return model
        facts = facts_of(model.path, Fitting(report, settings))
        fits = facts.fit is not None and facts.fit.fits
        return with_facts(
            model, facts, speed_of_file(model.path, computer, settings) if fits else None
        )

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
