"""Which files of the catalog's models the hub has now."""

from __future__ import annotations

from localr1.advice.recommend import QUANTS, Offer
from localr1.cli.output import Printer
from localr1.errors import AccessRefused, ModelNotFound, ModelRefused, NetworkError
from localr1.models.catalog import Catalog, CatalogEntry
from localr1.models.hub.choosing import models_of
from localr1.models.hub.faults import Interruption
from localr1.models.hub.repository import Hub
from localr1.units import count

_Found = dict[str, Offer]


def offers_of(catalog: Catalog, printer: Printer) -> tuple[dict[str, _Found], list[str]]:
    """What there is of each model, and a sentence for each repository that could not be read.

    Raises:
        NetworkError: the hub cannot be reached.
    """
    hub = Hub()
    offers: dict[str, _Found] = {}
    failures: list[str] = []
    for number, entry in enumerate(catalog, start=1):
        printer.status(f"Asking the hub about {entry.name} ({number} of {len(catalog)}) …")
        offers[entry.name] = _offers(hub, entry, failures)
    printer.clear_status()
    if len(failures) > 3:
        failures[3:] = [f"{count(len(failures) - 3, 'more repository', 'more repositories')}."]
    return offers, failures


def _offers(hub: Hub, entry: CatalogEntry, failures: list[str]) -> _Found:
    """By quant; of several repositories the one that the catalog prefers."""
    found: _Found = {}
    for repo in entry.gguf_repos:
        try:
            models = models_of(hub.read(repo).files)
        except Interruption as error:
            raise NetworkError(f"the hub cannot be asked: {error.reason}", "try again") from error
        except (AccessRefused, ModelNotFound, ModelRefused) as error:
            failures.append(f"{repo} was left out: {error.message}.")
            continue
        for model in models:
            if model.quant and model.is_whole:
                found.setdefault(model.quant, Offer(repo, model.size_bytes))
        if all(quant in found for quant in QUANTS):
            break
    return found
