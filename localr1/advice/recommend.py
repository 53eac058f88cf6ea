"""What of the catalog fits into this computer, how fast it would be, and which to take.

Every row is the planner's own answer for a file of that size; nothing is fetched or loaded.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from localr1.advice.computer import Computer
from localr1.advice.expected_speed import expected_tps
from localr1.advice.model_row import ModelRow
from localr1.advice.model_shapes import planned_sizes
from localr1.advice.recommend_choice import with_roles
from localr1.errors import DoesNotFit
from localr1.hardware.plan import least_memory_bytes, plan_for
from localr1.models.catalog import CatalogEntry
from localr1.models.quant_sizes import file_bytes
from localr1.settings import Settings

QUANTS = ("Q2_K", "Q3_K_M", "IQ4_XS", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")
"""Those that are published of most models, the smallest first."""


def recommend(
    catalog: Iterable[CatalogEntry], computer: Computer, settings: Settings
) -> list[ModelRow]:
    """A row for each model and quant, the smallest models first; one of them may be the pick.

    Pure, and done within a second or two.

    Args:
        catalog: the models.
        computer: that they would run on. Without the bandwidth of its memory the speed of most
            models is not known.
        settings: what a person asked for.
    """
    entries = sorted(catalog, key=lambda entry: entry.parameters)
    return with_roles(
        [_row(entry, quant, computer, settings) for entry in entries for quant in QUANTS]
    )


def _row(entry: CatalogEntry, quant: str, computer: Computer, settings: Settings) -> ModelRow:
    model = planned_sizes(entry, quant)
    own = settings.for_model(entry.full_name)
    row = ModelRow(
        reference=f"{entry.name}:{quant}",
        name=entry.name,
        full_name=entry.full_name,
        quant=quant,
        size_bytes=file_bytes(entry.shape, quant),
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
