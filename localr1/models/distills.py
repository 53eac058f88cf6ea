"""The R1 distills: the real models that the demo stands in for."""

from __future__ import annotations

from typing import NamedTuple


class Distill(NamedTuple):
    """One of DeepSeek's distilled reasoning models.

    Source: https://huggingface.co/deepseek-ai/DeepSeek-R1. Sizes are those of Q4_K_M files, by the
    shapes of the models.
    """

    name: str
    parameters: str
    size_bytes: int
    memory_gib: int
    """To run the Q4_K_M file with a window of 8,192 tokens, rounded up."""
    address: str
    """Where its GGUF files are."""


def _distill(name: str, parameters: str, size_bytes: int, memory_gib: int) -> Distill:
    full = f"DeepSeek-R1-Distill-{name}"
    address = f"https://huggingface.co/unsloth/{full}-GGUF"
    return Distill(full, parameters, size_bytes, memory_gib, address)


DISTILLS = (
    _distill("Qwen-1.5B", "1.8 B", 1_117_000_000, 2),
    _distill("Qwen-7B", "7.6 B", 4_683_000_000, 6),
    _distill("Llama-8B", "8.0 B", 4_921_000_000, 7),
    _distill("Qwen-14B", "14.8 B", 8_988_000_000, 11),
    _distill("Qwen-32B", "32.8 B", 19_851_000_000, 22),
    _distill("Llama-70B", "70.6 B", 42_520_000_000, 44),
)
