"""How large a GGUF file of a model is in each quant: from its shape, without the file.

A quant like Q4_K_M is a mixture: which tensor gets which type is llama.cpp's decision
(src/llama-quant.cpp, llama_tensor_get_type_impl), stated here for dense models as far as the
quants of the catalog need it. `localr1 convert` asks llama.cpp itself; a test compares the two.
"""

from __future__ import annotations

import functools

from localr1.models.shape import Shape, ShapeTensor, tensors_of

_BASE_TYPES = {
    "Q2_K": "Q2_K",
    "Q3_K_S": "Q3_K",
    "Q3_K_M": "Q3_K",
    "Q3_K_L": "Q3_K",
    "IQ4_XS": "IQ4_XS",
    "Q4_0": "Q4_0",
    "Q4_K_S": "Q4_K",
    "Q4_K_M": "Q4_K",
    "Q5_K_S": "Q5_K",
    "Q5_K_M": "Q5_K",
    "Q6_K": "Q6_K",
    "Q8_0": "Q8_0",
    "F16": "F16",
    "BF16": "BF16",
}
"""The type of most tensors."""

SIZED_QUANTS = tuple(_BASE_TYPES)
"""Those whose sizes are known, the smallest first."""

_WHOLE_NUMBERS = ("F16", "BF16")
_IN_PLACE = {"IQ4_XS": "IQ4_NL", "Q2_K": "Q4_0", "Q3_K": "Q4_0"}
_IN_PLACE |= {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
"""Taken where a row is no multiple of a block (tensor_type_fallback)."""

_ALIGNMENT = 32
_TOKEN_BYTES, _MERGE_BYTES, _OTHER_KEYS_BYTES = 18.4, 20.3, 10_000
"""Of a file's header: a token with its length and type, a merge, all the rest (a template mostly).
From files of the R1 distills."""
_TENSOR_ROW_BYTES = 57


def file_bytes(shape: Shape, quant: str, *, has_imatrix: bool = True) -> int:
    """The size of a GGUF file, to some parts in a thousand.

    Args:
        shape: of the model.
        quant: one of SIZED_QUANTS.
        has_imatrix: made with an importance matrix, as published IQ4_XS files are.
    """
    sizes = [size for _, size in tensor_sizes(shape, quant, has_imatrix=has_imatrix)]
    vocabulary = shape.n_vocab * _TOKEN_BYTES + shape.n_merges * _MERGE_BYTES
    header = vocabulary + _OTHER_KEYS_BYTES + len(sizes) * _TENSOR_ROW_BYTES
    return round(header) + sum(-(-size // _ALIGNMENT) * _ALIGNMENT for size in sizes)


@functools.lru_cache(maxsize=256)
def tensor_sizes(
    shape: Shape, quant: str, *, has_imatrix: bool = True
) -> tuple[tuple[ShapeTensor, int], ...]:
    """Each tensor and the bytes it takes."""
    found = []
    for tensor in tensors_of(shape):
        values, size = _blocks()[tensor_type(shape, tensor, quant, has_imatrix=has_imatrix)]
        found.append((tensor, tensor.values // values * size))
    return tuple(found)


def tensor_type(shape: Shape, tensor: ShapeTensor, quant: str, *, has_imatrix: bool = True) -> str:
    """The type that llama.cpp gives to a tensor, in capitals: Q4_K, F32.

    Raises:
        KeyError: the quant is not one of SIZED_QUANTS.
    """
    base = _BASE_TYPES[quant]
    if tensor.rows == 1:
        return "F32"
    if base in _WHOLE_NUMBERS:
        return base
    chosen = _in_mixture(shape, tensor, quant, base, has_imatrix=has_imatrix)
    return chosen if tensor.columns % _blocks()[chosen][0] == 0 else _IN_PLACE.get(chosen, chosen)


def _in_mixture(
    shape: Shape, tensor: ShapeTensor, quant: str, base: str, *, has_imatrix: bool
) -> str:
    kind = tensor.name.split(".")[-2]
    if kind == "output" or (kind == "token_embd" and shape.tied):
        fits = tensor.columns % _blocks()[base][0] == 0
        return "Q6_K" if base != "Q8_0" and fits else "Q8_0"
    if kind == "attn_v":
        return _of_values(shape, quant, base, tensor.layer)
    if kind == "ffn_down":
        return _of_down(shape.n_layer, quant, base, tensor.layer, has_imatrix=has_imatrix)
    if kind == "attn_output":
        return {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K"}.get(quant, base)
    return base


def _of_values(shape: Shape, quant: str, base: str, layer: int) -> str:
    shares_heads = shape.n_head // shape.n_head_kv >= 4
    chosen = {
        "Q2_K": "Q4_K" if shares_heads else "Q3_K",
        "Q3_K_M": "Q5_K" if layer < 2 else "Q4_K",
        "Q3_K_L": "Q5_K",
        "IQ4_XS": "Q5_K" if shares_heads else base,
        "Q4_K_S": "Q5_K" if layer < 4 else base,
        "Q4_K_M": "Q6_K" if _gets_more_bits(layer, shape.n_layer) else base,
        "Q5_K_M": "Q6_K" if _gets_more_bits(layer, shape.n_layer) else base,
    }.get(quant, base)
    # "70B" to llama.cpp: the values are an eighth of the queries, so more bits cost little
    is_70b = (
        shape.n_layer == 80 and shape.architecture != "qwen3" and shape.n_head_kv < shape.n_head
    )
    return "Q5_K" if is_70b and chosen in ("Q3_K", "Q4_K") else chosen


def _of_down(n_layer: int, quant: str, base: str, layer: int, *, has_imatrix: bool) -> str:
    is_early = layer < n_layer // 8
    return {
        "Q2_K": "Q3_K",
        "Q3_K_M": "Q5_K" if layer < n_layer // 16 else "Q4_K",
        "Q3_K_L": "Q5_K",
        "IQ4_XS": "Q5_K" if is_early and not has_imatrix else base,
        "Q4_0": "Q4_1" if is_early and has_imatrix else base,
        "Q4_K_S": "Q5_K" if is_early else base,
        "Q4_K_M": "Q6_K" if _gets_more_bits(layer, n_layer) else base,
        "Q5_K_M": "Q6_K" if _gets_more_bits(layer, n_layer) else base,
    }.get(quant, base)


def _gets_more_bits(layer: int, n_layer: int) -> bool:
    """The first and last eighth, and each third layer between (use_more_bits)."""
    eighth = n_layer // 8
    return layer < eighth or layer >= 7 * n_layer // 8 or (layer - eighth) % 3 == 2


@functools.cache
def _blocks() -> dict[str, tuple[int, int]]:
    """Values and bytes of a block, by the name of the tensor type."""
    # brings the reading of GGUF files along, which the first paint can do without
    from localr1.gguf_header.tables import TENSOR_TYPES

    return {name: (values, size) for name, values, size in TENSOR_TYPES.values()}
