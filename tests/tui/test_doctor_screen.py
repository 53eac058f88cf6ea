"""What `localr1 doctor` says, over the chat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from localr1.advice import doctor
from localr1.advice.doctor import Loaded
from localr1.advice.report import DeviceReport, Engine, Problem, Report
from localr1.advice.report_rows import report_lines
from localr1.errors import EngineError
from localr1.hardware.machine import Power
from localr1.settings import Settings
from localr1.tui.app import Localr1App
from localr1.tui.screens.doctor import DoctorScreen
from tests.simulated import GIB, machine
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import PLAN, READY, ScriptedSession

REASONED = msgspec.structs.replace(
    PLAN,
    weights_bytes=GIB,
    memory_bytes=2 * GIB,
    reasons={"n_ctx": "the largest window that fits", "n_threads": "one for each core"},
)
CARD = DeviceReport(
    name="NVIDIA \x1b[2JGeForce RTX 4090",
    kind="card",
    description="driver nvidia 550.54.14, seen by nvidia-smi",
    total_bytes=24 * GIB,
    free_bytes=None,
    usable=False,
    why="not in this build",
)


def report(loaded: Loaded | None) -> Report:
    computer = machine(16)
    return Report(
        version="0.1.0",
        engine=Engine(version="0.3.36", works=True, instruction_sets=("AVX2",)),
        cpu=computer.cpu,
        memory=computer.memory,
        disks=(),
        power=Power(),
        devices=(CARD,),
        model=loaded.model if loaded else None,
        plan=loaded.plan if loaded else None,
        problems=(Problem("the card sits idle", "pip install --no-deps " + "x" * 300),),
        unread=(),
    )


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when the examination may end."""
    event = asyncio.Event()

    async def examine(_settings: Settings, loaded: Loaded | None = None) -> Report:
        await event.wait()
        return report(loaded)

    monkeypatch.setattr(doctor, "examine", examine)
    return event


async def open_doctor(running: Chat) -> DoctorScreen:
    running.app.action_doctor()
    await running.settle()
    screen = running.app.screen
    assert isinstance(screen, DoctorScreen)
    return screen


async def test_it_tells_the_loaded_plan_with_its_reasons(released: asyncio.Event) -> None:
    ready = msgspec.structs.replace(READY, plan=REASONED)
    async with chat(ScriptedSession(load=[ready]), size=(100, 50)) as running:
        screen = await open_doctor(running)
        assert "Looking at the computer" in running.seen
        released.set()
        await running.settle()
        assert "the largest window that fits" in running.seen
        assert "one for each core" in running.seen
        assert "not in this build" in running.seen
        assert "\x1b" not in running.seen
        expected = list(report_lines(report(Loaded(READY.model, REASONED))))
        assert len(screen.copied.splitlines()) == len(expected)
        assert "x" * 300 in screen.copied, "a command is copied whole"
        await running.pilot.press("ctrl+o")
        assert running.app.clipboard == screen.copied
        await running.pilot.press(*"n_threads one")
        await running.settle()
        assert "one for each core" in running.seen
        assert "the largest window" not in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert running.app.screen is running.screen


async def test_it_scrolls_and_fits_in_40_columns(released: asyncio.Event) -> None:
    released.set()
    async with chat(ScriptedSession(), size=(40, 20)) as running:
        screen = await open_doctor(running)
        assert "Processor" in running.seen
        assert "sits idle" not in running.seen
        await running.pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        await running.settle()
        assert screen.body.scroll_y > 0
        assert all(len(row) <= 40 for row in running.rows())
        await running.pilot.resize_terminal(200, 60)
        await running.settle()
        assert "sits idle" in running.seen


async def test_an_engine_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def examine(_settings: Settings, loaded: Loaded | None = None) -> Report:
        raise EngineError("there is no engine")

    monkeypatch.setattr(doctor, "examine", examine)
    async with chat(ScriptedSession()) as running:
        await open_doctor(running)
        assert "there is no engine" in running.seen


async def test_a_loaded_model_is_told_of_without_a_new_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask(_servers: object) -> tuple[object, None]:
        from localr1.engine.protocol import DeviceList

        return DeviceList(devices=()), None

    monkeypatch.setattr(doctor, "probe_machine", lambda: machine(16))
    monkeypatch.setattr(doctor, "_ask_engine", ask)
    found = await doctor.examine(Settings(), loaded=Loaded(READY.model, REASONED))
    assert (found.model, found.plan) == (READY.model, REASONED)


def test_view(
    released: asyncio.Event, snapshot: SnapshotAssertion, snap_compare: Callable[..., bool]
) -> None:
    clock = Clock()
    session = ScriptedSession(load=[msgspec.structs.replace(READY, plan=REASONED)])
    app = Localr1App(session, None, clock)  # type: ignore[arg-type]  # the contract
    seen: list[str] = []

    async def reach(pilot: Pilot[None]) -> None:
        released.set()
        running = Chat(app, pilot, clock)
        running.hold_still()
        await running.settle()
        await open_doctor(running)
        await running.settle()
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=(90, 40), run_before=reach)
    assert seen[0] == snapshot
    assert same_picture
