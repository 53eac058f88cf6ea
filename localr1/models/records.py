"""Where a model file came from, in a small file beside it: `NAME.gguf.json`.

A record is written when a file becomes part of the library, after its bytes were checked. A
file without one is a model all the same: only its origin and its checksum are not known.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from localr1.files import write_atomically

RECORD_ENDING = ".json"
"""Added to the whole name of the model file."""

RECORD_BYTES_AT_MOST = 1 << 16

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of a file when it was fetched or imported; untrusted where it is shown."""

    origin: Literal["hub", "import"]
    size_bytes: int
    sha256: str
    """In lower-case hexadecimal digits."""
    fetched_at: str
    """ISO 8601, UTC."""
    repo: str = ""
    """Of the hub: "org/name"; empty for what was imported."""
    revision: str = ""
    """Of the hub: the commit."""
    hub_path: str = ""
    """Of the hub: the path in the repository."""
    source_path: str = ""
    """Of an imported file: where it was."""
    licence: str = ""
    """As the repository or the file names it."""
    catalog_name: str = ""
    """In the catalog; empty for what is not in it."""


def record_path(model_path: Path) -> Path:
    """Where the record of a model file is."""
    return model_path.with_name(model_path.name + RECORD_ENDING)


def read_record(model_path: Path) -> FileRecord | None:
    """The record of a model file; a damaged one is as none. Blocks as long as the disk does."""
    path = record_path(model_path)
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return None
        with path.open("rb") as file:
            content = file.read(RECORD_BYTES_AT_MOST + 1)
        if len(content) > RECORD_BYTES_AT_MOST:
            return None
        record = msgspec.json.decode(content, type=FileRecord)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None
    return record if record.size_bytes >= 0 and _SHA256.fullmatch(record.sha256) else None


def write_record(model_path: Path, record: FileRecord) -> None:
    """Write the record of a model file.

    Raises:
        StorageError: it cannot be written; an older one is unchanged.
    """
    text = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
    write_atomically(record_path(model_path), text)
