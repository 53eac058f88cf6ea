"""What `localr1 pull` shows: a line that moves, or JSON lines."""

from __future__ import annotations

import json
import queue
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from localr1.cli.output import Printer, one_line
from localr1.errors import ExitCode, Localr1Error
from localr1.models.hub.meter import Reading
from localr1.models.hub.model_pull import ModelPull, Pulled
from localr1.terminal_text import clean_line
from localr1.units import count, download_size, duration

BAR_CELLS = 16
GO_ON = "run the same command again to go on"


class PullReport(ABC):
    """Tells a person or a program how pulls are.

    Args:
        printer: where.
        pulls: all of them.
    """

    def __init__(self, printer: Printer, pulls: Sequence[ModelPull]) -> None:
        self._printer = printer
        self._pulls = pulls
        self._planned: set[ModelPull] = set()

    def show(self) -> None:
        """How far they are now."""
        for pull in self._pulls:
            if pull.plan is not None and pull not in self._planned:
                self._planned.add(pull)
                self.planned(pull)
            for remark in _drained(pull.remarks):
                self.remark(pull, remark)
        self.progress()

    @abstractmethod
    def planned(self, pull: ModelPull) -> None:
        """What a pull fetches is known."""

    @abstractmethod
    def remark(self, pull: ModelPull, text: str) -> None:
        """A sentence."""

    @abstractmethod
    def progress(self) -> None:
        """How far they are."""

    @abstractmethod
    def done(self, pull: ModelPull, pulled: Pulled) -> None:
        """A model is in the library."""

    @abstractmethod
    def failed(self, pull: ModelPull, error: Localr1Error) -> None:
        """A pull failed."""

    @abstractmethod
    def stopped(self, pull: ModelPull) -> None:
        """A pull was stopped by a person."""


class TextReport(PullReport):
    """For a person: paths on standard output, everything else on standard error."""

    def __init__(self, printer: Printer, pulls: Sequence[ModelPull]) -> None:
        super().__init__(printer, pulls)
        self._noted: dict[ModelPull, str] = {}

    def planned(self, pull: ModelPull) -> None:
        """Say what is fetched."""
        assert pull.plan is not None
        plan = pull.plan
        files = f" in {count(len(plan.files), 'file')}" if len(plan.files) > 1 else ""
        have = plan.have_bytes
        here = f"; {download_size(have)} are here already" if 0 < have < plan.total_bytes else ""
        self._printer.line(f"{plan.name}: {download_size(plan.total_bytes)}{files}{here}")

    def remark(self, pull: ModelPull, text: str) -> None:
        """Say it."""
        self._printer.line(self._prefixed(pull, text))

    def progress(self) -> None:
        """Replace the line."""
        readings = [pull.meter.read() for pull in self._pulls if pull.plan is not None]
        if readings:
            signs = "█░" if self._printer.has_unicode else "#."
            width = self._printer.status_width
            self._printer.status(progress_line(readings, width, signs))
        else:
            note = self._pulls[0].meter.read().note
            self._printer.status(note or "Asking the hub …")
        if not self._printer.talks_to_person:
            self._note()

    def _note(self) -> None:
        """In a log, where no line moves: what is waited for, once."""
        for pull in self._pulls:
            reading = pull.meter.read()
            note = reading.note if reading.state in ("waiting", "reconnecting") else ""
            if note and note != self._noted.get(pull):
                self._printer.line(self._prefixed(pull, note))
            self._noted[pull] = note

    def done(self, pull: ModelPull, pulled: Pulled) -> None:
        """Say so, and print the path."""
        name = pulled.path.name
        if pulled.origin == "fetched":
            size, seconds = download_size(pulled.total_bytes), duration(pulled.seconds)
            self._printer.line(f"{name}: {size} in {seconds}; its SHA-256 is right")
        elif pulled.origin == "here":
            self._printer.line(f"{name} is here already")
        self._printer.data(f"{pulled.path}\n")

    def failed(self, pull: ModelPull, error: Localr1Error) -> None:
        """The error's line."""
        if len(self._pulls) > 1:
            error = Localr1Error(f"{clean_line(pull.asked.reference)}: {error.message}", error.hint)
        self._printer.line(one_line(error))

    def stopped(self, pull: ModelPull) -> None:
        """Say what is kept."""
        reading = pull.meter.read()
        if pull.plan is None or not reading.total_bytes:
            self._printer.line("Stopped.")
            return
        have = f"{download_size(reading.done_bytes)} of {download_size(reading.total_bytes)}"
        self._printer.line(self._prefixed(pull, f"Stopped. {have} are kept; {GO_ON}"))

    def _prefixed(self, pull: ModelPull, text: str) -> str:
        return f"{clean_line(pull.asked.reference)}: {text}" if len(self._pulls) > 1 else text


