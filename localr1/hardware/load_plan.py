"""How a model is to be loaded: plain values, which the interface knows without what makes them."""

from __future__ import annotations

from typing import Literal

import msgspec

from localr1.hardware.kv_types import KvType

FlashAttention = Literal["auto", "on", "off"]

DEFAULT_BATCH = 2048
"""Prompt tokens handed to the engine at once (llama.cpp's default)."""


class DeviceShare(msgspec.Struct, frozen=True):
    """Layers of the model that one device holds."""

    name: str
    """In ggml's device registry: CUDA0, Vulkan1, RPC0..."""
    layers: int
    """The output counts as one layer, as in llama.cpp's "offloaded 29/29 layers"."""


class LoadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is loaded. Counts are tokens unless a name says otherwise."""

    n_ctx: int
    n_gpu_layers: int
    """Layers placed on a GPU, the output counted as one; -1 means all of them."""
    n_threads: int
    """CPU threads that generate."""
    n_threads_batch: int
    """CPU threads that process the prompt."""
    n_batch: int = DEFAULT_BATCH
    n_ubatch: int = 256
    """Prompt tokens processed at once: progress is told, and a stop obeyed, that often."""
    type_k: KvType = "f16"
    type_v: KvType = "f16"
    flash_attn: FlashAttention = "auto"
    swa_full: bool = True
    """Layers with a sliding window keep every token, so that earlier ones can be gone back to."""
    use_mmap: bool = True
    use_mlock: bool = False
    """Keep the weights in memory, whatever else wants it."""
    devices: tuple[DeviceShare, ...] = ()
    """Which GPU takes which layers, first layers first; empty: the engine decides."""
    rpc: tuple[str, ...] = ()
    """HOST:PORT of the RPC servers whose devices are used."""
    background_work: bool = True
    """Whether the computer may be kept busy while nobody waits."""
    weights_bytes: int = 0
    kv_cache_bytes: int = 0
    compute_bytes: int = 0
    memory_bytes: int = 0
    """All that loading takes, on all devices together; 0 where it was not estimated."""
    reasons: dict[str, str] = {}
    """A sentence for each field that was chosen or asked for, by field name."""
    notice: str = ""
    """What a person should know before the first question: a window that had to be shortened."""
