"""The library's side of a pull: what it has already, and how a file becomes part of it."""

from __future__ import annotations

import contextlib
import datetime
import os
import threading
from pathlib import Path

from localr1.files import make_folder, sync_folder
from localr1.models.hub.copies import Copy, copies_of
from localr1.models.hub.hub_paths import library_path, part_path
from localr1.models.hub.meter import Meter
from localr1.models.hub.part import remove_part, state_path
from localr1.models.hub.repository import RemoteFile, Repository
from localr1.models.hub.room import as_storage_error
from localr1.models.hub.running_sum import sha256_of
from localr1.models.part_state import read_state
from localr1.models.records import FileRecord, read_record, write_record
from localr1.models.segments import Segments
from localr1.terminal_text import clean_line


class Shelf:
    """Where the files of one repository are, or will be.

    Args:
        folder: localr1's models folder.
        repository: that they come from.
        catalog_name: of the model, for the records.
        meter: is told of files that are read to be compared.
        stop: ends that.
    """

    def __init__(
        self,
        folder: Path,
        repository: Repository,
        catalog_name: str,
        meter: Meter,
        stop: threading.Event,
    ) -> None:
        self._folder = folder
        self._repository = repository
        self._catalog_name = catalog_name
        self._meter = meter
        self._stop = stop

    def target(self, file: RemoteFile) -> Path:
        """Where a file will be seen.

        Raises:
            ModelRefused: its name is not safe.
        """
        return library_path(self._folder, self._repository.name, file.path)

    def part(self, file: RemoteFile) -> Path:
        """Where a file is while it is not whole."""
        return part_path(self._folder, self.target(file))

    def have_bytes(self, file: RemoteFile) -> int:
        """Bytes of a file that are here, as it seems without reading them."""
        with contextlib.suppress(OSError):
            if self.target(file).stat().st_size == file.size_bytes:
                return file.size_bytes
        known = read_state(state_path(self.part(file)))
        if known is None or known.identity.sha256 != file.sha256:
            return 0
        return Segments(file.size_bytes, known.done).done_bytes

    def has(self, file: RemoteFile) -> bool:
        """Whether the library has this very file."""
        target = self.target(file)
        try:
            if not target.is_file() or target.stat().st_size != file.size_bytes:
                return False
            record = read_record(target)
            digest = record.sha256 if record else self._sum(target, file)
        except OSError:
            return False
        if digest == file.sha256 and record is None:
            self._record(file)
        return digest == file.sha256

    def link_copy(self, file: RemoteFile) -> Copy | None:
        """Let the library point to a file of another program; None where none has it."""
        for copy in copies_of(self._repository.name, file, self._folder, Path.home()):
            try:
                if self._sum(copy.path, file) != file.sha256:
                    continue
                _make_link(self.target(file), copy.path.resolve())
            except (OSError, NotImplementedError):  # Windows lets not everybody make links
                continue
            self._record(file)
            remove_part(self.part(file))
            return copy
        return None

    def publish(self, file: RemoteFile) -> None:
        """A part that is whole and right becomes part of the library.

        Raises:
            StorageError: the disk does not take it.
        """
        part, target = self.part(file), self.target(file)
        make_folder(target.parent)
        try:
            part.replace(target)
            if os.name == "posix":  # written once; Windows could not delete it then
                target.chmod(target.stat().st_mode & 0o555)
        except OSError as error:
            raise as_storage_error(error, target, 0) from error
        sync_folder(target.parent)
        remove_part(part)
        self._record(file)

    def _sum(self, path: Path, file: RemoteFile) -> str:
        done = [0]
        note = f"reading {clean_line(str(path))}"
        self._meter.begin("checking", lambda: done[0], file.size_bytes, note)
        return sha256_of(path, self._stop, lambda count: done.__setitem__(0, count))

    def _record(self, file: RemoteFile) -> None:
        now = datetime.datetime.now(datetime.timezone.utc)
        record = FileRecord(
            origin="hub",
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            fetched_at=now.isoformat(timespec="seconds"),
            repo=self._repository.name,
            revision=self._repository.commit,
            hub_path=file.path,
            licence=self._repository.licence,
            catalog_name=self._catalog_name,
        )
        write_record(self.target(file), record)


def _make_link(target: Path, copy: Path) -> None:
    make_folder(target.parent)
    temporary = target.with_name(f".{target.name}.link")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(copy)
    temporary.replace(target)
    sync_folder(target.parent)
