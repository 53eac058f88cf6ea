"""Graphics cards as Windows tells of them: Win32_VideoController and the registry."""

from __future__ import annotations

import re

import msgspec

from localr1.hardware.cards import NOT_GPUS, VENDORS, Card
from localr1.hardware.finding import Finding
from localr1.hardware.machine import Graphics
from localr1.hardware.system_tool import SLOW_SECONDS, Runner, ToolFailed
from localr1.terminal_text import clean_line

SCRIPT = r"""
$ErrorActionPreference = 'SilentlyContinue'
[Console]::OutputEncoding = [System.Text.Encoding]::UTF8
$control = 'HKLM:\SYSTEM\CurrentControlSet'
Get-CimInstance Win32_VideoController | ForEach-Object {
  $driver = (Get-ItemProperty "$control\Enum\$($_.PNPDeviceID)").Driver
  $key = Get-ItemProperty "$control\Control\Class\$driver"
  [pscustomobject]@{
    Name = $_.Name
    PNPDeviceID = $_.PNPDeviceID
    DriverVersion = $_.DriverVersion
    AdapterCompatibility = $_.AdapterCompatibility
    AdapterRAM = $_.AdapterRAM
    qwMemorySize = $key.'HardwareInformation.qwMemorySize'
  }
} | ConvertTo-Json -Compress
"""
"""Prints one object, or a list of them when there are several, or nothing."""

_BASIC = "Microsoft Basic Display Adapter"
"""Windows' own driver for a card whose maker's driver is missing."""

_FULL_32_BITS = 0xFFF0_0000
"""AdapterRAM has 32 bits and stops about here: 4 GiB or more."""


class _Controller(msgspec.Struct):
    Name: str | None = None
    PNPDeviceID: str | None = None
    DriverVersion: str | None = None
    AdapterCompatibility: str | None = None
    AdapterRAM: int | None = None
    qwMemorySize: int | list[int] | None = None
    """A number, or its eight bytes from drivers that write it as REG_BINARY."""


def windows_cards(run: Runner) -> Finding[tuple[Card, ...]]:
    """The graphics cards of this computer."""
    try:
        arguments = ["-NoProfile", "-NonInteractive", "-Command", SCRIPT]
        return Finding(parse(run("powershell", arguments, SLOW_SECONDS).text))
    except ToolFailed as failure:
        return Finding((), (f"the display adapters could not be read: {failure}",))


def parse(report: str) -> tuple[Card, ...]:
    """The graphics cards in what the script prints.

    Raises:
        ToolFailed: it is no such JSON.
    """
    text = report.lstrip("\ufeff").strip() or "[]"
    try:
        told = msgspec.json.decode(text, type=list[_Controller] | _Controller)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ToolFailed("PowerShell printed something else than JSON") from error
    controllers = told if isinstance(told, list) else [told]
    return tuple(_card(controller) for controller in controllers if _is_gpu(controller))


def _vendor_id(controller: _Controller) -> int:
    r"""The number in PCI\VEN_10DE&DEV_2684&...; 0 where there is none."""
    found = re.search(r"VEN_([0-9A-F]{4})", controller.PNPDeviceID or "", re.IGNORECASE)
    return int(found[1], 16) if found else 0


def _is_gpu(controller: _Controller) -> bool:
    """Remote, USB and virtual displays sit on other buses; ACPI has those of ARM processors."""
    bus = (controller.PNPDeviceID or "").partition("\\")[0].upper()
    return bus in {"PCI", "ACPI"} and _vendor_id(controller) not in NOT_GPUS


def _card(controller: _Controller) -> Card:
    name = clean_line(controller.Name or "", 120) or "unnamed graphics"
    works = controller.Name != _BASIC
    graphics = Graphics(
        vendor=VENDORS.get(_vendor_id(controller), "other"),
        name=name,
        driver=clean_line(controller.AdapterCompatibility or "Windows", 60) if works else None,
        driver_version=clean_line(controller.DriverVersion or "", 60) or None if works else None,
        memory_bytes=_memory_bytes(controller),
        source="Win32_VideoController",
    )
    return Card(None, graphics)


def _memory_bytes(controller: _Controller) -> int | None:
    size = controller.qwMemorySize
    if isinstance(size, list):
        in_range = all(0 <= byte <= 255 for byte in size)
        size = int.from_bytes(bytes(size), "little") if in_range and len(size) == 8 else None
    if size:
        return size
    told = controller.AdapterRAM or 0
    return told if 0 < told < _FULL_32_BITS else None
