"""One GGUF file taken apart, trusting nothing: counts, lengths, types, offsets.

The layout is that of ggml/include/gguf.h: magic, version, counts, key-value pairs, tensor
table, padding, weights. Only the bytes before the weights are looked at.
"""

from __future__ import annotations

import dataclasses
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Final, overload

from localr1.gguf_header.refusal import Damaged, Refusal
from localr1.gguf_header.tables import ARRAY, BOOL, STRING, TENSOR_TYPES, VALUE_TYPES
from localr1.terminal_text import clean_line

MAX_KEYS: Final = 4096
MAX_TENSORS: Final = 65_536
MAX_STRINGS: Final = 1 << 22
"""Strings in all arrays together; the largest vocabularies with merges have some 800,000."""
MAX_STRING_BYTES: Final = 8 << 20
MAX_TEMPLATE_BYTES: Final = 256 << 10
MAX_KEY_BYTES: Final = 256
MAX_NAME_BYTES: Final = 63
"""GGML_MAX_NAME less its final zero byte."""
MAX_DIMENSION: Final = 1 << 40

TOKENS: Final = "tokenizer.ggml.tokens"
_LENGTH = struct.Struct("<Q").unpack_from


class WindowTooSmall(Exception):
    """The file has more header bytes than the window that was read."""


@dataclasses.dataclass(frozen=True)
class TensorEntry:
    """One row of the tensor table."""

    name: str
    type_name: str
    """ "Q4_K", "F32", …"""
    shape: tuple[int, ...]
    """Row length first, as ggml counts."""
    offset: int
    """From the start of the file that holds it."""
    size_bytes: int


class StringArray(Sequence[str]):
    """An array of strings that decodes only what is asked for."""

    def __init__(self, blob: bytes, count: int, raw: list[bytes] | None = None) -> None:
        self._blob = blob
        self._count = count
        self._raw = raw

    @property
    def raw(self) -> list[bytes]:
        """The strings as bytes."""
        if self._raw is None:
            self._raw, _ = _slice_strings(self._blob, 0, self._count)
        return self._raw

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [string.decode(errors="replace") for string in self.raw[index]]
        return self.raw[index].decode(errors="replace")

    def __iter__(self) -> Iterator[str]:
        return (string.decode(errors="replace") for string in self.raw)

    def __contains__(self, string: object) -> bool:
        return isinstance(string, str) and string.encode() in self.raw

    def index(self, string: str, start: int = 0, stop: int = sys.maxsize) -> int:
        """The first position of `string`; ValueError when it is not there."""
        return self.raw.index(string.encode(), start, stop)


@dataclasses.dataclass(frozen=True)
class Part:
    """What the bytes before the weights of one file say."""

    metadata: dict[str, Any]
    value_types: dict[str, int]
    """GGUF type of every value."""
    tensors: tuple[TensorEntry, ...]
    weights_start: int
    weights_end: int
    """Where the last tensor ends, padding not counted."""
    padded_end: int


def parse_part(window: bytes, file_size: int) -> Part:
    """The header in `window`, the first bytes of a file of `file_size` bytes.

    Raises:
        Damaged, Refusal: the file cannot be used.
        WindowTooSmall: the header is longer than the window.
    """
    cursor = _Cursor(window, file_size)
    n_tensors, n_keys = _read_counts(cursor)
    metadata: dict[str, Any] = {}
    value_types: dict[str, int] = {}
    for _ in range(n_keys):
        key = _read_key(cursor, metadata)
        value_types[key], metadata[key] = _read_value(cursor, key)
    alignment = _alignment(metadata, value_types)
    return _read_tensors(cursor, n_tensors, alignment, metadata, value_types)


