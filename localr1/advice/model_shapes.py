"""A model of the catalog as the planner sees it, before any file of it is here."""

from __future__ import annotations

from localr1.hardware.model_sizes import ModelSizes
from localr1.models.catalog import CatalogEntry
from localr1.models.quant_sizes import tensor_sizes


def planned_sizes(entry: CatalogEntry, quant: str) -> ModelSizes:
    """What the header of its GGUF file in this quant would tell.

    Args:
        entry: of the catalog.
        quant: one of `quant_sizes.SIZED_QUANTS`.
    """
    shape = entry.shape
    layers = [0] * shape.n_layer
    parts = {"token_embd": 0, "output": 0, "output_norm": 0, "other": 0}
    n_tensors = 0
    for tensor, size in tensor_sizes(shape, quant):
        n_tensors += 1
        if tensor.layer >= 0:
            layers[tensor.layer] += size
        else:
            kind = tensor.name.removesuffix(".weight")
            parts[kind if kind in parts else "other"] += size
    output = parts["output"] + parts["output_norm"] + (parts["token_embd"] if shape.tied else 0)
    kv_width = shape.n_head_kv * shape.head_dim
    return ModelSizes(
        name=f"{entry.full_name} {quant}",
        parameters=shape.parameters,
        layer_bytes=tuple(layers),
        input_bytes=parts["token_embd"],
        output_bytes=output,
        output_is_tied=shape.tied,
        other_bytes=parts["other"],
        n_tensors=n_tensors,
        n_embd=shape.n_embd,
        n_ff=shape.n_ff,
        n_head=shape.n_head,
        n_vocab=shape.n_vocab,
        n_merges=shape.n_merges,
        n_ctx_train=entry.n_ctx_train,
        k_widths=(kv_width,) * shape.n_layer,
        v_widths=(kv_width,) * shape.n_layer,
        q_width=shape.n_head * shape.head_dim,
        window_tokens=0,
        windowed=(False,) * shape.n_layer,
        is_known=True,
    )
