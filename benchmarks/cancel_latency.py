"""How quickly a cancel is obeyed, in every phase: the 99th of 100 measured latencies.

Load, prompt processing and generation are cancelled at random moments; the latency is from the
client's cancel to the reply's last event.

    python -m benchmarks.cancel_latency [--times 100]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from pathlib import Path

from benchmarks.random_model import QWEN3_0_6B, R1_DISTILL_QWEN_1_5B, random_model
from localr1.chat.messages import user_message
from localr1.chat.prompt import ChatFormat
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Command, Done, Failed, Generate, Load, Ready
from localr1.engine.sampling import Sampling
from localr1.errors import EngineStopped
from localr1.hardware.load_plan import LoadPlan

PLAN = LoadPlan(n_ctx=4096, n_gpu_layers=0, n_threads=2, n_threads_batch=2, use_mmap=False)
GOAL_SECONDS = 0.3


def main() -> None:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    times = parser.parse_args().times
    print("| model | phase | median | p99 | goal |\n|---|---|---|---|---|")
    for name, shape in (("0.6b", QWEN3_0_6B), ("1.5b", R1_DISTILL_QWEN_1_5B)):
        model = random_model(name, shape)
        for phase in ("load", "prompt", "generation"):
            latencies = sorted(asyncio.run(measure(model, phase, times)))
            median, p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
            cells = [f"random {name}", phase, f"{median * 1000:.0f} ms", f"{p99 * 1000:.0f} ms"]
            print("|", " | ".join([*cells, f"{GOAL_SECONDS * 1000:.0f} ms"]), "|", flush=True)


async def measure(model: Path, phase: str, times: int) -> list[float]:
    """Seconds from cancel to the last event, so many times."""
    draw = random.Random(1)
    latencies: list[float] = []
    command: Command
    with tempfile.TemporaryDirectory() as folder:
        client = EngineClient(Path(folder))
        await client.start()
        if phase != "load":
            await until_end(client, load(client, model), None)
        while len(latencies) < times:
            if phase == "load":
                command, longest = load(client, model), 0.3
            else:
                # every prompt begins differently, so that nothing of it is cached
                words = f"{draw.random()} " + "sea " * (3000 if phase == "prompt" else 5)
                command, longest = generate(client, words), 2.0
            latency = await until_end(client, command, draw.uniform(0.05, longest))
            if latency is not None:
                latencies.append(latency)
            if phase == "load":
                await client.close()
                await client.start()
        await client.close()
    return latencies


def load(client: EngineClient, model: Path) -> Load:
    """Load as localr1 does."""
    chat = ChatFormat(style="r1", thinks=True)
    return Load(client.new_id(), os.fsencode(model), PLAN, chat, "random")


def generate(client: EngineClient, words: str) -> Generate:
    """A reply that goes on until it is cancelled."""
    return Generate(client.new_id(), (user_message(words),), Sampling(seed=1))


async def until_end(client: EngineClient, command: Command, after: float | None) -> float | None:
    """Run a command, cancel it after some seconds; how long it then took to end."""
    asked_at: float | None = None

    async def cancel() -> None:
        nonlocal asked_at
        await asyncio.sleep(after or 0)
        asked_at = time.monotonic()
        if isinstance(command, Load):
            client.kill("loading was cancelled")  # as the session does it
        else:
            await client.cancel()

    task = asyncio.create_task(cancel()) if after is not None else None
    ended = 0.0
    was_cancelled = False
    try:
        async for event in client.ask(command):
            ended = time.monotonic()
            was_cancelled = isinstance(event, Done) and event.finish_reason == "cancelled"
            if isinstance(event, Failed):
                raise SystemExit(event.message)
            if isinstance(event, Ready) and task is not None:
                task.cancel()
    except EngineStopped:
        ended, was_cancelled = time.monotonic(), True
    if task is None or not was_cancelled or asked_at is None:
        return None
    await task
    return ended - asked_at


if __name__ == "__main__":
    main()