class _Cursor:
    """A position in the window; every step is checked against window and file."""

    def __init__(self, window: bytes, file_size: int) -> None:
        self.window = window
        self.file_size = file_size
        self.position = 0
        self.strings_left = MAX_STRINGS

    def skip(self, size_bytes: int) -> int:
        """Move on and return where the skipped bytes begin."""
        start = self.position
        end = start + size_bytes
        if end > len(self.window):
            if end > self.file_size:
                raise Damaged(
                    "it ends inside its header, "
                    f"at least {_bytes(end - self.file_size)} are missing"
                )
            raise WindowTooSmall
        self.position = end
        return start

    def number(self, code: str, size_bytes: int) -> Any:
        """One little-endian number of a `struct` type code."""
        return struct.unpack_from(f"<{code}", self.window, self.skip(size_bytes))[0]

    def u32(self) -> int:
        return int(self.number("I", 4))

    def u64(self) -> int:
        return int(self.number("Q", 8))

    def string(self, what: str, limit_bytes: int) -> bytes:
        length = self.u64()
        if length > limit_bytes:
            raise Damaged(f"{what} is {length:,} bytes long, more than {limit_bytes:,}")
        start = self.skip(length)
        return self.window[start : self.position]

    def strings(self, key: str, count: int) -> StringArray:
        """An array of strings; of the vocabulary the pieces are kept, since all are checked."""
        self.strings_left -= count
        if self.strings_left < 0:
            raise Damaged(f'"{key}" announces {count:,} strings, more than {MAX_STRINGS:,}')
        start = self.skip(8 * count)
        raw = None
        if key == TOKENS:
            raw, end = _slice_strings(self.window, start, count)
        else:
            end = _skip_strings(self.window, start, count)
        self.position = start
        self.skip(end - start)
        return StringArray(b"" if raw is not None else self.window[start:end], count, raw)


def _slice_strings(window: bytes, start: int, count: int) -> tuple[list[bytes], int]:
    """`count` length-prefixed strings and their end, which may lie behind the window."""
    strings: list[bytes] = []
    append, position = strings.append, start
    try:
        for _ in range(count):
            begin = position + 8
            position = begin + _LENGTH(window, position)[0]
            append(window[begin:position])
    except (struct.error, OverflowError):
        position += 8
    return strings, position


