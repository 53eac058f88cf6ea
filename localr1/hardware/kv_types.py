"""The types that llama.cpp accepts for the K and V cache (common/arg.cpp, kv_cache_types)."""

from __future__ import annotations

from typing import Literal

KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
