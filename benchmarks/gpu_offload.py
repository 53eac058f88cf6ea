"""Predicted against measured memory of a graphics card, over windows, KV types and layers on it.

    python -m benchmarks.gpu_offload [--output docs/gpu.md] [MODEL...]

A worker loads a model as localr1 plans it, then reads a prompt that fills the window (4,096 tokens
where layers are on the CPU, which reads slowly) and writes a few tokens. Measured is what the card
has more in use (nvidia-smi) than before the load, by a worker that has looked at its devices: what
a CUDA program takes by itself, before any model, is not free any more when the plan is made.
Needs an NVIDIA card on which nothing else changes, and an engine built with CUDA.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.memory_estimate import replace_table
from benchmarks.random_model import R1_DISTILL_QWEN_1_5B, R1_DISTILL_QWEN_7B, random_model
from localr1.chat.messages import user_message
from localr1.chat.prompt import choose_format
from localr1.chat.window import longest_prompt
from localr1.engine.client import EngineClient
from localr1.engine.protocol import CountTokens, Done, Failed, Generate, Load, TokenCount
from localr1.engine.sampling import Sampling
from localr1.gguf_header import GgufHeader, read_header
from localr1.hardware.left_memory import estimate_of
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device
from localr1.hardware.model_sizes import sizes_of
from localr1.hardware.plan import make_plan
from localr1.hardware.probe import probe_machine
from localr1.settings import load_settings

WINDOWS = (2_048, 8_192, 32_768)
KV_TYPES = ("f16", "q8_0")
TOLERANCE, TOLERANCE_BYTES = 0.05, 100 << 20
SLOW_PROMPT_TOKENS = 4_096
_SENTENCE = "The sea is wide. "
_MIB = 1 << 20


class Row(NamedTuple):
    """One model with one window, one cache type and so many layers on the card."""

    model: str
    layers: str
    n_ctx: int
    kv: str
    predicted: int
    loaded: int
    full: int
    buffers: dict[str, float]
    """MiB of each buffer on the card, as the engine reports it."""

    @property
    def error_bytes(self) -> int:
        """Predicted less measured."""
        return self.predicted - self.full

    @property
    def is_close(self) -> bool:
        """Within five per cent, or 100 MiB where that is more."""
        return abs(self.error_bytes) <= max(TOLERANCE * self.full, TOLERANCE_BYTES)


def used_bytes() -> int:
    """Memory in use on the first card."""
    query = ["nvidia-smi", "-i", "0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return int(subprocess.run(query, capture_output=True, text=True, check=True).stdout) * _MIB


def planned(
    header: GgufHeader, n_ctx: int, kv: str, layers: int, device: Device, **more: str
) -> LoadPlan:
    """The plan of localr1 with this window, this cache and these layers on the card."""
    flags = {"n_ctx": n_ctx, "type_k": kv, "type_v": kv, "n_gpu_layers": layers, **more}
    settings = load_settings(flags, environment={})
    return make_plan(header, settings, probe_machine(graphics=False), (device,))


async def measured(
    name: str, header: GgufHeader, n_ctx: int, kv: str, layers: int, **more: str
) -> Row:
    """Load, fill the window, and read what the card has in use."""
    with tempfile.TemporaryDirectory() as logs:
        client = EngineClient(Path(logs))
        await client.start()
        try:
            device = next(each for each in (await client.devices()).devices if each.name == "CUDA0")
            before = used_bytes()
            plan = planned(header, n_ctx, kv, layers, device, **more)
            chat = choose_format(header).format
            await _ask(client, Load(client.new_id(), os.fsencode(header.path), plan, chat, "m"))
            loaded = used_bytes()
            on_all = plan.n_gpu_layers > header.n_layer
            await _fill(client, n_ctx if on_all else min(n_ctx, SLOW_PROMPT_TOKENS))
            full = used_bytes()
            buffers = buffers_in(client.log_path.read_text("utf-8", "replace"))
        finally:
            await client.close()
    (need,) = estimate_of(plan, sizes_of(header)).devices
    share = f"{plan.n_gpu_layers}/{header.n_layer + 1}"
    predicted, sizes = need.total_bytes, (loaded - before, full - before)
    return Row(name, share, n_ctx, kv, predicted, *sizes, buffers)


async def _fill(client: EngineClient, tokens: int) -> None:
    """Read a prompt of nearly so many tokens and write a few."""
    probe = user_message(_SENTENCE * 100)
    async for event in client.ask(CountTokens(client.new_id(), (probe,))):
        if isinstance(event, TokenCount):
            per_sentence = event.tokens / 100
    words = user_message(_SENTENCE * int((longest_prompt(tokens) - 50) / per_sentence))
    sampling = Sampling(temperature=0)
    await _ask(client, Generate(client.new_id(), (words,), sampling, max_tokens=16))


async def _ask(client: EngineClient, command: Load | Generate) -> None:
    async for event in client.ask(command):
        if isinstance(event, Failed):
            sys.exit(f"{event.message}; {event.hint}")
        if isinstance(event, Done) and event.prompt_tps and event.generation_tps:
            speeds = f"{event.prompt_tps:,.0f} and {event.generation_tps:,.0f} tokens/s"
            print(f"  {event.prompt_tokens} tokens read, {speeds}", file=sys.stderr)


def buffers_in(log: str) -> dict[str, float]:
    """MiB of buffers by name, as in "CUDA0 compute buffer size = 304.75 MiB"."""
    found = re.findall(r"(CUDA\w+ +\w+) buffer size = +([\d.]+) MiB", log)
    return {re.sub(" +", " ", name): float(size) for name, size in found}


def measure(models: list[tuple[str, Path]]) -> Iterator[Row]:
    """Every model: all layers on the card, then half of them."""
    for name, path in models:
        header = read_header(path)
        for layers in (-1, header.n_layer // 2):
            for n_ctx in WINDOWS:
                for kv in KV_TYPES:
                    row = asyncio.run(measured(name, header, n_ctx, kv, layers))
                    print(line_of(row), flush=True)
                    print(f"  {row.buffers}", file=sys.stderr, flush=True)
                    yield row


def line_of(row: Row) -> str:
    """A row of the table."""
    figures = (row.predicted, row.loaded, row.full, row.error_bytes)
    cells = [row.model, row.layers, f"{row.n_ctx:,}", row.kv]
    return f"| {' | '.join([*cells, *(f'{n / _MIB:,.0f}' for n in figures)])} |"


HEAD = """| model | on the card | window | KV cache | predicted | loaded | window full | error |
|---|---:|---:|---|---:|---:|---:|---:|"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="file whose table is replaced")
    parser.add_argument("models", nargs="*", type=Path, help="files instead of random models")
    arguments = parser.parse_args()
    models = [(path.stem, path) for path in arguments.models] or [
        ("1.5B, Q4_K_M", random_model("r1-1.5b", R1_DISTILL_QWEN_1_5B)),
        ("7B, Q4_K_M", random_model("r1-7b", R1_DISTILL_QWEN_7B)),
    ]
    print(HEAD)
    rows = list(measure(models))
    if arguments.output:
        replace_table(arguments.output, "card", [HEAD, *map(line_of, rows)])
    if not all(row.is_close for row in rows):
        sys.exit("a prediction is off by more than 5 % and more than 100 MiB")


if __name__ == "__main__":
    main()
