"""Record the compute buffers that llama.cpp itself would allocate, over shapes and settings.

    python -m benchmarks.compute_buffers          # writes tests/data/compute-buffers.json

Models are headers only: with `no_alloc` llama.cpp lays out its graph and reports each buffer, and
allocates nothing. localr1.hardware.estimate is tested against these sizes.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from benchmarks.random_model import Shape, add_hyper_parameters
from localr1.hardware.estimate import MOST_ROWS, MOST_SAMPLES
from tests.tiny_models import add_tokenizer, tiny_vocabulary

OUTPUT = Path(__file__).parents[1] / "tests" / "data" / "compute-buffers.json"
_F32, _Q8 = gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.Q8_0
_TYPES = {"f16": 1, "q8_0": 8}
_BUFFER = re.compile(r"CPU compute buffer size = +([\d.]+) MiB")


SHAPES = (
    ("qwen2", Shape(5, 256, 768, 4, 2, 64)),
    ("llama", Shape(3, 576, 1536, 9, 3, 64)),
    ("qwen3", Shape(3, 1024, 3072, 16, 8, 128)),
    ("qwen2", Shape(3, 1536, 8960, 12, 2, 128)),
    ("qwen2", Shape(3, 3584, 18944, 28, 4, 128)),
    ("llama", Shape(3, 4096, 14336, 32, 8, 128)),
    ("qwen3", Shape(3, 4096, 12288, 32, 8, 128)),
    ("qwen2", Shape(3, 5120, 13824, 40, 8, 128)),
    ("qwen2", Shape(3, 5120, 27648, 40, 8, 128)),
    ("llama", Shape(3, 8192, 28672, 64, 8, 128)),
)
"""The demo, SmolLM2, Qwen3-0.6B and the R1 distills; layers do not change the buffer."""


def tensors(architecture: str, shape: Shape, n_vocab: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape, rows first, of every tensor."""
    embd, q, kv = shape.n_embd, *(n * shape.head_width for n in (shape.n_head, shape.n_head_kv))
    widths = {"q": q, "k": kv, "v": kv}
    yield "token_embd.weight", (n_vocab, embd)
    yield "output_norm.weight", (embd,)
    for layer in range(shape.n_layer):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", (embd,)
        yield f"{block}.ffn_norm.weight", (embd,)
        if architecture == "qwen3":
            yield f"{block}.attn_q_norm.weight", (shape.head_width,)
            yield f"{block}.attn_k_norm.weight", (shape.head_width,)
        if architecture == "qwen2":
            yield from ((f"{block}.attn_{n}.bias", (width,)) for n, width in widths.items())
        yield from ((f"{block}.attn_{n}.weight", (width, embd)) for n, width in widths.items())
        yield f"{block}.attn_output.weight", (embd, q)
        yield f"{block}.ffn_gate.weight", (shape.n_ff, embd)
        yield f"{block}.ffn_up.weight", (shape.n_ff, embd)
        yield f"{block}.ffn_down.weight", (embd, shape.n_ff)


def write_header(path: Path, architecture: str, shape: Shape) -> None:
    """A model whose weights are a hole in the file."""
    writer = gguf.GGUFWriter(path, architecture)
    add_hyper_parameters(writer, shape, 131_072)
    if architecture == "llama":
        writer.add_rope_dimension_count(shape.head_width)
    vocabulary = tiny_vocabulary()
    add_tokenizer(writer, vocabulary)
    total = 0
    for name, size in tensors(architecture, shape, len(vocabulary.tokens)):
        kind = _F32 if len(size) == 1 else _Q8
        values, size_bytes = gguf.GGML_QUANT_SIZES[kind]
        row = (*size[:-1], size[-1] // values * size_bytes)
        n_bytes = int(np.prod(row))
        dtype = np.dtype(np.float32 if kind == _F32 else np.uint8)
        writer.add_tensor_info(name, size if kind == _F32 else row, dtype, n_bytes, raw_dtype=kind)
        total += -(-n_bytes // 32) * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    os.truncate(path, path.stat().st_size + total + 64)


class Simulation:
    """llama.cpp, laying out graphs without memory."""

    def __init__(self) -> None:
        import llama_cpp.llama_cpp as llama

        self._llama: Any = llama
        self._log: list[str] = []
        self._callback = llama.llama_log_callback(
            lambda _level, text, _user: self._log.append((text or b"").decode("utf-8", "replace"))
        )
        llama.llama_log_set(self._callback, ctypes.c_void_p(0))
        llama.llama_backend_init()

    def compute_mib(self, model: Path, **settings: int) -> float:
        """The compute buffer in MiB, as the log tells it."""
        llama = self._llama
        self._log.clear()
        params = llama.llama_model_default_params()
        params.no_alloc, params.load_mode = True, llama.LLAMA_LOAD_MODE_NONE
        handle = llama.llama_model_load_from_file(str(model).encode(), params)
        context = llama.llama_context_default_params()
        context.n_seq_max, context.kv_unified, context.n_batch = MOST_SAMPLES, True, 2048
        context.n_outputs_max = context.n_outputs_max_per_seq = MOST_ROWS
        for name, value in settings.items():
            setattr(context, name, value)
        made = llama.llama_init_from_model(handle, context)
        found = _BUFFER.search("".join(self._log))
        if not made or not found:
            sys.exit("".join(self._log))
        llama.llama_free(made)
        llama.llama_model_free(handle)
        return float(found[1])


def main() -> None:
    simulation, rows = Simulation(), []
    settings = list(
        itertools.product(
            (2_048, 8_192, 32_768),
            (256, 512),
            (("f16", "f16", False), ("f16", "f16", True), ("q8_0", "q8_0", True)),
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        for architecture, shape in SHAPES:
            path = Path(folder) / "model.gguf"
            write_header(path, architecture, shape)
            for n_ctx, n_ubatch, (type_k, type_v, flash) in settings:
                mib = simulation.compute_mib(
                    path, n_ctx=n_ctx, n_ubatch=n_ubatch, type_k=_TYPES[type_k],
                    type_v=_TYPES[type_v], flash_attn_type=int(flash),
                )  # fmt: skip
                rows.append([architecture, *shape, n_ctx, n_ubatch, type_k, type_v, flash, mib])
    lines = ",\n".join(json.dumps(row) for row in rows)
    OUTPUT.write_text(f"[\n{lines}\n]\n", "utf-8")
    print(f"{len(rows)} buffers in {OUTPUT}")


if __name__ == "__main__":
    main()
