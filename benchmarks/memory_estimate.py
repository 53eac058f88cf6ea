"""Predicted against measured memory of a worker, over windows and KV types.

    python -m benchmarks.memory_estimate [--output docs/memory.md]

A worker loads a model as localr1 plans it (mmap off), reads a prompt longer than a micro-batch and
writes one token. Measured is its peak (VmHWM) less an idle worker's. glibc fills what is allocated
(MALLOC_PERTURB_): so buffers count as a whole, as they do once the window is full, and not only the
pages that one micro-batch has touched. The last column is the peak without that.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.random_model import QWEN3_0_6B, random_model
from localr1.chat.messages import user_message
from localr1.chat.prompt import choose_format
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Done, Failed, Generate, Load
from localr1.engine.sampling import Sampling
from localr1.gguf_header import GgufHeader, read_header
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.plan import make_plan
from localr1.hardware.probe import probe_machine
from localr1.models.reference import demo_path
from localr1.settings import Settings, load_settings
from tests.models_on_disk import smollm2_path

WINDOWS = (2_048, 8_192, 32_768)
KV_TYPES = ("f16", "q8_0")
TOLERANCE, TOLERANCE_BYTES = 0.05, 40 << 20
_MIB = 1 << 20


class Memory(NamedTuple):
    """Of a process, in bytes."""

    peak: int
    anonymous: int
    file: int


class Row(NamedTuple):
    """One model with one window and one cache type."""

    model: str
    n_ctx: int
    kv: str
    predicted: int
    measured: int
    touched: int

    @property
    def error_bytes(self) -> int:
        """Predicted less measured."""
        return self.predicted - self.measured

    @property
    def is_close(self) -> bool:
        """Within five per cent, or 40 MiB where that is more."""
        return abs(self.error_bytes) <= max(TOLERANCE * self.measured, TOLERANCE_BYTES)


def memory_of(pid: int) -> Memory:
    """What /proc says of a process now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    values = (int(fields[name].split()[0]) << 10 for name in ("VmHWM", "RssAnon", "RssFile"))
    return Memory(*values)


async def loaded(header: GgufHeader, plan: LoadPlan, logs: Path, *, filled: bool) -> Memory:
    """Memory that a worker has taken for this model, after a prompt and a token."""
    os.environ["MALLOC_PERTURB_"] = "165" if filled else "0"
    client = EngineClient(logs)
    await client.start()
    try:
        await client.devices()
        assert client.pid is not None
        idle = memory_of(client.pid)
        path = os.fsencode(header.path)
        await _ask(client, Load(client.new_id(), path, plan, choose_format(header).format, "m"))
        words = user_message("The sea is wide. " * (plan.n_ubatch // 4))
        sampling = Sampling(temperature=0)
        await _ask(client, Generate(client.new_id(), (words,), sampling, max_tokens=1))
        now = memory_of(client.pid)
        return Memory(now.peak - idle.peak, now.anonymous - idle.anonymous, now.file - idle.file)
    finally:
        await client.close()


async def _ask(client: EngineClient, command: Load | Generate) -> None:
    async for event in client.ask(command):
        if isinstance(event, Failed):
            sys.exit(f"{event.message}; {event.hint}")
        if isinstance(event, Done):
            assert event.prompt_tokens > 256, event


def planned(header: GgufHeader, n_ctx: int, kv: str, *, mmap: bool) -> LoadPlan:
    """The plan of localr1 with this window and this cache."""
    flags = {"n_ctx": n_ctx, "type_k": kv, "type_v": kv, "mmap": mmap}
    settings: Settings = load_settings(flags, environment={})
    return make_plan(header, settings, probe_machine(graphics=False))


def measure(models: list[tuple[str, Path]], logs: Path) -> Iterator[Row]:
    """Every model with every window and cache type."""
    for name, path in models:
        header = read_header(path)
        for n_ctx in WINDOWS:
            for kv in KV_TYPES:
                plan = planned(header, n_ctx, kv, mmap=False)
                filled = asyncio.run(loaded(header, plan, logs, filled=True))
                plain = asyncio.run(loaded(header, plan, logs, filled=False))
                row = Row(name, n_ctx, kv, plan.memory_bytes, filled.peak, plain.peak)
                print(line_of(row), flush=True)
                yield row


def line_of(row: Row) -> str:
    """A row of the table."""
    figures = (row.predicted, row.measured, row.error_bytes, row.touched)
    cells = [row.model, f"{row.n_ctx:,}", row.kv, *(f"{n / _MIB:,.0f}" for n in figures)]
    return f"| {' | '.join(cells)} |"


def mapped(name: str, path: Path, logs: Path) -> str:
    """With mmap: anonymous and file pages apart."""
    header = read_header(path)
    plan = planned(header, 8192, "f16", mmap=True)
    memory = asyncio.run(loaded(header, plan, logs, filled=True))
    figures = (plan.memory_bytes, memory.anonymous, memory.file)
    return f"| {name} | {' | '.join(f'{n / _MIB:,.0f}' for n in figures)} |"


HEAD = """| model | window | KV cache | predicted | measured | error | touched by one micro-batch |
|---|---:|---|---:|---:|---:|---:|"""
MAPPED_HEAD = """| model | predicted | anonymous | file |
|---|---:|---:|---:|"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="file whose tables are replaced")
    arguments = parser.parse_args()
    models = [
        ("localr1 demo Q8_0", demo_path()),
        ("SmolLM2-135M Q4_1", smollm2_path()),
        ("0.6B in Qwen3's shape, Q4_K", random_model("qwen3-0.6b", QWEN3_0_6B)),
    ]
    with tempfile.TemporaryDirectory() as logs:
        print(HEAD)
        rows = list(measure(models, Path(logs)))
        print(MAPPED_HEAD)
        maps = [mapped(name, path, Path(logs)) for name, path in models]
        print("\n".join(maps))
    if arguments.output:
        replace_table(arguments.output, "measured", [HEAD, *map(line_of, rows)])
        replace_table(arguments.output, "mapped", [MAPPED_HEAD, *maps])
    if not all(row.is_close for row in rows):
        sys.exit("a prediction is off by more than 5 % and more than 40 MiB")


def replace_table(file: Path, name: str, lines: list[str]) -> None:
    """Put a new table between the two marks of this name."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = file.read_text("utf-8").partition(start)
    _, _, after = rest.partition(end)
    text = before + start + "\n".join(lines) + "\n" + end + after
    file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
