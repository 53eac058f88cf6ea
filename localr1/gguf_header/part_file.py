"""Reading one file: opened without waiting, read in a window, named when it is not GGUF.

`pread` instead of mmap: a file that shrinks meanwhile is a short read, not a SIGBUS.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from localr1.gguf_header.parse import Part, WindowTooSmall, parse_part
from localr1.gguf_header.refusal import Damaged, Refusal
from localr1.terminal_text import clean_line

FIRST_WINDOW_BYTES: Final = 8 << 20
"""Holds the header of every Qwen and Llama 3 model."""
LARGEST_WINDOW_BYTES: Final = 256 << 20
_SAMPLE_BYTES: Final = 4096
_SAMPLES: Final = 4
_SMALLEST_HEADER_BYTES: Final = 24
_LIKELY_TEXT_BYTES: Final = 512

Fingerprint = tuple[int, int, int, int]
"""Device, inode, size in bytes and modification time in nanoseconds."""

_SIGNATURES: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"version https://git-lfs", "is a Git LFS pointer, not the model itself", "run: git lfs pull"),
    (b"<!doctype", "is a web page (HTML), not a GGUF model", "use the file's download link"),
    (b"<html", "is a web page (HTML), not a GGUF model", "use the file's download link"),
    (b"<?xml", "is an XML document, not a GGUF model", ""),
    (b"PK\x03\x04", "is a zip archive or a PyTorch checkpoint, not a GGUF model", ""),
    (b"\x1f\x8b", "is a gzip archive, not a GGUF model", "unpack it first"),
    (b"\xfd7zXZ\0", "is an xz archive, not a GGUF model", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is a zstd archive, not a GGUF model", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7z archive, not a GGUF model", "unpack it first"),
    (b"\x80\x02", "is a Python pickle, which can run code, not a GGUF model", ""),
    (b"\x80\x03", "is a Python pickle, which can run code, not a GGUF model", ""),
    (b"\x80\x04", "is a Python pickle, which can run code, not a GGUF model", ""),
    (b"\x80\x05", "is a Python pickle, which can run code, not a GGUF model", ""),
    (b"lmgg", "is in the old GGML format", "get a GGUF file of this model"),
    (b"fmgg", "is in the old GGMF format", "get a GGUF file of this model"),
    (b"tjgg", "is in the old GGJT format", "get a GGUF file of this model"),
    (b"FUGG", "was made for a big-endian machine", "get the little-endian file"),
)
_CONVERT_HINT: Final = "make a GGUF file of a checkpoint folder with: localr1 convert FOLDER"


@dataclasses.dataclass(frozen=True)
class OpenedPart:
    """One file of a model."""

    path: Path
    header: Part
    fingerprint: Fingerprint
    has_empty_weights: bool
    """Whether a sample of its weights is nothing but zeros."""


def open_part(path: Path) -> OpenedPart:
    """Read and check one file.

    Raises:
        FileNotFoundError: there is no such file.
        Damaged, Refusal: it cannot be used.
    """
    with _opened(path) as (descriptor, status):
        part = _parse(descriptor, status.st_size)
        missing = part.weights_end - status.st_size
        if part.tensors and missing > 0:
            raise Damaged(
                f"it is incomplete, {missing:,} of {part.weights_end:,} bytes are missing"
            )
        empty = _empty_samples(descriptor, part)
    if empty == _SAMPLES:
        raise Damaged("its weights are all zero, as an interrupted copy leaves them")
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return OpenedPart(path, part, identity, empty > 0)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[int, os.stat_result]]:
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if path.is_dir():
            raise _folder_refusal(path)
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise Refusal(f"cannot be opened: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Refusal("is not a regular file")
        yield descriptor, status
    except OSError as error:
        raise Refusal(f"cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _folder_refusal(path: Path) -> Refusal:
    if (path / "config.json").is_file() or any(path.glob("*.safetensors")):
        return Refusal(
            "is a checkpoint folder, not a GGUF file",
            f"convert it first: localr1 convert {clean_line(str(path))}",
        )
    return Refusal("is a folder, not a GGUF file", "name the .gguf file inside it")


def _parse(descriptor: int, file_size: int) -> Part:
    window_bytes = FIRST_WINDOW_BYTES
    while True:
        window = _pread(descriptor, min(window_bytes, file_size), 0)
        if window_bytes == FIRST_WINDOW_BYTES:
            _require_gguf(window, file_size)
        if len(window) < min(window_bytes, file_size):
            raise Damaged("it became shorter while it was read")
        try:
            return parse_part(window, file_size)
        except WindowTooSmall:
            if window_bytes == LARGEST_WINDOW_BYTES:
                raise Damaged("its header is longer than 256 MiB") from None
            window_bytes = min(window_bytes * 4, LARGEST_WINDOW_BYTES)


def _require_gguf(window: bytes, file_size: int) -> None:
    if file_size == 0:
        raise Refusal("is empty", "download or copy it again")
    if window[:4] != b"GGUF":
        raise other_content(window)
    if file_size < _SMALLEST_HEADER_BYTES:
        raise Damaged(f"it has only {file_size} bytes")


def other_content(window: bytes) -> Refusal:
    """What this is, whose first bytes are no GGUF's."""
    start = window[:_LIKELY_TEXT_BYTES]
    begin = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for signature, sentence, hint in _SIGNATURES:
        if start.startswith(signature) or begin.startswith(signature.lower()):
            return Refusal(sentence, hint)
    if start[8:10] == b'{"':
        return Refusal("is a safetensors file, not a GGUF model", _CONVERT_HINT)
    if begin.startswith((b"{", b"[")):
        return Refusal("is a JSON document, not a GGUF model", _CONVERT_HINT)
    if not start.strip(b"\0"):
        return Damaged("it begins with zeros, as an interrupted copy leaves them")
    if _is_text(start):
        return Refusal("is a text file, not a GGUF model", "name a .gguf file")
    return Refusal("is not a GGUF model", "name a .gguf file")


def _is_text(start: bytes) -> bool:
    try:
        # Incremental: the sample may end inside a character.
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)


def _empty_samples(descriptor: int, part: Part) -> int:
    """How many of four samples, spread over the weights, are nothing but zeros."""
    span = part.weights_end - part.weights_start
    size_bytes = min(_SAMPLE_BYTES, span // _SAMPLES)
    if size_bytes == 0:
        return 0
    starts = (part.weights_start + span * (2 * n + 1) // (2 * _SAMPLES) for n in range(_SAMPLES))
    samples = (_pread(descriptor, size_bytes, start) for start in starts)
    return sum(not sample.strip(b"\0") for sample in samples)


def _pread(descriptor: int, size_bytes: int, start: int) -> bytes:
    pieces, position = [], start
    while position < start + size_bytes:
        piece = _read_at(descriptor, start + size_bytes - position, position)
        if not piece:
            break
        pieces.append(piece)
        position += len(piece)
    return b"".join(pieces)


if sys.platform == "win32":

    def _read_at(descriptor: int, size_bytes: int, position: int) -> bytes:
        os.lseek(descriptor, position, os.SEEK_SET)
        return os.read(descriptor, size_bytes)
else:

    def _read_at(descriptor: int, size_bytes: int, position: int) -> bytes:
        return os.pread(descriptor, size_bytes, position)
