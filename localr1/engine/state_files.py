"""KV states of conversations on disk, so that a long one is reopened without reading it again.

A cache and no more: whatever is wrong with the folder or a file in it costs reading the
conversation again, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from localr1.engine.state_format import (
    DamagedState,
    Head,
    OtherState,
    StateKey,
    engine_identity,
    file_bytes,
    head_bytes,
    read_head,
    read_state,
    write_state,
)
from localr1.engine.state_room import (
    ENDING,
    PART_ENDING,
    is_name,
    make_room,
    part_prefix,
    remove_left_parts,
)
from localr1.errors import StorageError
from localr1.files import make_folder

__all__ = ["HeldState", "StateFolder", "StateKey", "engine_identity"]


class HeldState(NamedTuple):
    """What the KV cache held when the conversation was saved."""

    tokens: list[int]
    n_exact: int
    """Leading tokens whose values a fresh worker would compute to the last bit."""
    state: memoryview
    """Writable, as `ctypes.c_char.from_buffer` and so `llama_state_seq_set_data` can take it."""


class StateFolder:
    """A folder with a file for each conversation, within a budget.

    The file not used for longest goes first. Several processes may use a folder at once. No method
    raises for anything on disk.

    Args:
        folder: made when something is saved.
        budget_bytes: of all files together; 0 saves nothing.
    """

    def __init__(self, folder: Path, budget_bytes: int) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes

    def save(
        self,
        name: str,
        key: StateKey,
        tokens: Sequence[int],
        n_exact: int,
        state: bytes | bytearray | memoryview,
    ) -> bool:
        """Keep a state under the id of its conversation; False where that is not possible.

        The earlier file is replaced in one step. It is not synced: what a power cut leaves is
        found by the checksums.

        Args:
            name: id of the conversation.
            key: what the state depends on.
            tokens: whose keys and values the state has.
            n_exact: see `HeldState`.
            state: as `llama_state_seq_get_data` wrote it.

        Raises:
            ValueError: the name is not an id.
        """
        path = self._path(name)
        view = memoryview(state).cast("B")
        head = head_bytes(Head(key, list(tokens), n_exact, len(view)))
        if not view:
            return False
        try:
            make_folder(self._folder)
            remove_left_parts(self._folder)
            if not make_room(path, file_bytes(head, len(view)), self._budget_bytes):
                return False
            _replace(path, head, view)
        except (OSError, StorageError, MemoryError):
            return False
        return True

    def load(
        self, name: str, key: StateKey, is_wanted: Callable[[list[int]], bool] | None = None
    ) -> HeldState | None:
        """The state of a conversation, None where there is none for this key.

        A damaged file is removed. One for another key stays, until this conversation is saved.

        Args:
            name: id of the conversation.
            key: must be equal, `computed_by` aside: where that differs, `n_exact` is 0.
            is_wanted: asked with the tokens before the state itself, which can be a gigabyte, is
                read; False answers None.

        Raises:
            ValueError: the name is not an id.
        """
        path = self._path(name)
        status: os.stat_result | None = None
        try:
            with _opened(path) as (file, status):
                return self._read(file, status.st_size, key, is_wanted, path)
        except DamagedState:
            _remove_if_same(path, status)
        except (OtherState, OSError, MemoryError):
            pass
        return None

    def forget(self, name: str) -> None:
        """Remove what is kept of a conversation.

        Raises:
            ValueError: the name is not an id.
        """
        with contextlib.suppress(OSError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        if not is_name(name):
            raise ValueError(f"not the id of a conversation: {name!r}")
        return self._folder / f"{name}{ENDING}"

    def _read(
        self,
        file: BinaryIO,
        size_bytes: int,
        key: StateKey,
        is_wanted: Callable[[list[int]], bool] | None,
        path: Path,
    ) -> HeldState | None:
        head = read_head(file, size_bytes)
        n_exact = head.n_exact if head.key == key else 0
        if msgspec.structs.replace(head.key, computed_by=key.computed_by) != key:
            return None
        if size_bytes > self._budget_bytes or (is_wanted and not is_wanted(head.tokens)):
            return None
        state = read_state(file, head.state_bytes)
        with contextlib.suppress(OSError):
            os.utime(path)
        return HeldState(head.tokens, n_exact, state)


def _replace(path: Path, head: bytes, state: memoryview) -> None:
    descriptor, part = tempfile.mkstemp(PART_ENDING, part_prefix(path), path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(head)
            write_state(file, state)
        Path(part).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """A regular file, opened for reading; OSError for everything else."""
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    flags = os.O_RDONLY
    for flag in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError("not a file")
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a file")
        yield file, status


def _remove_if_same(path: Path, status: os.stat_result | None) -> None:
    """Remove a damaged file, unless another process has put a new one in its place."""
    with contextlib.suppress(OSError):
        if status and os.path.samestat(path.lstat(), status):
            path.unlink()
