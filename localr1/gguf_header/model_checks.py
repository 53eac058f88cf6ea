"""What metadata and tensors must say so that llama.cpp loads and runs the model.

Every model: what would end llama.cpp by an assertion (llama-model.cpp, load_hparams) and what
it cannot chat with. The architectures of the R1 distills: each value and tensor besides
(src/models/llama.cpp, qwen2.cpp, qwen3.cpp).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping
from typing import Any, Final

from localr1.gguf_header.parse import TensorEntry
from localr1.gguf_header.refusal import Damaged, Refusal
from localr1.gguf_header.tables import (
    MAX_EXPERTS,
    MAX_LAYERS,
    NOT_A_MODEL,
    NOT_FOR_CHAT,
    POOLING_TYPES,
    ROPE_SCALING_TYPES,
    UNUSABLE_WEIGHT_TYPES,
)
from localr1.terminal_text import clean_line

_OTHER_MODEL: Final = "name a chat model, such as an R1 distill"
_ARCHITECTURE_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_KINDS: Final[dict[str, type]] = {
    "general.type": str,
    "general.architecture": str,
    "general.file_type": int,
    "tokenizer.ggml.model": str,
    "tokenizer.ggml.pre": str,
}
_LARGEST: Final[dict[str, int]] = {
    "block_count": MAX_LAYERS,
    "context_length": 1 << 30,
    "embedding_length": 1 << 20,
    "feed_forward_length": 1 << 24,
    "attention.head_count": 1 << 14,
    "attention.head_count_kv": 1 << 14,
}


def require_chat_model(metadata: Mapping[str, Any]) -> str:
    """The architecture's name, when it is one that can hold a conversation.

    Raises:
        Refusal: an adapter, projector, embedding model …
        Damaged: no usable architecture name.
    """
    for key, expected in _KINDS.items():
        if key in metadata and type(metadata[key]) is not expected:
            raise Damaged(f'"{key}" has the wrong type')
    kind = metadata.get("general.type")
    if kind in NOT_A_MODEL:
        raise Refusal(NOT_A_MODEL[kind], _OTHER_MODEL)
    architecture: str | None = metadata.get("general.architecture")
    if architecture is None:
        raise Damaged('it lacks "general.architecture"')
    if not _is_architecture_name(architecture):
        raise Damaged(f'"general.architecture" is "{clean_line(architecture, 40)}"')
    if architecture in NOT_FOR_CHAT:
        raise Refusal(NOT_FOR_CHAT[architecture], _OTHER_MODEL)
    pooling = metadata.get(f"{architecture}.pooling_type")
    if isinstance(pooling, int) and pooling in POOLING_TYPES:
        raise Refusal(POOLING_TYPES[pooling], _OTHER_MODEL)
    return architecture


def _is_architecture_name(name: str) -> bool:
    return 0 < len(name) <= 64 and _ARCHITECTURE_CHARACTERS.issuperset(name)


class HyperParameters:
    """The values under "ARCHITECTURE.", each checked where it is read."""

    def __init__(self, metadata: Mapping[str, Any], architecture: str) -> None:
        self._metadata = metadata
        self.architecture = architecture

    def get(self, name: str) -> Any:
        return self._metadata.get(f"{self.architecture}.{name}")

    def count(self, name: str, default: int = 0) -> int:
        """A whole number, or the largest one of an array with a value for each layer."""
        value = self.get(name)
        if value is None:
            return default
        # llama.cpp takes an array with a value for each layer only.
        listed = isinstance(value, array) and len(value) <= MAX_LAYERS
        numbers = list(value) if listed else [value]
        if not numbers or not all(type(number) is int and number >= 0 for number in numbers):
            raise self.damaged(name)
        return int(max(numbers))

    def needed(self, name: str) -> int:
        """A count between 1 and its plausible maximum, the same for all layers."""
        value, number = self.get(name), self.count(name)
        if value is None:
            raise Damaged(f'it lacks "{self.architecture}.{name}"')
        if not 1 <= number <= _LARGEST.get(name, 1 << 24):
            raise self.damaged(name)
        if isinstance(value, array) and (len(set(value)) > 1 or len(value) != self.needed_layers()):
            raise self.damaged(name)
        return number

    def needed_layers(self) -> int:
        value = self.get("block_count")
        if type(value) is not int or not 1 <= value <= MAX_LAYERS:
            raise self.damaged("block_count")
        return value

    def damaged(self, name: str) -> Damaged:
        value = self.get(name)
        shown = clean_line(str(value), 40) if isinstance(value, str | int | float) else "(a list)"
        return Damaged(f'"{self.architecture}.{name}" has the unusable value {shown}')


def check_any_model(metadata: Mapping[str, Any], architecture: str) -> None:
    """Values on which llama.cpp aborts whatever the architecture.

    Raises:
        Damaged: one of them.
    """
    values = HyperParameters(metadata, architecture)
    n_layer = MAX_LAYERS if values.get("block_count") is None else values.needed_layers()
    if values.count("nextn_predict_layers") > n_layer:
        raise values.damaged("nextn_predict_layers")
    _check_experts(values)
    if values.get("rope.scaling.type") not in (None, *ROPE_SCALING_TYPES):
        raise values.damaged("rope.scaling.type")
    for name in ("attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"):
        epsilon = values.get(name)
        # NaN compares false with everything.
        if isinstance(epsilon, float) and not 0 <= epsilon < 1:
            raise values.damaged(name)


def _check_experts(values: HyperParameters) -> None:
    experts, used = values.count("expert_count"), values.count("expert_used_count")
    groups, groups_used = (
        values.count("expert_group_count"),
        values.count("expert_group_used_count"),
    )
    if values.architecture.startswith("hunyuan") and experts <= 1:
        experts = used = 0
    if experts > MAX_EXPERTS:
        raise values.damaged("expert_count")
    if used > experts or (experts and not used):
        raise values.damaged("expert_used_count")
    if groups and (groups >= experts or experts % groups):
        raise values.damaged("expert_group_count")
    if groups > 1 and not 0 < groups_used < groups:
        raise values.damaged("expert_group_used_count")


def check_hyper_parameters(metadata: Mapping[str, Any], architecture: str) -> None:
    """The values of a llama, qwen2 or qwen3 model.

    Raises:
        Damaged: a value is missing, out of range or contradicts another.
    """
    values = HyperParameters(metadata, architecture)
    for name in ("block_count", "context_length", "embedding_length", "feed_forward_length"):
        values.needed(name)
    if values.needed("attention.head_count") % heads_kv(values):
        raise values.damaged("attention.head_count_kv")
    epsilon = values.get("attention.layer_norm_rms_epsilon")
    if not isinstance(epsilon, float) or not 1e-12 <= epsilon <= 0.1:
        raise values.damaged("attention.layer_norm_rms_epsilon")
    _check_head_width(values)
    _check_floats(metadata, values)


def head_width(values: HyperParameters) -> int:
    """Numbers each attention head works on; the same for keys and values."""
    plain = values.needed("embedding_length") // values.needed("attention.head_count")
    return values.count("attention.key_length", plain)


def heads_kv(values: HyperParameters) -> int:
    """Heads of keys and values; as many as of queries where the file does not say."""
    name = "attention.head_count_kv"
    return values.needed("attention.head_count" if values.get(name) is None else name)


def _check_head_width(values: HyperParameters) -> None:
    width = head_width(values)
    if width < 2 or width % 2 or width > 1 << 16:
        raise values.damaged("attention.head_count")
    plain = values.needed("embedding_length") // values.needed("attention.head_count")
    for name, default in (("attention.value_length", plain), ("rope.dimension_count", width)):
        if values.count(name, default) != width:
            raise values.damaged(name)
    n_q = width * values.needed("attention.head_count")
    if values.architecture == "qwen2" and n_q != values.needed("embedding_length"):
        raise values.damaged("attention.head_count")


def _check_floats(metadata: Mapping[str, Any], values: HyperParameters) -> None:
    prefix = f"{values.architecture}."
    for key, value in metadata.items():
        if isinstance(value, float) and key.startswith(prefix) and not math.isfinite(value):
            raise values.damaged(key.removeprefix(prefix))
    base = values.get("rope.freq_base")
    if base is not None and not (isinstance(base, float) and 0 < base < 1e15):
        raise values.damaged("rope.freq_base")
    for name in ("rope.scaling.factor", "rope.scale_linear", "rope.scaling.attn_factor"):
        factor = values.get(name)
        if factor is not None and not (isinstance(factor, float) and 0 <= factor <= 1e6):
            raise values.damaged(name)


def check_tensors(
    tensors: Mapping[str, TensorEntry], metadata: Mapping[str, Any], architecture: str, n_vocab: int
) -> None:
    """The tensors of a llama, qwen2 or qwen3 model: all there, none else, right shapes and types.

    Raises:
        Damaged: not so.
        Refusal: a re-ranking model.
    """
    if any(name.startswith("cls.") for name in tensors):
        raise Refusal(POOLING_TYPES[4], _OTHER_MODEL)
    expected = dict(_expected(HyperParameters(metadata, architecture), n_vocab))
    for name, tensor in tensors.items():
        if name not in expected:
            raise Damaged(f'it has the unexpected tensor "{name}"')
        _check_tensor(tensor, expected[name][0])
    missing = [name for name, (_, needed) in expected.items() if needed and name not in tensors]
    missing = [name for name in missing if not _fused(name, tensors)]
    if missing:
        raise Damaged(f'tensor "{missing[0]}" is missing ({len(missing)} in all)')


def _fused(name: str, tensors: Mapping[str, TensorEntry]) -> bool:
    """Whether `name` is a query, key or value matrix whose block holds all three as one."""
    block, _, rest = name.rpartition(".attn_")
    return rest in ("q.weight", "k.weight", "v.weight") and f"{block}.attn_qkv.weight" in tensors


def _check_tensor(tensor: TensorEntry, shape: tuple[int, ...]) -> None:
    actual = tensor.shape
    # Trailing dimensions of 1 do not count in ggml.
    while len(actual) > len(shape) and actual[-1] == 1:
        actual = actual[:-1]
    if actual != shape:
        raise Damaged(f'tensor "{tensor.name}" has the shape {tensor.shape} instead of {shape}')
    if tensor.type_name in UNUSABLE_WEIGHT_TYPES or (len(shape) == 1 and tensor.type_name != "F32"):
        raise Damaged(f'tensor "{tensor.name}" has the unusable type {tensor.type_name}')


_Expectation = tuple[str, tuple[tuple[int, ...], bool]]
"""Name, shape, and whether it must be there."""


def _expected(values: HyperParameters, n_vocab: int) -> Iterator[_Expectation]:
    n_embd, width = values.needed("embedding_length"), head_width(values)
    yield "token_embd.weight", ((n_embd, n_vocab), True)
    yield "output_norm.weight", ((n_embd,), True)
    yield "output.weight", ((n_embd, n_vocab), False)
    yield from _scales("output", 1)
    if values.architecture == "qwen2":
        yield "output.bias", ((n_vocab,), False)
    if values.architecture == "llama":
        for name in ("rope_freqs", "rope_factors_long", "rope_factors_short"):
            yield f"{name}.weight", ((width // 2,), False)
    for layer in range(values.needed_layers()):
        yield from _attention(values, f"blk.{layer}", n_embd, width)
        yield from _feed_forward(values, f"blk.{layer}", n_embd)


def _attention(
    values: HyperParameters, block: str, n_embd: int, width: int
) -> Iterator[_Expectation]:
    n_q, n_kv = width * values.needed("attention.head_count"), width * heads_kv(values)
    yield f"{block}.attn_norm.weight", ((n_embd,), True)
    for name, n_out in (("q", n_q), ("k", n_kv), ("v", n_kv)):
        yield from _matrix(f"{block}.attn_{name}", n_embd, n_out, needed=True)
        yield f"{block}.attn_{name}.bias", ((n_out,), False)
    yield from _matrix(f"{block}.attn_qkv", n_embd, n_q + 2 * n_kv, needed=False)
    yield f"{block}.attn_qkv.bias", ((n_q + 2 * n_kv,), False)
    yield from _matrix(f"{block}.attn_output", n_q, n_embd, needed=True)
    if values.architecture == "llama":
        yield f"{block}.attn_output.bias", ((n_embd,), False)
    if values.architecture == "qwen3":
        yield f"{block}.attn_q_norm.weight", ((width,), True)
        yield f"{block}.attn_k_norm.weight", ((width,), True)


def _feed_forward(values: HyperParameters, block: str, n_embd: int) -> Iterator[_Expectation]:
    n_ff, experts = values.needed("feed_forward_length"), values.count("expert_count")
    yield f"{block}.ffn_norm.weight", ((n_embd,), True)
    if experts and values.architecture == "llama":
        yield f"{block}.ffn_gate_inp.weight", ((n_embd, experts), True)
        for name, shape in (
            ("gate", (n_embd, n_ff, experts)),
            ("up", (n_embd, n_ff, experts)),
            ("down", (n_ff, n_embd, experts)),
        ):
            yield f"{block}.ffn_{name}_exps.weight", (shape, name != "gate")
            yield from _scales(f"{block}.ffn_{name}_exps", experts)
        return
    for name, n_in, n_out in (("gate", n_embd, n_ff), ("up", n_embd, n_ff), ("down", n_ff, n_embd)):
        yield from _matrix(f"{block}.ffn_{name}", n_in, n_out, needed=True)
        if values.architecture == "llama":
            yield f"{block}.ffn_{name}.bias", ((n_out,), False)


def _matrix(name: str, n_in: int, n_out: int, *, needed: bool) -> Iterator[_Expectation]:
    yield f"{name}.weight", ((n_in, n_out), needed)
    yield from _scales(name, 1)


def _scales(name: str, count: int) -> Iterator[_Expectation]:
    """NVFP4 keeps one number beside each matrix, and one for its input."""
    yield f"{name}.scale", ((count,), False)
    yield f"{name}.input_scale", ((count,), False)
