"""Which cards a loaded model would gain from, although nothing uses them."""

from __future__ import annotations

import pytest

from localr1.advice.unused_cards import idle_cards
from localr1.hardware.finding import Finding
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Graphics
from localr1.hardware.plan_reasons import NO_GPU
from localr1.settings import Settings

GIB = 1 << 30
RTX = Graphics(
    vendor="nvidia", name="RTX", driver="nvidia", driver_version="550", memory_bytes=8 * GIB,
    source="nvidia-smi",
)  # fmt: skip
SHARED = Graphics(vendor="intel", name="Iris", driver="i915", memory_bytes=None, source="PCI")
SMALL = Graphics(vendor="amd", name="APU", driver="amdgpu", memory_bytes=GIB // 2, source="PCI")


def plan(reason: str) -> LoadPlan:
    reasons = {"n_gpu_layers": reason}
    return LoadPlan(n_ctx=1024, n_gpu_layers=0, n_threads=1, n_threads_batch=1, reasons=reasons)


def found() -> Finding[tuple[Graphics, ...]]:
    return Finding((SHARED, RTX, SMALL))


def test_a_card_with_memory_of_its_own_is_told() -> None:
    (problem,) = idle_cards(plan(NO_GPU), Settings(), found)
    assert problem.message == "RTX is there, but this build of the engine cannot use it"
    assert "pip install" in problem.command


@pytest.mark.parametrize(
    ("reason", "settings"),
    [
        ("nothing more fits into the memory of CUDA0", Settings()),
        ("", Settings()),
        (NO_GPU, Settings(n_gpu_layers=0)),
    ],
    ids=["cards are used", "a scripted model", "a person wants the processor"],
)
def test_nothing_is_looked_for(reason: str, settings: Settings) -> None:
    def must_not_be_read() -> Finding[tuple[Graphics, ...]]:
        raise AssertionError

    assert idle_cards(plan(reason), settings, must_not_be_read) == []
