"""What `localr1 doctor` tells, as plain values; `--json` prints them (docs/doctor.md)."""

from __future__ import annotations

import msgspec

from localr1.engine.protocol import ModelFacts
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Cpu, Disk, Memory, Power


class DeviceReport(msgspec.Struct, frozen=True, kw_only=True):
    """A device that computes, or a graphics card that could."""

    name: str
    kind: str
    """cpu, gpu, igpu or accel as the engine calls it; card: there, but unknown to the engine."""
    description: str
    total_bytes: int | None
    """Its memory; null where that is not known."""
    free_bytes: int | None
    usable: bool
    """Whether this build of the engine can compute on it."""
    why: str


class Problem(msgspec.Struct, frozen=True):
    """Something that is wrong, and what mends it."""

    message: str
    command: str = ""
    """To be run in a shell; empty where no single command mends it."""


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """The engine library."""

    version: str | None
    """Of llama-cpp-python; null where it is not installed."""
    works: bool
    instruction_sets: tuple[str, ...]
    """What its CPU code uses, in llama.cpp's words."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything doctor found."""

    version: str
    """Of localr1."""
    engine: Engine
    cpu: Cpu
    memory: Memory
    disks: tuple[Disk, ...]
    power: Power
    devices: tuple[DeviceReport, ...]
    model: ModelFacts | None
    plan: LoadPlan | None
    """How the model would be loaded; null without a model, or where it does not fit."""
    problems: tuple[Problem, ...]
    offline: bool = False
    """Whether a person wants the network never to be used."""
    unread: tuple[str, ...]
    """One sentence for each thing that is there and could not be read."""
