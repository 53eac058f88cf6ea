"""From the rows of a benchmark to the numbers of threads that are kept."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from localr1.engine.protocol import BenchRow
from localr1.gguf_header import GgufHeader
from localr1.hardware.machine import Cpu, Device
from localr1.hardware.thread_choice import best_threads
from localr1.hardware.tuning import TunedThreads, Tuning, tuning_key


def best_tuning(
    rows: Sequence[BenchRow], header: GgufHeader, cpu: Cpu, devices: Sequence[Device]
) -> Tuning | None:
    """The fastest numbers of threads; None where a kind of test has no row."""
    generation = _speeds([row for row in rows if row.generated_tokens])
    prompt = _speeds([row for row in rows if row.prompt_tokens])
    if not generation or not prompt:
        return None
    n_threads, n_threads_batch = best_threads(generation), best_threads(prompt)
    threads = TunedThreads(
        n_threads=n_threads,
        n_threads_batch=n_threads_batch,
        generation_tps=generation[n_threads][0],
        prompt_tps=prompt[n_threads_batch][0],
        measured_on=datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
    )
    return Tuning(key=tuning_key(header, cpu, devices), model=header.name, threads=threads)


def _speeds(rows: Sequence[BenchRow]) -> dict[int, list[float]]:
    """Tokens a second by number of threads, one for each depth, the least depth first."""
    speeds: dict[int, list[float]] = {}
    for row in sorted(rows, key=lambda row: row.depth):
        speeds.setdefault(row.n_threads, []).append(row.mean_tps)
    return speeds
