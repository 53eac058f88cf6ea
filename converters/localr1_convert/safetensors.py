"""Reading a safetensors file's header and checking all of it, without loading a weight.

Format: 8 bytes little-endian header length, a JSON object, then the tensors' bytes
(https://github.com/huggingface/safetensors#format). The limits are the format's own: a header
of at most 100 MB that starts with `{`, and offsets that cover the rest of the file without
holes or overlaps.
"""

from __future__ import annotations

import json
import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localr1.errors import ModelRefused
from localr1.terminal_text import clean_line

HEADER_LIMIT_BYTES = 100_000_000
_DAMAGED = "download the file again"
_ELEMENT_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
    "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip


@dataclass(frozen=True)
class StoredTensor:
    """Where one tensor's bytes lie: `size_bytes` at `offset` of `path`, row-major."""

    name: str
    path: Path
    dtype: str
    """The safetensors name of the element type, such as "BF16"."""
    shape: tuple[int, ...]
    offset: int
    size_bytes: int


def read_shard(path: Path) -> list[StoredTensor]:
    """All tensors of one file, in the order of their bytes.

    Raises:
        ModelRefused: missing, not a regular file, or not valid safetensors.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "is not a regular file", "")
        header_bytes, entries = _header(path, file.read(8), status.st_size, file)
    data_bytes = status.st_size - 8 - header_bytes
    tensors = [_tensor(path, name, entry, 8 + header_bytes) for name, entry in entries.items()]
    tensors.sort(key=lambda tensor: (tensor.offset, tensor.size_bytes))
    _check_coverage(path, tensors, 8 + header_bytes, data_bytes)
    return tensors


def _header(path: Path, prefix: bytes, file_bytes: int, file: Any) -> tuple[int, dict[str, Any]]:
    if len(prefix) < 8:
        raise _refused(path, f"is too short ({file_bytes} bytes)")
    header_bytes = int.from_bytes(prefix, "little")
    if header_bytes > HEADER_LIMIT_BYTES or header_bytes > file_bytes - 8:
        raise _refused(path, f"has a header of {header_bytes:,} bytes in {file_bytes:,}")
    text = file.read(header_bytes)
    if not text.startswith(b"{"):
        raise _refused(path, "has no JSON header")
    try:
        entries = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise _refused(path, "has an unreadable header") from error
    entries.pop("__metadata__", None)
    return header_bytes, entries


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("duplicate key")
    return entries


def _tensor(path: Path, name: str, entry: Any, start: int) -> StoredTensor:
    try:
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (TypeError, KeyError, ValueError) as error:
        raise _refused(path, f"describes {clean_line(name, 80)} in an unknown way") from error
    if not _are_sizes([*shape, begin, end] if isinstance(shape, list) else None):
        raise _refused(path, f"describes {clean_line(name, 80)} with sizes that are no sizes")
    element_bytes = _ELEMENT_BYTES.get(dtype) if isinstance(dtype, str) else None
    if element_bytes is None:
        raise _refused(path, f"stores {clean_line(name, 80)} as {clean_line(str(dtype), 20)}", "")
    if end - begin != math.prod(shape) * element_bytes:
        raise _refused(path, f"gives {clean_line(name, 80)} a wrong number of bytes")
    return StoredTensor(name, path, dtype, tuple(shape), start + begin, end - begin)


def _are_sizes(numbers: list[Any] | None) -> bool:
    return numbers is not None and all(type(n) is int and 0 <= n < 1 << 60 for n in numbers)


def _check_coverage(path: Path, tensors: list[StoredTensor], start: int, data_bytes: int) -> None:
    position = start
    for tensor in tensors:
        if tensor.offset != position:
            kind = "overlapping tensors" if tensor.offset < position else "a hole"
            raise _refused(path, f"has {kind} at {clean_line(tensor.name, 80)}")
        position += tensor.size_bytes
    if position - start > data_bytes:
        missing = position - start - data_bytes
        raise _refused(path, f"is cut short: {missing:,} bytes are missing")
    if position - start < data_bytes:
        raise _refused(
            path, f"has {data_bytes - position + start:,} bytes that belong to no tensor"
        )


def _refused(path: Path, reason: str, hint: str = _DAMAGED) -> ModelRefused:
    return ModelRefused(f"{clean_line(path.name, 120)} {reason}", hint)
