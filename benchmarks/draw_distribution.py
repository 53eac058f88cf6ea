"""Whether guessing ahead and replies side by side draw as plain sampling does.

    python -m benchmarks.draw_distribution [--draws 2000]

The demo goes on with an answer that repeats itself, hot enough that it often breaks off: so guesses
are made at each token, and are often wrong. The frequencies of what it writes are compared with
those of plain sampling by a chi-square test of homogeneity; seeds differ between the three.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.reasoning_control import Talk
from localr1.chat.messages import user_message
from localr1.engine.protocol import Answer, BegunReply, Done, Failed, Generate, Speculation
from localr1.engine.sampling import Sampling
from localr1.models.reference import demo_path

LEAST_P = 0.01
"""A correct sampler misses this once in a hundred draws of seeds; the seeds are fixed."""
WRITTEN_TOKENS = 3
_LEAST_EXPECTED = 5.0
"""Rarer texts are counted together (Cochran's rule)."""
_REPEATED = "7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,"


class Drawn(NamedTuple):
    """What was written, and how many guesses were checked meanwhile."""

    texts: Counter[str]
    drafted: int
    accepted: int


async def drawn(
    talk: Talk, draws: int, first_seed: int, *, speculate: Speculation = "off", samples: int = 1
) -> Drawn:
    """So many replies of a few tokens."""
    texts: Counter[str] = Counter()
    drafted = accepted = 0
    for number in range(draws // samples):
        command = Generate(
            talk.new_id(),
            (user_message("Write sevens."),),
            Sampling(
                temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, seed=first_seed + number * samples
            ),
            WRITTEN_TOKENS,
            begun=BegunReply(is_closed=True, answer=_REPEATED),
            samples=samples,
            speculate=speculate,
        )
        written = [""] * samples
        async for event in talk.ask(command):
            if isinstance(event, Answer):
                written[event.sample] += event.text
            elif isinstance(event, Done):
                drafted += event.drafted_tokens
                accepted += event.accepted_tokens
            elif isinstance(event, Failed):
                raise SystemExit(event.message)
        texts.update(written)
    return Drawn(texts, drafted, accepted)


def p_value(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """Of a chi-square test that both samples come from one distribution."""
    sizes = sum(first.values()), sum(second.values())
    rows, rest = [], [0, 0]
    for text in sorted({*first, *second}):
        counts = [first.get(text, 0), second.get(text, 0)]
        if sum(counts) * min(sizes) / sum(sizes) >= _LEAST_EXPECTED:
            rows.append(counts)
        else:
            rest = [rest[0] + counts[0], rest[1] + counts[1]]
    rows += [rest] if sum(rest) else []
    statistic = 0.0
    for counts in rows:
        for count, size in zip(counts, sizes, strict=True):
            expected = sum(counts) * size / sum(sizes)
            statistic += (count - expected) ** 2 / expected
    return _beyond(statistic, len(rows) - 1)


def _beyond(statistic: float, degrees: int) -> float:
    """Chance of a chi-square value at least this large, by Wilson and Hilferty (1931)."""
    if degrees < 1:
        return 1.0
    spread = 2 / (9 * degrees)
    normal = ((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return 0.5 * math.erfc(normal / math.sqrt(2))


class Comparison(NamedTuple):
    """One way of drawing beside plain sampling."""

    name: str
    p: float
    kinds: int
    drafted: int
    accepted: int


async def compared(draws: int, n_threads: int) -> list[Comparison]:
    """Both ways beside plain sampling."""
    with tempfile.TemporaryDirectory() as logs:
        async with Talk(demo_path(), 2048, Path(logs), n_threads=n_threads) as talk:
            plain = await drawn(talk, draws, 1)
            ways = {
                "guessing ahead": await drawn(talk, draws, 1_000_000, speculate="lookup"),
                "side by side": await drawn(talk, draws, 2_000_000, samples=16),
            }
    return [
        Comparison(name, p_value(plain.texts, way.texts), len(way.texts), way.drafted, way.accepted)
        for name, way in ways.items()
    ]


def main() -> int:
    """Compare, print; 1 when a way draws otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    rows = asyncio.run(compared(arguments.draws, arguments.threads))
    for row in rows:
        print(
            f"{row.name}: p = {row.p:.3f} over {arguments.draws} draws, {row.kinds} different "
            f"texts, {row.accepted} of {row.drafted} guesses right"
        )
    return 0 if all(row.p >= LEAST_P for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
