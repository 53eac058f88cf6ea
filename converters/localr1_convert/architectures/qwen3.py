"""Qwen3: R1-0528-Qwen3-8B and other dense Qwen3 models."""

from __future__ import annotations

from localr1_convert.architectures.base import Architecture, ExpectedTensor, decoder_tensors
from localr1_convert.config import Config

_HEAD_SIZE = 128
"""What Qwen3Config means where config.json does not say (transformers, configuration_qwen3.py)."""


class Qwen3(Architecture):
    """q and k are normalised per head; a head's size is given, not derived."""

    name = "qwen3"

    def tensors(self, config: Config) -> list[ExpectedTensor]:
        biased = config.flag("attention_bias", False)
        return decoder_tensors(
            config,
            self.head_dim(config),
            attention_biases=("q", "k", "v", "o") if biased else (),
            head_norms=True,
        )

    def head_dim(self, config: Config) -> int:
        return config.whole("head_dim", _HEAD_SIZE)
