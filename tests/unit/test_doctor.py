"""What doctor makes of machines that are not here."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import msgspec
import pytest

from localr1.advice import doctor, unused_cards
from localr1.advice.computer import Computer
from localr1.advice.doctor import examine, report_schema
from localr1.advice.remedies import unused_card
from localr1.advice.report import Report
from localr1.advice.report_rows import report_lines
from localr1.cli import recommend
from localr1.cli.output import Printer
from localr1.engine.protocol import DeviceList
from localr1.errors import EngineMissing, Localr1Error
from localr1.gguf_header import read_header
from localr1.hardware.machine import Device, Graphics, Machine
from localr1.settings import load_settings
from tests.simulated import CPU_DEVICE, GIB, gpu, machine

SETTINGS = load_settings({}, environment={})
RTX = Graphics(
    vendor="nvidia",
    name="NVIDIA GeForce RTX 4090",
    driver="nvidia",
    driver_version="550.54.14",
    memory_bytes=24 * GIB,
    source="nvidia-smi",
)
RADEON = Graphics(
    vendor="amd",
    name="AMD Radeon RX 6800",
    driver="amdgpu",
    memory_bytes=16 * GIB,
    source="PCI",
)
CUDA = Device("CUDA0", "NVIDIA GeForce RTX 4090", "gpu", 23 * GIB, 24 * GIB)


async def report(
    monkeypatch: pytest.MonkeyPatch,
    computer: Machine,
    *devices: Device,
    failure: Localr1Error | None = None,
    sets: tuple[str, ...] = ("AVX2",),
    model: Path | None = None,
) -> Report:
    async def ask(_servers: object) -> tuple[DeviceList, Localr1Error | None]:
        return DeviceList(devices=devices, instruction_sets=sets), failure

    monkeypatch.setattr(doctor, "probe_machine", lambda: computer)
    monkeypatch.setattr(doctor, "_ask_engine", ask)
    monkeypatch.setattr(unused_cards, "unused_card", partial(unused_card, find=lambda _name: None))
    return await examine(SETTINGS, read_header(model) if model else None)


def with_cards(*cards: Graphics) -> Machine:
    return msgspec.structs.replace(machine(16), graphics=cards)


async def test_a_card_that_the_engine_uses(monkeypatch: pytest.MonkeyPatch, demo: Path) -> None:
    found = await report(monkeypatch, with_cards(RTX), CUDA, CPU_DEVICE, model=demo)
    assert [(each.name, each.usable) for each in found.devices] == [("CUDA0", True), ("CPU", True)]
    assert found.devices[0].why == "takes 6 layers"
    assert found.devices[1].free_bytes == 16 * GIB
    assert found.problems == ()
    assert found.plan is not None
    assert found.plan.n_gpu_layers == 6
    text = "\n".join(report_lines(found))
    assert "6 of 6 on CUDA0" in text
    assert text.endswith("Nothing is wrong.")


async def test_a_card_that_sits_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await report(monkeypatch, with_cards(RTX), CPU_DEVICE)
    idle = found.devices[-1]
    assert (idle.name, idle.kind, idle.usable) == (RTX.name, "card", False)
    assert idle.total_bytes == RTX.memory_bytes
    assert found.problems[0].message.startswith(RTX.name)
    assert "/whl/cu124 " in found.problems[0].command
    lines = list(report_lines(found))
    assert any(line.startswith("Not used    NVIDIA GeForce RTX 4090") for line in lines)
    assert any(line.startswith("  mend it") and "pip install" in line for line in lines)


async def test_a_card_that_a_variable_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    found = await report(monkeypatch, with_cards(RTX), CPU_DEVICE)
    assert found.devices[-1].why == "hidden by CUDA_VISIBLE_DEVICES"
    (problem,) = found.problems
    assert "hidden from the engine by CUDA_VISIBLE_DEVICES" in problem.message
    assert "CUDA_VISIBLE_DEVICES" in problem.command


async def test_a_card_whose_memory_others_have_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    full = msgspec.structs.replace(CUDA, free_bytes=0, total_bytes=0)
    found = await report(monkeypatch, with_cards(RTX), full, CPU_DEVICE)
    assert found.devices[0].why == "other programs have taken its memory"
    assert [problem.message for problem in found.problems] == [
        "NVIDIA GeForce RTX 4090 is full: other programs have taken its memory; "
        "end some of them to use it"
    ]


async def test_no_line_is_longer_than_a_wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sets of a Sapphire Rapids, as its engine tells them."""
    sets = "SSE3 SSSE3 AVX AVX_VNNI AVX2 F16C FMA BMI2 AVX512 AVX512_VBMI AVX512_VNNI AVX512_BF16"
    many = (*sets.split(), "AMX_INT8", "LLAMAFILE", "OPENMP", "REPACK")
    lines = list(report_lines(await report(monkeypatch, machine(16), CPU_DEVICE, sets=many)))
    assert max(map(len, lines)) <= 140
    assert any("repack" in line for line in lines)