class JsonReport(PullReport):
    """For a program: one JSON object a line on standard output."""

    def __init__(self, printer: Printer, pulls: Sequence[ModelPull]) -> None:
        super().__init__(printer, pulls)
        self._last: dict[ModelPull, Reading] = {}

    def planned(self, pull: ModelPull) -> None:
        """The plan."""
        assert pull.plan is not None
        plan = pull.plan
        self._event(
            pull,
            "plan",
            files=[{"path": file.path, "size_bytes": file.size_bytes} for file in plan.files],
            total_bytes=plan.total_bytes,
            have_bytes=plan.have_bytes,
            folder=str(plan.folder),
        )

    def remark(self, pull: ModelPull, text: str) -> None:
        """As a note of progress."""
        self._progress(pull, pull.meter.read()._replace(note=text))

    def progress(self) -> None:
        """One for each that moved."""
        for pull in self._pulls:
            reading = pull.meter.read()
            is_told = pull.plan is not None or reading.note
            if is_told and reading != self._last.get(pull):
                self._last[pull] = reading
                self._progress(pull, reading)

    def done(self, pull: ModelPull, pulled: Pulled) -> None:
        """Where it is."""
        self._event(
            pull,
            "done",
            path=str(pulled.path),
            sha256=pulled.sha256,
            seconds=round(pulled.seconds, 2),
            origin=pulled.origin,
        )

    def failed(self, pull: ModelPull, error: Localr1Error) -> None:
        """The error."""
        code = int(error.exit_code)
        self._event(pull, "failed", message=error.message, hint=error.hint, exit_code=code)

    def stopped(self, pull: ModelPull) -> None:
        """As an error."""
        code = int(ExitCode.INTERRUPTED)
        self._event(pull, "failed", message="stopped", hint=GO_ON, exit_code=code)

    def _progress(self, pull: ModelPull, reading: Reading) -> None:
        left = reading.seconds_left
        self._event(
            pull,
            "progress",
            state=reading.state,
            done_bytes=reading.done_bytes,
            total_bytes=reading.total_bytes,
            bytes_per_second=round(reading.bytes_per_second),
            seconds_left=None if left is None else round(left, 1),
            note=reading.note,
        )

    def _event(self, pull: ModelPull, event: str, **fields: Any) -> None:
        told = {"event": event, "name": pull.plan.name if pull.plan else "", **fields}
        told["reference"] = pull.asked.reference
        self._printer.data(json.dumps(told) + "\n")


def progress_line(readings: Sequence[Reading], width: int = 78, signs: str = "█░") -> str:
    """One line for all of them: a bar, what of it is here, the speed, the time left.

    Args:
        readings: how far each is.
        width: in characters; a narrow line has no bar.
        signs: of the bar, for what is here and what is to come.
    """
    done = sum(reading.done_bytes for reading in readings)
    total = sum(reading.total_bytes for reading in readings)
    share = min(1.0, done / total) if total else 0.0
    # 100 % would say that it is over
    percent = f"{min(share, 0.99) if done < total else share:.0%}"
    pace = _pace(readings)
    bar, told = _bar(share, signs), ", ".join([percent, _of(done, total), *pace])
    ways = (f"{bar} {told}", told, ", ".join([percent, *pace]))
    return next((way for way in ways if len(way) <= width), ways[-1])


def _of(done: int, total: int) -> str:
    """ "1.2 of 4.7 GB" where both have one unit."""
    begun, whole = download_size(done), download_size(total)
    if begun.rpartition(" ")[2] == whole.rpartition(" ")[2]:
        begun = begun.rpartition(" ")[0]
    return f"{begun} of {whole}"


def _pace(readings: Sequence[Reading]) -> list[str]:
    """Speed and time left, or what is done instead of downloading."""
    states = {reading.state for reading in readings}
    if states == {"checking"}:
        return ["checking"]
    note = next((reading.note for reading in readings if reading.note), "")
    if "downloading" not in states and note:
        return [note]
    speed = round(sum(reading.bytes_per_second for reading in readings))
    left = [reading.seconds_left for reading in readings if reading.seconds_left is not None]
    told = [f"{download_size(speed)}/s"] if speed else []
    return [*told, f"{duration(max(left))} left"] if left else told


def _bar(share: float, signs: str) -> str:
    full = round(share * BAR_CELLS)
    return signs[0] * full + signs[1] * (BAR_CELLS - full)


def _drained(remarks: queue.SimpleQueue[str]) -> Iterator[str]:
    while not remarks.empty():
        yield remarks.get_nowait()
