"""The rows of the models screen in their order, as far as they have the words looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from localr1.models.offline import OFFLINE
from localr1.session.pull_events import Fetched
from localr1.session.pull_job import PullJob
from localr1.tui.model_list.rows import ModelHere, Offer, Surveyed

HERE, OFFERED = "On this computer", "Can be fetched"
LOOKING = "Looking…"
NOTHING_HERE = "No model yet"


class Heading(NamedTuple):
    """Above models."""

    text: str
    folder: str = ""
    """localr1's own, said behind it."""


class Remark(NamedTuple):
    """In place of models, or below them."""

    text: str


Listed = Heading | Remark | ModelHere | Offer


def listed(
    surveyed: Surveyed, jobs: Sequence[PullJob], words: str, *, is_offline: bool
) -> list[Listed]:
    """Everything that is shown.

    Args:
        surveyed: what is known by now.
        jobs: fetches of this chat; those of no offer are offers as well.
        words: a model must have all of them.
        is_offline: nothing can be fetched.
    """
    wanted = words.casefold().split()
    here = [each for each in surveyed.here if _holds(_words(each), wanted)]
    fetched = {job.reference for job in jobs}
    offers = [
        each
        for each in _offers(surveyed, jobs)
        if _holds(_words(each), wanted) and (wanted or each.is_usual or each.reference in fetched)
    ]
    return [*_here(surveyed, here, wanted), *_offered(surveyed, offers, wanted, is_offline)]


def _here(surveyed: Surveyed, here: Sequence[ModelHere], wanted: Sequence[str]) -> Iterator[Listed]:
    if here or not wanted:
        yield Heading(HERE, str(surveyed.folder or ""))
    yield from here
    if not here and not wanted:
        yield Remark(NOTHING_HERE if surveyed.is_complete else LOOKING)


def _offered(
    surveyed: Surveyed, offers: Sequence[Offer], wanted: Sequence[str], is_offline: bool
) -> Iterator[Listed]:
    if not offers and wanted:
        return
    yield Heading(OFFERED)
    if is_offline:
        yield Remark(OFFLINE)
    else:
        yield from offers
        if not offers and not surveyed.is_complete:
            yield Remark(LOOKING)
        elif surveyed.problem and not wanted:
            yield Remark(surveyed.problem)


def _offers(surveyed: Surveyed, jobs: Sequence[PullJob]) -> Iterator[Offer]:
    known = {offer.reference for offer in surveyed.offers}
    for job in jobs:
        if job.reference not in known and not isinstance(job.outcome, Fetched):
            planned = job.planned
            name, size = (planned.name, planned.total_bytes) if planned else ("", 0)
            name = name.removesuffix(".gguf")
            yield Offer(job.reference, name or job.reference, size_bytes=max(0, size))
    for offer in surveyed.offers:
        if not _is_here(offer, jobs):
            yield offer


def _is_here(offer: Offer, jobs: Sequence[PullJob]) -> bool:
    """Fetched just now; the survey will tell."""
    return any(
        job.reference == offer.reference and isinstance(job.outcome, Fetched) for job in jobs
    )


def _words(item: ModelHere | Offer) -> str:
    own = (item.place, item.path.name) if isinstance(item, ModelHere) else (item.reference,)
    return " ".join((item.name, item.quant, *own)).casefold()


def _holds(text: str, wanted: Sequence[str]) -> bool:
    return all(word in text for word in wanted)


def loaded_at(path: str, models: Sequence[ModelHere]) -> str:
    """The key of the model whose file is loaded; empty where it is none of these."""
    if not path:
        return ""
    return next((each.key for each in models if str(each.path) == str(Path(path))), "")
