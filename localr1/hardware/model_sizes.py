"""What of a model takes memory, read from its GGUF header: exact, and without loading anything."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader

_BLOCK = re.compile(r"blk\.(\d+)\.")
_INPUT, _OUTPUT = "token_embd.", ("output.", "output_norm.")

_SLIDING_WINDOWS = {
    "cohere2": (4, 0),
    "gemma2": (2, 4096),
    "gemma3": (6, 0),
    "gpt-oss": (2, 0),
    "olmo2": (4, 0),
}
"""Of every so many layers all but the last see a window only; its default size in tokens.

Source: load_arch_hparams in llama.cpp's src/models. For any other architecture every layer is
counted as one that sees everything, which can only be too much.
"""


class ModelSizes(NamedTuple):
    """A model as memory sees it. Widths are numbers a token, sizes are bytes."""

    name: str
    parameters: int
    layer_bytes: tuple[int, ...]
    """Weights of each repeating layer."""
    input_bytes: int
    """The token embedding, which llama.cpp keeps in main memory."""
    output_bytes: int
    """The output matrix and norm; a matrix tied to the embedding counts again."""
    output_is_tied: bool
    other_bytes: int
    """What belongs to none of these: kept in main memory."""
    n_tensors: int
    n_embd: int
    n_ff: int
    n_head: int
    n_vocab: int
    n_merges: int
    n_ctx_train: int
    k_widths: tuple[int, ...]
    """Keys of one token, layer by layer."""
    v_widths: tuple[int, ...]
    q_width: int
    window_tokens: int
    """What a layer with a sliding window sees; 0 without such layers."""
    windowed: tuple[bool, ...]
    """Which layers have one."""
    is_known: bool
    """The formulas were checked for this architecture (docs/memory.md)."""

    @property
    def n_layer(self) -> int:
        """Repeating layers."""
        return len(self.layer_bytes)

    @property
    def weights_bytes(self) -> int:
        """All weights once, as in the file."""
        tied = self.input_bytes if self.output_is_tied else 0
        once = self.input_bytes + self.output_bytes - tied + self.other_bytes
        return once + sum(self.layer_bytes)


def sizes_of(header: GgufHeader) -> ModelSizes:
    """The sizes of a checked model file."""
    layers, input_bytes, output_bytes, other_bytes, tied = _weights(header)
    n_layer = len(layers)
    heads = _each_layer(header, "attention.head_count", n_layer)
    kv_heads = _each_layer(header, "attention.head_count_kv", n_layer)
    most_heads = max(heads, default=0) or 1
    head_width = -(-header.n_embd // most_heads)
    k_width = _number(header, "attention.key_length") or head_width
    v_width = _number(header, "attention.value_length") or head_width
    if not any(kv_heads):
        kv_heads = heads
    window, windowed = _sliding_window(header, n_layer)
    return ModelSizes(
        name=header.name,
        parameters=header.parameters,
        layer_bytes=layers,
        input_bytes=input_bytes,
        output_bytes=output_bytes,
        output_is_tied=tied,
        other_bytes=other_bytes,
        n_tensors=len(header.tensors),
        n_embd=header.n_embd,
        n_ff=_feed_forward_width(header, n_layer),
        n_head=most_heads,
        n_vocab=header.n_vocab,
        n_merges=len(header.metadata.get("tokenizer.ggml.merges", ())),
        n_ctx_train=header.n_ctx_train,
        k_widths=tuple(count * k_width for count in kv_heads),
        v_widths=tuple(count * v_width for count in kv_heads),
        q_width=most_heads * k_width,
        window_tokens=window,
        windowed=windowed,
        is_known=header.architecture in ("llama", "qwen2", "qwen3"),
    )


def _weights(header: GgufHeader) -> tuple[tuple[int, ...], int, int, int, bool]:
    """Bytes of each layer, the input, the output and the rest; whether the output is tied.

    Layers are counted by their tensors: a number in a file's metadata could be any.
    """
    layers: dict[int, int] = {}
    input_bytes = output_bytes = other_bytes = 0
    has_output = False
    for tensor in header.tensors:
        block = _BLOCK.match(tensor.name)
        if block:
            layers[int(block[1])] = layers.get(int(block[1]), 0) + tensor.size_bytes
        elif tensor.name.startswith(_INPUT):
            input_bytes += tensor.size_bytes
        elif tensor.name.startswith(_OUTPUT):
            output_bytes += tensor.size_bytes
            has_output = has_output or tensor.name == "output.weight"
        else:
            other_bytes += tensor.size_bytes
    if not has_output:
        output_bytes += input_bytes
    by_index = tuple(size for _, size in sorted(layers.items()))
    return by_index, input_bytes, output_bytes, other_bytes, not has_output


def _values(header: GgufHeader, name: str) -> tuple[int, ...]:
    """A hyper-parameter that is one number, or one for each layer."""
    value = header.metadata.get(f"{header.architecture}.{name}")
    if isinstance(value, array):
        return tuple(int(number) for number in value)
    return (value,) if isinstance(value, int) else ()


def _number(header: GgufHeader, name: str) -> int:
    return max(_values(header, name), default=0)


def _each_layer(header: GgufHeader, name: str, n_layer: int) -> tuple[int, ...]:
    values = _values(header, name) or (0,)
    return tuple(values[min(layer, len(values) - 1)] for layer in range(n_layer))


def _feed_forward_width(header: GgufHeader, n_layer: int) -> int:
    """The widest feed-forward; with experts, of those that work at once."""
    dense = max(_each_layer(header, "feed_forward_length", n_layer), default=0)
    experts = _number(header, "expert_used_count")
    return max(dense, experts * (_number(header, "expert_feed_forward_length") or dense))


def _sliding_window(header: GgufHeader, n_layer: int) -> tuple[int, tuple[bool, ...]]:
    every, default = _SLIDING_WINDOWS.get(header.architecture, (0, 0))
    window = _number(header, "attention.sliding_window") or default
    if not every or not window:
        return 0, (False,) * n_layer
    pattern = header.metadata.get(f"{header.architecture}.attention.sliding_window_pattern")
    if isinstance(pattern, array):
        return window, tuple(bool(pattern[layer % len(pattern)]) for layer in range(n_layer))
    every = pattern if isinstance(pattern, int) and pattern > 0 else every
    return window, tuple(layer % every < every - 1 for layer in range(n_layer))
