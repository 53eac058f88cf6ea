"""How much memory a model takes with given settings, without loading it. Pure functions.

Weights and KV cache are exact. The compute buffer follows from the graph of one micro-batch
(llama.cpp, src/llama-graph.cpp: build_attn_mha, build_ffn) and was checked against the size that
llama.cpp itself reports when it only simulates allocation (docs/memory.md has the error). What the
worker holds besides was measured.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from localr1.hardware.kv_types import KvType
from localr1.hardware.model_sizes import ModelSizes

PLAIN_TYPES: tuple[KvType, ...] = ("f32", "f16", "bf16")
"""Those that are not quantized."""

KV_BYTES: dict[KvType, tuple[int, int]] = {
    "f32": (1, 4),
    "f16": (1, 2),
    "bf16": (1, 2),
    "q8_0": (32, 34),
    "q5_1": (32, 24),
    "q5_0": (32, 22),
    "q4_1": (32, 20),
    "q4_0": (32, 18),
    "iq4_nl": (32, 18),
}
"""Values in a block and bytes of a block (ggml-common.h)."""

MOST_SAMPLES = 16
"""Replies that can be written side by side, each in a sequence of its own. llama.cpp rounds the
micro-batch up to a multiple of this when it reserves memory, so a power of two costs nothing."""
MOST_ROWS = 32
"""Tokens of a batch that can be drawn from: the last token with drafts after it, or one token of
each sample. Logits of all tokens of a prompt, over a vocabulary of 152,000, would take 150 MB."""

_F32_BYTES, _F16_BYTES, _INDEX_BYTES = 4, 2, 8
_CELL_STEP = 256
"""Windows are padded to this many tokens (llama-context.cpp, llama-kv-cache-iswa.cpp)."""

_TOKEN_BYTES, _MERGE_BYTES = 220, 150
"""A vocabulary in the worker: llama.cpp's tables and localr1's own (measured, docs/memory.md)."""
_NODE_BYTES, _NODES_OF_TENSOR, _LEAST_NODES = 60 * 336, 8, 1024
"""What ggml's scheduler reserves for each node that a graph may have: 2 x 30 copies of a tensor's
description (ggml-backend.cpp, context_buffer_size; llama-context.cpp, graph_max_nodes)."""
_FIXED_BYTES = 13 << 20
"""Threads and buffers that no setting changes (measured, docs/memory.md)."""
_DEVICE_BYTES = 96 << 20
"""On a GPU from the first prompt on: the code of its kernels, scratch memory of matrix products
(measured on an NVIDIA H100, docs/gpu.md)."""
_UNKNOWN_MARGIN = 0.25
"""Added to the compute buffer of an architecture that the formula was not checked for."""


class LoadSettings(NamedTuple):
    """The settings that memory depends on."""

    n_ctx: int
    n_ubatch: int
    type_k: KvType
    type_v: KvType
    flash_attention: bool
    whole_window: bool = True
    """Layers with a sliding window keep every token, so that earlier ones can be gone back to."""


class Need(NamedTuple):
    """Memory of one device, in bytes."""

    weights_bytes: int = 0
    kv_cache_bytes: int = 0
    compute_bytes: int = 0
    other_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return sum(self)


class Estimate(NamedTuple):
    """Memory of all devices."""

    host: Need
    devices: tuple[Need, ...]
    """In the order of the layer counts that were asked about."""

    @property
    def total_bytes(self) -> int:
        """On all devices together."""
        return self.host.total_bytes + sum(need.total_bytes for need in self.devices)


def estimate(model: ModelSizes, settings: LoadSettings, layers: Sequence[int] = ()) -> Estimate:
    """Memory with these settings.

    Args:
        model: from its header.
        settings: what the context is made with.
        layers: how many layers each device takes, the output counted as the last layer; the
            first layers of the model stay on the host.
    """
    parts = [*zip(model.layer_bytes, kv_layer_bytes(model, settings), strict=True)]
    parts.append((model.output_bytes, 0))
    start = len(parts) - sum(layers)
    compute = compute_bytes(model, settings)
    on_device = device_compute_bytes(model, settings) + _copied_bytes(model, start)
    host_weights = model.input_bytes + model.other_bytes + sum(w for w, _ in parts[:start])
    if start == len(parts) and model.output_is_tied:
        host_weights -= model.input_bytes
    host = Need(
        host_weights,
        sum(cache for _, cache in parts[:start]),
        compute,
        vocabulary_bytes(model) + graph_bytes(model) + logits_bytes(model) + _FIXED_BYTES,
    )
    devices = []
    for count in layers:
        own = parts[start : start + count]
        weights, caches = sum(w for w, _ in own), sum(cache for _, cache in own)
        devices.append(Need(weights, caches, on_device, _DEVICE_BYTES) if count else Need())
        start += count
    return Estimate(host, tuple(devices))


@functools.lru_cache(maxsize=64)  # asked again for every way to share out the layers
def kv_layer_bytes(model: ModelSizes, settings: LoadSettings) -> tuple[int, ...]:
    """KV cache of each layer: cells x (keys + values) of a token."""
    whole = padded(settings.n_ctx)
    window = min(whole, padded(model.window_tokens + settings.n_ubatch))
    return tuple(
        (window if windowed and not settings.whole_window else whole)
        * (_row_bytes(settings.type_k, k_width) + _row_bytes(settings.type_v, v_width))
        for k_width, v_width, windowed in zip(
            model.k_widths, model.v_widths, model.windowed, strict=True
        )
    )


def kv_cache_bytes(model: ModelSizes, settings: LoadSettings) -> int:
    """KV cache of all layers."""
    return sum(kv_layer_bytes(model, settings))


def compute_bytes(model: ModelSizes, settings: LoadSettings) -> int:
    """The compute buffer: inputs, and the most that lives at once in attention or feed-forward.

    Feed-forward: gate, up and their product, beside four vectors of the model's width; where both
    caches are quantized, beside two and one of the queries' width. Plain attention: a score for
    every pair of tokens and head, beside three such vectors and two of the queries' width. Logits
    are made for few tokens only.
    """
    tokens = settings.n_ubatch
    quantized = {settings.type_k, settings.type_v}.isdisjoint(PLAIN_TYPES)
    beside = 2 * model.n_embd + model.q_width if quantized else 4 * model.n_embd
    n_ctx = padded(settings.n_ctx)
    feed_forward = tokens * _F32_BYTES * (3 * model.n_ff + beside)
    logits = model.n_vocab * _F32_BYTES * min(tokens, MOST_ROWS)
    if settings.flash_attention:
        inputs, attention = n_ctx * tokens * _F16_BYTES, 0
    else:
        v_width = max(model.v_widths, default=0)
        inputs = tokens * (n_ctx * _F32_BYTES + v_width * _INDEX_BYTES)
        vectors = 3 * model.n_embd + 2 * model.q_width
        attention = scores_bytes(model, n_ctx, tokens) + tokens * _F32_BYTES * vectors
    total = inputs + max(attention, feed_forward, logits)
    return total if model.is_known else int(total * (1 + _UNKNOWN_MARGIN))


def _copied_bytes(model: ModelSizes, n_on_host: int) -> int:
    """What a GPU holds of layers on the host: it reads prompts for them too, with copies.

    About half of a layer at a time: the largest matrix and what is read beside it (measured).
    """
    return max(model.layer_bytes[:n_on_host], default=0) // 2


def device_compute_bytes(model: ModelSizes, settings: LoadSettings) -> int:
    """The compute buffer of a GPU.

    For prompts its flash kernels want keys and values in f16 (ggml-cuda, fattn-common.cuh): of
    another type, those of one layer are there a second time, beside two vectors of the queries.
    Without flash attention cuBLAS gives the scores in f16, and they are there a second time.
    """
    compute = compute_bytes(model, settings)
    if not settings.flash_attention:
        return compute + scores_bytes(model, settings.n_ctx, settings.n_ubatch) // 2
    if settings.type_k == settings.type_v == "f16":
        return compute
    n_ctx, tokens = padded(settings.n_ctx), settings.n_ubatch
    widths = max(map(sum, zip(model.k_widths, model.v_widths, strict=True)), default=0)
    beside = tokens * _F32_BYTES * 2 * (model.n_embd + model.q_width)
    copies = n_ctx * (tokens + widths) * _F16_BYTES + beside
    return max(compute, copies)


def scores_bytes(model: ModelSizes, n_ctx: int, n_ubatch: int) -> int:
    """Attention scores of one layer without flash attention."""
    return padded(n_ctx) * n_ubatch * model.n_head * _F32_BYTES


def vocabulary_bytes(model: ModelSizes) -> int:
    """Tokens and merges in the worker's memory."""
    return model.n_vocab * _TOKEN_BYTES + model.n_merges * _MERGE_BYTES


def graph_bytes(model: ModelSizes) -> int:
    """Descriptions of a graph, with or without data in them."""
    return max(_LEAST_NODES, _NODES_OF_TENSOR * model.n_tensors) * _NODE_BYTES


def logits_bytes(model: ModelSizes) -> int:
    """What llama.cpp keeps of logits for a token of each sequence, beside the compute buffer."""
    return model.n_vocab * _F32_BYTES * MOST_SAMPLES


def _row_bytes(kind: KvType, width: int) -> int:
    values, size = KV_BYTES[kind]
    return -(-width // values) * size


def padded(n_ctx: int) -> int:
    """The window that llama.cpp really makes."""
    return -(-n_ctx // _CELL_STEP) * _CELL_STEP
