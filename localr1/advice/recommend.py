"""What of the catalog fits into this computer, how fast it would be, and which to take.

Every row is the planner's own answer for a file of that size; nothing is fetched or loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from localr1.advice.computer import Computer
from localr1.advice.expected_speed import expected_tps
from localr1.advice.model_row import ModelRow
from localr1.advice.model_shapes import planned_sizes
from localr1.advice.recommend_choice import with_roles
from localr1.errors import DoesNotFit
from localr1.hardware.plan import least_memory_bytes, plan_for
from localr1.hardware.refusal import scaled
from localr1.models.catalog import CatalogEntry
from localr1.models.quant_sizes import file_bytes
from localr1.settings import Settings

QUANTS = ("Q2_K", "Q3_K_M", "IQ4_XS", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")
"""Those that are published of most models, the smallest first."""


class Offer(NamedTuple):
    """A file of the hub, or several that are one model."""

    repo: str
    size_bytes: int


Offers: TypeAlias = Mapping[str, Mapping[str, Offer]]
"""By the name of the model in the catalog, and by quant."""


def recommend(
    catalog: Iterable[CatalogEntry],
    computer: Computer,
    settings: Settings,
    offers: Offers | None = None,
) -> list[ModelRow]:
    """A row for each model and quant, the smallest models first; one of them may be the pick.

    Pure, and done within a second or two.

    Args:
        catalog: the models.
        computer: that they would run on. Without the bandwidth of its memory the speed of most
            models is not known.
        settings: what a person asked for.
        offers: what the hub has; None where it was not asked.
    """
    entries = sorted(catalog, key=lambda entry: entry.parameters)
    rows = [
        row_of(entry, quant, computer, settings, offers) for entry in entries for quant in QUANTS
    ]
    return with_roles(rows)


def row_of(
    entry: CatalogEntry,
    quant: str,
    computer: Computer,
    settings: Settings,
    offers: Offers | None = None,
) -> ModelRow:
    """One model in one quant, as the planner sees it; it has no role."""
    model = planned_sizes(entry, quant)
    size_bytes = file_bytes(entry.shape, quant)
    offer = offers.get(entry.name, {}).get(quant) if offers is not None else None
    if offer is not None:
        model = scaled(model, max(1, model.weights_bytes + offer.size_bytes - size_bytes))
        size_bytes = offer.size_bytes
    own = settings.for_model(entry.full_name)
    row = ModelRow(
        reference=f"{entry.name}:{quant}",
        name=entry.name,
        full_name=entry.full_name,
        quant=quant,
        size_bytes=size_bytes,
        size_is_exact=offer is not None,
        is_offered=None if offers is None else offer is not None,
        repo=offer.repo if offer else "",
        fits=False,
        n_layers=model.n_layer + 1,
        memory_bytes=least_memory_bytes(model, own),
        scores=entry.scores,
    )
    try:
        plan = plan_for(model, own, computer.machine, computer.devices)
    except DoesNotFit:
        return row
    return msgspec.structs.replace(
        row,
        fits=True,
        n_ctx=plan.n_ctx,
        kv_type=plan.type_k,
        n_gpu_layers=plan.n_gpu_layers,
        devices=tuple(share.name for share in plan.devices),
        memory_bytes=plan.memory_bytes,
        tokens_per_second=expected_tps(model, plan, computer.devices, computer.host_bandwidth),
    )
