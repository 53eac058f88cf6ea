"""The GPUs that are physically there, from all who know of them, each card once."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from localr1.hardware.cards import Card, merge
from localr1.hardware.finding import Background, Finding
from localr1.hardware.graphics_macos import macos_cards
from localr1.hardware.graphics_windows import windows_cards
from localr1.hardware.machine import Graphics
from localr1.hardware.nvidia_smi import NO_DEVICES, nvidia_cards
from localr1.hardware.pci_graphics import pci_cards
from localr1.hardware.system_tool import SLOW_SECONDS, Runner, run_tool

Cards = Finding[tuple[Card, ...]]

_TOOLS_SECONDS = SLOW_SECONDS + 0.5


def read_graphics(
    root: Path = Path("/"), run: Runner = run_tool, system: str = sys.platform
) -> Finding[tuple[Graphics, ...]]:
    """The GPUs of this computer; `root` is the folder that stands for / on Linux."""
    if system == "darwin":
        return together(Finding(()), macos_cards(run))
    deadline = time.monotonic() + _TOOLS_SECONDS
    nvidia = Background[tuple[Card, ...]]("nvidia-smi", lambda: nvidia_cards(run), ())
    listed = windows_cards(run) if system == "win32" else pci_cards(root)
    return together(nvidia.finding(deadline), listed)


def together(nvidia: Cards, listed: Cards) -> Finding[tuple[Graphics, ...]]:
    """What the driver tells and what the system lists, as one."""
    has_nvidia = any(card.graphics.vendor == "nvidia" for card in listed.value)
    # A driver without a card (one switched off in a laptop) has told all there is.
    complaints = [told for told in nvidia.unread if has_nvidia or NO_DEVICES not in told]
    return Finding(merge(nvidia.value, listed.value), (*complaints, *listed.unread))
