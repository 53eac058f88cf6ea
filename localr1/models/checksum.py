"""SHA-256 of model files, with progress; minutes for large files on slow disks."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from localr1.errors import StorageError
from localr1.models.records import FileRecord
from localr1.terminal_text import clean_line

PIECE_BYTES = 4 << 20
"""Read at once: a stop is obeyed, and progress told, between two pieces."""

_BLOB_NAME = re.compile(r"(?:sha256-)?(?P<sha256>[0-9a-f]{64})")

Advance = Callable[[int], None]
"""Is told how many bytes were done since it was last called; what it raises stops the work."""


def sha256_of(path: Path, advance: Advance) -> str:
    """The checksum of a regular file, in lower-case hexadecimal digits.

    Raises:
        StorageError: it cannot be read.
    """
    digest = hashlib.sha256()
    for piece in pieces_of(path):
        digest.update(piece)
        advance(len(piece))
    return digest.hexdigest()


def pieces_of(path: Path) -> Iterator[bytes]:
    """The bytes of a regular file, as many as it has now: one that grows comes to an end.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            left = os.fstat(file.fileno()).st_size
            while piece := file.read(min(PIECE_BYTES, left)):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise StorageError(clean_line(f"cannot read {path}: {error.strerror}")) from error


def expected_sha256(path: Path, record: FileRecord | None) -> str:
    """The checksum that a file should have; empty where nobody knows.

    Args:
        path: of the file; ollama and the Hugging Face cache name files by their checksums.
        record: of the file.
    """
    if record is not None:
        return record.sha256
    match = _BLOB_NAME.fullmatch(path.resolve().name)
    return match["sha256"] if match else ""
