"""Graphics cards by their numbers on the PCI bus."""

from __future__ import annotations

from typing import NamedTuple

from localr1.hardware.machine import Graphics, Vendor

VENDORS: dict[int, Vendor] = {0x10DE: "nvidia", 0x1002: "amd", 0x8086: "intel", 0x106B: "apple"}

BRANDS: dict[Vendor, str] = {
    "nvidia": "NVIDIA",
    "amd": "AMD",
    "intel": "Intel",
    "apple": "Apple",
    "other": "",
}

NOT_GPUS = frozenset(
    {
        0x1013,  # Cirrus, as emulated by QEMU
        0x1234,  # QEMU's standard VGA (bochs)
        0x1414,  # Microsoft: Hyper-V
        0x15AD,  # VMware
        0x1AB8,  # Parallels
        0x1AF4,  # virtio
        0x1B36,  # Red Hat QXL
        0x5853,  # Xen
        0x80EE,  # VirtualBox
        0x102B,  # Matrox, on the management chips of servers
        0x19E5,  # HiSilicon, likewise
        0x1A03,  # ASPEED, likewise
    }
)
"""Vendors of adapters that only draw a screen: virtual ones and the consoles of servers."""


class Card(NamedTuple):
    """A GPU with the place where it sits, so that two reports of one card can be told."""

    address: str | None
    """As Linux writes it: domain:bus:device.function, "0000:01:00.0"; None where unknown."""
    graphics: Graphics


def merge(told_by_driver: tuple[Card, ...], on_the_bus: tuple[Card, ...]) -> tuple[Graphics, ...]:
    """Every card once: as its driver tells of it, and those on the bus that no driver told of.

    Cards are the same at the same address or, where one is not known, with the same name.
    """
    rest = list(on_the_bus)
    for card in told_by_driver:
        if twin := next((other for other in rest if _same(card, other)), None):
            rest.remove(twin)
    return tuple(card.graphics for card in (*told_by_driver, *rest))


def _same(card: Card, other: Card) -> bool:
    if card.address and other.address:
        return card.address == other.address
    return card.graphics.name.casefold() == other.graphics.name.casefold()
