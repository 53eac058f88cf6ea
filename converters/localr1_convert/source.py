"""What is converted, in one form for checkpoints and for GGUF files."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

from localr1.errors import ModelRefused
from localr1.terminal_text import clean_line
from localr1.units import count
from localr1_convert import gguf_values as gv
from localr1_convert.architectures import find_architecture
from localr1_convert.architectures.base import ExpectedTensor
from localr1_convert.checkpoint import Checkpoint, open_checkpoint
from localr1_convert.config import Config
from localr1_convert.metadata import Authorship, read_authorship
from localr1_convert.quant_types import LOSSLESS, QUANT_TYPES, TENSOR_TYPES, TensorType
from localr1_convert.safetensors import StoredTensor
from localr1_convert.tokenizer import read_tokenizer

_NOT_WEIGHTS = (".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq")
"""Buffers that old checkpoints carry; llama.cpp's converter leaves them out as well."""

_PART_NUMBERS = re.compile(r"-\d{5}-of-\d{5}$")
_OLD_QUANT = re.compile(rf"[-.](?:{'|'.join(QUANT_TYPES)})$", re.IGNORECASE)


@dataclass(frozen=True)
class SourceTensor:
    """A tensor under its GGUF name; `shape` is row-major."""

    name: str
    shape: tuple[int, ...]
    type: TensorType
    stored_type: TensorType
    """How the bytes are stored; `type` is what llama.cpp's 16-bit GGUF of it would hold."""
    path: Path | None = None
    offset: int = 0
    heads: int = 0
    content: bytes | None = None
    """The bytes, where the tensor is in no file."""

    @property
    def values(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


@dataclass
class Source:
    """A model to convert: its metadata without tensor types, and its tensors in GGUF order."""

    path: Path
    architecture: str
    metadata: gv.KeyValues
    tensors: list[SourceTensor]
    files: tuple[Path, ...]
    """Every file whose bytes the result depends on."""
    name_parts: Authorship | None = None
    """None for a GGUF, whose own file name is the start of the new one."""
    notices: list[str] = field(default_factory=list)

    def file_stem(self, quant: str) -> str:
        """The file name for this quant by the GGUF naming convention, without `.gguf`."""
        if self.name_parts is not None:
            return self.name_parts.file_stem(quant)
        stem = _PART_NUMBERS.sub("", self.path.name.removesuffix(".gguf"))
        return f"{_OLD_QUANT.sub('', stem)}-{quant}"

    @property
    def is_lossy(self) -> bool:
        """Whether some matrices are already quantized."""
        return any(t.type.name not in LOSSLESS for t in self.tensors if len(t.shape) > 1)

    @property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(tensor.values for tensor in self.tensors)

    @property
    def source_bytes(self) -> int:
        """Bytes of weights that have to be read."""
        return sum(t.stored_type.size_bytes(t.values) for t in self.tensors if t.path)


def read_checkpoint(folder: Path, pre: str = "") -> Source:
    """Open a checkpoint folder and check that everything needed is there.

    Args:
        pre: llama.cpp's name of the pre-tokenizer, where it need not be recognised.

    Raises:
        ModelNotFound, ModelRefused: what is missing or wrong.
    """
    checkpoint = open_checkpoint(folder)
    config = Config(checkpoint.config)
    architecture = find_architecture(config)
    tensors = _matched(checkpoint, architecture.tensors(config))
    for name, values in architecture.extra_tensors(config).items():
        f32 = TENSOR_TYPES["F32"]
        content = struct.pack(f"<{len(values)}f", *values)
        tensors.append(SourceTensor(name, (len(values),), f32, f32, content=content))
    tensors.sort(key=lambda tensor: gguf_order(tensor.name))
    parameters = sum(tensor.values for tensor in tensors)
    family = architecture.name
    authorship = read_authorship(folder, checkpoint.config, parameters, family)
    rows = config.whole("vocab_size")
    tokenizer = read_tokenizer(folder, checkpoint.config, rows, family, pre)
    metadata = {
        **authorship.metadata,
        **architecture.parameters(config),
        **architecture.extra_parameters(config),
        **tokenizer.metadata,
    }
    notices = [*authorship.notices, *tokenizer.notices]
    return Source(folder, family, metadata, tensors, checkpoint.shards, authorship, notices)


def gguf_order(name: str) -> tuple[int, bytes]:
    """llama-quantize's order: tensors outside the layers first, then layer by layer, by name
    (src/llama-model-loader.h, weight_name_comparer)."""
    parts = name.split(".")
    layer = int(parts[1]) if parts[0] == "blk" and len(parts) > 2 and parts[1].isdigit() else -1
    return layer, name.encode()


def _matched(checkpoint: Checkpoint, expected: list[ExpectedTensor]) -> list[SourceTensor]:
    """The checkpoint's tensors under their GGUF names; refuses what is missing, extra or odd."""
    stored = checkpoint.tensors
    known = {tensor.source for tensor in expected}
    missing = [t.source for t in expected if t.source not in stored and not t.optional]
    extra = [name for name in stored if name not in known and not name.endswith(_NOT_WEIGHTS)]
    present = [t for t in expected if t.source in stored]
    misshapen = [
        f"{t.source} is {_shape(stored[t.source].shape)}, not {_shape(t.shape)}"
        for t in present
        if stored[t.source].shape != t.shape
    ]
    unreadable = [
        f"{t.source} ({stored[t.source].dtype})"
        for t in present
        if stored[t.source].dtype not in LOSSLESS
    ]
    problems = [
        f"{title} {count(len(names), 'tensor')}: {_listed(names)}"
        for title, names in (
            ("missing", missing),
            ("unexpected", extra),
            ("misshapen", misshapen),
            ("neither F32, F16 nor BF16:", unreadable),
        )
        if names
    ]
    if problems:
        raise ModelRefused(
            f"the weights do not fit config.json: {'; '.join(problems)}",
            "download the checkpoint again, or compare its config.json with the original",
        )
    return [_source_tensor(tensor, stored[tensor.source]) for tensor in present]


def _source_tensor(expected: ExpectedTensor, stored: StoredTensor) -> SourceTensor:
    kind = TENSOR_TYPES[stored.dtype]
    vector = len(expected.shape) == 1
    return SourceTensor(
        expected.target,
        expected.shape,
        TENSOR_TYPES["F32"] if vector else kind,  # llama.cpp keeps norms and biases in F32
        kind,
        stored.path,
        stored.offset,
        expected.heads,
    )


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _listed(names: list[str], limit: int = 4) -> str:
    shown = ", ".join(clean_line(name, 80) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
