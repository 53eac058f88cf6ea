"""The processor as Linux shows it in /proc/cpuinfo and below /sys/devices."""

from __future__ import annotations

from pathlib import Path

from localr1.hardware.cores import Core
from localr1.hardware.system_files import cpu_list, read_number, read_text

_CPUINFO_LIMIT_BYTES = 4 << 20
"""A server with hundreds of CPUs fills about 2 KiB for each."""

_SLOW_SHARE = 0.6
"""Cores below this part of the fastest one's capacity are slow ones.

Small ARM cores (Cortex-A5x beside A7x) have 0.15 to 0.58; the compact cores of AMD and the second
kind in recent Snapdragons, which are full cores at a lower clock, 0.65 and more.
"""
_SAME_KIND = 1.25
"""Cores of one kind differ in their top clock by less than this factor."""

_FLAGS = {
    "avx": "avx",
    "avx2": "avx2",
    "fma": "fma",
    "f16c": "f16c",
    "avx_vnni": "avx_vnni",
    "avx512f": "avx512f",
    "avx512_vnni": "avx512_vnni",
    "avx512_bf16": "avx512_bf16",
    "amx_int8": "amx_int8",
    "neon": "neon",
    "asimd": "neon",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "sve": "sve",
    "sme": "sme",
}
"""Flags of /proc/cpuinfo that llama.cpp has kernels for, and their names here."""

_ARM_CORES = {
    "0x41": {
        "0xd03": "Cortex-A53",
        "0xd05": "Cortex-A55",
        "0xd07": "Cortex-A57",
        "0xd08": "Cortex-A72",
        "0xd09": "Cortex-A73",
        "0xd0a": "Cortex-A75",
        "0xd0b": "Cortex-A76",
        "0xd0c": "Neoverse-N1",
        "0xd0d": "Cortex-A77",
        "0xd40": "Neoverse-V1",
        "0xd41": "Cortex-A78",
        "0xd44": "Cortex-X1",
        "0xd46": "Cortex-A510",
        "0xd47": "Cortex-A710",
        "0xd48": "Cortex-X2",
        "0xd49": "Neoverse-N2",
        "0xd4d": "Cortex-A715",
        "0xd4e": "Cortex-X3",
        "0xd4f": "Neoverse-V2",
        "0xd80": "Cortex-A520",
        "0xd81": "Cortex-A720",
        "0xd82": "Cortex-X4",
    },
    "0x51": {"0x001": "Oryon"},
    "0x61": {"0x000": "Apple silicon"},
    "0xc0": {"0xac3": "Ampere-1", "0xac4": "Ampere-1a"},
}
"""Names by implementer and part number, as in util-linux sys-utils/lscpu-arm.c.

Virtual machines on Apple's processors see the part number 0."""


def read_cpuinfo(root: Path) -> list[dict[str, str]]:
    """/proc/cpuinfo: a mapping for each block, mostly one a logical CPU."""
    text = read_text(root / "proc/cpuinfo", _CPUINFO_LIMIT_BYTES) or ""
    blocks = []
    for block in text.split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        blocks.append({name.strip(): value.strip() for name, _, value in pairs})
    return blocks


def model(cpuinfo: list[dict[str, str]]) -> str:
    """The processor's name; for ARM, which has none, those of its kinds of cores."""
    if name := next((block["model name"] for block in cpuinfo if block.get("model name")), ""):
        return name
    kinds = (
        _ARM_CORES.get(block.get("CPU implementer", ""), {}).get(block.get("CPU part", ""))
        for block in cpuinfo
    )
    if named := " + ".join(dict.fromkeys(kind for kind in kinds if kind)):
        return named
    keys = ("Model", "Hardware", "cpu", "uarch")
    return next((block[key] for key in keys for block in cpuinfo if block.get(key)), "")


def instruction_sets(cpuinfo: list[dict[str, str]]) -> tuple[str, ...]:
    """Those that every core has, in the order of the table above."""
    each = [
        set((block.get("flags") or block.get("Features") or "").split())
        for block in cpuinfo
        if "processor" in block
    ]
    shared = set.intersection(*each) if each else set()
    return tuple(dict.fromkeys(name for flag, name in _FLAGS.items() if flag in shared))


def cores(root: Path) -> tuple[Core, ...]:
    """The cores that are switched on; empty where /sys does not tell (some containers)."""
    folder = root / "sys/devices/system/cpu"
    online = cpu_list(read_text(folder / "online"))
    fast = _fast_cpus(root, online)
    groups = {_siblings(folder, cpu) & online | {cpu} for cpu in online}
    return tuple(Core(cpus, fast=bool(cpus & fast)) for cpus in sorted(groups, key=min))


def _siblings(folder: Path, cpu: int) -> frozenset[int]:
    """The logical CPUs on the same core; Linux before 5.3 has the second file only."""
    topology = folder / f"cpu{cpu}/topology"
    text = read_text(topology / "core_cpus_list") or read_text(topology / "thread_siblings_list")
    return cpu_list(text)


def _fast_cpus(root: Path, online: frozenset[int]) -> frozenset[int]:
    """Logical CPUs on performance cores: Intel's kernel list, else by capacity or top clock."""
    devices = root / "sys/devices"
    if cpu_list(read_text(devices / "cpu_atom/cpus")):
        return cpu_list(read_text(devices / "cpu_core/cpus")) & online or online
    for file in ("cpu_capacity", "cpufreq/cpuinfo_max_freq"):
        speeds = {cpu: read_number(devices / f"system/cpu/cpu{cpu}" / file) for cpu in online}
        known = {cpu: speed for cpu, speed in speeds.items() if speed}
        if known and len(known) == len(online):
            return fast_ones(known)
    return online


def fast_ones(speeds: dict[int, int]) -> frozenset[int]:
    """Logical CPUs without the slowest kind, where that is much slower than the fastest one."""
    slowest, fastest = min(speeds.values()), max(speeds.values())
    if slowest >= _SLOW_SHARE * fastest:
        return frozenset(speeds)
    return frozenset(cpu for cpu, speed in speeds.items() if speed > slowest * _SAME_KIND)
