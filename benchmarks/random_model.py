"""Models with random weights in real shapes: for speed they serve as well as trained ones.

Weights are random Q4_K blocks, embeddings and norms Q6_K and F32, as in a Q4_K_M file; the
vocabulary is that of the R1 Qwen distills. The same arguments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import gguf
import numpy as np
import numpy.typing as npt

from tests.tiny_models import add_tokenizer, r1_qwen_vocabulary

REPOSITORY = Path(__file__).parent.parent
WORK = REPOSITORY / "benchmarks" / "work"

Q4_K_BLOCK_BYTES, Q6_K_BLOCK_BYTES, BLOCK_WEIGHTS = 144, 210, 256
"""ggml-common.h: block_q4_K, block_q6_K, QK_K."""


class Shape(NamedTuple):
    """Hyper-parameters of a Qwen model."""

    n_layer: int
    n_embd: int
    n_ff: int
    n_head: int
    n_head_kv: int
    head_width: int


QWEN3_0_6B = Shape(28, 1024, 3072, 16, 8, 128)
R1_DISTILL_QWEN_1_5B = Shape(28, 1536, 8960, 12, 2, 128)
R1_DISTILL_QWEN_7B = Shape(28, 3584, 18944, 28, 4, 128)
R1_DISTILL_QWEN_7B_PART = R1_DISTILL_QWEN_7B._replace(n_layer=4)
"""Four of its 28 layers: what a token costs in attention beside all else is that of a layer."""
TWO_LAYERS = QWEN3_0_6B._replace(n_layer=2)
"""Little to decode, but the whole vocabulary to sample from: for what surrounds the decode."""


def random_model(name: str, shape: Shape, *, n_ctx_train: int = 40_960) -> Path:
    """The file of this shape below benchmarks/work, written when it is not there."""
    path = WORK / f"random-{name}.gguf"
    if not path.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        _write(unfinished, shape, n_ctx_train)
        unfinished.replace(path)
    return path


def _write(path: Path, shape: Shape, n_ctx_train: int) -> None:
    vocabulary = r1_qwen_vocabulary()
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_type("model")
    writer.add_name("Random weights")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_hyper_parameters(writer, shape, n_ctx_train)
    add_tokenizer(writer, vocabulary)
    draw = np.random.default_rng(1)
    for name, rows, width, kind in _tensors(shape, len(vocabulary.tokens)):
        if kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(name, np.ones(width, dtype=np.float32))
        else:
            writer.add_tensor(name, _random_blocks(draw, rows, width, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_hyper_parameters(writer: gguf.GGUFWriter, shape: Shape, n_ctx_train: int) -> None:
    """What llama.cpp wants to know of a Qwen or Llama model besides its tensors."""
    writer.add_block_count(shape.n_layer)
    writer.add_context_length(n_ctx_train)
    writer.add_embedding_length(shape.n_embd)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_head)
    writer.add_head_count_kv(shape.n_head_kv)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)


def _tensors(
    shape: Shape, n_vocab: int
) -> Iterator[tuple[str, int, int, gguf.GGMLQuantizationType]]:
    """Name, rows, row length and type of every tensor."""
    f32, q4, q6 = (gguf.GGMLQuantizationType[name] for name in ("F32", "Q4_K", "Q6_K"))
    q_width, kv_width = (heads * shape.head_width for heads in (shape.n_head, shape.n_head_kv))
    yield "token_embd.weight", n_vocab, shape.n_embd, q6
    yield "output_norm.weight", 1, shape.n_embd, f32
    for layer in range(shape.n_layer):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", 1, shape.n_embd, f32
        yield f"{block}.ffn_norm.weight", 1, shape.n_embd, f32
        yield f"{block}.attn_q_norm.weight", 1, shape.head_width, f32
        yield f"{block}.attn_k_norm.weight", 1, shape.head_width, f32
        yield f"{block}.attn_q.weight", q_width, shape.n_embd, q4
        yield f"{block}.attn_k.weight", kv_width, shape.n_embd, q4
        yield f"{block}.attn_v.weight", kv_width, shape.n_embd, q6
        yield f"{block}.attn_output.weight", shape.n_embd, q_width, q4
        yield f"{block}.ffn_gate.weight", shape.n_ff, shape.n_embd, q4
        yield f"{block}.ffn_up.weight", shape.n_ff, shape.n_embd, q4
        yield f"{block}.ffn_down.weight", shape.n_embd, shape.n_ff, q6


def _random_blocks(
    draw: np.random.Generator, rows: int, width: int, kind: gguf.GGMLQuantizationType
) -> npt.NDArray[np.uint8]:
    """Random quantized rows whose weights have a standard deviation of about 0.02."""
    blocks = width // BLOCK_WEIGHTS
    size = Q4_K_BLOCK_BYTES if kind == gguf.GGMLQuantizationType.Q4_K else Q6_K_BLOCK_BYTES
    content = draw.integers(0, 256, (rows, blocks, size), dtype=np.uint8)
    if kind == gguf.GGMLQuantizationType.Q4_K:
        scales = np.array([1.4e-4, 1.05e-3], dtype=np.float16)
        content[:, :, :4] = np.frombuffer(scales.tobytes(), dtype=np.uint8)
    else:
        scale = np.array([1.5e-5], dtype=np.float16)
        content[:, :, -2:] = np.frombuffer(scale.tobytes(), dtype=np.uint8)
    return content.reshape(rows, blocks * size)
