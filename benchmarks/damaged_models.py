"""Damaged and hostile model files, through the gate and through llama.cpp without it.

    python benchmarks/damaged_models.py [--mutants N] [--seed N] [--output docs/damaged-files.md]

Every named variant and every random mutant is read by the gate (localr1.gguf_header) and loaded
by llama.cpp itself in a process of its own (load, context, tokens, decoding). Ends with 1 when a
file that the gate lets pass ends or hangs llama.cpp, or when the gate fails otherwise.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import itertools
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from localr1.errors import ModelRefused
from localr1.gguf_header import read_header
from tests.damaged_models import mutants, variants
from tests.native_loader import CRASHES, TIMEOUT_SECONDS, Outcome, outcomes

BATCH = 2000
GATE_LIMIT_SECONDS = 2.0


@dataclasses.dataclass
class Row:
    """What happened to the files of one category."""

    files: int = 0
    refused: int = 0
    native: collections.Counter[Outcome] = dataclasses.field(default_factory=collections.Counter)
    native_behind_gate: collections.Counter[Outcome] = dataclasses.field(
        default_factory=collections.Counter
    )

    def add(self, other: Row) -> None:
        self.files += other.files
        self.refused += other.refused
        self.native += other.native
        self.native_behind_gate += other.native_behind_gate


@dataclasses.dataclass
class Measurement:
    """Rows by category, the slowest check, and every broken promise."""

    rows: dict[str, Row]
    slowest_seconds: float = 0.0
    failures: list[str] = dataclasses.field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    chosen = parser.parse_args()
    files = itertools.chain(variants(), mutants(chosen.mutants, chosen.seed))
    measurement = measure(files)
    page = report(measurement, chosen.mutants, chosen.seed)
    if chosen.output:
        chosen.output.write_text(page, encoding="utf-8")
    print(page)
    for failure in measurement.failures:
        print("FAILED", failure, file=sys.stderr)
    return 1 if measurement.failures else 0


def measure(files: Iterator[tuple[str, bytes]]) -> Measurement:
    measurement = Measurement(collections.defaultdict(Row))
    with tempfile.TemporaryDirectory() as folder:
        while batch := list(itertools.islice(files, BATCH)):
            refused = {
                name
                for name, content in batch
                if _refused(name, content, Path(folder), measurement)
            }
            native = outcomes(batch, Path(folder))
            for name, outcome in native.items():
                _count(measurement, name, outcome, name in refused)
    return measurement


def _refused(name: str, content: bytes, folder: Path, measurement: Measurement) -> bool:
    path = folder / "gate.gguf"
    path.write_bytes(content)
    start = time.perf_counter()
    try:
        read_header(path)
        refused = False
    except ModelRefused as error:
        refused = True
        if "\n" in error.message or not error.message.isprintable():
            measurement.failures.append(f"{name}: message of more than a line")
    except Exception as error:  # reported: any other exception is a broken promise
        measurement.failures.append(f"{name}: {error!r}")
        refused = True
    seconds = time.perf_counter() - start
    measurement.slowest_seconds = max(measurement.slowest_seconds, seconds)
    if seconds > GATE_LIMIT_SECONDS:
        measurement.failures.append(f"{name}: the gate took {seconds:.1f} s")
    return refused


def _count(measurement: Measurement, name: str, outcome: Outcome, refused: bool) -> None:
    row = measurement.rows[name.split("/", maxsplit=1)[0]]
    row.files += 1
    row.native[outcome] += 1
    if refused:
        row.refused += 1
        return
    row.native_behind_gate[outcome] += 1
    if outcome in CRASHES:
        measurement.failures.append(f"{name}: passes the gate and ends in {outcome}")


PAGE = """\
# Damaged files

What happens to damaged and hostile model files: llama.cpp without the gate, and localr1's gate
(`localr1/gguf_header`) with llama.cpp behind it. Each file is a tiny model with one kind of
damage; `mutant` are random changes of headers. llama.cpp loads it in a process of its own, makes
a context, turns a text into tokens and decodes.

"alone" is llama.cpp without the gate, "gate" what the gate refuses, "then" what llama.cpp makes of
the files that pass the gate.

| category | files | alone: runs | refuses | dies | hangs | gate | then: runs | refuses | dies |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
{rows}

The slowest check took {slowest:.2f} s; {mutants:,} mutants of seed {seed}; llama.cpp hangs when it
takes more than {timeout} s. Measured with Python {python} on {system}.

What passes the gate and is refused by llama.cpp gets llama.cpp's own message: values of a wrong
type, tokenizers and architectures that it does not know. What runs has damage that does not show
in a header: other weights, another name, an unused key. Only a checksum of the whole file finds
that.

Made by `python benchmarks/damaged_models.py --output docs/damaged-files.md`.
"""


def report(measurement: Measurement, n_mutants: int, seed: int) -> str:
    total = Row()
    for row in measurement.rows.values():
        total.add(row)
    rows = [_line(name, row) for name, row in measurement.rows.items()]
    return PAGE.format(
        rows="\n".join([*rows, _line("**all**", total)]),
        slowest=measurement.slowest_seconds,
        mutants=n_mutants,
        seed=seed,
        timeout=TIMEOUT_SECONDS,
        python=platform.python_version(),
        system=platform.system(),
    )


def _line(name: str, row: Row) -> str:
    native, behind = row.native, row.native_behind_gate
    cells = (
        name,
        row.files,
        native["runs"],
        native["refused"],
        _dead(native),
        native["hang"],
        row.refused,
        behind["runs"],
        behind["refused"],
        _dead(behind) + behind["hang"],
    )
    return (
        "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells) + " |"
    )


def _dead(counts: collections.Counter[Outcome]) -> int:
    deadly: Iterable[Outcome] = ("abort", "segfault", "fault")
    return sum(counts[outcome] for outcome in deadly)


if __name__ == "__main__":
    sys.exit(main())