async def test_one_of_two_equal_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await report(monkeypatch, with_cards(RTX, RTX), CUDA, CPU_DEVICE)
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    "device",
    [
        Device("Vulkan0", "AMD Radeon RX 6800 (RADV NAVI21)", "gpu", GIB, GIB),
        Device("ROCm0", "gfx1030", "gpu", GIB, GIB),
        Device("Vulkan0", "AMD Unknown (RADV)", "gpu", GIB, GIB),
    ],
)
async def test_a_card_under_another_name(monkeypatch: pytest.MonkeyPatch, device: Device) -> None:
    found = await report(monkeypatch, with_cards(RADEON), device, CPU_DEVICE)
    assert found.problems == ()


async def test_another_makers_device_is_not_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await report(monkeypatch, with_cards(RTX, RADEON), CUDA, CPU_DEVICE)
    assert [each.name for each in found.devices if not each.usable] == [RADEON.name]


async def test_an_engine_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = EngineMissing("the engine library has no backend that works on this machine")
    found = await report(monkeypatch, machine(16), failure=failure, sets=())
    assert not found.engine.works
    assert failure.message in found.problems[0].message
    assert "pip install" in found.problems[0].command
    assert "does not start" in "\n".join(report_lines(found))


async def test_a_build_for_older_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await report(monkeypatch, machine(16), CPU_DEVICE, sets=("SSE3", "SSSE3"))
    assert "AVX2" in found.problems[0].message


async def test_a_memory_limit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    limited = machine(2, limit_source="memory.max of a control group")
    found = await report(monkeypatch, limited, CPU_DEVICE)
    assert (
        found.problems[0].message == "memory is limited to 2.0 GiB by memory.max of a control group"
    )


async def test_a_model_that_does_not_fit(monkeypatch: pytest.MonkeyPatch, demo: Path) -> None:
    found = await report(monkeypatch, machine(0.05), CPU_DEVICE, model=demo)
    assert found.plan is None
    assert found.model is not None
    assert "what works: " in found.problems[-1].message


async def test_names_from_outside_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = msgspec.structs.replace(RADEON, name="\x1b]52;c;x\x07card", source="\x1b[2J")
    device = gpu("\x1b[31mCUDA0", 8)
    found = await report(monkeypatch, with_cards(evil), device, CPU_DEVICE)
    for each in found.devices:
        assert "\x1b" not in each.name + each.description


async def test_what_could_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    computer = msgspec.structs.replace(machine(16), unread=("nvidia-smi gave no answer in time",))
    found = await report(monkeypatch, computer, CPU_DEVICE)
    assert list(report_lines(found))[-1] == "Unread      nvidia-smi gave no answer in time"


def test_the_schema_is_the_documented_one() -> None:
    documented = Path(__file__).parents[2] / "docs" / "doctor.schema.json"
    assert json.loads(documented.read_text("utf-8")) == json.loads(json.dumps(report_schema()))


def test_recommend_says_of_an_idle_card_that_it_is_not_counted_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = asyncio.run(report(monkeypatch, with_cards(RTX), CPU_DEVICE))

    async def examined(_settings: object) -> Report:
        return found

    monkeypatch.setattr(doctor, "examine", examined)
    monkeypatch.setattr(Computer, "measured", lambda self: self)
    notices: list[str] = []
    recommend._computer(SETTINGS, Printer(), notices)
    assert notices == [
        "NVIDIA GeForce RTX 4090 is not counted on: not in this build; "
        "`localr1 doctor` says what to do."
    ]
