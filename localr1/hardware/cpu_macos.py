"""The processor as macOS tells of it through `sysctl`."""

from __future__ import annotations

from localr1.hardware.cores import Core
from localr1.hardware.system_files import number
from localr1.hardware.system_tool import QUICK_SECONDS, Runner, ToolFailed

_FEATURES = {
    "hw.optional.avx1_0": "avx",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.fma": "fma",
    "hw.optional.f16c": "f16c",
    "hw.optional.avx512f": "avx512f",
    "hw.optional.avx512vnni": "avx512_vnni",
    "hw.optional.neon": "neon",
    "hw.optional.AdvSIMD": "neon",
    "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_SME": "sme",
}
"""Apple, "Determining instruction set characteristics": 1 where the processor has it."""

_MOST_CORES = 4096


def read_sysctl(run: Runner) -> dict[str, str]:
    """The values below hw and machdep.cpu, by name.

    Raises:
        ToolFailed: sysctl gave no usable answer.
    """
    output = run("sysctl", ["hw", "machdep.cpu"], QUICK_SECONDS)
    pairs = (line.partition(":") for line in output.text.splitlines())
    facts = {name.strip(): value.strip() for name, _, value in pairs}
    if number(facts.get("hw.physicalcpu")) is None:
        raise ToolFailed("sysctl tells nothing about the processor")
    return facts


def is_apple_silicon(facts: dict[str, str]) -> bool:
    """Whether the processor is Apple's own, whose GPU is on the same chip."""
    return facts.get("hw.optional.arm64") == "1"


def cores(facts: dict[str, str]) -> tuple[Core, ...]:
    """The cores; macOS does not number them, so the first ones stand for the fast ones.

    perflevel0 is the fastest kind; Intel Macs have one kind and no levels.
    """
    physical = min(number(facts.get("hw.physicalcpu")) or 0, _MOST_CORES)
    logical = min(number(facts.get("hw.logicalcpu")) or physical, 2 * physical)
    fast = number(facts.get("hw.perflevel0.physicalcpu")) or physical
    return tuple(
        Core(frozenset(range(i, logical, physical)), fast=i < fast) for i in range(physical)
    )


def instruction_sets(facts: dict[str, str]) -> tuple[str, ...]:
    """Those that the processor has, in the order of the table above."""
    return tuple(dict.fromkeys(name for key, name in _FEATURES.items() if facts.get(key) == "1"))