def _skip_strings(window: bytes, start: int, count: int) -> int:
    """The end of `count` length-prefixed strings, which may lie behind the window."""
    # A length may begin at any byte; indexing one of eight shifted views of 64-bit numbers
    # takes half the time of `struct`.
    view = memoryview(window)
    views = [view[shift : shift + (len(view) - shift) // 8 * 8].cast("Q") for shift in range(8)]
    position = start
    try:
        for _ in range(count):
            position += 8 + views[position & 7][position >> 3]
    except IndexError:
        position += 8
    return position


def _read_counts(cursor: _Cursor) -> tuple[int, int]:
    cursor.skip(4)
    version = cursor.u32()
    if version & 0xFFFF == 0:
        raise Refusal("was made for a big-endian machine", "get the little-endian file")
    if version not in (2, 3):
        raise Refusal(
            f"is a GGUF file of version {version}; versions 2 and 3 can be read",
            "get a current conversion of this model",
        )
    n_tensors, n_keys = cursor.u64(), cursor.u64()
    if n_tensors > MAX_TENSORS:
        raise Damaged(f"it announces {n_tensors:,} tensors")
    if n_keys > MAX_KEYS:
        raise Damaged(f"it announces {n_keys:,} metadata keys")
    return n_tensors, n_keys


def _read_key(cursor: _Cursor, metadata: dict[str, Any]) -> str:
    raw = cursor.string("a metadata key", MAX_KEY_BYTES)
    key = _printable(raw, "a metadata key")
    if key in metadata:
        raise Damaged(f'the metadata key "{key}" appears twice')
    return key


def _read_value(cursor: _Cursor, key: str) -> tuple[int, Any]:
    kind = cursor.u32()
    if kind == STRING:
        return kind, _text(key, cursor.string(f'"{key}"', MAX_STRING_BYTES))
    if kind == ARRAY:
        return kind, _read_array(cursor, key)
    if kind not in VALUE_TYPES:
        raise Damaged(f'"{key}" has the unknown type {kind}')
    _, size_bytes, code = VALUE_TYPES[kind]
    value = cursor.number(code, size_bytes)
    if kind != BOOL:
        return kind, value
    if value > 1:
        raise Damaged(f'"{key}" is neither true nor false')
    return kind, bool(value)


def _read_array(cursor: _Cursor, key: str) -> StringArray | array[Any]:
    kind, count = cursor.u32(), cursor.u64()
    if kind == STRING:
        return cursor.strings(key, count)
    if kind not in VALUE_TYPES:
        raise Damaged(f'"{key}" is an array of the unusable type {kind}')
    _, size_bytes, code = VALUE_TYPES[kind]
    start = cursor.skip(size_bytes * count)
    values = array(code, cursor.window[start : cursor.position])
    if kind == BOOL and values.tobytes().translate(None, b"\0\1"):
        raise Damaged(f'"{key}" holds values that are neither true nor false')
    return values


def _text(key: str, raw: bytes) -> str:
    if b"\0" in raw:
        raise Damaged(f'"{key}" contains a zero byte')
    if not key.startswith("tokenizer.chat_template"):
        return raw.decode(errors="replace")
    if len(raw) > MAX_TEMPLATE_BYTES:
        raise Refusal(f"has a chat template of {_bytes(len(raw))}, more than 256 KiB")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Damaged("its chat template is not valid UTF-8") from None


def _alignment(metadata: dict[str, Any], value_types: dict[str, int]) -> int:
    key = "general.alignment"
    if key not in metadata:
        return 32
    alignment = metadata[key]
    # llama.cpp takes smaller powers of two as well, and aborts on them when it maps the file.
    if value_types[key] != 4 or alignment < 32 or alignment & (alignment - 1):
        raise Damaged(f'"{key}" is not a power of two of at least 32')
    return int(alignment)


def _read_tensors(
    cursor: _Cursor,
    n_tensors: int,
    alignment: int,
    metadata: dict[str, Any],
    value_types: dict[str, int],
) -> Part:
    rows = [_read_tensor(cursor) for _ in range(n_tensors)]
    if len({row.name for row in rows}) != n_tensors:
        raise Damaged("two tensors have the same name")
    start = _pad(cursor.position, alignment)
    tensors, end, padded = [], start, start
    for row in rows:
        if row.offset != padded - start:
            raise Damaged(f'tensor "{row.name}" does not begin where the one before it ends')
        tensors.append(dataclasses.replace(row, offset=padded))
        end = padded + row.size_bytes
        padded = _pad(end, alignment)
    return Part(metadata, value_types, tuple(tensors), start, end, padded)


def _read_tensor(cursor: _Cursor) -> TensorEntry:
    name = _printable(cursor.string("a tensor name", MAX_NAME_BYTES), "a tensor name")
    n_dimensions = cursor.u32()
    if not 1 <= n_dimensions <= 4:
        raise Damaged(f'tensor "{name}" has {n_dimensions} dimensions')
    shape = tuple(cursor.u64() for _ in range(n_dimensions))
    if not all(1 <= dimension <= MAX_DIMENSION for dimension in shape):
        raise Damaged(f'tensor "{name}" has the impossible shape {shape}')
    kind, offset = cursor.u32(), cursor.u64()
    if kind not in TENSOR_TYPES:
        raise Refusal(
            f'cannot be read: tensor "{name}" has type {kind}, which this version does not know',
            "download it again, or get another quantization of this model",
        )
    type_name, block, block_bytes = TENSOR_TYPES[kind]
    if shape[0] % block:
        raise Damaged(f'tensor "{name}" has rows of {shape[0]}, not a multiple of {block}')
    elements = 1
    for dimension in shape:
        elements *= dimension
    return TensorEntry(name, type_name, shape, offset, elements // block * block_bytes)


def _printable(raw: bytes, what: str) -> str:
    text = raw.decode("ascii", errors="replace")
    if not raw or not raw.isascii() or not text.isprintable():
        raise Damaged(f'{what} is not plain text: "{clean_line(text, 40)}"')
    return text


def _pad(position: int, alignment: int) -> int:
    return (position + alignment - 1) // alignment * alignment


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count:,} bytes"
