"""Writing tensors into output files: rows from the mapped source, through float32, quantized.

All threads take the next piece of the next tensor, so they stay busy across tensors; a piece is
half a million values, which bounds memory whatever the size of a tensor.
"""

from __future__ import annotations

import array
import errno
import mmap
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localr1_convert.journal import Journal
from localr1_convert.native import F32, Buffer, Kernels, address_of, run_in_threads
from localr1_convert.quant_types import BY_NUMBER
from localr1_convert.task import TensorTask

_SYNC_BYTES = 128 << 20
_READ_BYTES = 4 << 20


@dataclass
class _Progress:
    """What is still open of one tensor."""

    open_pieces: int
    checksums: list[int]
    finite: bool = True


@dataclass
class RowWriter:
    """Runs the tasks that the journal does not have yet."""

    tasks: list[TensorTask]
    files: list[int]
    """Descriptors of the output files."""
    journal: Journal
    kernels: Kernels
    threads: int
    report: Callable[..., None]
    bytes_in: int = 0
    bytes_out: int = 0
    finished: int = 0
    resumed: int = 0
    """Tensors that an earlier run had written."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _maps: dict[str, mmap.mmap] = field(default_factory=dict)
    _imatrix: dict[int, Any] = field(default_factory=dict)
    _failure: BaseException | None = None
    _unsynced: int = 0

    def run(self) -> None:
        """Write every tensor; returns when all are in the files and in the journal.

        Raises:
            OSError: a source cannot be read or an output cannot be written.
            NativeError: a type cannot be read.
        """
        self._check_finished()
        self._progress = {
            number: _Progress(task.pieces, [0] * task.pieces)
            for number, task in enumerate(self.tasks)
            if number not in self.journal.finished
        }
        for number in self._progress:
            self._open_sources(number)
        self._pieces = self._all_pieces()
        syncing = threading.Event()
        syncer = threading.Thread(target=self._keep_syncing, args=(syncing,), daemon=True)
        syncer.start()
        for thread in list(run_in_threads(self.threads, self._work)):
            thread.join()
        syncing.set()
        syncer.join()
        if self._failure is not None:
            raise self._failure

    def _check_finished(self) -> None:
        """Drop from the journal what the files do not hold (any more)."""
        for number, checksum in list(self.journal.finished.items()):
            task = self.tasks[number] if number < len(self.tasks) else None
            if task is None or self._checksum_in_file(task) != checksum:
                del self.journal.finished[number]
                continue
            self.resumed += 1
            self.finished += 1
            self.bytes_in += task.source_bytes
            self.bytes_out += task.size_bytes
            self.report(self)

    def _checksum_in_file(self, task: TensorTask) -> int:
        row_bytes = BY_NUMBER[task.type].size_bytes(task.columns)
        checksums = []
        for piece in range(task.pieces):
            size_bytes = task.piece_rows(piece)[1] * row_bytes
            content = _read_at(self.files[task.file], size_bytes, task.piece_position(piece))
            checksums.append(zlib.crc32(content))
        return _combined(checksums)

    def _open_sources(self, number: int) -> None:
        task = self.tasks[number]
        if task.source and task.source not in self._maps:
            self._maps[task.source] = _mapped(Path(task.source))
        if task.source and len(self._maps[task.source]) < task.offset + task.source_bytes:
            raise _shorter(Path(task.source))
        if task.imatrix is not None:
            self._imatrix[number] = _imatrix_row(*task.imatrix)

    def _all_pieces(self) -> Iterator[tuple[int, int]]:
        for number, progress in self._progress.items():
            for piece in range(progress.open_pieces):
                yield number, piece

    def _work(self) -> None:
        floats, quantized = Buffer(), Buffer()
        try:
            while True:
                with self._lock:
                    taken = None if self._failure else next(self._pieces, None)
                if taken is None:
                    return
                self._piece(*taken, floats, quantized)
        except BaseException as failure:
            with self._lock:
                self._failure = self._failure or failure

    def _piece(self, number: int, piece: int, floats: Buffer, quantized: Buffer) -> None:
        task = self.tasks[number]
        if task.content is not None:
            content, finite = memoryview(bytes.fromhex(task.content)), True
        else:
            content, finite = self._converted(number, piece, floats, quantized)
        _write_at(self.files[task.file], content, task.piece_position(piece))
        self._note(number, piece, len(content), zlib.crc32(content), finite)

    def _converted(
        self, number: int, piece: int, floats: Buffer, quantized: Buffer
    ) -> tuple[memoryview, bool]:
        """One piece in the target's type, and whether all of its source values are finite."""
        task = self.tasks[number]
        source_type, target_type = BY_NUMBER[task.source_type], BY_NUMBER[task.type]
        first, rows = task.piece_rows(piece)
        base = address_of(self._maps[task.source]) + task.offset
        row_bytes = source_type.size_bytes(task.columns)
        finite = self.kernels.all_finite(
            source_type.number, base + first * row_bytes, rows * row_bytes
        )
        size_bytes = target_type.size_bytes(task.columns) * rows
        if source_type is target_type and not task.heads:
            start = task.offset + first * row_bytes
            return memoryview(self._maps[task.source])[start : start + size_bytes], finite
        values = floats.reserve(rows * task.columns * 4)
        self._read_floats(task, base, first, rows, values)
        if target_type.number == F32:
            return floats.view(size_bytes), finite
        target = quantized.reserve(size_bytes)
        imatrix = self._imatrix.get(number)
        self.kernels.quantize(
            target_type.number, values, target, values=rows * task.columns, columns=task.columns,
            imatrix=address_of(imatrix) if imatrix is not None else None,
        )  # fmt: skip
        finite = finite and self.kernels.all_finite(target_type.number, target, size_bytes)
        return quantized.view(size_bytes), finite

    def _read_floats(self, task: TensorTask, base: int, first: int, rows: int, target: int) -> None:
        kind = BY_NUMBER[task.source_type]
        to_float = self.kernels.to_float(kind.number)
        row_bytes = kind.size_bytes(task.columns)
        if not task.heads:
            to_float(base + first * row_bytes, target, rows * task.columns)
            return
        for row in range(rows):
            source = base + task.source_row(first + row) * row_bytes
            to_float(source, target + row * task.columns * 4, task.columns)

    def _note(self, number: int, piece: int, size_bytes: int, checksum: int, finite: bool) -> None:
        task, progress = self.tasks[number], self._progress[number]
        with self._lock:
            progress.checksums[piece] = checksum
            progress.open_pieces -= 1
            progress.finite = progress.finite and finite
            self.bytes_out += size_bytes
            self.bytes_in += task.source_bytes * size_bytes // max(1, task.size_bytes)
            self._unsynced += size_bytes
            if progress.open_pieces == 0:
                self.journal.add(number, _combined(progress.checksums))
                self.finished += 1
                self._imatrix.pop(number, None)
                self.report(self, odd=None if progress.finite else task.name)
            else:
                self.report(self)

    def _keep_syncing(self, done: threading.Event) -> None:
        """Write back early, so that the last sync before the rename is short."""
        while not done.wait(0.5):
            if self._unsynced >= _SYNC_BYTES:
                self._unsynced = 0
                try:
                    for descriptor in self.files:
                        os.fsync(descriptor)
                except OSError as failure:  # the system tells of it only once
                    self._failure = self._failure or failure
                    return


