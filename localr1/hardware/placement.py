"""Where a model's layers can go: the memory of each place, and what fits into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import NamedTuple

from localr1.hardware.estimate import Estimate, LoadSettings, estimate
from localr1.hardware.machine import Device, Machine
from localr1.hardware.model_sizes import ModelSizes

WORKER_BYTES = 96 << 20
"""An idle worker: Python and the engine library (measured, docs/memory.md)."""

_HOST_MARGIN, _HOST_MARGIN_SHARE = 512 << 20, 10
_DEVICE_MARGIN, _DEVICE_MARGIN_SHARE = 256 << 20, 20
"""Left free: this much, or one part in so many where that is less."""

_UNLIMITED_BYTES = 1 << 62

_ROOM_BITS = 30
"""Whole GiB: what is free changes all the time."""

_MOST_ORDERED = 4
"""All orders of up to so many devices are tried; more are taken by size."""


class Place(NamedTuple):
    """A device that layers can be put on."""

    name: str
    usable_bytes: int
    shares_host: bool
    """Its memory is the computer's."""
    is_remote: bool


class Places(NamedTuple):
    """The memory that a plan may use; margins are taken off."""

    host_bytes: int
    devices: tuple[Place, ...]


class Placement(NamedTuple):
    """Layers on devices, first layers first, and the memory that this takes."""

    layers: tuple[tuple[str, int], ...]
    estimate: Estimate

    @property
    def n_gpu_layers(self) -> int:
        """Layers that are not on the host."""
        return sum(count for _, count in self.layers)


def places(machine: Machine, devices: Iterable[Device]) -> Places:
    """What of the machine's memory can be planned with.

    A GPU that shares the computer's memory is used only where there is none with its own: what
    limits generation is that memory either way.
    """
    gpus = [device for device in devices if device.kind in ("gpu", "igpu")]
    found = [_place(device) for device in gpus]
    # a card that is full tells neither size nor free memory; it is there all the same
    there = [place for place in found if place.usable_bytes > 0] or found
    own = [place for place in there if not place.shares_host]
    host = _without_margin(machine.memory.available_bytes, _HOST_MARGIN, _HOST_MARGIN_SHARE)
    return Places(max(0, host - WORKER_BYTES), tuple(own or there))


def _place(device: Device) -> Place:
    usable = _without_margin(device.free_bytes, _DEVICE_MARGIN, _DEVICE_MARGIN_SHARE)
    return Place(device.name, usable, shares_host(device), device.name.startswith("RPC"))


def shares_host(device: Device) -> bool:
    """Whether the device's memory is the computer's."""
    # Metal lists Apple's GPU as one of the kind gpu
    return device.kind == "igpu" or device.name.startswith(("Metal", "MTL"))


def _without_margin(free_bytes: int, margin: int, share: int) -> int:
    return free_bytes - min(margin, free_bytes // share)


def without_limits(where: Places) -> Places:
    """The same places with all the memory one could want: a person has switched the check off."""
    devices = tuple(each._replace(usable_bytes=_UNLIMITED_BYTES) for each in where.devices)
    return Places(_UNLIMITED_BYTES, devices)


def place(
    model: ModelSizes, settings: LoadSettings, where: Places, most: int, least: int = 0
) -> Placement | None:
    """As many layers as possible on the devices, and the rest on the host.

    Args:
        model: what is placed.
        settings: what its context is made with.
        where: the memory there is.
        most: layers that may go to devices; the output counts as one.
        least: layers that must.

    Returns:
        None where it does not fit.
    """
    found: list[tuple[tuple[int, ...], Placement]] = []
    for order in _orders(where.devices):
        counts = _fill(model, settings, order, most)
        placement = _placement(model, settings, order, counts)
        if placement.n_gpu_layers >= least and _fits_host(placement, order, counts, where):
            remote = sum(n for each, n in zip(order, counts, strict=True) if each.is_remote)
            used = [each for each, n in zip(order, counts, strict=True) if n]
            # where one of several would do: the larger, which most often is the faster one
            room = sum(each.usable_bytes for each in used) >> _ROOM_BITS
            positions = sum(where.devices.index(each) for each in used)
            rank = (placement.n_gpu_layers, -remote, -len(used), room, -positions)
            found.append((rank, placement))
    return max(found, key=lambda each: each[0])[1] if found else None


def _placement(
    model: ModelSizes, settings: LoadSettings, order: Sequence[Place], counts: Sequence[int]
) -> Placement:
    named = [(each.name, n) for each, n in zip(order, counts, strict=True)]
    return Placement(tuple(named), estimate(model, settings, counts))


def _fits_host(
    placement: Placement, order: Sequence[Place], counts: Sequence[int], where: Places
) -> bool:
    needs = zip(order, counts, placement.estimate.devices, strict=True)
    shared = sum(need.total_bytes for each, n, need in needs if each.shares_host and n)
    return placement.estimate.host.total_bytes + shared <= where.host_bytes


def _orders(devices: Sequence[Place]) -> list[Sequence[Place]]:
    """The orders in which devices can stand; the last one takes the output."""
    if len(devices) > _MOST_ORDERED:
        return [sorted(devices, key=lambda each: (each.is_remote, each.usable_bytes))]
    return list(permutations(devices))


def _fill(
    model: ModelSizes, settings: LoadSettings, order: Sequence[Place], most: int
) -> list[int]:
    """Layers of each device, filled from the output backwards; 0 for one that stays empty."""
    left = min(most, model.n_layer + 1)
    counts: list[int] = []
    for device in reversed(order):
        count = _fitting(model, settings, device, counts, left)
        counts.insert(0, count)
        left -= count
    return counts


def _fitting(
    model: ModelSizes, settings: LoadSettings, device: Place, behind: Sequence[int], most: int
) -> int:
    """The most layers that this device holds, before those that `behind` hold (bisection)."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        need = estimate(model, settings, (middle, *behind)).devices[0]
        low, high = (middle, high) if need.total_bytes <= device.usable_bytes else (low, middle - 1)
    return low
