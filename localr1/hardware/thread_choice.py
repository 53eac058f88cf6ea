"""Which numbers of threads are worth trying, and which of those tried is best."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

_NEARLY = 0.99
"""Speeds nearer than this are equal; the fewer threads then leave cores for everything else."""


def thread_counts(allowed_cores: int) -> tuple[int, ...]:
    """Numbers of threads to try on so many cores.

    From a quarter of the cores, which can be enough where memory is slow: powers of two, the
    numbers half-way between them, all cores, and all but one.
    """
    least = max(1, allowed_cores // 4)
    powers = [1 << shift for shift in range(allowed_cores.bit_length())]
    between = [power + power // 2 for power in powers[1:]]
    counts = {*powers, *between, allowed_cores - 1, allowed_cores}
    return tuple(sorted(number for number in counts if least <= number <= allowed_cores))


def best_threads(speeds: Mapping[int, Sequence[float]]) -> int:
    """The number of threads that is fastest over all depths.

    Args:
        speeds: tokens a second at each depth, by number of threads.
    """
    means = {n_threads: statistics.harmonic_mean(tps) for n_threads, tps in speeds.items()}
    fastest = max(means.values())
    return min(n_threads for n_threads, mean in means.items() if mean >= _NEARLY * fastest)
