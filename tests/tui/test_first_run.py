"""The screen that asks for a model when none is named: there at once, then it fills in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from localr1.advice import computer, doctor
from localr1.advice.report import DeviceReport, Engine, Report
from localr1.errors import EngineError
from localr1.hardware.machine import Power
from localr1.models.catalog import load_catalog
from localr1.models.local_files import Place
from localr1.models.reference import ModelReference, demo_path
from localr1.settings import Settings, load_settings
from localr1.tui.choices import LOOKING
from localr1.tui.first_run import Chosen, FirstRunApp
from tests.simulated import GIB, machine

CARD = DeviceReport(
    name="NVIDIA GeForce RTX 4090",
    kind="card",
    description="driver nvidia",
    total_bytes=24 * GIB,
    free_bytes=None,
    usable=False,
    why="not in this build",
)


def report(*devices: DeviceReport) -> Report:
    simulated = machine(16)
    return Report(
        version="0.1.0",
        engine=Engine(version="0.3.36", works=True, instruction_sets=()),
        cpu=simulated.cpu,
        memory=simulated.memory,
        disks=(),
        power=Power(),
        devices=devices,
        model=None,
        plan=None,
        problems=(),
        unread=(),
    )


@pytest.fixture(autouse=True)
def released(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when the computer may be known."""
    event = asyncio.Event()

    async def examine(_settings: Settings) -> Report:
        await event.wait()
        return report(CARD)

    monkeypatch.setattr(doctor, "examine", examine)
    monkeypatch.setattr(computer, "measured_bandwidth", lambda _: 40e9)
    return event


class FirstRun:
    """The screen, running."""

    def __init__(self, app: FirstRunApp, pilot: Pilot[Chosen]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def seen(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def until(self, text: str) -> None:
        for _ in range(200):
            if text in self.seen:
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"{text} was not seen in\n{self.seen}")


def row_of(name: str, seen: str) -> str:
    return next(row for row in seen.splitlines() if name in row)


def make_app(folder: Path, settings: Settings = Settings()) -> FirstRunApp:  # noqa: B008 - frozen
    return FirstRunApp(settings, folder / "settings.toml", [Place("here", folder, 0)])


@asynccontextmanager
async def first_run(
    folder: Path, *names: str, size: tuple[int, int] = (80, 34), begins: bytes = b"GGUF"
) -> AsyncIterator[FirstRun]:
    for name in names:
        (folder / name).write_bytes(begins + name.encode())
    app = make_app(folder)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield FirstRun(app, pilot)


async def test_enter_opens_the_demo_before_anything_is_known(tmp_path: Path) -> None:
    async with first_run(tmp_path) as running:
        assert LOOKING in running.seen
        assert "toy" in next(row for row in running.seen.splitlines() if "demo" in row)
        await running.pilot.press("enter")
    assert running.app.return_value == Chosen(ModelReference(demo_path(), "demo", "gguf"))
    assert not (tmp_path / "settings.toml").exists()


async def test_it_fills_in_the_computer_and_what_fits(
    tmp_path: Path, released: asyncio.Event
) -> None:
    (tmp_path / "real.gguf").write_bytes(demo_path().read_bytes())
    async with first_run(tmp_path, "broken.gguf") as running:
        await running.until("real.gguf")
        released.set()
        await running.until("here, fits, window")
        await running.until("here, cannot be used")
        seen = running.seen
        assert "16.0 GiB free of 19.2 GiB" in seen
        assert "not in this build, so it is not used" in " ".join(seen.split())
        assert "here, cannot be used" in row_of("broken.gguf", seen)
        await running.until("Ctrl+F fetches R1-0528-Qwen3-8B   Enter opens")
        seen = running.seen
        assert "4.7 GB, window 32,768, ~6.1 tokens/s, GPQA 49.1" in row_of(
            "R1-Distill-Qwen-7B ", seen
        )
        assert "42.5 GB, does not fit, GPQA 65.2" in row_of("R1-Distill-Llama-70B", seen)
        names = [model.full_name.removeprefix("DeepSeek-") for model in load_catalog()]
        assert all(name in seen for name in names)
        await running.pilot.press("down", "down", "enter")
    assert running.app.return_value is not None
    assert running.app.return_value.model.path == tmp_path / "real.gguf"


async def test_the_choice_is_remembered_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("# mine\n")
    async with first_run(tmp_path) as running:
        assert "[ ] Open it from now on" in running.seen
        await running.pilot.click("#remember")
        await running.pilot.pause()
        assert "[x] Open it from now on" in running.seen
        await running.pilot.press("enter")
    assert (tmp_path / "settings.toml").read_text() == '# mine\nmodel = "demo"\n'


async def test_a_choice_that_cannot_be_remembered_is_opened_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("n_ctx = [")
    async with first_run(tmp_path) as running:
        await running.pilot.press("ctrl+r", "enter")
        await running.until("Not remembered")
        assert "[ ] Open it" in running.seen
        await running.pilot.press("enter")
    assert running.app.return_value is not None
    assert (tmp_path / "settings.toml").read_text() == "n_ctx = ["


async def test_a_path_is_typed_and_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "model.gguf").write_bytes(b"GGUF")
    async with first_run(tmp_path) as running:
        await running.pilot.press(*"dee")
        await running.until("deep/")
        await running.pilot.press("enter")
        await running.until("There is no model dee.")
        await running.pilot.press("tab")
        await running.pilot.press("enter")
        await running.until("is a folder")
        await running.until("model.gguf")
        await running.pilot.press("tab", "ctrl+r", "enter")
    assert running.app.return_value is not None
    path = tmp_path / "deep" / "model.gguf"
    assert running.app.return_value.model.path.absolute() == path
    assert load_settings({}, {}, tmp_path / "settings.toml").model == str(path)


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_it_can_be_left(key: str, tmp_path: Path) -> None:
    async with first_run(tmp_path) as running:
        await running.pilot.press(key)
    assert running.app.return_value is None


