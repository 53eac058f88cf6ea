"""A computer as it would be without the model that is loaded: what another one would find."""

from __future__ import annotations

import msgspec

from localr1.advice.doctor import Loaded
from localr1.advice.report import DeviceReport, Report
from localr1.hardware.load_plan import LoadPlan


def as_if_unloaded(report: Report, loaded: Loaded) -> Report:
    """The report with the memory of the loaded model counted as free; an estimate.

    Args:
        report: of the computer with the model.
        loaded: the model, and how it was loaded.
    """
    plan = loaded.plan
    layers = loaded.model.n_layer + 1
    on_devices = {share.name: share.layers for share in plan.devices}
    on_host = max(0, layers - sum(on_devices.values()))
    freed = {name: plan.memory_bytes * count // layers for name, count in on_devices.items()}
    memory = report.memory
    available = memory.available_bytes + _on_host(plan) * on_host // layers
    return msgspec.structs.replace(
        report,
        memory=msgspec.structs.replace(
            memory, available_bytes=min(available, memory.limit_bytes or memory.total_bytes)
        ),
        devices=tuple(_with_more(device, freed.get(device.name, 0)) for device in report.devices),
    )


def _on_host(plan: LoadPlan) -> int:
    """What counts as taken of main memory, if all layers are there."""
    # A mapped file's pages are counted as available: the system takes them back when it wants
    return plan.memory_bytes - plan.weights_bytes if plan.use_mmap else plan.memory_bytes


def _with_more(device: DeviceReport, freed_bytes: int) -> DeviceReport:
    if not freed_bytes or device.free_bytes is None:
        return device
    free = device.free_bytes + freed_bytes
    return msgspec.structs.replace(device, free_bytes=min(free, device.total_bytes or free))
