"""Llama: R1-Distill-Llama 8B and 70B, Llama 3.x, SmolLM2 and other plain ones."""

from __future__ import annotations

import math

from localr1_convert import gguf_values as gv
from localr1_convert.architectures.base import (
    Architecture,
    ExpectedTensor,
    decoder_tensors,
    head_size,
    rope_settings,
    rope_theta,
)
from localr1_convert.config import Config


class Llama(Architecture):
    """Rows of q and k are reordered: checkpoints keep the two halves of a rotated head apart,
    llama.cpp's rope for this architecture takes neighbours in turn.
    """

    name = "llama"
    rope_types = Architecture.rope_types | {"llama3"}

    def tensors(self, config: Config) -> list[ExpectedTensor]:
        return decoder_tensors(
            config,
            head_size(config),
            attention_biases=("q", "k", "v", "o") if config.flag("attention_bias", False) else (),
            mlp_biases=config.flag("mlp_bias", False),
            permuted=True,
        )

    def head_dim(self, config: Config) -> int:
        return head_size(config)

    def extra_parameters(self, config: Config) -> gv.KeyValues:
        return {
            "llama.vocab_size": gv.uint32(config.whole("vocab_size")),
            "llama.rope.dimension_count": gv.uint32(head_size(config)),
        }

    def extra_tensors(self, config: Config) -> dict[str, list[float]]:
        rope = rope_settings(config)
        if (rope.text("rope_type") or "").lower() != "llama3":
            return {}
        return {"rope_freqs.weight": _llama3_factors(config, rope)}


def _llama3_factors(config: Config, rope: Config) -> list[float]:
    """Llama 3.1's divisors of the rotary frequencies (transformers, modeling_rope_utils.py):
    none for short wavelengths, `factor` for long ones, smooth in between.

    The frequencies are float32, as in llama.cpp's converter, because some wavelength may lie on
    a border.
    """
    import numpy

    size = head_size(config)
    exponents = numpy.arange(0, size, 2, dtype=numpy.float32) / numpy.float32(size)
    frequencies = numpy.float32(1.0) / (numpy.float32(rope_theta(config)) ** exponents)
    factor = rope.number("factor", 8.0)
    low, high = rope.number("low_freq_factor", 1.0), rope.number("high_freq_factor", 4.0)
    original = rope.number("original_max_position_embeddings", 8192)
    factors = []
    for frequency in frequencies:
        wavelength = numpy.float32(2 * math.pi) / frequency
        if wavelength < original / high:
            factors.append(1.0)
        elif wavelength > original / low:
            factors.append(factor)
        else:
            smooth = (numpy.float32(original) / wavelength - numpy.float32(low)) / numpy.float32(
                high - low
            )
            one = numpy.float32(1)
            factors.append(float(one / ((one - smooth) / numpy.float32(factor) + smooth)))
    return factors
