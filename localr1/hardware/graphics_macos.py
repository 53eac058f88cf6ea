"""Graphics processors as macOS tells of them through `system_profiler`."""

from __future__ import annotations

import re

import msgspec

from localr1.hardware import cpu_macos
from localr1.hardware.cards import Card
from localr1.hardware.finding import Finding
from localr1.hardware.machine import Graphics, Vendor
from localr1.hardware.system_tool import SLOW_SECONDS, Runner, ToolFailed
from localr1.terminal_text import clean_line

_VENDORS: tuple[tuple[str, Vendor], ...] = (
    ("apple", "apple"),
    ("amd", "amd"),
    ("nvidia", "nvidia"),
    ("intel", "intel"),
    ("ati", "amd"),
)
_UNITS = {"MB": 1 << 20, "GB": 1 << 30}


class _Display(msgspec.Struct):
    sppci_model: str = ""
    spdisplays_vendor: str = ""
    spdisplays_vram: str = ""
    """Memory of its own: "4 GB"; one that shares the computer's says spdisplays_vram_shared."""


class _Report(msgspec.Struct):
    SPDisplaysDataType: list[_Display]


def macos_cards(run: Runner) -> Finding[tuple[Card, ...]]:
    """The graphics processors; where system_profiler fails, sysctl still knows Apple's own."""
    try:
        text = run("system_profiler", ["SPDisplaysDataType", "-json"], SLOW_SECONDS).text
        return Finding(parse(text))
    except ToolFailed as failure:
        why = str(failure)
    try:
        facts = cpu_macos.read_sysctl(run)
    except ToolFailed as failure:
        return Finding((), (why, str(failure)))
    if cpu_macos.is_apple_silicon(facts):
        name = clean_line(facts.get("machdep.cpu.brand_string", "Apple GPU"), 120)
        return Finding((_card("apple", name, None, "sysctl"),))
    return Finding((), (why,))


def parse(report: str) -> tuple[Card, ...]:
    """The graphics processors in system_profiler's JSON.

    Raises:
        ToolFailed: it is no such JSON.
    """
    try:
        displays = msgspec.json.decode(report, type=_Report).SPDisplaysDataType
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ToolFailed("system_profiler printed something else than JSON") from error
    return tuple(
        _card(
            _vendor(display),
            clean_line(display.sppci_model, 120),
            _bytes(display),
            "system_profiler",
        )
        for display in displays
        # a virtual machine's adapter is called "Apple Paravirtual device"
        if display.sppci_model and "virtual" not in display.sppci_model.lower()
    )


def _card(vendor: Vendor, name: str, memory_bytes: int | None, source: str) -> Card:
    graphics = Graphics(
        vendor=vendor,
        name=name,
        driver="Metal",
        memory_bytes=memory_bytes,
        source=source,
    )
    return Card(None, graphics)


def _vendor(display: _Display) -> Vendor:
    told = f"{display.spdisplays_vendor} {display.sppci_model}".lower()
    return next((vendor for word, vendor in _VENDORS if word in told), "other")


def _bytes(display: _Display) -> int | None:
    amount = re.fullmatch(r"([0-9]{1,7}) (MB|GB)", display.spdisplays_vram)
    return int(amount[1]) * _UNITS[amount[2]] if amount else None
