"""The load settings chosen for a model on this machine, each with its reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from localr1.hardware.rpc_servers import rpc_servers
from localr1.units import memory_size

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader
    from localr1.settings import Settings

KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
"""Types that llama.cpp accepts for the K and V cache (common/arg.cpp, kv_cache_types)."""

FlashAttention = Literal["auto", "on", "off"]

_WINDOWS = (32_768, 16_384, 8_192, 4_096)
"""R1's authors let it write up to 32,768 tokens; more is for those who ask for it."""

_MEMORY_SHARE = 4
"""The KV cache gets at most this part of the available memory: the weights need the rest."""

ALL_LAYERS = -1


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
    """Layers placed on a GPU; -1 means all of them."""
    n_threads: int
    """CPU threads that generate."""
    n_threads_batch: int
    """CPU threads that process the prompt."""
    n_batch: int = 2048
    n_ubatch: int = 256
    """Prompt tokens processed at once: progress is told, and a stop obeyed, that often."""
    type_k: KvType = "f16"
    type_v: KvType = "f16"
    flash_attn: FlashAttention = "auto"
    use_mmap: bool = True
    use_mlock: bool = False
    """Keep the weights in memory, whatever else wants it."""
    devices: tuple[DeviceShare, ...] = ()
    """Which GPU takes which layers, first layers first; empty: the engine decides."""
    rpc: tuple[str, ...] = ()
    """HOST:PORT of the RPC servers whose devices are used."""
    reasons: dict[str, str] = {}
    """A sentence for each field that was chosen or asked for, by field name."""


_SCORES_LIMIT_BYTES = 512 << 20
"""Most that attention scores may take in memory when flash attention is off."""


def with_cpu_attention(plan: LoadPlan, n_head: int) -> LoadPlan:
    """The plan with attention settled for a device that is a CPU.

    There, plain attention generates faster than the flash kernel (docs/speed.md), at the price
    of a buffer for the scores of a micro-batch: n_ctx x n_ubatch x heads x 4 bytes. A quantized
    V cache needs the flash kernel.
    """
    scores_bytes = plan.n_ctx * plan.n_ubatch * n_head * 4
    needs_flash = plan.type_v not in ("f32", "f16", "bf16")
    if plan.flash_attn != "auto" or needs_flash or scores_bytes > _SCORES_LIMIT_BYTES:
        return plan
    reason = f"off is faster on a CPU; its scores take {memory_size(scores_bytes)}"
    reasons = {**plan.reasons, "flash_attn": reason}
    return msgspec.structs.replace(plan, flash_attn="off", reasons=reasons)


class Machine(NamedTuple):
    """What the plan needs to know of this computer."""

    cores: int
    """Physical cores this process may run on."""
    available_bytes: int


def this_machine() -> Machine:
    """Read the computer's cores and available memory."""
    import psutil

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return Machine(cores=min(physical, allowed), available_bytes=psutil.virtual_memory().available)


def make_plan(header: GgufHeader, settings: Settings, machine: Machine) -> LoadPlan:
    """The plan for this model: what was asked for, and the machine's choice for the rest."""
    chosen = {**_automatic(header, machine), **_defaults()}
    fields: dict[str, object] = {name: value for name, (value, _) in chosen.items()}
    reasons = {name: reason for name, (_, reason) in chosen.items()}
    for field, setting in _SETTING_OF_FIELD.items():
        value = getattr(settings, setting)
        if value is not None:
            fields[field] = value
            reasons[field] = f"asked for ({settings.origin(setting)})"
    fields["rpc"] = rpc_servers(settings.rpc or "")
    return msgspec.convert({**fields, "reasons": reasons}, LoadPlan)


_SETTING_OF_FIELD: Mapping[str, str] = {
    "n_ctx": "n_ctx",
    "n_gpu_layers": "n_gpu_layers",
    "n_threads": "threads",
    "n_threads_batch": "threads",
    "n_batch": "batch",
    "type_k": "type_k",
    "type_v": "type_v",
    "flash_attn": "flash_attn",
    "use_mmap": "mmap",
}


def _defaults() -> dict[str, tuple[object, str]]:
    return {
        "n_gpu_layers": (ALL_LAYERS, "all layers go to a GPU that this engine build can use"),
        "type_k": ("f16", "llama.cpp's default"),
        "type_v": ("f16", "llama.cpp's default"),
        "flash_attn": ("auto", "the engine uses it where the device supports it"),
        "use_mmap": (True, "the file is mapped, so that unchanged pages can be shared and dropped"),
    }


def _automatic(header: GgufHeader, machine: Machine) -> dict[str, tuple[object, str]]:
    cores = f"this machine has {machine.cores} physical cores"
    return {
        "n_ctx": _context_window(header, machine),
        "n_threads": (machine.cores, cores),
        "n_threads_batch": (machine.cores, cores),
    }


def _context_window(header: GgufHeader, machine: Machine) -> tuple[int, str]:
    trained = header.n_ctx_train or _WINDOWS[-1]
    token_bytes = kv_cache_token_bytes(header)
    for n_ctx in _WINDOWS:
        window = min(n_ctx, trained)
        cache_bytes = window * token_bytes
        if cache_bytes * _MEMORY_SHARE <= machine.available_bytes or n_ctx == _WINDOWS[-1]:
            break
    limit = "what the model was trained for" if window == trained else "for long reasoning"
    reason = (
        f"{limit}; its KV cache takes {memory_size(cache_bytes)} "
        f"of {memory_size(machine.available_bytes)} available"
    )
    return window, reason


def kv_cache_token_bytes(header: GgufHeader) -> int:
    """Bytes of keys and values that one token keeps, in f16: 2 x layers x KV heads x head width."""
    if not header.n_head:
        return 0
    head_width = header.n_embd // header.n_head
    return 2 * 2 * header.n_layer * (header.n_head_kv or header.n_head) * head_width
