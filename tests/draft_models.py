"""Small models that guess for others: relatives of a model, and strangers with its vocabulary."""

from __future__ import annotations

import shutil
from pathlib import Path

import gguf
import numpy as np

from localr1.gguf_header import read_header
from tests.tiny_models import Vocabulary, write_tiny_model


def write_relative(path: Path, model: Path, *, noise: float) -> Path:
    """The model with other norms: it mostly agrees with the model, and not always.

    Args:
        path: to be written.
        model: to be copied.
        noise: standard deviation of the factors that the norms are multiplied with.
    """
    shutil.copy(model, path)
    random = np.random.default_rng(5)
    reader = gguf.GGUFReader(path, "r+")
    for tensor in reader.tensors:
        if tensor.name.endswith("_norm.weight"):
            tensor.data[:] *= 1 + noise * random.standard_normal(tensor.data.shape)
    reader.data.flush()
    return path


def write_stranger(path: Path, model: Path) -> Path:
    """Random weights and the vocabulary of the model: sure of itself, and wrong."""
    metadata = read_header(model).metadata
    tokens = tuple(metadata["tokenizer.ggml.tokens"])
    vocabulary = Vocabulary(
        tokens=tokens,
        token_types=tuple(metadata["tokenizer.ggml.token_type"]),
        merges=tuple(metadata["tokenizer.ggml.merges"]),
        pre=metadata["tokenizer.ggml.pre"],
        bos=tokens[metadata["tokenizer.ggml.bos_token_id"]],
        eos=tokens[metadata["tokenizer.ggml.eos_token_id"]],
        add_bos=bool(metadata.get("tokenizer.ggml.add_bos_token", False)),
    )
    write_tiny_model(path, architecture="llama", vocab=vocabulary, tied_output=True)
    reader = gguf.GGUFReader(path, "r+")
    for tensor in reader.tensors:
        if tensor.name == "output_norm.weight":
            tensor.data[:] *= 60  # larger logits, surer choices
    reader.data.flush()
    return path
