"""How many CPU threads work, and whether to go easy."""

from __future__ import annotations

from typing import NamedTuple

from localr1.hardware.machine import Cpu, Power


class Threads(NamedTuple):
    """CPU threads for the two kinds of work."""

    generation: int
    prompt: int


class ThreadChoice(NamedTuple):
    """Threads, and a sentence why so many."""

    threads: Threads
    reason: str


def choose_threads(cpu: Cpu, power: Power, tuned: Threads | None = None) -> ThreadChoice:
    """A thread for each performance core that may be used; half of them when going easy.

    Two threads on one core wait for each other, and so does every thread for the slowest core.

    Args:
        cpu: of this machine.
        power: whether to go easy.
        tuned: what `localr1 bench --tune` found best here.
    """
    easy = reason_to_go_easy(power)
    cores = cpu.allowed_cores
    if easy and cores > 1:
        half = (cores + 1) // 2
        return ThreadChoice(Threads(half, half), f"half of {_cores(cpu)}: {easy}")
    if tuned is not None:
        return ThreadChoice(tuned, "fastest here in `localr1 bench --tune`")
    return ThreadChoice(Threads(cores, cores), _reason(cpu))


def reason_to_go_easy(power: Power) -> str | None:
    """Why fewer threads and no background work, where there is a reason."""
    if power.on_battery:
        return "the computer runs on its battery"
    if power.quiet:
        return "the system asks for low power"
    return None


def _cores(cpu: Cpu) -> str:
    return "1 core" if cpu.allowed_cores == 1 else f"{cpu.allowed_cores} cores"


def _reason(cpu: Cpu) -> str:
    if cpu.allowed_cores < cpu.performance_cores:
        return f"this process may use {_cores(cpu)} of {cpu.physical_cores}"
    if cpu.performance_cores < cpu.physical_cores:
        return f"one for each performance core; the machine has {cpu.physical_cores} cores"
    if cpu.logical_cores > cpu.physical_cores:
        return "one for each core; a second on the same core gains nothing"
    return "one for each core"
