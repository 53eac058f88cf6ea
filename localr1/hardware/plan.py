"""The load settings chosen for a model on this machine, each with its reason."""

from __future__ import annotations

from typing import Literal

import msgspec

KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
"""Types that llama.cpp accepts for the K and V cache (common/arg.cpp, kv_cache_types)."""

FlashAttention = Literal["auto", "on", "off"]


class LoadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is loaded. Counts are tokens unless a name says otherwise."""

    n_ctx: int
    n_gpu_layers: int
    """Layers placed on a GPU; -1 means all of them."""
    n_threads: int
    """CPU threads that generate."""
    n_threads_batch: int
    """CPU threads that process the prompt."""
    n_batch: int = 2048
    n_ubatch: int = 256
    type_k: KvType = "f16"
    type_v: KvType = "f16"
    flash_attn: FlashAttention = "auto"
    use_mmap: bool = True
    reasons: dict[str, str] = {}
    """A sentence for each field that was chosen or asked for, by field name."""
