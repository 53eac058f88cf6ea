"""Short form of `python -m benchmarks.reasoning_control`: its goals hold with the real models."""

from __future__ import annotations

from benchmarks.reasoning_control import measure


async def test_thoughts_are_bounded_end_in_an_answer_and_can_be_steered() -> None:
    page, is_sound = await measure(replies=12, runs=5, problems=10, n_threads=1)
    assert is_sound, page
