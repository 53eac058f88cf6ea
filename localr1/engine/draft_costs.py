"""What it takes to check a draft: the time of a batch of tokens beside that of one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence


class CostTable:
    """What a batch costs beside one token.

    Args:
        measured: batch size to cost; between sizes a straight line, beyond the last its slope.
        longest_draft: most drafted tokens at once.
    """

    def __init__(self, measured: Mapping[int, float], longest_draft: int) -> None:
        points = sorted({**measured, 1: 1.0}.items())
        self.longest_draft = longest_draft
        self._costs = [_on_line(points, size) for size in range(1, longest_draft + 2)]

    def batch(self, size: int) -> float:
        """Time of a batch of so many tokens, at most one more than `longest_draft`."""
        return self._costs[size - 1]


def _on_line(points: Sequence[tuple[int, float]], size: int) -> float:
    right = min(max(bisect_right(points, (size, 0.0)), 1), len(points) - 1)
    (left_size, left_cost), (right_size, right_cost) = points[right - 1], points[right]
    slope = (right_cost - left_cost) / (right_size - left_size)
    return left_cost + slope * (size - left_size)


CPU_COSTS = CostTable(
    {2: 1.8, 3: 2.2, 4: 2.9, 6: 4.0, 8: 6.3, 12: 8.3, 16: 8.7, 24: 12.3, 32: 14.3}, 31
)
"""Two cores of an AMD EPYC (Zen 3), 0.6B in Q4_K_M, 512 tokens of depth
(`python -m benchmarks.batch_costs`, docs/speed.md). Arithmetic is the limit there; where memory
is, with more cores, a batch costs less: then drafts save more than the policy believes."""

GPU_COSTS = CostTable({2: 1.2, 4: 1.34, 8: 1.99, 9: 3.21, 16: 3.33, 32: 3.54}, 31)
"""A Radeon MI50 with 27B in Q8_0, milliseconds 47.6 for one token, 57.0 for 2, 63.7, 94.5, 152.9,
158.6 and 168.5 for 32 (github.com/mxxm-t/mx-llama.cpp/issues/10). An old card, so a careful
choice. The step is llama.cpp's: up to 8 tokens (mmvq.cuh, MMVQ_MAX_BATCH_SIZE) it multiplies
vector by vector, then by tiles."""
