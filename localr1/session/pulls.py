"""All models that a chat fetches: several at once, each once at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localr1.session.pull_job import PullCommand, PullJob


class Pulls:
    """The jobs of one chat; `close` ends them with it.

    Args:
        command: makes the command line of a job's process, where it is not the usual one.
    """

    def __init__(self, command: PullCommand | None = None) -> None:
        self._command = command
        self._jobs: dict[str, PullJob] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        self.changed: Callable[[PullJob], None] = lambda _: None
        """Called when there is something new to show of a job; never blocks."""
        self.broken_off: list[str] = []
        """References that were being fetched when the chat ended."""

    @property
    def jobs(self) -> tuple[PullJob, ...]:
        """The newest job of each reference, in the order in which they were started."""
        return tuple(self._jobs.values())

    @property
    def running(self) -> tuple[PullJob, ...]:
        """Those that have not ended."""
        return tuple(job for job in self.jobs if job.is_running)

    def job(self, reference: str) -> PullJob | None:
        """The newest job of this reference, which may have ended."""
        return self._jobs.get(reference)

    def start(self, reference: str) -> PullJob:
        """Fetch this reference, or go on with it; one that is being fetched goes on as it is."""
        job = self._jobs.get(reference)
        if job is None or not job.is_running:
            self._jobs.pop(reference, None)  # the new one comes last
            # most chats fetch nothing
            from localr1.session.pull_job import PullJob, pull_command

            job = PullJob(reference, self._command or pull_command)
            self._jobs[reference] = job
            self._run(job)
        return job

    def _run(self, job: PullJob) -> None:
        def changed() -> None:
            self.changed(job)

        task: asyncio.Task[object] = asyncio.create_task(job.run(changed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self, reference: str) -> None:
        """Show nothing more of a job that has ended."""
        job = self._jobs.get(reference)
        if job is not None and not job.is_running:
            del self._jobs[reference]

    async def stop_all(self) -> None:
        """Stop all of them and return when they have ended."""
        await asyncio.gather(*(job.stop() for job in self.running))

    async def close(self) -> None:
        """The chat ends, and with it all jobs; what they fetched is kept."""
        self.changed = lambda _: None
        self.broken_off += [job.reference for job in self.running]
        await self.stop_all()
        if self._tasks:
            await asyncio.wait(self._tasks)
