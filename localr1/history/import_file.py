"""A file that conversations are to be taken from: told by its content, read within limits."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.imports.documents import conversations_in
from localr1.chat.imports.found import Found, LeftOut
from localr1.errors import ImportRefused, StorageError
from localr1.history.oterm_store import conversations_in_store
from localr1.units import download_size

BYTES_AT_MOST = 500 * 10**6
"""Of a file, and of what is packed in a .zip; the export of a busy year of ChatGPT takes 100 MB."""

_SQLITE = b"SQLite format 3\0"
_ZIP = b"PK\x03\x04"
_CONVERSATIONS = re.compile(r"conversations(-\d{1,6})?\.json")
_DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def conversations_of(path: Path) -> Found:
    """The conversations of a file, read one by one as they are asked for.

    Raises:
        ImportRefused: it is damaged, too large, or nothing that is known.
        StorageError: it cannot be read.
    """
    try:
        beginning = _beginning(path)
        if beginning.startswith(_SQLITE):
            return conversations_in_store(path)
        if beginning.startswith(_ZIP):
            return _in_zip(path)
        return conversations_in(path.read_bytes())
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    except MemoryError as error:
        raise ImportRefused("it is too large for the memory of this computer") from error


def _beginning(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ImportRefused("it is not a file")
    if status.st_size > BYTES_AT_MOST:
        raise _too_large(status.st_size)
    with path.open("rb") as file:
        return file.read(len(_SQLITE))


def _in_zip(path: Path) -> Found:
    """ChatGPT's .zip: its conversations.json, in newer ones several with numbers."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(
                (each for each in archive.infolist() if _is_wanted(each)),
                key=lambda each: each.filename,
            )
            if not members:
                raise ImportRefused("it is a .zip without a conversations.json")
            founds = [conversations_in(each) for each in _unpacked(archive, members)]
    except _DAMAGED_ZIP as error:
        raise ImportRefused(f"the .zip is damaged or cannot be unpacked: {error}") from error
    return Found(founds[0].source, _one_by_one(founds))


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    return bool(_CONVERSATIONS.fullmatch(PurePosixPath(member.filename).name))


def _unpacked(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[bytes]:
    """What is packed; the sizes that the archive names are checked, and not believed."""
    left = BYTES_AT_MOST
    if (named := sum(member.file_size for member in members)) > left:
        raise _too_large(named)
    for member in members:
        with archive.open(member) as packed:
            content = packed.read(left + 1)
        left -= len(content)
        if left < 0:
            raise _too_large(BYTES_AT_MOST - left)
        yield content


def _one_by_one(founds: list[Found]) -> Iterator[ConversationTree | LeftOut]:
    for found in founds:
        yield from found.conversations


def _too_large(size_bytes: int) -> ImportRefused:
    most = download_size(BYTES_AT_MOST)
    return ImportRefused(f"it is too large: {download_size(size_bytes)}, at most {most}")
