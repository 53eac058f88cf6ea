"""GGUF metadata values as bytes, and the header of a GGUF file.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. A file's metadata is kept as
{key: encoded value}, where an encoded value is its type number followed by its payload; so
values copied from another file stay as they were, bit for bit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

MAGIC = b"GGUF"
VERSION = 3
ALIGNMENT = 32

KeyValues = dict[str, bytes]

_UINT8, _INT8, _UINT16, _INT16, _UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = range(10)
_UINT64, _INT64, _FLOAT64 = 10, 11, 12
_FORMATS = {
    _UINT8: "<B", _INT8: "<b", _UINT16: "<H", _INT16: "<h", _UINT32: "<I", _INT32: "<i",
    _FLOAT32: "<f", _BOOL: "<?", _UINT64: "<Q", _INT64: "<q", _FLOAT64: "<d",
}  # fmt: skip


def _text(value: str | bytes) -> bytes:
    encoded = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(encoded)) + encoded


def _typed(kind: int, payload: bytes) -> bytes:
    return struct.pack("<I", kind) + payload


def string(value: str | bytes) -> bytes:
    """An encoded text."""
    return _typed(_STRING, _text(value))


def uint32(value: int) -> bytes:
    """An encoded unsigned 32-bit number."""
    return _typed(_UINT32, struct.pack("<I", value))


def uint16(value: int) -> bytes:
    """An encoded unsigned 16-bit number."""
    return _typed(_UINT16, struct.pack("<H", value))


def int32(value: int) -> bytes:
    """An encoded signed 32-bit number."""
    return _typed(_INT32, struct.pack("<i", value))


def float32(value: float) -> bytes:
    """An encoded 32-bit float."""
    return _typed(_FLOAT32, struct.pack("<f", value))


def boolean(value: bool) -> bytes:
    """An encoded truth value."""
    return _typed(_BOOL, struct.pack("<?", value))


def strings(values: Iterable[str]) -> bytes:
    """An encoded array of texts."""
    texts = [_text(value) for value in values]
    return _typed(_ARRAY, struct.pack("<IQ", _STRING, len(texts)) + b"".join(texts))


def int32s(values: list[int]) -> bytes:
    """An encoded array of signed 32-bit numbers."""
    return _typed(
        _ARRAY, struct.pack("<IQ", _INT32, len(values)) + struct.pack(f"<{len(values)}i", *values)
    )


def encode(kind: int, value: Any, element_kind: int | None = None) -> bytes:
    """A value of any GGUF type; `element_kind` is the type of an array's elements."""
    if kind != _ARRAY:
        return _typed(kind, _payload(kind, value))
    if element_kind is None:
        raise ValueError("an array needs the type of its elements")
    body = b"".join(_payload(element_kind, element) for element in value)
    return _typed(_ARRAY, struct.pack("<IQ", element_kind, len(value)) + body)


def _payload(kind: int, value: Any) -> bytes:
    return _text(value) if kind == _STRING else struct.pack(_FORMATS[kind], value)


def header(metadata: KeyValues, tensors: Iterable[tuple[str, tuple[int, ...], int, int]]) -> bytes:
    """Everything before the weights, padded to the alignment.

    Args:
        metadata: in the order in which they are written.
        tensors: name, shape (row-major, as in safetensors), type number and offset in bytes
            from the end of this header.
    """
    infos = [_tensor_entry(*tensor) for tensor in tensors]
    parts = [MAGIC, struct.pack("<IQQ", VERSION, len(infos), len(metadata))]
    for key, value in metadata.items():
        parts += [_text(key), value]
    written = b"".join([*parts, *infos])
    return written + bytes(-len(written) % ALIGNMENT)


def _tensor_entry(name: str, shape: tuple[int, ...], type_number: int, offset: int) -> bytes:
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
    return _text(name) + dimensions + struct.pack("<IQ", type_number, offset)
