"""All models in one list: used, fetched, stopped, added and removed from there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.screen import Screen

from localr1.errors import StorageError
from localr1.session.pull_events import NotFetched
from localr1.session.pulls import Pulls
from localr1.settings import Settings
from localr1.tui.app import Localr1App
from localr1.tui.model_list.rows import ModelHere, Offer, Surveyed
from localr1.tui.screens.choice_question import ChoiceQuestion
from localr1.tui.screens.models import ModelsScreen
from localr1.tui.widgets.key_line import KeyLine
from localr1.tui.widgets.model_list import ModelList
from localr1.tui.widgets.path_input import PathInput
from tests.pull_child import PLANNED, Steps, progress, scripted
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import READY, ScriptedSession, reply
from tests.tui.scripted_shelf import (
    ALL,
    BROKEN,
    EIGHT,
    OF_OTHERS,
    SEVEN,
    SEVENTY,
    SMALL,
    ScriptedShelf,
    standing,
)

FULL = {"event": "failed", "message": "the disk is full", "hint": "free 2.7 GB and fetch it again"}
OFFLINE = Settings(offline=True, origins={"offline": "settings file"})
HOSTILE = "\x1b[2J[red]x[@click=app.quit]y\u202e" + "z" * 400 + "\ud800"


class Models(Chat):
    """The chat with the models screen over it."""

    shelf: ScriptedShelf
    pulls: Pulls
    session: ScriptedSession

    @property
    def list(self) -> ModelList:
        return self.app.screen.query_one(ModelList)

    @property
    def words(self) -> str:
        """What is seen, however it is broken into rows."""
        return " ".join(self.seen.split())

    @property
    def chosen_key(self) -> str:
        return self.list.chosen.key if self.list.chosen else ""

    @property
    def top(self) -> Screen[object]:
        return self.app.screen

    def row(self, name: str) -> str:
        """The row of the list with this name."""
        return next((row for row in self.rows() if name in row), "")

    async def choose(self, item: ModelHere | Offer) -> None:
        self.list.choose(item.key)
        await self.settle()

    async def type_path(self, text: str) -> None:
        await self.press("ctrl+a")
        self.app.screen.query_one(PathInput).value = text
        await self.press("enter")
        await self.settle()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def until(self, seen: str | Callable[[], bool]) -> None:
        for _ in range(400):
            if seen() if callable(seen) else seen in self.seen:
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"{seen} was not seen in\n{self.seen}")


@asynccontextmanager
async def models(
    session: ScriptedSession | None = None,
    scripts: Mapping[str, Steps] = {},
    *,
    folder: Path = Path(),
    shelf: ScriptedShelf | None = None,
    size: tuple[int, int] = (110, 34),
    opened: bool = True,
    theme: str | None = None,
) -> AsyncIterator[Models]:
    session, shelf = session or ScriptedSession(), shelf or ScriptedShelf()
    pulls = Pulls(scripted(folder, scripts))
    try:
        async with chat(session, size=size, pulls=pulls, shelf=shelf, theme=theme) as running:
            running.__class__ = Models
            assert isinstance(running, Models)
            running.session, running.shelf, running.pulls = session, shelf, pulls
            if opened:
                await running.press("alt+m")
                assert isinstance(running.top, ModelsScreen)
            yield running
    finally:
        await pulls.close()


def loaded(model: ModelHere) -> ScriptedSession:
    """A session with this model."""
    facts = msgspec.structs.replace(READY.model, path=str(model.path))
    ready = msgspec.structs.replace(READY, model=facts)
    return ScriptedSession(reply("Hm.\n", "Four."), load=[ready])


async def test_it_tells_what_is_here_and_what_can_be_fetched() -> None:
    shelf = ScriptedShelf(Surveyed(), ALL)
    shelf.may_go_on.clear()
    async with models(loaded(SMALL), shelf=shelf, opened=False) as running:
        await running.press("alt+m")
        assert running.seen.count("Looking…") == 2
        shelf.may_go_on.set()
        await running.settle()
        row = running.row("Qwen-1.5B  ")
        assert "● R1-Distill-Qwen-1.5B" in row
        assert "Q4_K_M" in row and "1.1 GB" in row and "window 32,768" in row
        assert "in use" in row
        assert "9.1 GB  does not fit" in running.row("Phi-4-reasoning")
        assert "LM Studio" in running.row("Phi-4-reasoning")
        assert "cannot be used" in running.row("half")
        assert "★" in running.row("Qwen-7B")
        assert "~5.8 tokens/s" in running.row("Qwen-7B")
        assert "GPQA 49.1" in running.row("Qwen-7B")
        assert "★" not in running.row("Llama-8B")
        assert "localr1's folder is /home/someone/" in running.seen
        assert "yes, with a window of 32,768 of 131,072 tokens" in running.seen
        await running.press("down")
        assert "not now: it needs 10.4 GiB of memory" in running.seen
        assert "Del removes it" not in running.seen, "it belongs to another program"
        await running.press("down", "down")
        assert "the best of the family that fits" in running.seen
        assert "localr1 pull r1-qwen-7b:Q4_K_M" in running.seen
        await running.press(*"llama 8b")
        assert "Qwen-7B" not in running.seen
        assert running.list.chosen == EIGHT
        await running.press(*" nonsense")
        assert "Nothing has these words." in running.seen
        await running.press("enter", "delete", "ctrl+s")
        assert not running.pulls.jobs
        await running.press("escape")
        assert running.top is running.screen
        await running.ask("/model")
        assert isinstance(running.top, ModelsScreen)
        await running.press("escape")
        assert running.top is running.screen


async def test_a_model_is_used_in_the_middle_of_a_conversation() -> None:
    wait = asyncio.Event()
    session = ScriptedSession(
        [*reply("Hm.\n", "Four.")[:-1], wait, reply("", "")[-1]], load=[READY]
    )
    async with models(session, opened=False) as running:
        await running.ask("What is 2 + 2?")
        await running.press("alt+m", "enter")
        assert "The reply is still being written" in running.seen
        assert session.loads == 1 and session.model is READY.model
        wait.set()
        await running.settle()
        await running.choose(BROKEN)
        await running.press("enter")
        assert "Half.gguf is cut off" not in running.seen, "names keep their case"
        assert "half.gguf is cut off: 12 MB of 1.1 GB are there" in running.seen
        await running.choose(OF_OTHERS)
        await running.press("enter")
        assert "Phi-4-reasoning does not fit into memory now: it needs 10.4 GiB" in running.words
        await running.press("enter")
        assert isinstance(running.top, ModelsScreen), "Enter alone leaves it"
        await running.press("enter", "down", "enter")
        assert running.screen.is_current
        assert session.model_name == "Phi-4-reasoning"
        assert running.texts(".answer") == ["Four."], "the conversation stays"


async def test_what_is_in_use_is_neither_used_again_nor_removed() -> None:
    async with models(loaded(SMALL)) as running:
        await running.press("enter")
        assert "It is in use already." in running.seen
        await running.press("delete")
        assert "use another model first" in running.seen
        assert isinstance(running.top, ModelsScreen)


async def test_a_model_is_fetched_while_one_chats_and_used_with_a_key(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    path = tmp_path / "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"
    path.touch()
    done = {"event": "done", "path": str(path)}
    scripts: dict[str, Steps] = {
        SEVEN.reference: [PLANNED, progress(0.43), {"until": str(go_on)}, done],
        EIGHT.reference: [PLANNED, progress(0.21), {"until": "/never"}],
    }
    session = ScriptedSession(reply("Hm.\n", "Four."), load=[READY])
    async with models(session, scripts, folder=tmp_path) as running:
        await running.choose(SEVEN)
        await running.press("enter")
        await running.until("43 %  12.5 MB/s  1 min 1 s left")
        await running.press("enter")
        assert "It is being fetched." in running.seen
        assert len(running.pulls.jobs) == 1
        assert "2.0 GB of 4.7 GB" in running.seen
        assert "Ctrl+S stops it" in running.seen
        await running.choose(EIGHT)
        await running.press("enter")
        await running.until("21 %")
        await running.press("escape")
        assert "fetching 2: 32 %" in running.rows()[-1]
        await running.press("alt+u")
        assert "No model was fetched yet" in running.seen
        await running.ask("What is 2 + 2?")
        assert running.texts(".answer") == ["Four."]
        running.shelf.surveys = 0
        go_on.touch()
        await running.until("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M is here. Alt+U uses it.")
        assert not running.shelf.surveys, "nobody looks at the list"
        await running.press("alt+u")
        assert session.model_name == path.stem
        assert running.texts(".answer") == ["Four."], "the conversation stays"
        await running.press("alt+m")
        assert "★" not in running.seen, "it is offered no more"
        assert len(running.pulls.running) == 1


async def test_an_end_is_seen_in_the_open_list(tmp_path: Path) -> None:
    done = {"event": "done", "path": "/models/r1.gguf"}
    async with models(None, {SEVEN.reference: [PLANNED, done]}, folder=tmp_path) as running:
        await running.choose(SEVEN)
        await running.press("enter")
        await running.until(lambda: running.shelf.surveys == 2)
        await running.settle()
        assert "★" not in running.seen
        await running.press("escape")
        running.screen.status_line.fall_silent()
        await running.settle()
        assert "model fetched" in running.rows()[-1]
        await running.pilot.click("#status", offset=(running.rows()[-1].index("model fetched"), 0))
        await running.settle()
        assert isinstance(running.top, ModelsScreen)


async def test_a_fetch_is_stopped_and_gone_on_with(tmp_path: Path) -> None:
    steps: Steps = [PLANNED, progress(0.5), {"until": "/never"}]
    async with models(None, {SEVEN.reference: steps}, folder=tmp_path) as running:
        await running.choose(SEVEN)
        await running.press("enter")
        await running.until("50 %")
        job = running.pulls.job(SEVEN.reference)
        await running.press("ctrl+s")
        await running.until("stopped; Enter goes on")
        assert "What was fetched so far is kept" in running.seen
        assert "Enter goes on" in running.seen
        assert running.texts(".notes") == [], "it was meant"
        await running.press("ctrl+s")
        assert "This is not being fetched." in running.seen
        await running.press("enter")
        assert running.pulls.job(SEVEN.reference) is not job
        await running.until("12.5 MB/s")


async def test_what_does_not_fit_is_fetched_after_a_question(tmp_path: Path) -> None:
    steps: Steps = [PLANNED, progress(0.5), {"until": "/never"}]
    async with models(None, {SEVENTY.reference: steps}, folder=tmp_path) as running:
        await running.choose(SEVENTY)
        await running.press("enter")
        assert "does not fit into memory now: it needs 44 GiB" in running.words
        await running.press("escape")
        assert not running.pulls.jobs
        await running.press("enter", "down", "enter")
        await running.until("50 %  12.5 MB/s")


async def test_failures_are_told_in_the_row_the_details_and_the_chat(tmp_path: Path) -> None:
    scripts: dict[str, Steps] = {
        SEVEN.reference: [PLANNED, progress(0.5), FULL, {"exit": 7}],
        EIGHT.reference: [PLANNED, {"kill": 9}],
    }
    async with models(None, scripts, folder=tmp_path) as running:
        await running.choose(SEVEN)
        await running.press("enter")
        await running.until("! The disk is full")
        assert "Free 2.7 GB and fetch it again" in running.seen
        assert "Enter tries again" in running.seen
        await running.choose(EIGHT)
        await running.press("enter")
        await running.until("! The download was ended by SIGKILL")
        await running.press("escape")
        notes = " ".join(running.texts(".notes")[0].split())
        assert "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M was not fetched: the disk is full" in notes
        assert "was ended by SIGKILL What was fetched is kept; fetch it again to go on" in notes


async def test_offline_nothing_is_offered_or_fetched(tmp_path: Path) -> None:
    steps: Steps = [PLANNED, progress(0.5), {"until": "/never"}]
    async with models(None, {SEVEN.reference: steps}, folder=tmp_path) as running:
        await running.choose(SEVEN)
        await running.press("enter")
        await running.until("50 %")
        running.session.settings = OFFLINE
        running.app.follow_settings(OFFLINE)
        await running.until(lambda: not running.pulls.running)
        await running.press("a", "backspace")
        assert "localr1 is offline, as the settings say; nothing can be fetched." in running.seen
        assert "Qwen-7B" not in running.seen
        await running.press("ctrl+a", *"hf:org/repo", "enter")
        assert "Fetching a model needs the network, and localr1 is offline." in running.seen
        assert "Set offline = false" in running.seen
        assert not running.pulls.running


async def test_removing_asks_and_says_what_it_frees() -> None:
    async with models() as running:
        await running.press("delete")
        assert isinstance(running.top, ChoiceQuestion)
        assert "That frees 1.1 GB." in running.words
        await running.press("enter")
        assert isinstance(running.top, ModelsScreen)
        assert not running.shelf.removed, "Enter alone keeps it"
        running.shelf.error = StorageError("cannot remove it: in use", "close what has it open")
        await running.press("delete", "down", "enter")
        assert "Cannot remove it: in use. Close what has it open." in running.seen
        running.shelf.error = None
        running.shelf.opened = True
        await running.press("delete")
        assert "It is open in another window." in running.words
        await running.press("down", "enter")
        await running.settle()
        assert running.shelf.removed == [SMALL]
        assert "Removed DeepSeek-R1-Distill-Qwen-1.5B. 1.1 GB are free again." in running.seen
        assert running.list.chosen == OF_OTHERS
        await running.press("delete")
        assert "is not in localr1's folder" in running.seen
        await running.choose(SEVEN)
        await running.press("delete")
        assert "It is not on this computer." in running.seen


async def test_a_link_frees_nothing() -> None:
    link = SMALL._replace(freed_bytes=0)
    async with models(shelf=ScriptedShelf(Surveyed([link], is_complete=True))) as running:
        await running.press("delete")
        assert "Its file stays elsewhere." in running.words
        await running.press("down", "enter")
        await running.settle()
        assert running.seen.count("Removed DeepSeek-R1-Distill-Qwen-1.5B.") == 1
        assert "free again" not in running.seen
        assert "No model yet" in running.seen


async def test_files_are_added_and_names_fetched(tmp_path: Path) -> None:
    file = tmp_path / "my model.gguf"
    file.write_bytes(b"GGUF" * 100)
    scripts: dict[str, Steps] = {"hf:org/repo": [progress(0.1), {"until": "/never"}]}
    async with models(None, scripts, folder=tmp_path) as running:
        await running.press("ctrl+a")
        assert "Path of a .gguf file, or hf:ORG/REPO" in running.seen
        await running.press(*"nowhere.gguf", "enter")
        await running.settle()
        assert "There is no file nowhere.gguf." in running.seen
        running.shelf.may_go_on.clear()
        await running.type_path(str(file))
        assert "Add my model.gguf, 400 B" in running.seen
        await running.press("down", "enter")
        assert "Reading it: 25 %." in running.seen
        await running.press("ctrl+a")
        assert "One file is being added already." in running.seen
        running.shelf.may_go_on.set()
        await running.until("Added my model.gguf.")
        assert running.shelf.added == [(file, "copy")]
        assert running.shelf.surveys == 2
        running.shelf.may_go_on.clear()
        await running.type_path(f"'{file}'")
        await running.press("enter", "ctrl+s")
        running.shelf.may_go_on.set()
        await running.until("It was stopped; nothing was added.")
        assert len(running.shelf.added) == 1
        await running.press("ctrl+a", *"hf:org/repo", "enter")
        await running.until("10 %  12.5 MB/s")
        assert "hf:org/repo" in running.row("10 %  12.5 MB/s")
        await running.press("ctrl+a", "escape", "escape")
        assert running.top is running.screen


async def test_the_mouse_does_it_all(tmp_path: Path) -> None:
    steps: Steps = [PLANNED, progress(0.5), {"until": "/never"}]
    async with models(None, {SEVEN.reference: steps}, folder=tmp_path) as running:

        async def click_words(words: str) -> None:
            y, row = next((y, row) for y, row in enumerate(running.rows()) if words in row)
            await running.pilot.click(offset=(row.index(words) + 1, y))
            await running.settle()

        await click_words("On this computer")
        assert running.chosen_key == SMALL.key
        await click_words("R1-Distill-Qwen-7B")
        assert running.chosen_key == SEVEN.key
        assert not running.pulls.jobs, "the first click only looks"
        await click_words("R1-Distill-Qwen-7B")
        await running.until("50 %")
        await click_words("Ctrl+S stops it")
        await running.until("stopped; Enter goes on")
        await click_words("R1-Distill-Qwen-1.5B ")
        await click_words("Del removes it")
        assert isinstance(running.top, ChoiceQuestion)
        await click_words("Remove it")
        await running.settle()
        assert running.shelf.removed == [SMALL]
        await click_words("Ctrl+A adds")
        assert "Add a model" in running.seen
        await running.press("escape")
        await click_words("Esc closes")
        assert running.screen.is_current


async def test_names_are_only_text(tmp_path: Path) -> None:
    here = SMALL._replace(name=HOSTILE, place=HOSTILE, quant=HOSTILE, problem=HOSTILE)
    offer = SEVEN._replace(name=HOSTILE, quality=HOSTILE, reason=HOSTILE, facts=[(HOSTILE,) * 2])
    shelf = ScriptedShelf(Surveyed([here], [offer], Path("/tmp/" + HOSTILE), True, HOSTILE))
    bad = dict(FULL, message="no\x1b]52;c;x\x07", hint="[@click=app.quit]do[/]\x9b2J")
    told = progress(7.0, note=HOSTILE[:-1], seconds_left=1e300, bytes_per_second=-1)
    steps: Steps = [dict(PLANNED, name=HOSTILE[:-1]), told, bad]
    async with models(None, {SEVEN.reference: steps}, folder=tmp_path, shelf=shelf) as running:
        assert "[red]x[@click=app.quit]y" in running.seen
        await running.press("enter", "delete")
        assert "[red]x[@click=app.quit]y" in running.seen
        await running.press("escape", "ctrl+o", "down", "enter")
        await running.until("! no")
        assert "[@click=app.quit]do[/]" in running.seen
        for character in "\x1b\x9b\x07\u202e":
            assert character not in running.seen
        await running.press("escape")
        assert "\x1b" not in running.seen
        assert running.app.is_running


@pytest.mark.parametrize("size", [(40, 14), (64, 20), (200, 60)])
async def test_it_fits(size: tuple[int, int], tmp_path: Path) -> None:
    steps: Steps = [PLANNED, progress(0.5), {"until": "/never"}]
    async with models(None, {EIGHT.reference: steps}, folder=tmp_path, size=size) as running:
        await running.press("ctrl+end")
        assert "R1-Distill-Llama-70B" in running.seen
        await running.choose(EIGHT)
        await running.press("enter")
        await running.until("50 %")
        assert all(len(row) <= size[0] for row in running.rows())
        await running.press("ctrl+home")
        assert "On this computer" in running.seen
        await running.pilot.resize_terminal(30, 10)
        await running.press("pagedown", "pageup")
        await running.pilot.resize_terminal(120, 40)
        await running.settle()
        assert running.app.screen.query_one(KeyLine).size.height == 1


async def test_the_path_is_copied() -> None:
    async with models() as running:
        await running.press("ctrl+o")
        assert running.app.clipboard == str(SMALL.path)
        await running.choose(SEVEN)
        await running.press("ctrl+o")
        assert running.app.clipboard == str(ALL.folder)


@pytest.mark.parametrize("size", [(110, 34), (40, 30)])
def test_view(
    size: tuple[int, int],
    snapshot: SnapshotAssertion,
    snap_compare: Callable[..., bool],
) -> None:
    clock = Clock()
    pulls = Pulls()
    standing(pulls, SEVEN, 0.43)
    standing(pulls, EIGHT, 0.0).outcome = NotFetched("the disk is full", "free 2.7 GB")
    still = ALL._replace(here=[each._replace(used_at="") for each in ALL.here])
    app = Localr1App(
        loaded(SMALL),  # type: ignore[arg-type]  # the contract
        None,
        clock,
        pulls=pulls,
        shelf=ScriptedShelf(still),
    )
    seen: list[str] = []

    async def reach(pilot: Pilot[None]) -> None:
        running = Models(app, pilot, clock)
        running.hold_still()
        await running.settle()
        await running.press("alt+m")
        await running.choose(SEVEN)
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=size, run_before=reach)
    assert seen[0] == snapshot
    assert same_picture
