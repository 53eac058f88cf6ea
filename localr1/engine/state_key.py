"""What a state on disk has to agree with, for a model as it is loaded here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localr1.engine import native
from localr1.engine.model_identity import model_identity
from localr1.engine.state_files import StateKey, engine_identity
from localr1.hardware.load_plan import LoadPlan


def state_key(path: Path, model: Any, plan: LoadPlan) -> StateKey:
    """The key of the model's states.

    Args:
        path: of the model.
        model: its handle.
        plan: what was really used. Where it leaves flash attention to the engine, llama.cpp itself
            refuses a state with the other layout of V.
    """
    architecture = native.model_text(model, "general.architecture")
    stretched = native.model_text(model, f"{architecture}.rope.scaling.original_context_length")
    places = ",".join(f"{share.name}:{share.layers}" for share in plan.devices)
    sets = ",".join(native.instruction_sets())
    return StateKey(
        model=model_identity(path),
        engine=engine_identity(*native.engine_version()),
        type_k=plan.type_k,
        type_v=plan.type_v,
        flash_attn=plan.flash_attn,
        swa_full=plan.swa_full,
        rope_n_ctx=plan.n_ctx if stretched else 0,
        computed_by=f"{plan.n_ubatch} {places} {sets}",
    )
