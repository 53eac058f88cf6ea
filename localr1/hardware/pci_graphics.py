"""Graphics cards as Linux lists them on the PCI bus, with or without a working driver."""

from __future__ import annotations

import re
from pathlib import Path

from localr1.hardware.cards import BRANDS, NOT_GPUS, VENDORS, Card
from localr1.hardware.finding import Finding
from localr1.hardware.machine import Graphics
from localr1.hardware.system_files import read_number, read_text
from localr1.terminal_text import clean_line

_DISPLAY, _ACCELERATOR = "03", "12"
_AMD = 0x1002
_NAMES_LIMIT_BYTES = 8 << 20
_NAMES = ("usr/share/hwdata/pci.ids", "usr/share/misc/pci.ids", "usr/share/pci.ids")


def pci_cards(root: Path = Path("/")) -> Finding[tuple[Card, ...]]:
    """Every GPU on the bus; `root` is the folder that stands for /."""
    try:
        folders = sorted((root / "sys/bus/pci/devices").iterdir())
    except FileNotFoundError:
        return Finding(())  # a computer without such a bus
    except OSError as error:
        return Finding((), (f"the PCI bus could not be read: {error.strerror}",))
    cards = (_card(folder, root) for folder in folders)
    return Finding(tuple(card for card in cards if card))


def _card(folder: Path, root: Path) -> Card | None:
    """A GPU, or None for every other device.

    AMD's Instinct cards are of the class of accelerators. A virtual function (`physfn`) is a part
    of a card that is listed as well.
    """
    lines = (read_text(folder / "uevent") or "").splitlines()
    told = {name: value for name, _, value in (line.partition("=") for line in lines)}
    ids = re.fullmatch(r"([0-9A-F]{4}):([0-9A-F]{4})", told.get("PCI_ID", ""))
    if ids is None:
        return None
    vendor, kind = int(ids[1], 16), told.get("PCI_CLASS", "").zfill(6)[:2]
    is_gpu = kind == _DISPLAY or (kind == _ACCELERATOR and vendor == _AMD)
    if not is_gpu or vendor in NOT_GPUS or (folder / "physfn").exists():
        return None
    graphics = Graphics(
        vendor=VENDORS.get(vendor, "other"),
        name=_name(folder, root, vendor, ids[2].lower()),
        driver=clean_line(told.get("DRIVER", ""), 40) or None,
        memory_bytes=_memory_bytes(folder),
        source="PCI",
    )
    return Card(told.get("PCI_SLOT_NAME"), graphics)


def _name(folder: Path, root: Path, vendor: int, device: str) -> str:
    """The card's own name (amdgpu has it for some), else the one in pci.ids, else its numbers."""
    if told := clean_line(read_text(folder / "product_name") or "", 120):
        return told
    brand = BRANDS[VENDORS.get(vendor, "other")]
    listed = (read_text(root / path, _NAMES_LIMIT_BYTES) for path in _NAMES)
    name = next((name for ids in listed if ids and (name := name_of(ids, vendor, device))), None)
    return clean_line(f"{brand} {name or f'graphics {vendor:04x}:{device}'}", 120)


def name_of(pci_ids: str, vendor: int, device: str) -> str | None:
    """What pci.ids calls a device; of "AD102 [GeForce RTX 4090]" the part that people know.

    Vendors begin their lines with their number, devices with a tab, subsystems with two.
    """
    found = re.search(
        rf"^{vendor:04x}  .*\n(?:[\t#].*\n)*?\t{device}  (.+)$", pci_ids, re.MULTILINE
    )
    if found is None:
        return None
    in_brackets = re.search(r"\[([^\]]+)\]", found[1])
    return in_brackets[1] if in_brackets else found[1]


def _memory_bytes(folder: Path) -> int | None:
    """Memory of the card's own, where amdgpu or xe (one folder a tile) tell of it."""
    if total := read_number(folder / "mem_info_vram_total"):
        return total
    tiles = folder.glob("tile*/physical_vram_size_bytes")
    return sum(read_number(tile) or 0 for tile in tiles) or None
