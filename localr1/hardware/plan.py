"""The load settings chosen for a model on this machine, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

from localr1.errors import DoesNotFit
from localr1.hardware import plan_reasons as why
from localr1.hardware.candidates import CPU_UBATCH, Asked, Candidate, best
from localr1.hardware.estimate import KvType
from localr1.hardware.machine import Device, Machine
from localr1.hardware.model_sizes import ModelSizes, sizes_of
from localr1.hardware.placement import WORKER_BYTES, places, without_limits
from localr1.hardware.refusal import least_need, refusal
from localr1.hardware.rpc_servers import rpc_servers
from localr1.hardware.threads import Threads, choose_threads, reason_to_go_easy

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader
    from localr1.settings import Settings

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


def make_plan(
    header: GgufHeader,
    settings: Settings,
    machine: Machine,
    devices: Iterable[Device] = (),
    tuned: Threads | None = None,
) -> LoadPlan:
    """The plan for this model: what was asked for, and the machine's choice for the rest.

    Args:
        header: of the model.
        settings: what a person asked for.
        machine: what the probe found.
        devices: what the engine can compute on, as the worker tells it.
        tuned: threads that `localr1 bench --tune` found best.

    Raises:
        DoesNotFit: no settings fit into memory; the hint names some that would.
    """
    return plan_for(sizes_of(header), settings, machine, devices, tuned)


def plan_for(
    model: ModelSizes,
    settings: Settings,
    machine: Machine,
    devices: Iterable[Device] = (),
    tuned: Threads | None = None,
) -> LoadPlan:
    """`make_plan` for a model whose sizes are known."""
    where = places(machine, devices)
    asked = _asked(settings)
    chosen = best(model, asked, where if settings.memory_check else without_limits(where))
    if chosen is None:
        raise DoesNotFit(*refusal(model, asked, where, machine.memory))
    threads = choose_threads(machine.cpu, machine.power, tuned)
    easy = reason_to_go_easy(machine.power)
    reasons = {
        **why.of_candidate(model, chosen, where),
        **why.of_loading(),
        "n_threads": threads.reason,
        "n_threads_batch": threads.reason,
        "background_work": f"off: {easy}" if easy else "nothing asks for low power",
        **why.of_asked(settings),
    }
    plan = _chosen_plan(chosen, threads.threads, settings)
    return msgspec.structs.replace(
        plan,
        background_work=easy is None,
        reasons=reasons,
        notice=why.shortened_window(model, chosen, settings, machine.memory),
    )


def least_memory_bytes(model: ModelSizes, settings: Settings) -> int:
    """What loading takes at least, on the host alone and with the shortest window."""
    return least_need(model, _asked(settings)).total_bytes + WORKER_BYTES


def _asked(settings: Settings) -> Asked:
    n_ubatch = settings.ubatch
    if settings.batch is not None:  # a micro-batch is part of a batch
        n_ubatch = min(settings.batch, n_ubatch or CPU_UBATCH)
    return Asked(
        n_ctx=settings.n_ctx,
        n_gpu_layers=settings.n_gpu_layers,
        type_k=settings.type_k,
        type_v=settings.type_v,
        flash_attn=settings.flash_attn,
        n_ubatch=n_ubatch,
    )


def _chosen_plan(chosen: Candidate, threads: Threads, settings: Settings) -> LoadPlan:
    use, placement = chosen.settings, chosen.placement
    needs = (placement.estimate.host, *placement.estimate.devices)
    return LoadPlan(
        n_ctx=use.n_ctx,
        n_gpu_layers=placement.n_gpu_layers,
        n_threads=settings.threads or threads.generation,
        n_threads_batch=settings.threads or threads.prompt,
        n_batch=max(settings.batch or DEFAULT_BATCH, use.n_ubatch),
        n_ubatch=use.n_ubatch,
        type_k=use.type_k,
        type_v=use.type_v,
        flash_attn=settings.flash_attn or _attention(chosen),
        swa_full=use.whole_window,
        use_mmap=settings.mmap is not False,
        use_mlock=settings.mlock is True,
        devices=tuple(DeviceShare(name, layers) for name, layers in placement.layers if layers),
        rpc=rpc_servers(settings.rpc or ""),
        weights_bytes=sum(need.weights_bytes for need in needs),
        kv_cache_bytes=sum(need.kv_cache_bytes for need in needs),
        compute_bytes=sum(need.compute_bytes for need in needs),
        memory_bytes=placement.estimate.total_bytes,
    )


def _attention(chosen: Candidate) -> FlashAttention:
    if chosen.placement.n_gpu_layers:
        return "auto"
    return "on" if chosen.settings.flash_attention else "off"
