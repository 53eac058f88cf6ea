"""What can be fetched for this computer; both block."""

from __future__ import annotations

from localr1 import paths
from localr1.advice.computer import Computer
from localr1.advice.recommend import recommend
from localr1.models.catalog import load_catalog
from localr1.settings import Settings
from localr1.tui.model_list.offers import bare_offers, offers
from localr1.tui.model_list.rows import Offer


def bare() -> list[Offer]:
    """Names and sizes."""
    return bare_offers(load_catalog(paths.catalog_file()))


def planned(computer: Computer, settings: Settings) -> list[Offer]:
    """With what fits and how fast it is, for which the memory is measured."""
    catalog = load_catalog(paths.catalog_file())
    return offers(catalog, recommend(catalog, computer.measured(), settings))
