"""How often the screen is brought up to date, and that nothing is lost between two times."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from localr1.engine.protocol import Event, Reasoning
from localr1.hardware.load_plan import LoadPlan
from localr1.tui.pacing import INTERVAL_SECONDS, SLOWEST_SECONDS, Pacer, is_beside_cpu

PLAN = LoadPlan(n_ctx=512, n_gpu_layers=0, n_threads=2, n_threads_batch=2, weights_bytes=1)


@pytest.mark.parametrize(
    ("share", "cost_seconds", "interval_seconds"),
    [
        (None, 0.1, INTERVAL_SECONDS),
        (0.025, 0.0005, INTERVAL_SECONDS),
        (0.025, 0.0025, 0.1),
        (0.025, 0.5, SLOWEST_SECONDS),
    ],
)
async def test_updates_are_as_many_as_the_share_allows(
    share: float | None, cost_seconds: float, interval_seconds: float
) -> None:
    used = 0.0
    batches: list[list[Event]] = []

    def deliver(batch: list[Event]) -> None:
        nonlocal used
        used += cost_seconds
        batches.append(batch)

    pacer = Pacer(deliver, share, lambda: used)
    for _ in range(30):
        pacer.push(Reasoning(text="a", tokens=1))
        pacer._tick()  # as if its time had come
    assert pacer._interval_seconds == pytest.approx(interval_seconds, rel=0.01)
    pacer.flush()


async def test_nothing_is_lost_and_pieces_go_together() -> None:
    batches: list[list[Event]] = []
    pacer = Pacer(batches.append)
    for letter in "abcdef":
        pacer.push(Reasoning(text=letter, tokens=1))
    await asyncio.sleep(INTERVAL_SECONDS * 3)
    pacer.push(Reasoning(text="g", tokens=1))
    pacer.flush()
    texts = [event.text for batch in batches for event in batch if isinstance(event, Reasoning)]
    assert texts == ["a", "bcdef", "g"]


def test_who_computes() -> None:
    assert is_beside_cpu(PLAN)
    assert not is_beside_cpu(msgspec.structs.replace(PLAN, n_gpu_layers=-1))
    assert not is_beside_cpu(msgspec.structs.replace(PLAN, weights_bytes=0))  # a scripted model
    assert not is_beside_cpu(None)
