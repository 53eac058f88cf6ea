"""The gate before the engine: a GGUF file read and checked in pure Python.

llama.cpp ends its process on many damaged or hostile files: a single flipped bit in a layer
count is enough. `read_header` finds those from the first bytes of the file, before native code
sees it, and says in one line what is wrong. It needs some 50 ms for a vocabulary of 152,000
tokens, whatever the size of the file.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from localr1.errors import ModelNotFound, ModelRefused
from localr1.gguf_header.model_checks import (
    check_any_model,
    check_hyper_parameters,
    check_tensors,
    require_chat_model,
)
from localr1.gguf_header.parse import TOKENS, TensorEntry
from localr1.gguf_header.part_file import Fingerprint, OpenedPart
from localr1.gguf_header.refusal import Refusal
from localr1.gguf_header.split import open_parts, stem
from localr1.gguf_header.tables import (
    CHECKED_ARCHITECTURES,
    FILE_TYPES,
    PRE_TOKENIZED_MODELS,
    SAFE_PRE_TOKENIZERS,
)
from localr1.gguf_header.tokenizer_checks import check_tokenizer
from localr1.terminal_text import clean_line

__all__ = ["SAFE_PRE_TOKENIZERS", "GgufHeader", "TensorEntry", "read_header"]


@dataclasses.dataclass(frozen=True, eq=False)
class GgufHeader:
    """What a checked model file says of itself; a model in several files is one header."""

    path: Path
    architecture: str
    metadata: Mapping[str, Any]
    """Values by key. Arrays are sequences that decode on demand; all of it is untrusted."""
    tensors: tuple[TensorEntry, ...]
    size_bytes: int
    """All parts together."""
    parts: tuple[Path, ...]
    warnings: tuple[str, ...]
    fingerprint: tuple[Fingerprint, ...]
    """Device, inode, size and modification time of each part; another value is another file."""

    def _count(self, name: str) -> int:
        """A hyper-parameter, of an array with a value for each layer the first one not zero."""
        value = self.metadata.get(f"{self.architecture}.{name}", 0)
        if isinstance(value, array):
            value = next((number for number in value if number), 0)
        return value if isinstance(value, int) else 0

    @property
    def n_layer(self) -> int:
        """Transformer blocks."""
        return self._count("block_count")

    @property
    def n_ctx_train(self) -> int:
        """Tokens of the context window that the model was trained with."""
        return self._count("context_length")

    @property
    def n_embd(self) -> int:
        """Width of the hidden state."""
        return self._count("embedding_length")

    @property
    def n_head(self) -> int:
        """Attention heads."""
        return self._count("attention.head_count")

    @property
    def n_head_kv(self) -> int:
        """Attention heads of keys and values."""
        return self._count("attention.head_count_kv") or self.n_head

    @property
    def tokens(self) -> Sequence[str]:
        """The vocabulary; the position of a token is its id."""
        tokens: Sequence[str] = self.metadata[TOKENS]
        return tokens

    @property
    def token_types(self) -> Sequence[int]:
        """A type for each token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.

        Empty when the file does not say.
        """
        types: Sequence[int] = self.metadata.get("tokenizer.ggml.token_type", ())
        return types

    @property
    def n_vocab(self) -> int:
        """Tokens in the vocabulary."""
        return len(self.tokens)

    @property
    def chat_template(self) -> str | None:
        """The file's Jinja template as it stands there: untrusted, and not compiled."""
        template = self.metadata.get("tokenizer.chat_template")
        return template if isinstance(template, str) else None

    @property
    def pre_tokenizer_is_safe(self) -> bool:
        """Whether tens of thousands of equal characters can be given to this tokenizer."""
        model = self.metadata.get("tokenizer.ggml.model")
        pre = "gemma4" if model == "gemma4" else self.metadata.get("tokenizer.ggml.pre")
        return model not in PRE_TOKENIZED_MODELS or pre in SAFE_PRE_TOKENIZERS

    @functools.cached_property
    def quant_type(self) -> str:
        """ "Q4_K_M", "F16", …; where the file does not say, the type of most of its bytes."""
        named = FILE_TYPES.get(self.metadata.get("general.file_type", -1))
        if named is not None:
            return named
        sizes: dict[str, int] = {}
        for tensor in self.tensors:
            sizes[tensor.type_name] = sizes.get(tensor.type_name, 0) + tensor.size_bytes
        return max(sizes, key=lambda name: sizes[name])

    @property
    def name(self) -> str:
        """The model's name on one line, else that of its file."""
        name = self.metadata.get("general.name")
        return (isinstance(name, str) and clean_line(name, 100)) or clean_line(stem(self.path), 100)

    @functools.cached_property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors)


def read_header(path: Path) -> GgufHeader:
    """Read and check a model file, and its other parts where it has some.

    Raises:
        ModelNotFound: there is nothing at `path`.
        ModelRefused: it is not a model that can be run, with the reason in one line.
    """
    path = Path(path)
    try:
        return _checked(path, open_parts(path))
    except (FileNotFoundError, ValueError):
        # ValueError: a zero byte in the path.
        raise ModelNotFound(
            clean_line(f"there is no file {path}"), "check the path, or run: localr1 run demo"
        ) from None
    except Refusal as refusal:
        file = refusal.path or path
        message = clean_line(f"{clean_line(file.name or str(file), 120)} {refusal.sentence}")
        raise ModelRefused(message, clean_line(refusal.hint)) from refusal


def _checked(path: Path, parts: tuple[OpenedPart, ...]) -> GgufHeader:
    metadata = parts[0].header.metadata
    architecture = require_chat_model(metadata)
    tensors = tuple(tensor for part in parts for tensor in part.header.tensors)
    if not tensors:
        raise Refusal("holds a vocabulary only, no weights", "get the whole model")
    check_any_model(metadata, architecture)
    n_vocab = check_tokenizer(metadata, architecture)
    if architecture in CHECKED_ARCHITECTURES:
        check_hyper_parameters(metadata, architecture)
        by_name = {tensor.name: tensor for tensor in tensors}
        check_tensors(by_name, metadata, architecture, n_vocab)
    return GgufHeader(
        path=path,
        architecture=architecture,
        metadata=metadata,
        tensors=tensors,
        size_bytes=sum(part.fingerprint[2] for part in parts),
        parts=tuple(part.path for part in parts),
        warnings=tuple(_warnings(parts)),
        fingerprint=tuple(part.fingerprint for part in parts),
    )


def _warnings(parts: tuple[OpenedPart, ...]) -> list[str]:
    warnings = []
    for part in parts:
        name = clean_line(part.path.name, 120)
        extra = part.fingerprint[2] - part.header.padded_end
        if extra > 0 and part.header.tensors:
            warnings.append(f"{name} has {extra:,} bytes after its last tensor")
        if part.has_empty_weights:
            warnings.append(f"some weights of {name} are all zero: its copy may be incomplete")
    return warnings
