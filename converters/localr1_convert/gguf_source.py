"""A GGUF model as the source of a conversion: its metadata is copied as it stands."""

from __future__ import annotations

import struct
from pathlib import Path

from localr1.errors import ModelRefused
from localr1.gguf_header import GgufHeader, read_header
from localr1.gguf_header.parse import TensorEntry
from localr1.terminal_text import clean_line
from localr1_convert import gguf_values as gv
from localr1_convert.quant_types import TENSOR_TYPES
from localr1_convert.source import Source, SourceTensor, gguf_order

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_PREFIX_BYTES = 256 << 20
_SPLIT_KEYS = ("split.no", "split.count", "split.tensors.count")


def read_gguf(path: Path) -> Source:
    """Open a GGUF model, in one file or in parts.

    Raises:
        ModelNotFound, ModelRefused: not there, damaged, or of a type that cannot be read.
    """
    header = read_header(path)
    metadata = _raw_metadata(header.parts[0])
    for key in _SPLIT_KEYS:
        metadata.pop(key, None)
    tensors = [
        _source_tensor(tensor, part)
        for part, entries in _entries_by_part(header)
        for tensor in entries
    ]
    tensors.sort(key=lambda tensor: gguf_order(tensor.name))
    return Source(
        path, header.architecture, metadata, tensors, header.parts, None, list(header.warnings)
    )


def _entries_by_part(header: GgufHeader) -> list[tuple[Path, list[TensorEntry]]]:
    """The tensors of each file: the header lists them part after part."""
    from localr1.gguf_header.part_file import open_part

    return [(path, list(open_part(path).header.tensors)) for path in header.parts]


def _source_tensor(tensor: TensorEntry, part: Path) -> SourceTensor:
    kind = TENSOR_TYPES.get(tensor.type_name.upper())
    if kind is None:
        raise ModelRefused(
            f"{clean_line(tensor.name, 80)} is stored as {tensor.type_name}, which cannot be "
            "converted"
        )
    shape = tuple(reversed(tensor.shape))
    return SourceTensor(tensor.name, shape, kind, kind, part, tensor.offset)


def _raw_metadata(path: Path) -> gv.KeyValues:
    """The encoded values by key. The file has been checked, so lengths can be trusted."""
    with path.open("rb") as file:
        window = file.read(_PREFIX_BYTES)
    _, keys = struct.unpack_from("<QQ", window, 8)
    position = 24
    metadata: gv.KeyValues = {}
    for _ in range(keys):
        length = _length(window, position)
        key = window[position + 8 : position + 8 + length].decode("utf-8")
        position += 8 + length
        end = _value_end(window, position)
        metadata[key] = window[position:end]
        position = end
    return metadata


def _length(window: bytes, position: int) -> int:
    return int.from_bytes(window[position : position + 8], "little")


def _value_end(window: bytes, position: int) -> int:
    kind = int.from_bytes(window[position : position + 4], "little")
    position += 4
    if kind == _STRING:
        return position + 8 + _length(window, position)
    if kind != _ARRAY:
        return position + _SIZES[kind]
    element = int.from_bytes(window[position : position + 4], "little")
    count = _length(window, position + 4)
    position += 12
    if element != _STRING:
        return position + count * _SIZES[element]
    for _ in range(count):
        position += 8 + _length(window, position)
    return position
