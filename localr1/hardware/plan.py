"""The load settings chosen for a model on this machine, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from localr1.errors import DoesNotFit
from localr1.hardware import plan_reasons as why
from localr1.hardware.candidates import CPU_UBATCH, Asked, Candidate, best
from localr1.hardware.load_plan import DEFAULT_BATCH, DeviceShare, FlashAttention, LoadPlan
from localr1.hardware.machine import Device, Machine
from localr1.hardware.model_sizes import ModelSizes, sizes_of
from localr1.hardware.placement import WORKER_BYTES, places, without_limits
from localr1.hardware.refusal import least_need, refusal
from localr1.hardware.rpc_servers import rpc_servers
from localr1.hardware.threads import Threads, choose_threads, reason_to_go_easy

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader
    from localr1.settings import Settings


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
    unmet = why.unmet_layers(chosen, settings)
    if unmet:
        reasons["n_gpu_layers"] += f", but {why.NO_GPU}"
    shortened = why.shortened_window(model, chosen, settings, machine.memory)
    plan = _chosen_plan(chosen, threads.threads, settings)
    return msgspec.structs.replace(
        plan,
        background_work=easy is None,
        reasons=reasons,
        notice=" ".join(sentence for sentence in (shortened, unmet) if sentence),
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
