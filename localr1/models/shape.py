"""What a dense model is made of: the numbers of its config.json, and the tensors that follow."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 24)]
_Layers = Annotated[int, msgspec.Meta(ge=1, le=512)]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sizes of a model, in the words of house style."""

    architecture: Literal["llama", "qwen2", "qwen3"]
    """As in a GGUF's general.architecture."""
    n_layer: _Layers
    n_embd: _Count
    n_ff: _Count
    n_head: _Count
    n_head_kv: _Count
    head_dim: _Count
    n_vocab: _Count
    n_merges: Annotated[int, msgspec.Meta(ge=0, le=1 << 24)] = 0
    """Merges of the tokenizer: they make up half of a file's header."""
    tied: bool = False
    """The embedding is the output matrix as well."""

    @property
    def parameters(self) -> int:
        """Numbers in all tensors but those that only describe positions."""
        return sum(each.values for each in tensors_of(self) if each.name != ROPE_FREQUENCIES)


class ShapeTensor(NamedTuple):
    """A tensor of a model."""

    name: str
    """As in a GGUF."""
    rows: int
    """1 for a vector."""
    columns: int
    layer: int = -1
    """-1 for those of no layer."""

    @property
    def values(self) -> int:
        """Numbers in it."""
        return self.rows * self.columns


ROPE_FREQUENCIES = "rope_freqs.weight"
"""A table that Llama 3.1 and later have in their files; it was not trained."""


@functools.lru_cache(maxsize=32)
def tensors_of(shape: Shape) -> tuple[ShapeTensor, ...]:
    """All tensors of a model with this shape, as llama.cpp's converters name them."""
    return tuple(_tensors(shape))


def _tensors(shape: Shape) -> Iterator[ShapeTensor]:
    yield ShapeTensor("token_embd.weight", shape.n_vocab, shape.n_embd)
    for layer in range(shape.n_layer):
        for name, rows, columns in _of_layer(shape):
            yield ShapeTensor(f"blk.{layer}.{name}", rows, columns, layer)
    yield ShapeTensor("output_norm.weight", 1, shape.n_embd)
    if not shape.tied:
        yield ShapeTensor("output.weight", shape.n_vocab, shape.n_embd)
    if shape.architecture == "llama":
        yield ShapeTensor(ROPE_FREQUENCIES, 1, max(1, shape.head_dim // 2))


def _of_layer(shape: Shape) -> Iterator[tuple[str, int, int]]:
    """Names, rows and columns."""
    q_width, kv_width = shape.n_head * shape.head_dim, shape.n_head_kv * shape.head_dim
    yield "attn_norm.weight", 1, shape.n_embd
    for name, width in (("q", q_width), ("k", kv_width), ("v", kv_width)):
        yield f"attn_{name}.weight", width, shape.n_embd
        if shape.architecture == "qwen2":
            yield f"attn_{name}.bias", 1, width
        if shape.architecture == "qwen3" and name != "v":
            yield f"attn_{name}_norm.weight", 1, shape.head_dim
    yield "attn_output.weight", shape.n_embd, q_width
    yield "ffn_norm.weight", 1, shape.n_embd
    yield "ffn_gate.weight", shape.n_ff, shape.n_embd
    yield "ffn_up.weight", shape.n_ff, shape.n_embd
    yield "ffn_down.weight", shape.n_embd, shape.n_ff
