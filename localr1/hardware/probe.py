"""Looks at the computer; nothing that is missing, broken or slow stops it.

Each part reads in a thread of its own and is waited for until one deadline; what is there and
could not be read becomes a sentence in `Machine.unread`. The engine library is not touched: which
devices it can use is the worker's to tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from localr1 import paths
from localr1.hardware.cpu import read_cpu, unknown_cpu
from localr1.hardware.disks import Place, each_once, read_place
from localr1.hardware.finding import Background, Finding
from localr1.hardware.graphics import read_graphics
from localr1.hardware.machine import Graphics, Machine, Memory, Power
from localr1.hardware.memory_limits import read_memory
from localr1.hardware.power import read_power
from localr1.hardware.system_tool import SLOW_SECONDS

DEADLINE_SECONDS = SLOW_SECONDS + 1


def probe_machine(*, graphics: bool = True) -> Machine:
    """What this computer has; `graphics=False` leaves out GPUs, whose drivers can take seconds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    read_cards: Callable[[], _Cards] = read_graphics if graphics else _no_cards
    in_graphics = Background[tuple[Graphics, ...]]("the graphics cards", read_cards, ())
    in_cpu = Background("the processor", read_cpu, unknown_cpu())
    in_memory = Background("memory", read_memory, Memory(total_bytes=0, available_bytes=0))
    in_power = Background("the power supply", read_power, Power())
    in_places = [_place("localr1's folder", paths.home), _place("this folder", Path.cwd)]

    cpu, memory = in_cpu.finding(deadline), in_memory.finding(deadline)
    power, cards = in_power.finding(deadline), in_graphics.finding(deadline)
    places = [place.finding(deadline) for place in in_places]
    unread = (cpu.unread, memory.unread, cards.unread, power.unread, *(p.unread for p in places))
    return Machine(
        cpu=cpu.value,
        memory=memory.value,
        disks=each_once([place.value for place in places]),
        graphics=cards.value,
        power=power.value,
        unread=tuple(chain.from_iterable(unread)),
    )


_Cards = Finding[tuple[Graphics, ...]]


def _no_cards() -> _Cards:
    return Finding(())


def _place(name: str, folder: Callable[[], Path]) -> Background[Place | None]:
    """Free room where localr1 keeps its files and where `convert` is likely to write."""
    return Background(f"the disk of {name}", lambda: read_place(folder()), None)
