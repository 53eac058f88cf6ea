"""NVIDIA's cards as their driver tells of them through `nvidia-smi`."""

from __future__ import annotations

import re

from localr1.hardware.cards import Card
from localr1.hardware.finding import Finding
from localr1.hardware.machine import Graphics
from localr1.hardware.system_files import number
from localr1.hardware.system_tool import SLOW_SECONDS, Runner, ToolFailed, ToolMissing
from localr1.terminal_text import clean_line

_QUERY = (
    "--query-gpu=name,memory.total,driver_version,pci.bus_id",
    "--format=csv,noheader,nounits",
)
NO_DEVICES = "No devices were found"


def nvidia_cards(run: Runner) -> Finding[tuple[Card, ...]]:
    """The cards that the driver runs; none where the tool is missing."""
    try:
        text, exit_code = run("nvidia-smi", _QUERY, SLOW_SECONDS)
    except ToolMissing:
        return Finding(())
    except ToolFailed as failure:
        return Finding((), (str(failure),))
    found = parse(text)
    if exit_code and not found.unread:
        return Finding(found.value, (f"nvidia-smi ended with exit code {exit_code}",))
    return found


def parse(text: str) -> Finding[tuple[Card, ...]]:
    """Lines of "name, memory in MiB, driver version, bus id"; the first other one is the reason.

    Complaints come on the same stream, alone or between the lines of the cards that work.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    cards = [(line, _card(line)) for line in lines]
    complaint = next((line for line, card in cards if card is None), None)
    unread = () if complaint is None else (f"nvidia-smi: {clean_line(complaint, 160)}",)
    return Finding(tuple(card for _, card in cards if card), unread)


def _card(line: str) -> Card | None:
    fields = [clean_line(field, 120) for field in line.rsplit(",", 3)]
    address = _address(fields[-1])
    if len(fields) < 4 or not all(fields) or address is None:
        return None
    name, mebibytes, version, _ = fields
    memory = number(mebibytes)  # "[N/A]" where the memory is the computer's
    graphics = Graphics(
        vendor="nvidia",
        name=name,
        driver="nvidia",
        driver_version=None if version.startswith("[") else version,
        memory_bytes=None if memory is None else memory << 20,
        source="nvidia-smi",
    )
    return Card(address, graphics)


def _address(bus_id: str) -> str | None:
    """00000000:01:00.0 -> 0000:01:00.0: the driver writes the domain with eight digits."""
    found = re.fullmatch(r"([0-9A-F]{4,8}):([0-9A-F]{2}:[0-9A-F]{2}\.[0-7])", bus_id, re.IGNORECASE)
    return f"{int(found[1], 16):04x}:{found[2].lower()}" if found else None
