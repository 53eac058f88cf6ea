"""Which device holds which layers: from the engine's report of a load to a sentence."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

import msgspec

from localr1.hardware.load_plan import DeviceShare, LoadPlan
from localr1.hardware.machine import Device


def as_placed(
    plan: LoadPlan, layer_devices: Sequence[str], devices: Sequence[Device]
) -> tuple[LoadPlan, str]:
    """The plan with the devices that really got layers, and a sentence about them.

    Args:
        plan: what was asked for.
        layer_devices: the name of each layer's device, the output at the end.
        devices: what ggml's registry lists.
    """
    shares = device_shares(layer_devices, devices)
    n_gpu_layers = sum(share.layers for share in shares)
    used = msgspec.structs.replace(plan, devices=shares, n_gpu_layers=n_gpu_layers)
    return used, split_sentence(shares, len(layer_devices), rpc_places(devices, plan.rpc))


def device_shares(
    layer_devices: Sequence[str], devices: Sequence[Device]
) -> tuple[DeviceShare, ...]:
    """Layers of each device that is not the CPU, first layers first; see `as_placed`."""
    cpus = {device.name for device in devices if device.kind == "cpu"}
    return tuple(
        DeviceShare(name, sum(1 for _ in run))
        for name, run in itertools.groupby(layer_devices)
        if name not in cpus
    )


def split_sentence(
    shares: Sequence[DeviceShare], n_layers: int, places: Mapping[str, str] | None = None
) -> str:
    """How the layers are divided: "20/29 layers on CUDA0, 9 on CPU", or "CPU".

    Args:
        shares: layers that are not on the CPU.
        n_layers: all of them, the output counted as one.
        places: where a device is, for those of another computer.
    """
    if not shares:
        return "CPU"
    parts = [f"{share.layers} on {_named(share.name, places or {})}" for share in shares]
    first = shares[0]
    parts[0] = f"{first.layers}/{n_layers} layers on {_named(first.name, places or {})}"
    rest = n_layers - sum(share.layers for share in shares)
    return ", ".join([*parts, f"{rest} on CPU"] if rest > 0 else parts)


def rpc_places(devices: Sequence[Device], servers: Sequence[str]) -> dict[str, str]:
    """The address of each device that an RPC server lends; ggml describes it by that address."""
    return {device.name: device.description for device in devices if device.description in servers}


def without_places(sentence: str) -> str:
    """`split_sentence` for where there is little room: "15 on RPC0" without its address."""
    return re.sub(r" \(\S+\)", "", sentence)


def _named(name: str, places: Mapping[str, str]) -> str:
    return f"{name} ({places[name]})" if name in places else name
