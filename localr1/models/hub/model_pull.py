"""One model from the hub into the library: chosen, fetched, checked, and only then visible."""

from __future__ import annotations

import contextlib
import datetime
import os
import queue
import threading
import time
from pathlib import Path
from typing import NamedTuple

from localr1.errors import Localr1Error, ModelNotFound, ModelRefused, NetworkError
from localr1.files import make_folder, sync_folder
from localr1.models.hub.choosing import RemoteModel, choose
from localr1.models.hub.copies import copies_of
from localr1.models.hub.faults import FileChanged, Interruption
from localr1.models.hub.hub_paths import library_path, part_path
from localr1.models.hub.meter import Meter
from localr1.models.hub.options import Options
from localr1.models.hub.owner import ownership
from localr1.models.hub.part import Part, remove_part, state_path
from localr1.models.hub.part_state import PartIdentity, read_state
from localr1.models.hub.pauses import Pauses
from localr1.models.hub.repository import Hub, RemoteFile, Repository
from localr1.models.hub.room import as_storage_error, check_room
from localr1.models.hub.running_sum import RunningSum, sha256_of
from localr1.models.hub.segments import Segments
from localr1.models.hub.source import Source
from localr1.models.hub.transfer import Transfer
from localr1.models.records import FileRecord, read_record, write_record
from localr1.terminal_text import clean_line
from localr1.units import duration

CHANGES_AT_MOST = 3
"""How often a file may be another one than its listing said."""
LISTING_TRIES = 4


class Asked(NamedTuple):
    """Which model a person wants."""

    reference: str
    """As it was given; names the pull in what is shown."""
    repos: tuple[str, ...]
    """Of the hub, the first to be tried first."""
    quant: str | None = None
    path: str | None = None
    revision: str = ""
    catalog_name: str = ""


class Plan(NamedTuple):
    """What is going to be fetched."""

    name: str
    files: tuple[RemoteFile, ...]
    total_bytes: int
    have_bytes: int
    folder: Path


class Pulled(NamedTuple):
    """A model that is in the library."""

    path: Path
    """Of its file, or of the first one."""
    sha256: str
    seconds: float
    total_bytes: int
    origin: str
    """ "fetched", "here" where it was already, or the program whose file is linked."""


