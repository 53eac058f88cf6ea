"""A GGUF file whose every field can be forged: it is written as told, right or wrong."""

from __future__ import annotations

import dataclasses
import itertools
import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
"""GGUF's value types (ggml/include/gguf.h)."""

_CODES = {
    **{U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i"},
    **{F32: "f", BOOL: "B", U64: "Q", I64: "q", F64: "d"},
}


@dataclasses.dataclass
class Value:
    """A metadata value: its type and its bytes as they stand in the file."""

    kind: int
    raw: bytes


@dataclasses.dataclass
class TensorRow:
    """A row of the tensor table. An offset of None is written as the right one."""

    name: bytes
    shape: list[int]
    kind: int
    offset: int | None = None
    n_dimensions: int | None = None


@dataclasses.dataclass
class GgufFile:
    """A GGUF file as lists. Counts of None are written as the right ones."""

    keys: list[tuple[bytes, Value]]
    tensors: list[TensorRow]
    weights: list[bytes]
    version: int = 3
    n_tensors: int | None = None
    n_keys: int | None = None
    alignment: int = 32

    def value(self, key: str) -> Value:
        return next(value for name, value in self.keys if name == key.encode())

    def set(self, key: str, value: Value | None) -> None:
        """Replace, add or (None) remove a value."""
        name = key.encode()
        position = next((n for n, (k, _) in enumerate(self.keys) if k == name), len(self.keys))
        self.keys[position : position + 1] = [] if value is None else [(name, value)]

    def header(self) -> bytes:
        """Everything before the weights."""
        n_tensors = len(self.tensors) if self.n_tensors is None else self.n_tensors
        n_keys = len(self.keys) if self.n_keys is None else self.n_keys
        pieces = [b"GGUF", struct.pack("<IQQ", self.version, n_tensors, n_keys)]
        for key, value in self.keys:
            pieces += [text(key), struct.pack("<I", value.kind), value.raw]
        offset = 0
        for row, weights in zip(self.tensors, self.weights, strict=True):
            pieces.append(_table_row(row, offset))
            offset += len(_padded(weights, self.alignment))
        return _padded(b"".join(pieces), self.alignment)

    def to_bytes(self) -> bytes:
        return self.header() + b"".join(_padded(w, self.alignment) for w in self.weights)


def text(content: bytes, length: int | None = None) -> bytes:
    """A GGUF string, with a forged length if asked."""
    return struct.pack("<Q", len(content) if length is None else length) + content


def string(content: str | bytes, length: int | None = None) -> Value:
    raw = content.encode() if isinstance(content, str) else content
    return Value(STRING, text(raw, length))


def number(kind: int, value: float) -> Value:
    return Value(kind, struct.pack(f"<{_CODES[kind]}", value))


def numbers(kind: int, values: list[int] | list[float], count: int | None = None) -> Value:
    head = struct.pack("<IQ", kind, len(values) if count is None else count)
    return Value(ARRAY, head + struct.pack(f"<{len(values)}{_CODES[kind]}", *values))


def strings(values: list[bytes], count: int | None = None) -> Value:
    head = struct.pack("<IQ", STRING, len(values) if count is None else count)
    return Value(ARRAY, head + b"".join(map(text, values)))


def strings_of(value: Value) -> list[bytes]:
    """The strings of an array value."""
    (count,) = struct.unpack_from("<Q", value.raw, 4)
    found, position = [], 12
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", value.raw, position)
        found.append(value.raw[position + 8 : position + 8 + length])
        position += 8 + length
    return found


def numbers_of(value: Value) -> list[int]:
    """The whole numbers of an array value."""
    kind, count = struct.unpack_from("<IQ", value.raw)
    return list(struct.unpack_from(f"<{count}{_CODES[kind]}", value.raw, 12))


def read_gguf(content: bytes) -> GgufFile:
    """A valid little-endian GGUF file as a `GgufFile`."""
    version, n_tensors, n_keys = struct.unpack_from("<IQQ", content, 4)
    position = 24
    keys, rows = [], []
    for _ in range(n_keys):
        key, position = _string_at(content, position)
        (kind,) = struct.unpack_from("<I", content, position)
        end = _value_end(content, position + 4, kind)
        keys.append((key, Value(kind, content[position + 4 : end])))
        position = end
    for _ in range(n_tensors):
        name, position = _string_at(content, position)
        (n,) = struct.unpack_from("<I", content, position)
        *shape, kind, offset = struct.unpack_from(f"<{n}QIQ", content, position + 4)
        rows.append(TensorRow(name, shape, kind, offset))
        position += 4 + 8 * n + 12
    start = -(-position // 32) * 32
    offsets = [start + (row.offset or 0) for row in rows] + [len(content)]
    weights = [content[a:b] for a, b in itertools.pairwise(offsets)]
    rows = [dataclasses.replace(row, offset=None) for row in rows]
    return GgufFile(keys, rows, weights, version)


def _string_at(content: bytes, position: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("<Q", content, position)
    end = position + 8 + length
    return content[position + 8 : end], end


def _value_end(content: bytes, position: int, kind: int) -> int:
    if kind == STRING:
        return _string_at(content, position)[1]
    if kind != ARRAY:
        return position + struct.calcsize(_CODES[kind])
    item_kind, count = struct.unpack_from("<IQ", content, position)
    position += 12
    if item_kind != STRING:
        return int(position + count * struct.calcsize(_CODES[item_kind]))
    for _ in range(count):
        position = _string_at(content, position)[1]
    return position


def _table_row(row: TensorRow, offset: int) -> bytes:
    n_dimensions = len(row.shape) if row.n_dimensions is None else row.n_dimensions
    shape = struct.pack(f"<{len(row.shape)}Q", *(size & ((1 << 64) - 1) for size in row.shape))
    offset = offset if row.offset is None else row.offset
    return (
        text(row.name)
        + struct.pack("<I", n_dimensions)
        + shape
        + struct.pack("<IQ", row.kind, offset & ((1 << 64) - 1))
    )


def _padded(content: bytes, alignment: int) -> bytes:
    return content + bytes(-len(content) % alignment)
