"""Where a recorded reply begins to loop: every period tried over the whole reply, afterwards.

Slow, and independent of localr1.engine.loops: it knows the end of the reply, compares words
instead of tokens, and counts nothing.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_UNIT = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_|\n+")
_LONGEST_PERIOD = 500
"""In words and marks; a recording of 1,500 tokens holds three of them."""
_WINDOW = 40
"""Words and marks over which mismatches are averaged."""
_MISMATCHES = 0.3
"""A window with a larger share of mismatches is no repetition."""
_SHORTEST_TOKENS = 256
_FEWEST_PERIODS = 3
"""A repetition shorter than both is not called a loop."""


class Truth(NamedTuple):
    """A loop that lasts until the end of a reply; positions and lengths in tokens."""

    begins: int
    """The first token of what is repeated, in its first appearance."""
    period: int


def find_loop(texts: Sequence[str]) -> Truth | None:
    """The loop in which a reply ends, or None.

    Args:
        texts: of the reply's tokens.
    """
    units, owners = _units(texts)
    best: tuple[int, int] | None = None
    for period in range(1, min(_LONGEST_PERIOD, len(units) // 3) + 1):
        begin = _begin(units, period)
        repeated = len(units) - period - begin
        if repeated < 2 * period:
            continue
        # a multiple of the true period fits as well: only a clearly earlier beginning counts
        if best is None or begin < best[0] - 0.1 * (len(units) - best[0]):
            best = (begin, period)
    if best is None:
        return None
    begin, period = best
    periods = (len(units) - 1 - begin) / period
    truth = Truth(owners[begin], max(1, round((owners[-1] - owners[begin]) / periods)))
    shortest = max(_SHORTEST_TOKENS, _FEWEST_PERIODS * truth.period)
    return truth if len(texts) - truth.begins >= shortest else None


def _begin(units: npt.NDArray[np.int64], period: int) -> int:
    """First unit from which every window repeats what stands one period before."""
    differs = np.concatenate(([0], np.cumsum(units[period:] != units[:-period])))
    window = min(_WINDOW, len(differs) - 1)
    too_many = differs[window:] - differs[:-window] > _MISMATCHES * window
    bad = np.flatnonzero(too_many)
    begin = int(bad[-1]) + 1 if len(bad) else 0
    while begin < len(units) - period and units[begin] != units[begin + period]:
        begin += 1
    return begin


def _units(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], list[int]]:
    """Numbered words and marks, numbers all alike, and the token that each begins in."""
    starts = np.cumsum([0, *map(len, texts)])
    numbers: dict[str, int] = {}
    units: list[int] = []
    owners: list[int] = []
    for match in _UNIT.finditer("".join(texts)):
        word = "0" if match[0].isdigit() else match[0].casefold()
        units.append(numbers.setdefault(word, len(numbers)))
        owners.append(int(np.searchsorted(starts, match.start(), side="right")) - 1)
    return np.array(units, dtype=np.int64), owners


_STRING = 24
"""Characters; a string of this length is not written three times by chance."""
_END_CHARACTERS = 800
"""About 200 tokens."""
_NUMBER = re.compile(r"\d+")


def repeated_share(text: str) -> float:
    """How repetitive the end of a text is: numbers alike, spaces and case left out of account.

    Returns:
        The share of the last 800 characters that lie in strings of 24 which the whole text has at
        least three times.
    """
    text = _NUMBER.sub("0", " ".join(text.casefold().split()))
    strings = [text[at : at + _STRING] for at in range(max(0, len(text) - _STRING + 1))]
    counts = collections.Counter(strings)
    covered, reach = [], 0
    for string in strings:
        reach = _STRING if counts[string] >= 3 else reach - 1
        covered.append(reach > 0)
    end = covered[-_END_CHARACTERS:]
    return sum(end) / max(1, len(end))
