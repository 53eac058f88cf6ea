"""Which tensors of an unfinished conversion are already in the file, with their checksums.

One JSON document a line: the job's fingerprint first, then a line a finished tensor. A line that
was cut off by a crash, and all that follows it, does not count. Checksums make it unnecessary to
wait for the disk before a line is written: what a power cut took away no longer matches.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import IO


class Journal:
    """Appends to, or continues, the journal at `path` for the job with this fingerprint."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.finished: dict[int, int] = {}
        """Checksums by tensor number, as the journal had them."""
        kept = self._read(path, fingerprint)
        self.continued = kept > 0
        self._file: IO[bytes] = path.open("r+b" if kept else "wb", buffering=0)
        if kept:
            self._file.truncate(kept)
            self._file.seek(kept)
        else:
            self._file.write(json.dumps({"job": fingerprint}).encode() + b"\n")

    def _read(self, path: Path, fingerprint: str) -> int:
        """Fill `finished`; returns the length of the part that can be kept."""
        with contextlib.suppress(OSError, ValueError):
            lines = path.read_bytes().splitlines(keepends=True)
            if not lines or json.loads(lines[0]) != {"job": fingerprint}:
                return 0
            kept = len(lines[0])
            for line in lines[1:]:
                if not line.endswith(b"\n"):
                    break
                entry = json.loads(line)
                self.finished[int(entry["tensor"])] = int(entry["crc"])
                kept += len(line)
            return kept
        return 0

    def add(self, tensor: int, checksum: int) -> None:
        """Note a finished tensor."""
        self._file.write(json.dumps({"tensor": tensor, "crc": checksum}).encode() + b"\n")

    def close(self) -> None:
        """Close the file; it stays until the conversion is complete."""
        self._file.close()
