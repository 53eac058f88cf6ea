"""Running a planned conversion: checks first, then rows, then the finished file's name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from localr1.errors import DoesNotFit, ModelRefused, StorageError, UsageError
from localr1.files import make_folder, sync_folder
from localr1.gguf_header import read_header
from localr1.terminal_text import clean_line
from localr1.units import download_size, memory_size
from localr1_convert.child import Progress, Write, Written
from localr1_convert.child_client import Child
from localr1_convert.plan import Plan, PlannedFile
from localr1_convert.row_kernels import KernelChoice
from localr1_convert.task import PIECE_VALUES

_BASE_BYTES = 200 << 20
"""Measured: Python twice, the tokenizer's text and llama.cpp's tables."""
_BYTES_PER_THREAD = 2 * PIECE_VALUES * 4
_MOST_THREADS = 64
"""With these, anonymous memory stays below 600 MB (2 buffers a thread)."""
_HASH_BYTES = 8 << 20


@dataclass
class Result:
    """What a conversion made."""

    paths: tuple[Path, ...]
    sha256: tuple[str, ...] = ()
    resumed: int = 0
    """Tensors that an earlier, interrupted run had written."""
    peak_anonymous_bytes: int = 0
    odd_tensors: list[str] = field(default_factory=list)
    """Tensors with NaN or infinite values."""
    kernels: KernelChoice | None = None
    """What quantized the rows, and why."""


def memory_needed_bytes(threads: int) -> int:
    """Anonymous memory that a conversion takes, whatever the model's size."""
    return _BASE_BYTES + threads * _BYTES_PER_THREAD


def default_threads() -> int:
    """All cores this process may use, as far as memory stays bounded."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    return min(os.cpu_count() or 1, _MOST_THREADS)


def check_output(plan: Plan, *, force: bool) -> None:
    """Refuse to overwrite, and to write where it cannot be done.

    Raises:
        UsageError: the output exists, or is one of the sources.
        StorageError: the folder cannot be written to, or the disk is too small.
    """
    sources = {path.resolve() for path in plan.source.files}
    for file in plan.files:
        if file.path.resolve() in sources:
            raise UsageError("the output would overwrite its own source")
        if file.path.exists() and not force and not _continues(plan):
            raise UsageError(
                f"{clean_line(str(file.path))} already exists",
                "choose another name with -o, or pass --force to replace it",
            )
    folder = make_folder(plan.files[0].path.parent)
    _check_writable(folder)
    _check_space(plan, folder)


def _continues(plan: Plan) -> bool:
    """Whether an earlier run of the same plan was stopped between two renames."""
    with contextlib.suppress(OSError):
        return plan.fingerprint().encode() in plan.journal.read_bytes()
    return False


def _check_writable(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(
            f"cannot write to {clean_line(str(folder))}: {error.strerror}",
            "choose another place with -o",
        ) from error


def _check_space(plan: Plan, folder: Path) -> None:
    have = shutil.disk_usage(folder).free
    for file in plan.files:
        with contextlib.suppress(OSError):
            # blocks, not the size: the file is sparse. Windows does not tell them
            have += getattr(file.partial.stat(), "st_blocks", 0) * 512
    if plan.size_bytes > have:
        raise StorageError(
            f"the result needs {download_size(plan.size_bytes)}, {download_size(have)} are free "
            f"in {clean_line(str(folder))}",
            "make room, or choose another place with -o or a smaller quant with -q",
        )


def check_memory(threads: int) -> None:
    """Refuse when the conversion could push the machine out of memory.

    Raises:
        DoesNotFit: less is available than a conversion takes.
    """
    needed, have = memory_needed_bytes(threads), psutil.virtual_memory().available
    if needed > have:
        raise DoesNotFit(
            f"converting needs {memory_size(needed)} of memory, {memory_size(have)} are available",
            "close other programs, or use fewer --threads",
        )


def run(
    plan: Plan,
    child: Child,
    threads: int,
    on_progress: Callable[[Progress], None],
    kernels: str = "auto",
) -> Result:
    """Write the output under its temporary name; `finish` gives it its own.

    Args:
        kernels: one of row_kernels.CHOICES.

    Raises:
        StorageError, EngineError: it stopped; what was written is kept for the next run.
    """
    result = Result(tuple(file.path for file in plan.files))
    _restore_renamed(plan)
    with tempfile.TemporaryDirectory(prefix="localr1-") as folder:
        headers = []
        for number, file in enumerate(plan.files):
            path = Path(folder) / str(number)
            path.write_bytes(file.header)
            headers.append(str(path))
        request = Write(
            tasks=plan.tasks(),
            files=tuple(str(file.partial.absolute()) for file in plan.files),
            headers=tuple(headers),
            sizes=tuple(file.size_bytes for file in plan.files),
            journal=str(plan.journal.absolute()),
            fingerprint=plan.fingerprint(),
            threads=threads,
            kernels=kernels,
        )
        for reply in child.write(request):
            if isinstance(reply, Written):
                result.resumed = reply.resumed
                result.peak_anonymous_bytes = reply.peak_anonymous_bytes
                result.kernels = reply.kernels
            else:
                if reply.odd is not None:
                    result.odd_tensors.append(reply.odd)
                on_progress(reply)
    return result


def _restore_renamed(plan: Plan) -> None:
    """Undo the renames of a run that was stopped between two of them."""
    if not _continues(plan):
        return
    for file in plan.files:
        if file.path.exists() and not file.partial.exists():
            file.path.rename(file.partial)


def check_result(plan: Plan, result: Result) -> None:
    """Read the written files back: header, every tensor's place and size, SHA-256.

    Raises:
        ModelRefused: something differs; the files keep their temporary names.
    """
    for file in plan.files:
        _check_size(file)
    if len(plan.files) == 1:
        _check_header(plan, plan.files[0].partial)
    hash_result(plan, result)


def hash_result(plan: Plan, result: Result) -> None:
    """Read the written files back for their SHA-256."""
    result.sha256 = tuple(_sha256(file.partial) for file in plan.files)


def _check_size(file: PlannedFile) -> None:
    with file.partial.open("rb") as opened:
        intact = opened.read(len(file.header)) == file.header
    if not intact or file.partial.stat().st_size != file.size_bytes:
        raise _failed_check(file.partial, "its header or size is not what was written")


def _check_header(plan: Plan, path: Path) -> None:
    try:
        header = read_header(path)
    except ModelRefused as error:
        raise _failed_check(path, error.message) from error
    found = {(t.name, t.type_name.upper(), t.offset, t.size_bytes) for t in header.tensors}
    start = len(plan.files[0].header)
    planned = {(t.source.name, t.type.name, start + t.offset, t.size_bytes) for t in plan.tensors}
    if found != planned:
        odd = sorted(found ^ planned)[0][0]
        raise _failed_check(path, f"{clean_line(odd, 80)} is not where it was written")


def _failed_check(path: Path, reason: str) -> ModelRefused:
    return ModelRefused(
        f"the self-check failed: {reason}", f"the file was left as {clean_line(str(path))}"
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BYTES):
            digest.update(block)
    return digest.hexdigest()


def finish(plan: Plan) -> None:
    """Give the complete files their names, durably, and forget the journal.

    Raises:
        StorageError: a rename failed; the files keep their temporary names.
    """
    try:
        for file in plan.files:
            file.partial.replace(file.path)
        sync_folder(plan.files[0].path.parent)
        plan.journal.unlink()
    except OSError as error:
        raise StorageError(f"cannot rename the finished file: {error.strerror}") from error
