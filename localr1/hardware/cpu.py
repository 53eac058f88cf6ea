"""The processor: which cores there are and how many of them this process may keep busy."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from localr1.hardware import cpu_linux, cpu_macos, cpu_windows
from localr1.hardware.control_groups import cpu_quota
from localr1.hardware.cores import Core
from localr1.hardware.finding import Finding
from localr1.hardware.machine import Cpu
from localr1.hardware.system_tool import Runner, ToolFailed, run_tool
from localr1.terminal_text import clean_line


def read_cpu(root: Path = Path("/"), run: Runner = run_tool) -> Finding[Cpu]:
    """The processor of this computer; `root` is the folder that stands for / on Linux."""
    if sys.platform == "linux":
        return Finding(_on_linux(root))
    if sys.platform == "darwin":
        return _on_macos(run)
    if sys.platform == "win32":
        return Finding(_on_windows())
    return Finding(plain_cpu())


def unknown_cpu() -> Cpu:
    """What is assumed when nothing can be read."""
    count = os.cpu_count() or 1
    return describe("", [Core(frozenset({cpu}), fast=True) for cpu in range(count)], ())


def plain_cpu() -> Cpu:
    """What Python and psutil know on every system."""
    return describe(platform.processor() or platform.machine(), plain_cores(), ())


def plain_cores() -> tuple[Core, ...]:
    """As many cores as psutil counts, all of one kind, with the hyperthreads shared out."""
    import psutil

    logical = os.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or logical
    return tuple(Core(frozenset(range(i, logical, physical)), fast=True) for i in range(physical))


def describe(
    model: str,
    cores: Sequence[Core],
    instruction_sets: tuple[str, ...],
    allowed: frozenset[int] | None = None,
    quota: float | None = None,
) -> Cpu:
    """The processor with these cores.

    `allowed`: logical CPUs this process may run on; None means all. `quota`: CPU seconds it may
    use a second; a part of a core above whole ones is not counted, because threads that wait for
    each other all stand still while one is held back.
    """
    usable = [core for core in cores if allowed is None or core.cpus & allowed]
    count = sum(core.fast for core in usable) or len(usable)
    if quota is not None:
        count = min(count, int(quota))
    return Cpu(
        model=clean_line(model, 120) or "unknown",
        physical_cores=len(cores),
        performance_cores=sum(core.fast for core in cores),
        logical_cores=len(frozenset().union(*(core.cpus for core in cores))),
        allowed_cores=max(1, count),
        instruction_sets=instruction_sets,
    )


def _on_linux(root: Path) -> Cpu:
    cpuinfo = cpu_linux.read_cpuinfo(root)
    return describe(
        cpu_linux.model(cpuinfo) or platform.machine(),
        cpu_linux.cores(root) or plain_cores(),
        cpu_linux.instruction_sets(cpuinfo),
        _allowed_cpus(),
        cpu_quota(root),
    )


def _allowed_cpus() -> frozenset[int] | None:
    if sys.platform == "linux":
        return frozenset(os.sched_getaffinity(0))
    return None


def _on_macos(run: Runner) -> Finding[Cpu]:
    try:
        facts = cpu_macos.read_sysctl(run)
    except ToolFailed as failure:
        return Finding(plain_cpu(), (str(failure),))
    cores = cpu_macos.cores(facts) or plain_cores()
    model = facts.get("machdep.cpu.brand_string", platform.machine())
    return Finding(describe(model, cores, cpu_macos.instruction_sets(facts)))


def _on_windows() -> Cpu:
    return describe(
        cpu_windows.model() or platform.processor(),
        cpu_windows.cores() or plain_cores(),
        cpu_windows.instruction_sets(),
        cpu_windows.allowed_cpus(),
    )