async def test_a_file_name_is_only_text(tmp_path: Path) -> None:
    async with first_run(tmp_path, "[red]x[@click=app.quit]y\x1b[31m.gguf") as running:
        await running.until("[red]x[@click=app.quit]y")
        assert "\x1b" not in running.seen


async def test_an_engine_that_fails_leaves_the_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def examine(_settings: Settings) -> Report:
        raise EngineError("there is no engine")

    monkeypatch.setattr(doctor, "examine", examine)
    async with first_run(tmp_path) as running:
        await running.until("there is no engine")
        await running.pilot.press("enter")
    assert running.app.return_value is not None


async def test_a_small_terminal_scrolls_to_the_choice(tmp_path: Path) -> None:
    names = [f"model-{number:02}.gguf" for number in range(12)]
    async with first_run(tmp_path, *names, size=(40, 12)) as running:
        for _ in range(200):
            if len(running.app._choices.found) == len(names):
                break
            await running.pilot.pause(0.02)
        await running.pilot.press("up")
        await running.until("model-11")
        assert all(len(row) <= 40 for row in running.seen.splitlines())
        await running.pilot.click("#choices", offset=(3, 1))
    assert running.app.return_value is not None


async def test_the_advised_model_is_fetched_while_the_demo_answers(
    tmp_path: Path, released: asyncio.Event
) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")
    async with first_run(tmp_path) as running:
        await running.pilot.press("ctrl+f")
        assert running.app.is_running, "nothing is advised yet"
        released.set()
        await running.until("Ctrl+F fetches it; what is chosen above opens meanwhile.")
        seen = " ".join(running.seen.split())
        assert "R1-0528-Qwen3-8B Q4_K_M, 5.0 GB (about 7 min at 100 Mbit/s), window" in seen
        assert "(GPQA Diamond 61.1)" in seen
        await running.pilot.press("ctrl+f")
    demo = ModelReference(demo_path(), "demo", "gguf")
    assert running.app.return_value == Chosen(demo, "r1-0528-qwen3-8b:Q4_K_M")
    async with first_run(tmp_path) as running:
        await running.until("mine.gguf")
        await running.until("Ctrl+F fetches it")
        await running.pilot.press("down")
        await running.pilot.click("#advised")
    assert running.app.return_value is not None
    assert running.app.return_value.model.name == "mine.gguf"
    assert running.app.return_value.fetch


async def test_a_name_is_fetched_or_answered_with_the_nearest(tmp_path: Path) -> None:
    async with first_run(tmp_path) as running:
        await running.pilot.press(*"r1-qwen-77b", "enter")
        await running.until("There is no model r1-qwen-77b.")
        await running.until("Did you mean r1-qwen-7b")
        await running.pilot.press("ctrl+f")
        assert running.app.is_running
        running.app._path.value = "hf:org/repo"
        await running.pilot.press("enter")
        await running.until("hf:org/repo is not on this computer. Enter again fetches it.")
        await running.pilot.press("enter")
        await running.pilot.pause(0.2)
    assert running.app.return_value is not None
    assert running.app.return_value.fetch == "hf:org/repo"
    assert running.app.return_value.model.name == "demo"


async def test_offline_nothing_is_advised(tmp_path: Path, released: asyncio.Event) -> None:
    released.set()
    app = make_app(tmp_path, Settings(offline=True))
    async with app.run_test(size=(80, 34)) as pilot:
        running = FirstRun(app, pilot)
        await running.until("GPQA 65.2")
        await running.until("window 32,768")
        assert "localr1 is offline" in running.seen
        await pilot.press("ctrl+f")
        assert app.is_running
        assert "Ctrl+F" not in running.seen


@pytest.mark.parametrize("size", [(80, 32), (40, 24)])
def test_view(
    size: tuple[int, int],
    tmp_path: Path,
    released: asyncio.Event,
    snapshot: SnapshotAssertion,
    snap_compare: Callable[..., bool],
) -> None:
    (tmp_path / "DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf").write_bytes(b"GGUF")
    app = make_app(tmp_path)
    seen: list[str] = []

    async def reach(pilot: Pilot[Chosen]) -> None:
        released.set()
        running = FirstRun(app, pilot)
        await running.until("cannot be used")
        await running.until("Ctrl+F fetches")
        await pilot.pause(0.2)
        app._column.scroll_home(animate=False)
        await pilot.pause()
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=size, run_before=reach)
    assert seen[0] == snapshot
    assert same_picture
