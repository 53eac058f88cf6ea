"""The process that fetches a model: what it says, how it ends, how it is stopped."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from localr1.session import pull_job
from localr1.session.pull_events import Fetched, NotFetched, Planned, Stopped, pull_event
from localr1.session.pull_job import KEPT, PullJob, pull_command
from localr1.session.pulls import Pulls
from tests.pull_child import PLANNED, Steps, progress, scripted

DONE = {"event": "done", "path": "/models/x.gguf", "sha256": "0" * 64, "seconds": 2.5}
FAILED = {"event": "failed", "message": "the disk is full", "hint": "free 2 GB", "exit_code": 7}
NEVER = {"until": "/there/is/no/such/file"}


def job_of(folder: Path, *steps: Mapping[str, object]) -> PullJob:
    return PullJob("r1", scripted(folder, {"r1": steps}))


async def ended(job: PullJob) -> tuple[object, list[float]]:
    """The outcome, and what was shown on the way."""
    shares: list[float] = []
    outcome = await asyncio.wait_for(job.run(lambda: shares.append(round(job.share, 2))), 30)
    return outcome, shares


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_it_tells_what_the_child_says(tmp_path: Path) -> None:
    halfway = dict(PLANNED, have_bytes=PLANNED["total_bytes"] // 2)  # type: ignore[operator]
    job = job_of(tmp_path, halfway, progress(0.75), DONE)
    outcome, shares = await ended(job)
    assert outcome == Fetched("/models/x.gguf", "0" * 64, 2.5)
    assert shares == [0.5, 0.75, 0.75]
    assert job.planned is not None
    assert job.planned.files[0].size_bytes == 4_683_000_000
    assert (job.is_running, job.outcome) == (False, outcome)


async def test_lines_that_say_nothing_are_skipped(tmp_path: Path) -> None:
    junk: Steps = [
        {"raw": "a warning\n\n{}\n[1]\nnull\n"},
        {"raw": '{"event": "unknown"}\n{"event": "progress", "done_bytes": "many"}\n'},
        {"raw": "x" * 3_000_000 + "\n"},
        {"raw": "\udcff\n"},
    ]
    outcome, shares = await ended(job_of(tmp_path, *junk[:3], PLANNED, DONE))
    assert isinstance(outcome, Fetched)
    assert shares == [0.0, 0.0]


@pytest.mark.parametrize(
    "line",
    [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"event": "done"}', b'{"event": 3}', b"9" * 99],
)
def test_what_is_no_event(line: bytes) -> None:
    assert pull_event(line) is None


def test_an_event_may_say_more_than_is_known() -> None:
    assert pull_event(b'{"event": "plan", "colour": "blue"}') == Planned()


async def test_a_failure_is_the_childs_own_sentence(tmp_path: Path) -> None:
    outcome, _ = await ended(job_of(tmp_path, PLANNED, FAILED, {"exit": 7}))
    assert outcome == NotFetched("the disk is full", "free 2 GB", 7)


async def test_a_child_that_dies_gives_one_sentence(tmp_path: Path) -> None:
    killed, _ = await ended(job_of(tmp_path, PLANNED, {"kill": 9}))
    assert killed == NotFetched("the download was ended by SIGKILL", KEPT)
    torn: Steps = [{"complain": "Traceback\n  boom\x1b[2J"}, {"raw": '{"event": "do'}, {"exit": 3}]
    died, _ = await ended(job_of(tmp_path, *torn))
    assert isinstance(died, NotFetched)
    assert died.message == "the download ended unexpectedly (exit code 3): boom␛[2J"
    told: Steps = [{"complain": "warning\nlocalr1: no model x; say r1-qwen-7b"}, {"exit": 3}]
    wrong, _ = await ended(job_of(tmp_path, *told))
    assert wrong == NotFetched("no model x", "say r1-qwen-7b", 3)
    silent, _ = await ended(job_of(tmp_path))
    assert silent == NotFetched("the download ended unexpectedly (exit code 0)", KEPT)


async def test_a_program_that_is_not_there() -> None:
    outcome, shares = await ended(PullJob("r1", lambda _: ["/there/is/no/such/program"]))
    assert isinstance(outcome, NotFetched)
    assert outcome.message.startswith("the download cannot be started")
    assert shares == [0.0]


@pytest.mark.parametrize("deaf", [False, True])
async def test_it_is_stopped(deaf: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_job, "STOP_GRACE_SECONDS", 0.1)
    steps: Steps = [*[{"deaf": True}] * deaf, progress(0.5), NEVER]
    job = job_of(tmp_path, *steps)
    begun = asyncio.Event()
    running = asyncio.create_task(job.run(begun.set))
    await asyncio.wait_for(begun.wait(), 30)
    assert job._process is not None
    pid = job._process.pid
    await job.stop()
    assert await running == Stopped()
    assert not is_there(pid)
    assert job.share == 0.5, "what was fetched is still shown"


async def test_it_is_stopped_before_it_began(tmp_path: Path) -> None:
    job = job_of(tmp_path, NEVER)
    await job.stop()
    assert await job.run(lambda: None) == Stopped()
    running = asyncio.create_task((late := job_of(tmp_path, NEVER)).run(lambda: None))
    await asyncio.sleep(0)  # the process is being made
    await late.stop()
    assert await asyncio.wait_for(running, 30) == Stopped()


async def test_a_chat_that_is_gone_ends_it(tmp_path: Path) -> None:
    job = job_of(tmp_path, progress(0.5), NEVER)
    begun = asyncio.Event()
    running = asyncio.create_task(job.run(begun.set))
    await asyncio.wait_for(begun.wait(), 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert job.outcome == Stopped()
    assert job._process is not None
    assert await asyncio.wait_for(job._process.wait(), 30) != 0


async def test_several_at_once_each_once(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    scripts: dict[str, Steps] = {
        "a": [progress(0.1), {"until": str(go_on)}, DONE],
        "b": [progress(0.2), {"until": str(go_on)}, FAILED],
        "c": [progress(0.3), NEVER],
    }
    pulls = Pulls(scripted(tmp_path, scripts))
    ends = asyncio.Event()
    pulls.changed = lambda _: ends.set() if len(pulls.running) == 1 else None
    jobs = [pulls.start(name) for name in "abc"]
    assert pulls.start("a") is jobs[0], "it is being fetched already"
    assert pulls.running == tuple(jobs)
    pulls.forget("a")
    assert pulls.job("a") is jobs[0], "it has not ended"
    go_on.touch()
    await asyncio.wait_for(ends.wait(), 30)
    assert isinstance(jobs[0].outcome, Fetched)
    assert isinstance(jobs[1].outcome, NotFetched)
    again = pulls.start("b")
    assert again is not jobs[1]
    assert pulls.jobs == (jobs[0], jobs[2], again)
    pulls.forget("a")
    assert pulls.job("a") is None
    await pulls.close()
    assert jobs[2].outcome == Stopped()
    assert not pulls.running
    assert pulls.broken_off == ["c", "b"]


def test_the_command_is_the_program_itself() -> None:
    assert pull_command("-x") == [sys.executable, "-m", "localr1", "pull", "--json", "--", "-x"]
