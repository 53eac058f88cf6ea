"""One model from the hub into the library: chosen, fetched, checked, and only then visible."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from localr1.errors import Localr1Error, ModelNotFound, ModelRefused, NetworkError
from localr1.models.hub.asked import Asked, Options
from localr1.models.hub.choosing import RemoteModel, choose
from localr1.models.hub.faults import FileChanged, Interruption
from localr1.models.hub.meter import Meter
from localr1.models.hub.owner import ownership
from localr1.models.hub.part import Part
from localr1.models.hub.pauses import Pauses
from localr1.models.hub.repository import Hub, RemoteFile, Repository
from localr1.models.hub.room import check_room
from localr1.models.hub.running_sum import RunningSum
from localr1.models.hub.shelf import Shelf
from localr1.models.hub.source import Source
from localr1.models.hub.transfer import Transfer
from localr1.models.part_state import PartIdentity
from localr1.terminal_text import clean_line
from localr1.units import duration

CHANGES_AT_MOST = 3
"""How often a file may be another one than its listing said."""
CHANGED = "the file changed on the server; starting again"
LISTING_TRIES = 4
WAITING_LOOK_SECONDS = 1.0


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
                self.remarks.put(CHANGED)
        raise NetworkError(
            f"the server sends another file than the hub lists for {self.asked.reference}",
            "try again later, or another mirror in HF_ENDPOINT",
        )

    def _pull(self, started: float) -> Pulled | None:
        found = self._find()
        if found is None:
            return None
        repository, model = found
        shelf = Shelf(self._folder, repository, self.asked.catalog_name, self.meter, self._stop)
        first, have = shelf.target(model.files[0]), _have_bytes(shelf, model)
        self.plan = Plan(_name(model), model.files, model.size_bytes, have, first.parent)
        part, waits_for = shelf.part(model.files[0]), self._waiting(shelf, model)
        with ownership(part, waits_for, self._stop) as is_owner:
            if not is_owner or not self._bring(shelf, repository, model):
                return None
        seconds = time.monotonic() - started
        digest = model.files[0].sha256
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

    def _waiting(self, shelf: Shelf, model: RemoteModel) -> Callable[[int], None]:
        """Tells who fetches it already, and how far that one is."""
        looked = -math.inf

        def wait_for(process: int) -> None:
            nonlocal looked
            if time.monotonic() - looked < WAITING_LOOK_SECONDS:
                return
            looked = time.monotonic()
            have = _have_bytes(shelf, model)
            who = f"process {process}" if process else "another process"
            note = f"{who} is fetching it already"
            self.meter.begin("waiting", lambda: have, model.size_bytes, note)

        return wait_for

    def _bring(self, shelf: Shelf, repository: Repository, model: RemoteModel) -> bool:
        """Everything into the library; False where told to stop."""
        missing = [file for file in model.files if not shelf.has(file)]
        if self._options.takes_copies:
            missing = [file for file in missing if not self._link(shelf, file)]
        if self._stop.is_set():
            return False
        have = _have_bytes(shelf, model)
        check_room(self._folder, model.size_bytes - have, have)
        base = model.size_bytes - sum(file.size_bytes for file in missing)
        for file in missing:
            self._origin = "fetched"
            source = Source(self._hub, repository, file)
            if not self._fetch(shelf, source, file, base, model.size_bytes):
                return False
            base += file.size_bytes
        for file in reversed(missing):  # a model is there when its first file is
            shelf.publish(file)
        return True

    def _link(self, shelf: Shelf, file: RemoteFile) -> bool:
        copy = shelf.link_copy(file)
        if copy is None:
            return False
        self._origin = copy.place
        self.remarks.put(
            f"{copy.place} has it already: {shelf.target(file).name} is a link to {copy.path} "
            "(--no-reuse fetches it)"
        )
        return True

    def _fetch(self, shelf: Shelf, source: Source, file: RemoteFile, base: int, total: int) -> bool:
        """One file, checked, but not yet visible; False where told to stop."""
        identity = PartIdentity(
            repo=source.repo, path=file.path, size_bytes=file.size_bytes, sha256=file.sha256
        )
        part = Part(shelf.part(file), identity)
        if part.was_of_another:
            self.remarks.put(CHANGED)
        running_sum = RunningSum(part.path, lambda: part.prefix_bytes)
        self.meter.begin("downloading", lambda: base + part.done_bytes, total)
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


def _name(model: RemoteModel) -> str:
    return clean_line(model.path.rpartition("/")[2])


def _have_bytes(shelf: Shelf, model: RemoteModel) -> int:
    return sum(map(shelf.have_bytes, model.files))


def _wrong_sum(file: RemoteFile) -> ModelRefused:
    return ModelRefused(
        f"what came for {clean_line(file.path)} has another SHA-256 than the hub says; "
        "it was thrown away",
        "run the same command again; if that happens again, try another mirror or network",
    )
