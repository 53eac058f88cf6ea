"""The catalog as the models screen offers it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from localr1.models.catalog import DEFAULT_QUANT, Catalog, CatalogEntry, Scores
from localr1.models.finding import find_in_library
from localr1.models.library import LibraryModel
from localr1.models.quant_sizes import file_bytes
from localr1.models.reference_text import CatalogName
from localr1.tui.model_list.rows import Fact, Fit, Offer
from localr1.units import memory_size

if TYPE_CHECKING:
    from pathlib import Path

    from localr1.advice.model_row import ModelRow

_SCORES = {
    "gpqa_diamond": "GPQA Diamond",
    "aime_2024": "AIME 2024",
    "math_500": "MATH-500",
    "live_code_bench": "LiveCodeBench",
}
_LABELS = {"faster": "Faster", "stronger": "Stronger", "": "But"}


def bare_offers(catalog: Catalog) -> list[Offer]:
    """Each model in the usual quant, as long as nothing is known of the computer."""
    return [
        Offer(
            f"{entry.name}:{DEFAULT_QUANT}",
            entry.full_name,
            DEFAULT_QUANT,
            file_bytes(entry.shape, DEFAULT_QUANT),
            quality=_quality(entry.scores),
            facts=tuple(_entry_facts(entry)),
        )
        for entry in catalog
    ]


def offers(catalog: Catalog, rows: Sequence[ModelRow]) -> list[Offer]:
    """Every model in every quant; those that are the best of their model are shown unasked."""
    entries = {entry.name: entry for entry in catalog}
    return [_offer(row, entries[row.name]) for row in rows if row.name in entries]


def without_those_here(
    offered: Iterable[Offer], catalog: Catalog, models: Sequence[LibraryModel], folder: Path
) -> list[Offer]:
    """The offers of which no file is in the library."""
    return [offer for offer in offered if not _is_here(offer, catalog, models, folder)]


def _is_here(offer: Offer, catalog: Catalog, models: Sequence[LibraryModel], folder: Path) -> bool:
    entry = catalog.get(offer.reference.partition(":")[0])
    if entry is None:
        return False
    return find_in_library(CatalogName(entry, offer.quant), models, folder) is not None


def _offer(row: ModelRow, entry: CatalogEntry) -> Offer:
    need = f"it needs {memory_size(row.memory_bytes)} of memory"
    fit = Fit(True, row.n_ctx, row.tokens_per_second) if row.fits else Fit(False, why=need)
    compared: list[Fact] = []
    if row.reason and row.fits and not row.is_pick:
        compared.append((_LABELS.get(row.role, "But"), row.reason))
    return Offer(
        row.reference,
        row.full_name,
        row.quant,
        row.size_bytes,
        fit,
        _quality(row.scores),
        row.reason if row.is_pick else "",
        (*compared, *_entry_facts(entry)),
        is_usual=row.best_of_model,
    )


def _quality(scores: Scores) -> str:
    return f"GPQA {scores.gpqa_diamond:.1f}" if scores.gpqa_diamond is not None else ""


def _entry_facts(entry: CatalogEntry) -> Iterator[Fact]:
    known = {label: getattr(entry.scores, name) for name, label in _SCORES.items()}
    told = [f"{label} {value:.1f}" for label, value in known.items() if value is not None]
    source = f" ({entry.scores.source})" if told and entry.scores.source else ""
    yield "Published", ", ".join(told) + source
    yield "Parameters", f"{entry.parameters / 1e9:.1f} billion"
    yield "Made from", entry.base_model
    base = f"; what it was made from: {entry.base_licence}" if entry.base_licence else ""
    yield "Licence", f"{entry.licence}{base}" if entry.licence else ""
    yield "From", f"huggingface.co/{entry.gguf_repos[0]}"
