"""Qwen2: R1-Distill-Qwen 1.5B, 7B, 14B and 32B, and other Qwen2 and Qwen2.5 models."""

from __future__ import annotations

from localr1_convert.architectures.base import (
    Architecture,
    ExpectedTensor,
    decoder_tensors,
    head_size,
)
from localr1_convert.config import Config


class Qwen2(Architecture):
    """q, k and v carry biases; nothing is reordered."""

    name = "qwen2"

    def tensors(self, config: Config) -> list[ExpectedTensor]:
        return decoder_tensors(config, head_size(config), attention_biases=("q", "k", "v"))
