"""The machine as it is for a second model, once a first one is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from localr1.hardware.estimate import Estimate, LoadSettings, estimate
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device, Machine
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.placement import shares_host


class Left(NamedTuple):
    """What a second model can be planned with."""

    machine: Machine
    devices: tuple[Device, ...]


def left_by(plan: LoadPlan, model: ModelSizes, machine: Machine, devices: Sequence[Device]) -> Left:
    """The machine and its devices without the memory that a planned model will take.

    Args:
        plan: of the first model.
        model: its sizes.
        machine: what the probe found.
        devices: what the engine can compute on.
    """
    needs = estimate_of(plan, model)
    taken = {
        share.name: need.total_bytes
        for share, need in zip(plan.devices, needs.devices, strict=True)
    }
    host = needs.host.total_bytes
    host += sum(taken.get(device.name, 0) for device in devices if shares_host(device))
    memory = machine.memory
    available = max(0, memory.available_bytes - host)
    return Left(
        msgspec.structs.replace(
            machine, memory=msgspec.structs.replace(memory, available_bytes=available)
        ),
        tuple(
            msgspec.structs.replace(
                device, free_bytes=max(0, device.free_bytes - taken.get(device.name, 0))
            )
            for device in devices
        ),
    )


def estimate_of(plan: LoadPlan, model: ModelSizes) -> Estimate:
    """What a planned model will take, its devices in the order of the plan."""
    settings = LoadSettings(
        plan.n_ctx,
        plan.n_ubatch,
        plan.type_k,
        plan.type_v,
        flash_attention=plan.flash_attn != "off",
        whole_window=plan.swa_full,
    )
    return estimate(model, settings, [share.layers for share in plan.devices])
