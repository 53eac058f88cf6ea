"""The catalog's models as the converter sees them, without a byte of their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localr1_convert import gguf_values as gv
from localr1_convert.architectures import find_architecture
from localr1_convert.config import Config
from localr1_convert.plan import Plan
from localr1_convert.quant_types import TENSOR_TYPES
from localr1_convert.source import Source, SourceTensor, gguf_order

from localr1.gguf_header import GgufHeader, TensorEntry
from localr1.models.catalog import CatalogEntry

_NAMES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}


def config_of(entry: CatalogEntry) -> Config:
    """A config.json with these numbers."""
    shape = entry.shape
    values: dict[str, Any] = {
        "architectures": [_NAMES[shape.architecture]], "model_type": shape.architecture,
        "hidden_size": shape.n_embd, "intermediate_size": shape.n_ff,
        "num_hidden_layers": shape.n_layer, "num_attention_heads": shape.n_head,
        "num_key_value_heads": shape.n_head_kv, "head_dim": shape.head_dim,
        "vocab_size": shape.n_vocab, "tie_word_embeddings": shape.tied,
        "max_position_embeddings": entry.n_ctx_train, "rms_norm_eps": 1e-6, "hidden_act": "silu",
    }  # fmt: skip
    if shape.architecture == "llama":
        values["rope_scaling"] = {"rope_type": "llama3", "factor": 8.0}
    return Config(values)


def source_of(entry: CatalogEntry) -> Source:
    """What reading its checkpoint would give, but for the vocabulary."""
    config = config_of(entry)
    architecture = find_architecture(config)
    f32, bf16 = TENSOR_TYPES["F32"], TENSOR_TYPES["BF16"]
    tensors = []
    for each in architecture.tensors(config):
        if each.optional:
            continue
        kind = f32 if len(each.shape) == 1 else bf16
        tensors.append(SourceTensor(each.target, each.shape, kind, bf16))
    for name, numbers in architecture.extra_tensors(config).items():
        tensors.append(SourceTensor(name, (len(numbers),), f32, f32))
    tensors.sort(key=lambda tensor: gguf_order(tensor.name))
    metadata = {
        "general.architecture": gv.string(architecture.name),
        **architecture.parameters(config),
        **architecture.extra_parameters(config),
    }
    return Source(Path("made.gguf"), architecture.name, metadata, tensors, ())


def header_of(entry: CatalogEntry, plan: Plan) -> GgufHeader:
    """The header of the planned file, as `read_header` would give it."""
    shape = entry.shape
    family = shape.architecture
    tensors = tuple(
        TensorEntry(
            each.source.name, each.type.name, each.source.shape[::-1], each.offset, each.size_bytes
        )
        for each in plan.tensors
    )
    metadata = {
        "general.name": entry.full_name,
        f"{family}.block_count": shape.n_layer,
        f"{family}.context_length": entry.n_ctx_train,
        f"{family}.embedding_length": shape.n_embd,
        f"{family}.feed_forward_length": shape.n_ff,
        f"{family}.attention.head_count": shape.n_head,
        f"{family}.attention.head_count_kv": shape.n_head_kv,
        f"{family}.attention.key_length": shape.head_dim,
        f"{family}.attention.value_length": shape.head_dim,
        "tokenizer.ggml.tokens": range(shape.n_vocab),
        "tokenizer.ggml.merges": range(shape.n_merges),
    }
    return GgufHeader(Path("made.gguf"), family, metadata, tensors, plan.size_bytes, (), (), ())
