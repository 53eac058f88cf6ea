"""The model families that can be converted, by the name in a checkpoint's config.json."""

from __future__ import annotations

from localr1.errors import ModelRefused
from localr1.terminal_text import clean_line
from localr1_convert.architectures.base import Architecture
from localr1_convert.architectures.llama import Llama
from localr1_convert.architectures.qwen2 import Qwen2
from localr1_convert.architectures.qwen3 import Qwen3
from localr1_convert.config import Config

ARCHITECTURES: dict[str, type[Architecture]] = {
    "LlamaForCausalLM": Llama,
    "Qwen2ForCausalLM": Qwen2,
    "Qwen3ForCausalLM": Qwen3,
}


def find_architecture(config: Config) -> Architecture:
    """The family that config.json names.

    Raises:
        ModelRefused: none, or one that is not in the map.
    """
    named = config.values.get("architectures")
    name = named[0] if isinstance(named, list) and named else None
    if isinstance(name, str) and name in ARCHITECTURES:
        return ARCHITECTURES[name]()
    found = clean_line(str(name), 60) if name else "no architecture"
    raise ModelRefused(
        f"config.json names {found}; localr1 converts {', '.join(ARCHITECTURES)}",
        "a GGUF of another family can still be run: convert it with llama.cpp's own converter",
    )
