"""Models for the models screen, without disks, a catalog or a computer that is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec

from localr1.errors import Localr1Error
from localr1.session.pull_events import Planned, Progress
from localr1.session.pull_job import PullJob
from localr1.session.pulls import Pulls
from localr1.tui.model_list.rows import Fit, ModelHere, Offer, Surveyed
from localr1.tui.model_list.shelf import Taking
from tests.pull_child import PLANNED, progress

FOLDER = Path("/home/someone/.local/share/localr1/models")
SMALL = ModelHere(
    FOLDER / "unsloth/DeepSeek-R1-Distill-Qwen-1.5B-GGUF/DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf",
    "DeepSeek-R1-Distill-Qwen-1.5B",
    1_117_320_736,
    quant="Q4_K_M",
    n_ctx_train=131_072,
    fit=Fit(True, 32_768, 21.4),
    used_at="2026-11-25T08:00:00+00:00",
    freed_bytes=1_117_320_736,
    facts=(("Licence", "MIT"), ("From", "huggingface.co/unsloth/DeepSeek-R1-Distill-Qwen-1.5B")),
)
OF_OTHERS = ModelHere(
    Path("/home/someone/.lmstudio/models/x/Phi-4-reasoning-Q4_K_M.gguf"),
    "Phi-4-reasoning",
    9_053_114_816,
    place="LM Studio",
    quant="Q4_K_M",
    n_ctx_train=32_768,
    fit=Fit(False, why="it needs 10.4 GiB of memory and 9.1 GiB are free"),
)
BROKEN = ModelHere(
    FOLDER / "imported/half.gguf",
    "half",
    12_000_000,
    freed_bytes=12_000_000,
    problem="half.gguf is cut off: 12 MB of 1.1 GB are there",
)
SEVEN = Offer(
    "r1-qwen-7b:Q4_K_M",
    "DeepSeek-R1-Distill-Qwen-7B",
    "Q4_K_M",
    4_683_000_000,
    Fit(True, 32_768, 5.8),
    "GPQA 49.1",
    "the best of the family that fits with a window of at least 16,384 tokens",
    (("Licence", "MIT"), ("Base", "Qwen/Qwen2.5-Math-7B")),
)
EIGHT = Offer(
    "r1-llama-8b:Q4_K_M",
    "DeepSeek-R1-Distill-Llama-8B",
    "Q4_K_M",
    4_921_000_000,
    Fit(True, 16_384, 5.2),
    "GPQA 49.0",
)
SEVENTY = Offer(
    "r1-llama-70b:Q4_K_M",
    "DeepSeek-R1-Distill-Llama-70B",
    "Q4_K_M",
    42_520_000_000,
    Fit(False, why="it needs 44 GiB of memory and 9.1 GiB are free"),
    "GPQA 65.2",
)
ALL = Surveyed((SMALL, OF_OTHERS, BROKEN), (SEVEN, EIGHT, SEVENTY), FOLDER, is_complete=True)


class ScriptedShelf:
    """Tells what a test gives it."""

    def __init__(self, *states: Surveyed) -> None:
        self.states: Sequence[Surveyed] = states or (ALL,)
        self.surveys = 0
        self.removed: list[ModelHere] = []
        self.added: list[tuple[Path, Taking]] = []
        self.opened = False
        self.error: Localr1Error | None = None
        """What removing and adding end with."""
        self.may_go_on = asyncio.Event()
        """Unset, a survey stops after its first state."""
        self.may_go_on.set()

    async def survey(self) -> AsyncIterator[Surveyed]:
        """The states in turn."""
        self.surveys += 1
        for state in self.states:
            yield state
            await self.may_go_on.wait()

    async def is_open(self, model: ModelHere) -> bool:
        """As the test says."""
        return self.opened

    async def remove(self, model: ModelHere) -> int:
        """Remember it; the next survey does not find it."""
        if self.error:
            raise self.error
        self.removed.append(model)
        last = self.states[-1]
        self.states = [last._replace(here=[each for each in last.here if each is not model])]
        return model.freed_bytes or 0

    async def add(self, path: Path, taking: Taking, advance: Callable[[int], None]) -> str:
        """Remember it, after a quarter was read."""
        advance(path.stat().st_size // 4)
        await self.may_go_on.wait()
        advance(1)
        if self.error:
            raise self.error
        self.added.append((path, taking))
        return path.name


def standing(pulls: Pulls, offer: Offer, share: float) -> PullJob:
    """A fetch that is as far as this, without a process."""
    job = pulls._jobs[offer.reference] = PullJob(offer.reference)
    job.planned = msgspec.convert(PLANNED, Planned)
    job.progress = msgspec.convert(progress(share), Progress)
    return job
