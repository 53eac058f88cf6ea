"""The child process of a conversion: answers typed requests, one JSON document a line.

It runs apart because native code can abort, and because a source that shrinks while it is mapped
kills the reader. File descriptor 1 is pointed at 2, so that nothing native code prints gets into
the protocol. The process ends when its standard input does, that is, with its parent.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from localr1_convert import native
from localr1_convert.journal import Journal
from localr1_convert.row_kernels import KernelChoice
from localr1_convert.rows import RowWriter, seconds_per_value
from localr1_convert.task import TensorTask

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REPORT_SECONDS = 0.1


class ChooseTypes(msgspec.Struct, frozen=True, kw_only=True, tag="choose"):
    """Which type does each tensor get? Answered by `Types`."""

    model: str
    """A small GGUF with the model's metadata and tensor names."""
    file_type: int
    pure: bool
    has_imatrix: bool
    output_type: int | None
    embedding_type: int | None
    overrides: tuple[tuple[str, int], ...]


class Measure(msgspec.Struct, frozen=True, tag="measure"):
    """How fast is each of these types (ggml_type numbers) here? Answered by `Speeds`."""

    types: tuple[int, ...]
    has_imatrix: bool
    kernels: str
    """One of row_kernels.CHOICES."""


class Write(msgspec.Struct, frozen=True, kw_only=True, tag="write"):
    """Write the tensors. Answered by `Progress`…, then `Written`."""

    tasks: tuple[TensorTask, ...]
    files: tuple[str, ...]
    headers: tuple[str, ...]
    """Files that hold the headers, one for each output file."""
    sizes: tuple[int, ...]
    journal: str
    fingerprint: str
    threads: int
    kernels: str
    """One of row_kernels.CHOICES."""


Request = ChooseTypes | Measure | Write


class Types(msgspec.Struct, frozen=True, tag="types"):
    """Type names by tensor name."""

    types: dict[str, str]
    needs_imatrix: bool


class Speeds(msgspec.Struct, frozen=True, tag="speeds"):
    """Seconds one thread needs for one value, by ggml_type."""

    seconds_per_value: dict[int, float]
    kernels: KernelChoice


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """How far the writing is."""

    tensors: int
    bytes_in: int
    bytes_out: int
    resumed: int = 0
    """Tensors that an earlier run had written."""
    odd: str | None = None
    """A tensor with NaN or infinite values that was just finished."""


class Written(msgspec.Struct, frozen=True, tag="written"):
    """All tensors are in the files."""

    resumed: int
    peak_anonymous_bytes: int
    """The most anonymous memory the child held, where the system says so, else 0."""
    kernels: KernelChoice


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """The request failed."""

    reason: str
    disk_full: bool = False
    busy: bool = False
    """Another conversion is writing the same file."""


Reply = Types | Speeds | Progress | Written | Refused

encode = msgspec.json.Encoder().encode
decode_request = msgspec.json.Decoder(Request).decode
decode_reply = msgspec.json.Decoder(Reply).decode


def main() -> None:
    """Answer requests from standard input until it ends."""
    with contextlib.suppress(ValueError, OSError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
        if hasattr(signal, "SIGXFSZ"):
            # A file size limit is an error, not death.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
    while True:
        request = decode_request(lines.get())
        try:
            reply = _answer(request, lambda reply: _send(replies, reply))
        except native.NativeError as error:
            reply = Refused(reason=str(error))
        except BlockingIOError:
            reply = Refused(reason="busy", busy=True)
        except OSError as error:
            reason = f"{error.filename or 'the output'}: {error.strerror}"
            reply = Refused(reason=reason, disk_full=error.errno in FULL_DISK)
        except MemoryError:
            reply = Refused(reason="out of memory")
        _send(replies, reply)


def _read_lines(lines: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        lines.put(line)
    os._exit(0)  # the parent is gone: nobody wants the rest


def _send(replies: io.RawIOBase | io.FileIO, reply: Reply) -> None:
    replies.write(encode(reply) + b"\n")


def _answer(request: Request, send: Callable[[Reply], None]) -> Reply:
    if isinstance(request, ChooseTypes):
        types, needs_imatrix = native.choose_types(
            Path(request.model),
            request.file_type,
            pure=request.pure,
            has_imatrix=request.has_imatrix,
            output_type=request.output_type,
            embedding_type=request.embedding_type,
            overrides=list(request.overrides),
        )
        return Types(types, needs_imatrix)
    if isinstance(request, Measure):
        return _measured(request)
    plain = {task.type for task in request.tasks if task.is_quantized and task.imatrix is None}
    return _write(request, native.Kernels(request.kernels, plain), send)


def _measured(request: Measure) -> Speeds:
    kernels = native.Kernels(request.kernels, () if request.has_imatrix else request.types)
    speeds = {number: seconds_per_value(kernels, number) for number in request.types}
    return Speeds(speeds, kernels.own.choice)


def _write(request: Write, kernels: native.Kernels, send: Callable[[Reply], None]) -> Written:
    with contextlib.ExitStack() as opened:
        files = [_opened(path, opened) for path in request.files]
        _lock(files[0])
        journal = Journal(Path(request.journal), request.fingerprint)
        opened.callback(journal.close)
        for descriptor, header in zip(files, request.headers, strict=True):
            if not journal.continued:
                os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, Path(header).read_bytes())
        reporter = _Reporter(send)
        tasks = list(request.tasks)
        writer = RowWriter(tasks, files, journal, kernels, request.threads, reporter.report)
        writer.run()
        reporter.send(writer)
        for descriptor, size_bytes in zip(files, request.sizes, strict=True):
            os.ftruncate(descriptor, size_bytes)  # padding behind the last tensor
            os.fsync(descriptor)
        return Written(writer.resumed, _anonymous_bytes(), kernels.own.choice)


def _opened(path: str, opened: contextlib.ExitStack) -> int:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o644)
    opened.callback(os.close, descriptor)
    return descriptor


class _Reporter:
    """Sends progress, but not more often than a person can see."""

    def __init__(self, send: Callable[[Reply], None]) -> None:
        self._send = send
        self._last = 0.0

    def report(self, writer: RowWriter, odd: str | None = None) -> None:
        """Tell how far `writer` is; a tensor with odd values is always told."""
        now = time.monotonic()
        if odd is not None or now - self._last >= _REPORT_SECONDS:
            self._last = now
            self.send(writer, odd)

    def send(self, writer: RowWriter, odd: str | None = None) -> None:
        """Tell how far `writer` is."""
        self._send(
            Progress(
                tensors=writer.finished,
                bytes_in=writer.bytes_in,
                bytes_out=writer.bytes_out,
                resumed=writer.resumed,
                odd=odd,
            )
        )


def _lock(descriptor: int) -> None:
    """Hold the output against another conversion; the lock ends with the process."""
    if sys.platform == "win32":
        import msvcrt

        try:
            os.lseek(descriptor, 1 << 40, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _anonymous_bytes() -> int:
    """RssAnon of this process now; buffers are never given back, so it is the peak."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) << 10
    return 0


if __name__ == "__main__":
    main()
