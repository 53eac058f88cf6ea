"""Cards that are there and do nothing: which, why, and what would change that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localr1.advice.remedies import hidden_card, hiding_variable, unused_card
from localr1.advice.report import Problem
from localr1.hardware.finding import Finding
from localr1.hardware.graphics import read_graphics
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device, Graphics
from localr1.hardware.plan_reasons import NO_GPU
from localr1.settings import Settings

_BACKENDS = {"CUDA": "nvidia", "ROCm": "amd", "Metal": "apple", "MTL": "apple"}
"""Whose cards a backend's devices are, by the beginning of a device's name."""

_WORTH_BYTES = 2 << 30
"""A card of less memory of its own, or without any, hardly helps."""


def idle_cards(
    plan: LoadPlan,
    settings: Settings,
    read: Callable[[], Finding[tuple[Graphics, ...]]] = read_graphics,
) -> list[Problem]:
    """Why cards are not used that would help with a loaded model. Takes up to seconds.

    Args:
        plan: how the model was loaded.
        settings: of a person; who chose the layers knows.
        read: finds the cards.
    """
    if settings.n_gpu_layers is not None or plan.reasons.get("n_gpu_layers") != NO_GPU:
        return []
    return [
        why_unused(card, ())
        for card in read().value
        if card.memory_bytes is not None and card.memory_bytes >= _WORTH_BYTES
    ]


def unused(cards: Sequence[Graphics], devices: Sequence[Device]) -> list[Graphics]:
    """Cards that none of the engine's devices is."""
    left = [device for device in devices if device.kind in ("gpu", "igpu")]
    found = []
    for card in cards:
        device = next((each for each in left if _is_card(each, card)), None)
        if device is None:
            found.append(card)
        else:
            left.remove(device)
    return found


def why_unused(card: Graphics, devices: Sequence[Device]) -> Problem:
    """That it is not used, and what would change that."""
    hidden = hidden_by(card, devices)
    return hidden_card(card, hidden) if hidden else unused_card(card)


def hidden_by(card: Graphics, devices: Sequence[Device]) -> str | None:
    """The variable that hides a card from the engine."""
    seen = any(_vendor(device) == card.vendor for device in devices)
    return hiding_variable(card, others_seen=seen)


def _is_card(device: Device, card: Graphics) -> bool:
    """Whether an entry of the engine's registry is this card."""
    told, known = device.description.casefold(), card.name.casefold()
    if known and (known in told or told in known):
        return True
    vendor = _vendor(device)
    return vendor == card.vendor or (vendor is None and card.vendor in told)


def _vendor(device: Device) -> str | None:
    """Whose card a device is, where its backend is for one maker's cards only."""
    return next((v for start, v in _BACKENDS.items() if device.name.startswith(start)), None)