def _mapped(path: Path) -> mmap.mmap:
    """The file in memory, read-only: a writable mapping would count as memory to be had."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise _shorter(path)
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _shorter(path: Path) -> OSError:
    return OSError(errno.EIO, "it became shorter since it was checked", path.name)


def _imatrix_row(path: str, sums_offset: int, counts_offset: int, columns: int) -> Any:
    """Mean squared activations of one tensor, as llama-quantize computes them (load_imatrix)."""
    with Path(path).open("rb") as file:
        file.seek(sums_offset)
        sums = array.array("f", file.read(columns * 4))
        file.seek(counts_offset)
        count = array.array("f", file.read(4))[0]
    return array.array("f", (value / count for value in sums) if count > 0 else [1.0] * columns)


def _combined(checksums: list[int]) -> int:
    return zlib.crc32(b"".join(checksum.to_bytes(4, "little") for checksum in checksums))


def _write_at(descriptor: int, content: memoryview, position: int) -> None:
    if hasattr(os, "pwrite"):
        while content:
            written = os.pwrite(descriptor, content, position)
            content, position = content[written:], position + written
        return
    with _SEEKING:
        os.lseek(descriptor, position, os.SEEK_SET)
        while content:
            content = content[os.write(descriptor, content) :]


def _read_at(descriptor: int, size_bytes: int, position: int) -> bytes:
    with _SEEKING:
        os.lseek(descriptor, position, os.SEEK_SET)
        parts = []
        while size_bytes > 0:
            part = os.read(descriptor, min(size_bytes, _READ_BYTES))
            if not part:
                break
            parts.append(part)
            size_bytes -= len(part)
        return b"".join(parts)


_SEEKING = threading.Lock()


def seconds_per_value(kernels: Kernels, type_number: int, values: int = 1 << 15) -> float:
    """How long one thread takes for one value of this type, measured on a small piece."""
    floats, quantized = Buffer(), Buffer()
    source = floats.reserve(values * 4)
    pattern = array.array("f", ((i * 2654435761 % 1000 - 500) / 500 for i in range(values)))
    floats.view(values * 4)[:] = memoryview(pattern).cast("B")
    target = quantized.reserve(BY_NUMBER[type_number].size_bytes(values))
    # Types that cannot do without an importance matrix get one.
    weights = None if type_number in kernels.own.by_type else array.array("f", [1.0] * 1024)
    started = time.perf_counter()
    kernels.quantize(
        type_number, source, target, values=values, columns=1024,
        imatrix=None if weights is None else address_of(weights),
    )  # fmt: skip
    return (time.perf_counter() - started) / values
