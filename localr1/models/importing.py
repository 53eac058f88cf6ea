"""Taking a model file that is on this computer into the library: a copy, a link, or the file.

Nothing is visible before all of it is there and its checksum known; what is stopped leaves
nothing behind, and what a crash left is cleared by the next import.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from localr1 import paths
from localr1.errors import StorageError, UsageError
from localr1.files import make_folder, sync_folder
from localr1.models.catalog import load_catalog
from localr1.models.checksum import Advance, sha256_of
from localr1.models.import_names import asked_name, numbered_names, own_name
from localr1.models.library import Library, LibraryModel
from localr1.models.records import FileRecord, read_record, record_path, write_record
from localr1.models.staging import alone, copy_file, link_to, protect, remove_all
from localr1.terminal_text import clean_line
from localr1.units import download_size

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader

How = Literal["copy", "move", "link"]

FOLDER = "imported"


class Imported(NamedTuple):
    """What became of an import."""

    model: LibraryModel
    is_new: bool
    """False where the library had the same bytes already."""


def import_model(
    library: Library,
    header: GgufHeader,
    how: How,
    *,
    name: str = "",
    advance: Advance = lambda _: None,
    waiting: Callable[[], None] = lambda: None,
) -> Imported:
    """Take a checked model, all its parts, into the library.

    Args:
        library: takes it.
        header: of the file, which was read and checked.
        how: copy, move, or link.
        name: what it is to be called; by default as its file.
        advance: is told of bytes that were read; what it raises stops the import.
        waiting: is called when another import must end first.

    Raises:
        UsageError: the name cannot be used, or another model has it.
        StorageError: no room, or a file cannot be read or written; nothing was changed.
    """
    if here := _same_file(library, header.path):
        return Imported(here, is_new=False)
    if how == "move" and any(path.is_symlink() for path in header.parts):
        raise UsageError(
            clean_line(f"{header.path} is a link, and moving it would leave its file behind"),
            "move the file itself, or import it with --link",
        )
    with alone(library.folder, waiting) as staging:
        return _Import(library, header, how, advance=advance, staging=staging).run(name)


class _Import:
    def __init__(
        self, library: Library, header: GgufHeader, how: How, *, advance: Advance, staging: Path
    ) -> None:
        self._library = library
        self._header = header
        self._how = how
        self._advance = advance
        self._staging = staging
        self._targets: list[Path] = []
        self._checksums: list[str] = []
        device = staging.stat().st_dev
        others = any(each[0] != device for each in header.fingerprint)
        self._is_copied = how == "copy" or (how == "move" and others)

    def run(self, name: str) -> Imported:
        stem = asked_name(name) if name else own_name(self._header.path, self._header)
        names = numbered_names(stem, len(self._header.parts))
        self._targets = [self._library.folder / FOLDER / each for each in names]
        if known := self._known():
            return Imported(known, is_new=False)
        self._refuse_taken_names()
        self._refuse_without_room()
        make_folder(self._targets[0].parent)
        staged = self._staged()
        self._refuse_changed()
        self._place(staged)
        if self._how == "move" and self._is_copied:
            remove_all(self._header.parts)
        model = self._library.model_at(self._targets[0])
        assert model is not None
        return Imported(model, is_new=True)

    # ---- whether it can be ---------------------------------------------------------------

    def _known(self) -> LibraryModel | None:
        """The model of the library that has the same bytes; reads the file where that may be."""
        sizes = [fingerprint[2] for fingerprint in self._header.fingerprint]
        for model in self._library.models():
            records = [read_record(path) for path in model.shards]
            if [record.size_bytes if record else -1 for record in records] != sizes:
                continue
            self._checksums = self._checksums or [
                sha256_of(path, self._advance) for path in self._header.parts
            ]
            if model.is_whole and [each.sha256 for each in records if each] == self._checksums:
                return model
        return None

    def _refuse_taken_names(self) -> None:
        for target in self._targets:
            if target.exists() or target.is_symlink():
                raise UsageError(
                    f"the library has another {target.name} already",
                    "give this one another name with --name",
                )

    def _refuse_without_room(self) -> None:
        if not self._is_copied:
            return
        try:
            free_bytes = shutil.disk_usage(self._library.folder).free
        except OSError:  # some file systems do not say; the copy itself will
            return
        if free_bytes < self._header.size_bytes:
            raise StorageError(
                f"the copy needs {download_size(self._header.size_bytes)}, and "
                f"{download_size(free_bytes)} are free in {self._library.folder}",
                "leave the file where it is with --link, or make room",
            )

    def _refuse_changed(self) -> None:
        for path, before in zip(self._header.parts, self._header.fingerprint, strict=True):
            if _size_and_time(path) != before[2:]:
                raise StorageError(
                    clean_line(f"{path.name} was changed while it was read"),
                    "wait until it is whole, and import it again",
                )

    # ---- the bytes -----------------------------------------------------------------------

    def _staged(self) -> list[Path]:
        """The files as they will be, but where nobody looks; checksums are known then."""
        checksums, staged = [], []
        for number, (source, target) in enumerate(
            zip(self._header.parts, self._targets, strict=True)
        ):
            path = self._staging / target.name
            if self._is_copied:
                checksums.append(copy_file(source, path, self._advance))
            else:
                known = self._checksums[number] if self._checksums else ""
                checksums.append(known or sha256_of(source, self._advance))
            if self._how == "link":
                link_to(source, path)
            staged.append(path if self._is_copied or self._how == "link" else source)
        self._checksums = checksums
        return staged

    def _place(self, staged: Sequence[Path]) -> None:
        """Make it visible, the first part last; all or nothing."""
        placed: list[tuple[Path, Path]] = []
        try:
            for number in reversed(range(len(staged))):
                write_record(self._targets[number], self._record(number))
                placed.append((staged[number], self._targets[number]))
                staged[number].rename(self._targets[number])
                if self._how != "link":
                    protect(self._targets[number])
        except OSError as error:
            self._take_back(placed)
            raise StorageError(
                clean_line(f"cannot write {self._targets[0].parent}: {error.strerror}")
            ) from error
        except BaseException:
            self._take_back(placed)
            raise
        sync_folder(self._targets[0].parent)

    def _take_back(self, placed: Sequence[tuple[Path, Path]]) -> None:
        for source, target in placed:
            with contextlib.suppress(OSError):
                record_path(target).unlink()
            with contextlib.suppress(OSError):
                target.rename(source)

    def _record(self, number: int) -> FileRecord:
        now = datetime.datetime.now(datetime.timezone.utc)
        licence = self._header.metadata.get("general.license")
        return FileRecord(
            origin="import",
            size_bytes=self._header.fingerprint[number][2],
            sha256=self._checksums[number],
            fetched_at=now.isoformat(timespec="seconds"),
            source_path=clean_line(str(self._header.parts[number].absolute()), 4096),
            catalog_name=_catalog_name(self._header),
            licence=clean_line(licence, 100) if isinstance(licence, str) else "",
        )


def _same_file(library: Library, path: Path) -> LibraryModel | None:
    wanted = os.path.realpath(path)
    return next(
        (
            model
            for model in library.models()
            if any(os.path.realpath(shard) == wanted for shard in model.shards)
        ),
        None,
    )


def _size_and_time(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _catalog_name(header: GgufHeader) -> str:
    """The catalog's name of this model, where the file calls itself as its authors do."""
    entry = load_catalog(paths.catalog_file()).get(header.name.replace(" ", "-"))
    return entry.name if entry else ""
