"""What a computer has, as plain values: the probe reads them, the plan and `doctor` use them."""

from __future__ import annotations

from typing import Literal

import msgspec

Vendor = Literal["nvidia", "amd", "intel", "apple", "other"]


class Cpu(msgspec.Struct, frozen=True, kw_only=True):
    """The processor. A core is a physical one unless a name says otherwise."""

    model: str
    physical_cores: int
    performance_cores: int
    """Cores of the fast kinds; all of them where there is one kind."""
    logical_cores: int
    """What the system schedules on: hyperthreads count."""
    allowed_cores: int
    """Performance cores that this process may keep busy: affinity and CPU quota included.

    Where it may run on slow cores only, those. At least 1.
    """
    instruction_sets: tuple[str, ...]
    """The ones that llama.cpp has kernels for, in the words of Linux: avx2, avx512f, dotprod..."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Main memory."""

    total_bytes: int
    available_bytes: int
    """What can be taken without swapping and without meeting a limit."""
    limit_bytes: int | None = None
    """The limit of a container or a shell that leaves the least; None where memory is the limit."""
    limit_source: str | None = None
    """What sets that limit, to be shown after the word "by"."""


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A file system that localr1 would write to."""

    path: str
    """The folder that was asked about, made harmless for a terminal."""
    free_bytes: int
    """What this user may still write."""
    total_bytes: int


class Device(msgspec.Struct, frozen=True):
    """One entry of ggml's device registry: what this build of the engine can compute on."""

    name: str
    description: str
    kind: str
    """cpu, gpu, igpu (shares the computer's memory) or accel."""
    free_bytes: int
    total_bytes: int


class Graphics(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU that is physically there, whether this build of the engine can use it or not."""

    vendor: Vendor
    name: str
    driver: str | None
    """The driver bound to it: nvidia, nouveau, amdgpu, i915...; None: no working one."""
    driver_version: str | None = None
    memory_bytes: int | None
    """Memory of its own; None: it shares the computer's, or the size is not known."""
    source: str
    """What told of it: nvidia-smi, PCI, system_profiler, Win32_VideoController, sysctl."""


class Power(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to go easy; None where the system does not tell."""

    on_battery: bool | None = None
    quiet: bool | None = None
    """The system asks for low power: a power-saver profile, Low Power Mode, battery saver."""
    source: str | None = None
    """What told: file and tool names with what they said."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the probe found."""

    cpu: Cpu
    memory: Memory
    disks: tuple[Disk, ...]
    graphics: tuple[Graphics, ...]
    power: Power
    unread: tuple[str, ...] = ()
    """One sentence for each thing that is there and could not be read."""