class ModelPull:
    """Fetches one model, once; run in a thread of its own.

    Args:
        asked: which model.
        hub: where it is.
        folder: localr1's models folder.
        options: how.
        stop: ends it; what is here is kept.
    """

    def __init__(
        self,
        asked: Asked,
        hub: Hub,
        folder: Path,
        options: Options,
        stop: threading.Event,
    ) -> None:
        self.asked = asked
        self.meter = Meter()
        self.plan: Plan | None = None
        """What is fetched; None until that is known."""
        self.remarks: queue.SimpleQueue[str] = queue.SimpleQueue()
        """Sentences for the person."""
        self._hub = hub
        self._folder = folder
        self._options = options
        self._stop = stop
        self._origin = "here"

    def run(self) -> Pulled | None:
        """Fetch it; None where told to stop.

        Raises:
            Localr1Error: it failed; what is here is kept where that makes sense.
        """
        started = time.monotonic()
        for _ in range(CHANGES_AT_MOST):
            try:
                return self._pull(started)
            except FileChanged:
                self.remarks.put("the file changed on the server; starting again")
        raise NetworkError(
            f"the server sends another file than the hub lists for {self.asked.reference}",
            "try again later, or another mirror in HF_ENDPOINT",
        )

    def _pull(self, started: float) -> Pulled | None:
        found = self._find()
        if found is None:
            return None
        repository, model = found
        wanted = {
            file: library_path(self._folder, repository.name, file.path) for file in model.files
        }
        first = wanted[model.files[0]]
        have = sum(self._have(file, target) for file, target in wanted.items())
        self.plan = Plan(_name(model), model.files, model.size_bytes, have, first.parent)
        with ownership(part_path(self._folder, first), self._wait_for, self._stop) as is_owner:
            if not is_owner or not self._bring(repository, wanted):
                return None
        digest = model.files[0].sha256
        seconds = time.monotonic() - started
        return Pulled(first, digest, seconds, model.size_bytes, self._origin)

    def _find(self) -> tuple[Repository, RemoteModel] | None:
        """The repository and the model; None where told to stop."""
        missing: Localr1Error | None = None
        for repo in self.asked.repos:
            try:
                repository = self._read(repo)
                if repository is None:
                    return None
                asked = self.asked
                return repository, choose(repository, asked.quant, asked.path)
            except ModelNotFound as error:
                missing = missing or error
        raise missing or ModelNotFound(f"no repository has {self.asked.reference}")

    def _read(self, repo: str) -> Repository | None:
        pauses = Pauses(min(self._options.tries, LISTING_TRIES))
        while not self._stop.is_set():
            try:
                return self._hub.read(repo, self.asked.revision)
            except Interruption as interruption:
                seconds = pauses.next(interruption.retry_after_seconds)
                if seconds is None:
                    raise NetworkError(
                        interruption.reason, "check the connection and try again"
                    ) from interruption
                note = f"{interruption.reason}, trying again in {duration(seconds)}"
                self.meter.begin("reconnecting", lambda: 0, 0, note)
                self._stop.wait(seconds)
        return None

    def _have(self, file: RemoteFile, target: Path) -> int:
        """Bytes of a file that are here, as it seems."""
        with contextlib.suppress(OSError):
            if target.stat().st_size == file.size_bytes:
                return file.size_bytes
        known = read_state(state_path(part_path(self._folder, target)))
        if known is None or known.identity.sha256 != file.sha256:
            return 0
        return Segments(file.size_bytes, known.done).done_bytes

    def _wait_for(self, process: int) -> None:
        who = f"process {process}" if process else "another process"
        done = self.plan.have_bytes if self.plan else 0
        total = self.plan.total_bytes if self.plan else 0
        self.meter.begin("waiting", lambda: done, total, f"{who} is fetching it already")

    def _bring(self, repository: Repository, wanted: dict[RemoteFile, Path]) -> bool:
        """Everything into the library; False where told to stop."""
        missing = {
            file: target for file, target in wanted.items() if not self._is_here(file, target)
        }
        if self._options.takes_copies:
            missing = {
                file: target
                for file, target in missing.items()
                if not self._link(repository, file, target)
            }
        if self._stop.is_set():
            return False
        have = sum(self._have(file, target) for file, target in wanted.items())
        total = sum(file.size_bytes for file in wanted)
        check_room(self._folder, total - have, have)
        base = total - sum(file.size_bytes for file in missing)
        for file, target in missing.items():
            self._origin = "fetched"
            if not self._fetch(repository, file, target, base, total):
                return False
            base += file.size_bytes
        # the first one last: a model is there when that is
        for file, target in reversed(missing.items()):
            self._publish(repository, file, target)
        return True

    def _is_here(self, file: RemoteFile, target: Path) -> bool:
        """Whether the library has this very file."""
        try:
            if not target.is_file() or target.stat().st_size != file.size_bytes:
                return False
            record = read_record(target)
            if record is not None:
                return record.sha256 == file.sha256
            return self._hash(target, file) == file.sha256
        except OSError:
            return False

    def _hash(self, path: Path, file: RemoteFile) -> str:
        done = [0]
        self.meter.begin("checking", lambda: done[0], file.size_bytes, clean_line(str(path)))
        return sha256_of(path, self._stop, lambda count: done.__setitem__(0, count))

    def _link(self, repository: Repository, file: RemoteFile, target: Path) -> bool:
        """Whether another program has this very file, and the library now points to it."""
        for copy in copies_of(repository.name, file, self._folder, Path.home()):
            try:
                if self._hash(copy.path, file) != file.sha256:
                    continue
                _make_link(target, copy.path.resolve())
            except (OSError, NotImplementedError):  # Windows lets not everybody make links
                continue
            self._record(repository, file, target)
            remove_part(part_path(self._folder, target))
            self._origin = copy.place
            self.remarks.put(
                f"{copy.place} has it already: {target.name} is a link to {copy.path} "
                "(--no-reuse fetches it)"
            )
            return True
        return False

    def _fetch(
        self, repository: Repository, file: RemoteFile, target: Path, base: int, total: int
    ) -> bool:
        """One file, checked, but not yet visible; False where told to stop."""
        identity = PartIdentity(
            repo=repository.name,
            path=file.path,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
        )
        part = Part(part_path(self._folder, target), identity)
        if part.was_of_another:
            self.remarks.put("the file changed on the server; starting again")
        running_sum = RunningSum(part.path, lambda: part.prefix_bytes)
        self.meter.begin("downloading", lambda: base + part.done_bytes, total)
        source = Source(self._hub, repository, file)
        transfer = Transfer(part, source, self.meter, self._stop, self._options)
        try:
            running_sum.start()
            transfer.run()
            if self._stop.is_set():
                return False
            self.meter.begin("checking", lambda: base + running_sum.position, total)
            digest = running_sum.finish(self._stop)
            if not digest:
                return False
            if digest != file.sha256:
                part.discard()
                raise _wrong_sum(file)
            part.seal()
            return True
        except (FileChanged, ModelRefused):
            part.discard()
            raise
        finally:
            running_sum.stop()
            part.close()

    def _publish(self, repository: Repository, file: RemoteFile, target: Path) -> None:
        part = part_path(self._folder, target)
        make_folder(target.parent)
        try:
            part.replace(target)
            if os.name == "posix":  # written once; Windows could not delete it then
                target.chmod(target.stat().st_mode & 0o555)
        except OSError as error:
            raise as_storage_error(error, target, 0) from error
        sync_folder(target.parent)
        remove_part(part)
        self._record(repository, file, target)

    def _record(self, repository: Repository, file: RemoteFile, target: Path) -> None:
        now = datetime.datetime.now(datetime.timezone.utc)
        record = FileRecord(
            origin="hub",
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            fetched_at=now.isoformat(timespec="seconds"),
            repo=repository.name,
            revision=repository.commit,
            hub_path=file.path,
            licence=repository.licence,
            catalog_name=self.asked.catalog_name,
        )
        write_record(target, record)


def _name(model: RemoteModel) -> str:
    return clean_line(model.path.rpartition("/")[2])


def _make_link(target: Path, copy: Path) -> None:
    make_folder(target.parent)
    temporary = target.with_name(f".{target.name}.link")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(copy)
    temporary.replace(target)
    sync_folder(target.parent)


def _wrong_sum(file: RemoteFile) -> ModelRefused:
    return ModelRefused(
        f"what came for {clean_line(file.path)} has another SHA-256 than the hub says; "
        "it was thrown away",
        "run the same command again; if that happens again, try another mirror or network",
    )
