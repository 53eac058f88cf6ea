"""How fast a model that is on this computer would likely be."""

from __future__ import annotations

from pathlib import Path

from localr1.advice.computer import Computer
from localr1.advice.expected_speed import expected_tps
from localr1.errors import Localr1Error
from localr1.hardware.model_sizes import sizes_of
from localr1.hardware.plan import make_plan
from localr1.settings import Settings


def speed_of_file(path: Path, computer: Computer, settings: Settings) -> float | None:
    """Tokens a second, as an estimate; None where it cannot be loaded or nothing is known.

    Blocks: it reads the file's header.
    """
    from localr1.gguf_header import read_header

    try:
        header = read_header(path)
        own = settings.for_model(header.name, path.name)
        plan = make_plan(header, own, computer.machine, computer.devices)
    except Localr1Error:
        return None
    return expected_tps(sizes_of(header), plan, computer.devices, computer.host_bandwidth)
