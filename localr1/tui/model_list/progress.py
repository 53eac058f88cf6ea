"""How far a fetch is, in words and as a bar."""

from __future__ import annotations

from typing import NamedTuple

from localr1.session.pull_events import Fetched, NotFetched, Progress, PullStage
from localr1.session.pull_job import PullJob
from localr1.tui.marks import one_line
from localr1.tui.widgets.notes import sentence
from localr1.units import download_size, duration

_FASTEST_BYTES = 1e12
"""A second; what claims to be faster is not shown."""

_LONGEST_SECONDS = 10 * 86_400.0

_STAGES: dict[PullStage, str] = {
    "downloading": "",
    "waiting": "waiting",
    "reconnecting": "reconnecting",
    "checking": "checking it",
}


class FetchWords(NamedTuple):
    """What is said of a fetch beside its bar."""

    share: float
    words: str
    is_problem: bool = False
    has_bar: bool = True


def fetch_words(job: PullJob) -> FetchWords:
    """How far it is or how it ended, in a few words."""
    outcome = job.outcome
    percent = f"{job.share * 100:.0f} %"
    if isinstance(outcome, Fetched):
        return FetchWords(1.0, "fetched", has_bar=False)
    if isinstance(outcome, NotFetched):
        said = sentence(one_line(outcome.message))
        return FetchWords(job.share, f"! {said}", is_problem=True, has_bar=False)
    if outcome is not None:
        return FetchWords(job.share, f"{percent}  stopped; Enter goes on")
    if job.is_stopping:
        return FetchWords(job.share, f"{percent}  stopping")
    if job.progress is None:
        return FetchWords(job.share, "asking the hub" if job.planned is None else "beginning")
    return FetchWords(job.share, "  ".join([percent, *_running(job.progress)]))


def _running(progress: Progress) -> list[str]:
    stage = _STAGES[progress.state]
    note = one_line(progress.note, 80)
    if stage:
        return [f"{stage}: {note}" if note else stage]
    speed, left = progress.bytes_per_second, progress.seconds_left
    told = []
    if 0 < speed < _FASTEST_BYTES:
        told.append(f"{download_size(round(speed))}/s")
    if left is not None and 0 <= left < _LONGEST_SECONDS:
        told.append(f"{duration(left)} left")
    return told or ([note] if note else [])


def fetch_facts(job: PullJob) -> list[tuple[str, str]]:
    """More of a fetch, for the details."""
    facts = []
    progress, planned, outcome = job.progress, job.planned, job.outcome
    if progress is not None and progress.total_bytes > 0:
        done, total = download_size(progress.done_bytes), download_size(progress.total_bytes)
        facts.append(("Fetched", f"{done} of {total}"))
    elif planned is not None and planned.have_bytes > 0:
        facts.append(("Fetched", f"{download_size(planned.have_bytes)} from an earlier time"))
    if progress is not None and progress.note and job.is_running:
        facts.append(("Note", sentence(progress.note)))
    if isinstance(outcome, NotFetched):
        facts.append(("Failed", sentence(outcome.message)))
        if outcome.hint:
            facts.append(("What to do", sentence(outcome.hint)))
    if planned is not None and len(planned.files) > 1:
        facts.append(("Files", f"{len(planned.files)}, one model together"))
    return facts


def fetches_line(running: tuple[PullJob, ...]) -> str:
    """All fetches in two words, for the last line of the chat; empty without any."""
    if not running:
        return ""
    share = sum(job.share for job in running) / len(running)
    number = f"{len(running)}: " if len(running) > 1 else ""
    return f"fetching {number}{share * 100:.0f} %"
