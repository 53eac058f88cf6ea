"""One KV state as a file: a head that says whose it is, the state, a checksum for each piece.

docs/formats.md has the layout. Everything is little-endian. A file is a cache and not trusted:
lengths are held against the file's size before memory is taken for them, and native code sees
only bytes whose checksums are right.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final, NamedTuple

import msgspec

MAGIC: Final = b"LR1STATE"
VERSION: Final = 1
_FIXED: Final = struct.Struct("<8sIIIIQ")
"""Magic, version, bytes of the key, tokens, exact tokens, bytes of the state."""
_CHECKSUM: Final = struct.Struct("<I")
HEAD_BYTES: Final = _FIXED.size + _CHECKSUM.size
"""Without key and tokens."""
CHUNK_BYTES: Final = 4 << 20
"""Of the state, to a checksum: long enough that a call costs nothing, short enough that reading
and checking overlap."""
_MOST_KEY_BYTES: Final = 64 << 10
"""A key takes some 400."""
_MOST_TOKENS: Final = 1 << 24
"""The largest context window that can be set."""

# CRC-32, in GB/s on one core of an EPYC with SHA instructions: zlib.crc32 2.4, adler32 2.7,
# SHA-256 1.6 (0.33 on processors without those instructions), BLAKE2b 0.7, BLAKE2s 0.4. It is
# there to find damage, not intent: who can write into this folder can replace models too. Adler is
# hardly faster and weaker.
checksum = zlib.crc32


class DamagedState(Exception):
    """The file is not what was written."""


class OtherState(Exception):
    """The file is whole as far as can be seen, but of another version."""


class StateKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a state depends on. It can be used only where all but `computed_by` is equal.

    The number of layers, their widths and the rope settings are the model file's. Where layers
    are computed changes neither what is stored nor how. `n_ctx` may be another as long as the
    tokens fit.
    """

    model: str
    """From `model_identity`."""
    engine: str
    """From `engine_identity`."""
    type_k: str
    type_v: str
    flash_attn: str
    """As resolved: V is stored transposed without it."""
    swa_full: bool
    rope_n_ctx: int = 0
    """The context window where rotations depend on it: with LongRoPE, llama.cpp chooses the
    factors by it (llama_model::get_rope_factors). 0 elsewhere."""
    computed_by: str = ""
    """What changes only the last bits of values: micro-batch, devices, instruction sets. A state
    from elsewhere can be used, but none of its tokens is exact."""


def engine_identity(version: str, build: str, environment: Mapping[str, str] = os.environ) -> str:
    """What of the engine a state depends on.

    Its switches in the environment are in it: LLAMA_ATTN_ROT_DISABLE, for one, decides whether a
    quantized K cache is stored rotated, which the state itself does not tell.

    Args:
        version: of llama-cpp-python.
        build: what llama.cpp says of itself.
        environment: of the process that the engine runs in.
    """
    switches = (f"{name}={value}" for name, value in sorted(environment.items()))
    return " | ".join((version, build, *(each for each in switches if each.startswith("LLAMA_"))))


class Head(NamedTuple):
    """What a file says before the state itself."""

    key: StateKey
    tokens: list[int]
    n_exact: int
    state_bytes: int


def head_bytes(head: Head) -> bytes:
    """A head as it stands in the file.

    Raises:
        OverflowError: a token is negative or has more than 32 bits.
    """
    key = msgspec.json.encode(head.key)
    body = key + _u32s(head.tokens)
    fixed = _FIXED.pack(MAGIC, VERSION, len(key), len(head.tokens), head.n_exact, head.state_bytes)
    return fixed + _CHECKSUM.pack(checksum(body, checksum(fixed))) + body


def file_bytes(head: bytes, state_bytes: int) -> int:
    """The size of the whole file."""
    return len(head) + state_bytes + _table_bytes(state_bytes)


def read_head(file: BinaryIO, size_bytes: int) -> Head:
    """The head of a file of `size_bytes`, which stands at its beginning.

    Raises:
        DamagedState, OtherState: it cannot be used.
        OSError: it cannot be read.
    """
    start = _exactly(file, HEAD_BYTES)
    magic, version, key_bytes, n_tokens, n_exact, state_bytes = _FIXED.unpack_from(start)
    if magic != MAGIC:
        raise DamagedState("magic")
    if version != VERSION:
        raise OtherState(version)
    body_bytes = key_bytes + 4 * n_tokens
    whole_bytes = HEAD_BYTES + body_bytes + state_bytes + _table_bytes(state_bytes)
    too_long = key_bytes > _MOST_KEY_BYTES or n_tokens > _MOST_TOKENS
    if too_long or not state_bytes or whole_bytes != size_bytes:
        raise DamagedState("lengths")
    body = _exactly(file, body_bytes)
    expected = checksum(body, checksum(start[: _FIXED.size]))
    if _CHECKSUM.unpack_from(start, _FIXED.size)[0] != expected or n_exact > n_tokens:
        raise DamagedState("head")
    try:
        key = msgspec.json.decode(body[:key_bytes], type=StateKey)
    except msgspec.DecodeError as error:
        raise OtherState(error) from error
    return Head(key, _numbers(body[key_bytes:]).tolist(), n_exact, state_bytes)


def write_state(file: BinaryIO, state: memoryview) -> None:
    """The state and its checksums, to stand behind a head.

    A second thread takes the checksums while this one writes; zlib and the system both let go
    of the interpreter. 768 MiB: 0.8 s instead of 1.4 s.
    """
    with ThreadPoolExecutor(1) as pool:
        checksums = pool.map(checksum, _chunks(state))
        for chunk in _chunks(state):
            file.write(chunk)
        table = _u32s(list(checksums))
    file.write(table + _CHECKSUM.pack(checksum(table)))


def read_state(file: BinaryIO, state_bytes: int) -> memoryview:
    """The state behind a head, in memory that ctypes can take as it is.

    Raises:
        DamagedState: a checksum is wrong or bytes are missing.
        MemoryError, OSError: it cannot be read.
    """
    # Fresh pages of the system. A bytearray is filled with zeros first: 1.4 s a GiB instead of 1.0.
    # Not the file mapped: one that is cut short meanwhile would be a SIGBUS.
    state = memoryview(mmap.mmap(-1, state_bytes))
    with ThreadPoolExecutor(1) as pool:
        checksums = []
        for chunk in _chunks(state):
            if file.readinto(chunk) != len(chunk):  # type: ignore[attr-defined]
                raise DamagedState("short")
            checksums.append(pool.submit(checksum, chunk))
        table = _exactly(file, 4 * len(checksums))
        [expected] = _CHECKSUM.unpack(_exactly(file, _CHECKSUM.size))
        if checksum(table) != expected:
            raise DamagedState("table")
        if [each.result() for each in checksums] != _numbers(table).tolist():
            raise DamagedState("state")
    return state


def _chunks(state: memoryview) -> Iterator[memoryview]:
    return (state[at : at + CHUNK_BYTES] for at in range(0, len(state), CHUNK_BYTES))


def _table_bytes(state_bytes: int) -> int:
    return 4 * -(-state_bytes // CHUNK_BYTES) + _CHECKSUM.size


def _exactly(file: BinaryIO, size_bytes: int) -> bytes:
    found = file.read(size_bytes)
    if len(found) != size_bytes:
        raise DamagedState("short")
    return found


def _u32s(numbers: Sequence[int]) -> bytes:
    values = array("I", numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _numbers(content: bytes) -> array[int]:
    values = array("I", content)
    if sys.byteorder == "big":
        values.byteswap()
    return values
