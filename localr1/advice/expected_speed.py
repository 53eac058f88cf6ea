"""How fast a model is likely to write here, before it is: an estimate from what limits it.

Each token needs every weight once, from the memory where it lies. So a token takes the time that
those memories need to be read; in practice some more. On a GPU, the work of a layer takes time to
start that no bandwidth shortens: on fast cards that is what limits small models.
"""

from __future__ import annotations

from collections.abc import Iterable

from localr1.engine.bandwidth import read_bandwidth
from localr1.hardware.card_bandwidth import UNKNOWN_CARD, card_bandwidth
from localr1.hardware.estimate import LoadSettings, kv_layer_bytes
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device, Machine
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.placement import shares_host
from localr1.hardware.threads import choose_threads

SHARE_OF_MEASURED, SHARE_OF_PUBLISHED = 0.7, 0.6
"""What generation usually reaches of a bandwidth that was measured here, and of one that a maker
publishes, which no program reaches. Rules of thumb."""

GPU_LAYER_SECONDS = 50e-6
"""What a layer on a GPU takes besides (measured on an NVIDIA H100, docs/gpu.md)."""

USUAL_DEPTH = 4_096
"""Tokens in the KV cache: in the middle of a thought."""


def measured_bandwidth(machine: Machine) -> float | None:
    """Bytes a second that this computer's processor reads from main memory.

    Takes up to a second. None where too little memory is free to measure it.
    """
    threads = choose_threads(machine.cpu, machine.power).threads
    return read_bandwidth(threads.generation)


def expected_tps(
    model: ModelSizes, plan: LoadPlan, devices: Iterable[Device], host_bandwidth: float | None
) -> float | None:
    """Tokens a second that this plan is likely to give.

    Args:
        model: that is loaded.
        plan: how.
        devices: that the engine can compute on.
        host_bandwidth: of main memory, in bytes a second.

    Returns:
        None where part of the model is in main memory and its speed is not known.
    """
    by_name = {device.name: device for device in devices}
    parts = _bytes_of_layers(model, plan)
    on_devices = sum(share.layers for share in plan.devices)
    start = len(parts) - on_devices
    host_rate = host_bandwidth * SHARE_OF_MEASURED if host_bandwidth else None
    places = [(sum(parts[:start]), host_rate)]
    for share in plan.devices:
        size = sum(parts[start : start + share.layers])
        places.append((size, _device_rate(by_name.get(share.name), host_rate)))
        start += share.layers
    seconds = on_devices * GPU_LAYER_SECONDS
    for size, rate in places:
        if size and not rate:
            return None
        seconds += size / rate if rate else 0.0
    return 1 / seconds if seconds else None


def _bytes_of_layers(model: ModelSizes, plan: LoadPlan) -> list[int]:
    """What a token reads of each layer, the output at the end."""
    depth = min(plan.n_ctx, USUAL_DEPTH)
    use = LoadSettings(
        depth, plan.n_ubatch, plan.type_k, plan.type_v, plan.flash_attn != "off", plan.swa_full
    )
    caches = kv_layer_bytes(model, use)
    layers = [w + cache for w, cache in zip(model.layer_bytes, caches, strict=True)]
    return [*layers, model.output_bytes]


def _device_rate(device: Device | None, host_rate: float | None) -> float | None:
    """Bytes a second that are likely to be read on a device."""
    published = card_bandwidth(device.description) if device else None
    if device is not None and shares_host(device):
        return max((published or 0) * SHARE_OF_PUBLISHED, host_rate or 0) or None
    return (published or UNKNOWN_CARD) * SHARE_OF_PUBLISHED
