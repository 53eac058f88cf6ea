"""Nanoseconds for one weight on one thread: localr1's quantization kernels beside ggml's own.

    python -m benchmarks.quantize_kernels

CPU time, the two in turn, so that a busy machine changes little. Compiles the kernels of this
checkout, and says for which processor instructions the figures are.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from localr1_convert import native
from localr1_convert.quant_types import BY_NUMBER

from tests.converters import built_kernels

VALUES = 1 << 19
ROUNDS = 9
TYPES = (12, 14, 13, 11, 10)
"""ggml_type, Q4_K and Q6_K of a Q4_K_M file first."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = built_kernels.opened(built_kernels.build(Path(folder)))
        tables = [built_kernels.table(library, name) for name in built_kernels.TABLES]
    if sys.platform == "linux" and "avx2" not in Path("/proc/cpuinfo").read_text("utf-8"):
        tables.pop()
    names = [table.instructions.decode() for table in tables]
    print(f"| type | ggml | {' | '.join(f'localr1, {name} | ratio' for name in names)} |")
    print("|---" * (2 + 2 * len(tables)) + "|")
    values = np.random.default_rng(1).standard_normal(VALUES, dtype=np.float32)
    blocks = np.zeros(VALUES, dtype=np.uint8)
    ggml = native.Kernels("ggml")
    for number in TYPES:
        functions: list[Callable[[int, int, int], object]] = [
            lambda source, target, count, number=number: ggml.quantize(  # type: ignore[misc]
                number, source, target, values=count, columns=count, imatrix=None
            ),
            *(table.quantize[sorted(TYPES).index(number)] for table in tables),
        ]
        ours = _fastest(functions, values.ctypes.data, blocks.ctypes.data)
        ratios = "".join(f" {each:.2f} | {each / ours[0]:.2f} |" for each in ours[1:])
        print(f"| {BY_NUMBER[number].name} | {ours[0]:.2f} |{ratios}")


def _fastest(
    functions: list[Callable[[int, int, int], object]], source: int, target: int
) -> list[float]:
    """Nanoseconds a weight of each function: its fastest round."""
    best = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for position, quantize in enumerate(functions):
            started = time.thread_time()
            quantize(source, target, VALUES)
            seconds = time.thread_time() - started
            best[position] = min(best[position], seconds / VALUES * 1e9)
    return best


if __name__ == "__main__":
    main()
