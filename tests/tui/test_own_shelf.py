"""The models screen over real files: found, added, removed."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from localr1 import paths
from localr1.advice import computer, doctor
from localr1.advice.report import Engine, Report
from localr1.errors import EngineError
from localr1.hardware.machine import Power
from localr1.session.pulls import Pulls
from localr1.settings import Settings
from localr1.tui.app import Localr1App
from localr1.tui.screens.models import ModelsScreen
from localr1.tui.widgets.model_list import ModelList
from localr1.tui.widgets.path_input import PathInput
from tests.simulated import machine
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import ScriptedSession


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer of 16 GiB, and a person without other models."""

    async def examine(_settings: Settings) -> Report:
        found = machine(16)
        return Report(
            version="", engine=Engine(version=None, works=True, instruction_sets=()),
            cpu=found.cpu, memory=found.memory, disks=(), power=Power(), devices=(), model=None,
            plan=None, problems=(), unread=(),
        )  # fmt: skip

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    monkeypatch.setattr(doctor, "examine", examine)
    monkeypatch.setattr(computer, "measured_bandwidth", lambda _: 40e9)


async def until(running: Chat, seen: str) -> str:
    for _ in range(600):
        words = " ".join(running.seen.split())
        if seen in words:
            return words
        await running.pilot.pause(0.02)
    raise AssertionError(f"{seen} was not seen in\n{running.seen}")


@pytest.mark.usefixtures("simulated")
async def test_files_are_found_added_and_removed(demo: Path, tmp_path: Path) -> None:
    folder = paths.models_folder()
    folder.mkdir(parents=True)
    shutil.copy(demo, folder / "small-Q8_0.gguf")
    (folder / "broken.gguf").write_bytes(b"GGUF")
    own = tmp_path / "mine.gguf"
    shutil.copy(demo, own)
    async with chat(ScriptedSession(), size=(120, 40)) as running:
        await running.pilot.press("alt+m")
        seen = await until(running, "★")
        assert "R1-0528-Qwen3-8B Q4_K_M 5.0 GB window 32,768 ~5.3 tokens/s GPQA 61.1" in seen
        assert "R1-Distill-Llama-70B Q4_K_M 42.5 GB does not fit" in seen
        await until(running, "small Q8_0 4.7 MB window 8,192 ~")
        await until(running, "broken 4 B cannot be used")
        assert "demo" in running.seen
        await running.pilot.press("ctrl+a")
        await running.settle()
        running.app.screen.query_one(PathInput).value = str(own)
        await running.pilot.press("enter")
        await until(running, "Add mine.gguf, 4.7 MB")
        await running.pilot.press("enter")
        await until(running, "Added mine.")
        assert (folder / "imported" / "mine.gguf").is_symlink()
        await until(running, "mine Q8_0 4.7 MB window")
        listed = running.app.screen.query_one(ModelList)
        listed.choose(f"here {folder / 'small-Q8_0.gguf'}")
        await running.pilot.press("delete")
        await until(running, "That frees 4.7 MB.")
        await running.pilot.press("down", "enter")
        await until(running, "Removed small-Q8_0. 4.7 MB are free again.")
        assert not (folder / "small-Q8_0.gguf").exists()
        running.app.screen.query_one(ModelList).choose(f"here {folder / 'broken.gguf'}")
        await running.pilot.press("ctrl+a")
        await running.settle()
        running.app.screen.query_one(PathInput).value = str(folder / "broken.gguf")
        await running.pilot.press("enter")
        await until(running, "Add broken.gguf, 4 B")
        await running.pilot.press("enter")
        await until(running, "damaged")


@pytest.mark.usefixtures("simulated")
async def test_a_computer_that_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    async def examine(_settings: Settings) -> Report:
        raise EngineError("there is no engine")

    monkeypatch.setattr(doctor, "examine", examine)
    async with chat(ScriptedSession(), size=(100, 34)) as running:
        await running.pilot.press("alt+m")
        seen = await until(running, "there is no engine")
        assert "R1-Distill-Qwen-7B Q4_K_M 4.7 GB" in seen, "it can be fetched all the same"


async def test_a_chat_begins_with_a_fetch(tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text('import time\nprint(\'{"event": "plan"}\', flush=True)\ntime.sleep(60)\n')
    pulls = Pulls(lambda reference: [sys.executable, "-I", str(child), reference])
    app = Localr1App(ScriptedSession(), pulls=pulls, fetch="r1-qwen-7b")  # type: ignore[arg-type]
    async with app.run_test(size=(100, 30)) as pilot:
        running = Chat(app, pilot, Clock())
        await until(running, "Fetching r1-qwen-7b; Alt+M shows how far it is.")
        assert [job.reference for job in pulls.running] == ["r1-qwen-7b"]
        await asyncio.wait_for(pulls.close(), 30)
    offline = ScriptedSession(settings=Settings(offline=True))
    app = Localr1App(offline, pulls=Pulls(), fetch="r1-qwen-7b")  # type: ignore[arg-type]
    async with app.run_test(size=(100, 30)) as pilot:
        await until(Chat(app, pilot, Clock()), "Fetching a model needs the network")
        assert not app.pulls.jobs
        assert not isinstance(app.screen, ModelsScreen)
