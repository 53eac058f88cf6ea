"""The tables of docs/loops.md: what benchmarks.loop_detection counts, and how it is written."""

from __future__ import annotations

import collections
import dataclasses
import platform
import statistics
from collections.abc import Iterator

from localr1.engine.loops import SYMBOLS_SPAN_TOKENS

IN_TIME_TOKENS = 256
IN_TIME_PERIODS = 3
MOST_ALARMS_PER_MB = 1.0
LEAST_IN_TIME = 0.98
RECORDED = "recorded from SmolLM2"
SYMBOLS = "symbols only"
"""The kind of loop that is given longer on purpose; it has a row, but no share in the goal."""
SYMBOLS_IN_TIME_TOKENS = SYMBOLS_SPAN_TOKENS + IN_TIME_TOKENS


@dataclasses.dataclass
class HonestRow:
    """What the detector made of the honest texts of one kind."""

    n_bytes: int = 0
    alarms: dict[str, int] = dataclasses.field(default_factory=collections.Counter)
    """By tokenizer."""
    names: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


@dataclasses.dataclass
class LoopRow:
    """What it made of the loops of one kind."""

    loops: int = 0
    early: int = 0
    late: int = 0
    missed: int = 0
    false: int = 0
    delays: list[int] = dataclasses.field(default_factory=list)

    @property
    def in_time(self) -> int:
        """Loops found within the time allowed, those found early included."""
        return self.loops - self.late - self.missed - self.false


@dataclasses.dataclass
class Measurement:
    """Rows by kind, and the cost of all honest texts together."""

    honest: dict[str, HonestRow]
    loops: dict[str, LoopRow]
    tokens: int = 0
    seconds: float = 0.0


def alarms_per_mb(measurement: Measurement) -> float:
    """False alarms a megabyte of honest text, with the tokenizer that has more of them."""
    totals: collections.Counter[str] = collections.Counter()
    for row in measurement.honest.values():
        totals.update(row.alarms)
    return max(totals.values()) / (_honest_bytes(measurement) / 1e6)


def _honest_bytes(measurement: Measurement) -> int:
    return sum(row.n_bytes for row in measurement.honest.values())


def share_in_time(measurement: Measurement) -> float:
    """Of all loops but those of symbols."""
    rows = [row for kind, row in measurement.loops.items() if kind != SYMBOLS]
    return sum(row.in_time for row in rows) / sum(row.loops for row in rows)


PAGE = """\
# Loops

A model can fall into a loop: it writes the same sentence, paragraph or token again and again, and
would do so until the context window is full. Small models and low temperatures are the likeliest
to. localr1 watches what a model writes (`localr1/engine/loops.py`) and takes two things for a loop:

- the same tokens over and over, with a period of up to 1,024 tokens, once they have come nearly
  three times and for some 200 tokens. Where a period has hardly a word in it (rulers, zeros,
  periodic decimals) it must go on for 1,024;
- prose of which four fifths are phrases of four words that were written at least twice before.
  Numbers count as equal, so "Step 31: …, Step 32: …" is seen, and so are paragraphs that
  alternate, change a word, or come again with other text between.

First a notice says so, and the DRY sampler is switched on, which makes tokens less likely the
longer the passage is that they would repeat. If the loop goes on, reasoning is closed with a
sentence and an answer follows; an answer is stopped.

## Honest texts

False alarms. A detector that gave one starts afresh in the same text. Each text is read twice,
as pieces of words and single digits ("plain"), and as tokens of SmolLM2's vocabulary. The files
are those of Python and the packages beside it, a random choice of them where there are many.

| text | MB | plain | SmolLM2 |
|---|--:|--:|--:|
{honest}

That is {alarms:.2f} a megabyte (goal: at most 1). {where}

## Loops

In time is within three periods or 256 tokens, whichever is more, after the first token of what is
repeated. A recorded loop may be found before its repetition becomes regular; that counts as in
time, and "early", when at least half of the last 800 characters are in strings of 24 that the
reply has three times by then. The delay is that of the others, in tokens.

| loop | loops | in time | of them early | late | missed | false | median delay | longest |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
{loops}

{in_time:.1%} of the loops with words are found in time (goal: 98 %). Loops of symbols have
{symbols:,} tokens and no share in that number. Not found in time, if at all, are near-verbatim
loops of formulas, code or tables in which something changes each time: honest ones look like
that, too.

The detector's thresholds were chosen with `--seed 1`; these tables are made with `--seed 2`:
another choice of files where there are many, other made-up texts and loops. The recorded loops and
the smaller kinds of files are the same.

The detector takes {cost:.1f} µs of processor time a token (Python {python}, {system}).

Made by `python -m benchmarks.loop_detection --output docs/loops.md`.
"""


def report(measurement: Measurement) -> str:
    """The document."""
    return PAGE.format(
        honest="\n".join(_honest_lines(measurement)),
        alarms=alarms_per_mb(measurement),
        where=_where(measurement),
        loops="\n".join(_loop_lines(measurement)),
        in_time=share_in_time(measurement),
        symbols=SYMBOLS_IN_TIME_TOKENS,
        cost=measurement.seconds / measurement.tokens * 1e6,
        python=platform.python_version(),
        system=platform.system(),
    )


def _honest_lines(measurement: Measurement) -> Iterator[str]:
    total = HonestRow()
    for kind, row in measurement.honest.items():
        total.n_bytes += row.n_bytes
        for name, alarms in row.alarms.items():
            total.alarms[name] += alarms
        yield _honest_line(kind, row)
    yield _honest_line("**all**", total)


def _honest_line(kind: str, row: HonestRow) -> str:
    return f"| {kind} | {row.n_bytes / 1e6:.2f} | {row.alarms['plain']} | {row.alarms['SmolLM2']} |"


def _where(measurement: Measurement) -> str:
    names: collections.Counter[str] = collections.Counter()
    for row in measurement.honest.values():
        for name, alarms in row.names.items():
            names[name.rsplit(", ", maxsplit=1)[0]] += alarms
    listed = ", ".join(f"{name} ({alarms})" for name, alarms in names.most_common(8))
    return f"By file, both readings together: {listed}." if listed else ""


def _loop_lines(measurement: Measurement) -> Iterator[str]:
    for kind, row in measurement.loops.items():
        delays = row.delays or [0]
        cells = (row.loops, row.in_time, row.early, row.late, row.missed, row.false)
        numbers = " | ".join(map(str, (*cells, round(statistics.median(delays)), max(delays))))
        yield f"| {kind} | {numbers} |"
