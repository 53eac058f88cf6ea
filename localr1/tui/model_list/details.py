"""What is said of the chosen model below the list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from localr1.session.pull_job import PullJob
from localr1.tui.entries import Entry
from localr1.tui.marks import one_line
from localr1.tui.model_list.phrases import speed_words, used_words
from localr1.tui.model_list.progress import fetch_facts
from localr1.tui.model_list.rows import Fact, Fit, ModelHere, Offer
from localr1.units import download_size

_PATH_CHARACTERS = 1_000


def details_of_model(model: ModelHere, today: date) -> list[Entry]:
    """A model that is here."""
    return _entries(
        [
            ("Problem", model.problem),
            *_fit_facts(model.fit, model.n_ctx_train),
            ("Used", used_words(model.used_at, today).removeprefix("used ")),
            *model.facts,
            ("File", str(model.path)),
        ]
    )


def details_of_offer(offer: Offer, job: PullJob | None) -> list[Entry]:
    """A model that can be fetched."""
    size = download_size(offer.size_bytes) if offer.size_bytes else ""
    facts = [
        *(fetch_facts(job) if job else ()),
        ("Advised", offer.reason),
        ("Download", size),
        *_fit_facts(offer.fit, 0),
        *offer.facts,
    ]
    command = Entry(one_line(f"localr1 pull {offer.reference}"), "In a shell", "command")
    return [*_entries(facts), command]


def _fit_facts(fit: Fit | None, n_ctx_train: int) -> list[Fact]:
    if fit is None:
        return []
    if not fit.fits:
        return [("Fits", f"not now: {fit.why}" if fit.why else "not now")]
    trained = f" of {n_ctx_train:,}" if n_ctx_train > fit.n_ctx else ""
    facts = [("Fits", f"yes, with a window of {fit.n_ctx:,}{trained} tokens")]
    if fit.tps:
        facts.append(("Speed", f"{speed_words(fit.tps)}, an estimate from the memory's speed"))
    return facts


_PROBLEMS = ("Problem", "Failed")


def _entries(facts: Iterable[Fact]) -> list[Entry]:
    return [
        Entry(
            one_line(text, _PATH_CHARACTERS),
            one_line(label, 24),
            "problem" if label in _PROBLEMS else "entry",
        )
        for label, text in facts
        if text
    ]
