"""Pulls in threads, and what is told of them while they run."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

from localr1 import paths
from localr1.cli.output import Printer
from localr1.cli.pull_report import JsonReport, PullReport, TextReport
from localr1.errors import ExitCode, Localr1Error
from localr1.models.hub.asked import Asked, Options
from localr1.models.hub.model_pull import ModelPull, Pulled
from localr1.models.hub.repository import Hub

SHOWN_EVERY_SECONDS = 0.12
PARTING_SECONDS = 2.0
"""For threads to come to an end after Ctrl-C; one that waits for a server is left to itself."""


class PullRun:
    """One run of the command.

    Args:
        wanted: the models, all fetched at once.
        options: how.
        token: for the hub; empty uses the stored one.
        printer: where it is told.
        as_json: in JSON lines.
    """

    def __init__(
        self,
        wanted: Sequence[Asked],
        options: Options,
        token: str,
        printer: Printer,
        *,
        as_json: bool,
    ) -> None:
        self._stop = threading.Event()
        hub = Hub(token, options.timeout_seconds)
        folder = paths.models_folder()
        self._works = [
            _Work(ModelPull(asked, hub, folder, options, self._stop)) for asked in wanted
        ]
        pulls = [work.pull for work in self._works]
        self._report: PullReport = (
            JsonReport(printer, pulls) if as_json else TextReport(printer, pulls)
        )

    def run(self) -> ExitCode:
        """Fetch everything; answers the first failure's exit code."""
        with self._signals():
            for work in self._works:
                work.thread.start()
            told: set[int] = set()
            while len(told) < len(self._works) and not self._stop.is_set():
                self._stop.wait(SHOWN_EVERY_SECONDS)
                self._report.show()
                for number, work in enumerate(self._works):
                    if number not in told and not work.thread.is_alive():
                        told.add(number)
                        self._tell(work)
            if self._stop.is_set():
                return self._part(told)
        failed = [work.error.exit_code for work in self._works if work.error]
        return failed[0] if failed else ExitCode.OK

    def _part(self, told: set[int]) -> ExitCode:
        for number, work in enumerate(self._works):
            work.thread.join(PARTING_SECONDS if work.pull.plan else 0.0)
            if number not in told:
                if work.result or work.error:
                    self._tell(work)
                else:
                    self._report.stopped(work.pull)
        return ExitCode.INTERRUPTED

    def _tell(self, work: _Work) -> None:
        if work.error is not None:
            self._report.failed(work.pull, work.error)
        elif work.result is not None:
            self._report.done(work.pull, work.result)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """A signal to end stops the pulls; a second one ends the program at once."""
        told = [signal.SIGINT, signal.SIGTERM]
        before = [signal.signal(each, self._on_signal) for each in told]
        try:
            yield
        finally:
            for each, handler in zip(told, before, strict=True):
                signal.signal(each, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._stop.set()


class _Work:
    """A pull, its thread, and how it ended."""

    def __init__(self, pull: ModelPull) -> None:
        self.pull = pull
        self.result: Pulled | None = None
        self.error: Localr1Error | None = None
        self.thread = threading.Thread(target=self._run, name="pull", daemon=True)

    def _run(self) -> None:
        try:
            self.result = self.pull.run()
        except Localr1Error as error:
            self.error = error
        except Exception as error:  # a fault of localr1's own: one model's, not all's
            self.error = Localr1Error(
                f"this should not have happened: {type(error).__name__}: {error}",
                "run it again with `localr1 --debug ...` and report what it shows",
            )
            self.error.__cause__ = error
