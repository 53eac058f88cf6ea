"""How fast threads of this process read main memory.

C's `memchr`, looking for a byte that is not there, reads a buffer from end to end with the widest
loads that the C library knows; ctypes lets go of the interpreter lock meanwhile. The buffers are
several times the processor's caches, so that nearly all of it comes from memory.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from localr1.hardware.caches import last_level_cache_bytes

_CACHES = 4
"""Buffers are this many times the last-level caches,"""
_LEAST_BYTES = 256 << 20
"""but at least this, so that a round takes some hundredths of a second."""
_MEMORY_SHARE = 4
"""They take at most this part of the memory that is available."""
_ROUNDS = 5


class _Span(NamedTuple):
    started: float
    ended: float


def read_bandwidth(n_threads: int, size_bytes: int | None = None) -> float | None:
    """Bytes a second that so many threads read together, the best of some rounds.

    Args:
        n_threads: at the same time.
        size_bytes: of all buffers together; chosen by the caches where it is None.

    Returns:
        None when there is not enough memory to tell it from the caches.
    """
    size_bytes = buffer_bytes() if size_bytes is None else size_bytes
    part_bytes = size_bytes // n_threads
    if part_bytes <= 0:
        return None
    try:
        buffers = [mmap.mmap(-1, part_bytes) for _ in range(n_threads)]
    except (OSError, MemoryError):
        return None
    barrier = threading.Barrier(n_threads)
    with ThreadPoolExecutor(n_threads) as pool:
        readings = list(pool.map(lambda buffer: _read(buffer, barrier), buffers))
    return max(part_bytes * n_threads / _seconds(spans) for spans in zip(*readings, strict=True))


def buffer_bytes() -> int:
    """Size of all buffers together; 0 when too little memory is available."""
    import psutil

    cache_bytes = last_level_cache_bytes()
    wanted = max(_CACHES * cache_bytes, _LEAST_BYTES)
    granted = min(wanted, psutil.virtual_memory().available // _MEMORY_SHARE)
    return granted if granted >= wanted // 2 else 0


def _read(buffer: mmap.mmap, barrier: threading.Barrier) -> list[_Span]:
    """Read the buffer in each round, together with the other threads."""
    memchr = _memchr()
    size_bytes = len(buffer)
    content = (ctypes.c_char * size_bytes).from_buffer(buffer)
    # untouched pages are all one page of zeros; and the thread that writes first has them near
    ctypes.memset(content, 1, size_bytes)
    spans = []
    for _ in range(_ROUNDS):
        barrier.wait()
        started = time.perf_counter()
        memchr(content, 0, size_bytes)
        spans.append(_Span(started, time.perf_counter()))
    return spans


def _memchr() -> Any:
    library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
    memchr = library.memchr
    memchr.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    memchr.restype = ctypes.c_void_p
    return memchr


def _seconds(spans: tuple[_Span, ...]) -> float:
    """From the first thread's start to the last one's end."""
    return max(span.ended for span in spans) - min(span.started for span in spans)
