"""Every setting in a form: found, changed with a fitting control, saved, and followed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from localr1 import paths
from localr1.chat.effort import Asked
from localr1.engine.protocol import Reasoning
from localr1.engine.sampling import Sampling
from localr1.session.setting_list import GROUPS, list_settings
from localr1.settings import RULES, load_settings
from localr1.tui.app import Localr1App
from localr1.tui.screens.settings import SettingsScreen
from localr1.tui.widgets.line_input import LineInput
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import DONE, PLAN, ScriptedSession


async def open_settings(running: Chat) -> SettingsScreen:
    running.app.action_settings()
    await running.settle()
    screen = running.app.screen
    assert isinstance(screen, SettingsScreen)
    return screen


async def change(running: Chat, name: str, text: str) -> None:
    """Find a setting, open its field, and give it this text."""
    screen = running.app.screen
    assert isinstance(screen, SettingsScreen)
    screen.search.focus()
    screen.search.value = name
    await running.pilot.pause()
    await running.pilot.press("enter")
    await running.pilot.pause()
    assert isinstance(running.app.focused, LineInput)
    running.app.focused.value = text
    await running.pilot.press("enter")
    await running.settle()


def saved() -> str:
    file = paths.settings_file()
    return file.read_text() if file.exists() else ""


def from_file(text: str, environment: dict[str, str], **flags: object) -> ScriptedSession:
    """A session whose settings come from everywhere."""
    file = paths.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    settings = load_settings(flags, environment, file).for_model("r1")
    return ScriptedSession(settings=settings, model_name="r1")


def test_every_setting_is_listed_once() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(RULES)


async def test_numbers_are_checked_saved_and_wait_for_a_load() -> None:
    session = ScriptedSession()
    async with chat(session, size=(90, 30)) as running:
        await open_settings(running)
        await running.pilot.press(*"n_ctx", "enter", *"12", "enter")
        await running.settle()
        assert "It must be at least 256." in running.seen
        assert saved() == ""
        await running.pilot.press("backspace", "backspace", *"4096", "enter")
        await running.settle()
        assert saved() == "n_ctx = 4096\n"
        assert "4,096   settings file" in running.seen
        assert "when the model is loaded again" in running.seen
        assert session.settings.n_ctx == 4096
        await running.pilot.press("ctrl+r")
        await running.settle()
        assert running.app.screen is running.screen
        assert session.loads == 2


async def test_choices_booleans_and_back_to_automatic() -> None:
    session = ScriptedSession()
    async with chat(session, size=(90, 30)) as running:
        await open_settings(running)
        await running.pilot.press(*"effort", "down", "enter", "down", "down", "enter")
        await running.settle()
        assert saved() == 'effort = "medium"\n'
        assert session.settings.effort == "medium"
        assert "from the next reply on" in running.seen
        await running.pilot.press("delete")
        await running.settle()
        assert saved() == ""
        assert session.settings.effort is None
        await running.pilot.press(*"collapse", "enter")
        await running.settle()
        assert saved() == "collapse_thinking = false\n"
        assert not running.screen._thinking.preferred.collapse_thinking
        await running.pilot.press("delete", *"mlock", "enter")
        await running.settle(0.2)
        assert saved() == "mlock = true\n"
        await running.pilot.press("down", "enter")
        await running.settle()
        assert saved() == "mlock = false\n"
        await running.pilot.press("delete")
        await running.settle()
        assert saved() == ""
        await running.pilot.press("escape")
        await running.settle()
        assert running.app.screen is running.screen


async def test_where_values_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALR1_TOP_P", "0.5")
    text = '# mine\ntop_k = 9\nn_ctx = 512\n[models."R1"]\nmin_p = 0.25 # less\n'
    session = from_file(text, {"LOCALR1_TOP_P": "0.5"}, n_ctx=1024)
    await session.set_limit(Asked(origin="this conversation", effort="high"))
    async with chat(session, size=(100, 60)) as running:
        screen = await open_settings(running)
        screen.search.value = "conversation"
        await running.settle()
        assert "high   this conversation" in running.seen
        screen.search.focus()
        for name, value in [
            ("n_ctx", "1,024   flag"),
            ("top_k", "9   settings file"),
            ("min_p", "0.25   model's settings"),
            ("top_p", "0.5   environment variable LOCALR1_TOP_P"),
        ]:
            screen.search.value = name
            await running.settle()
            assert value in running.seen
        await change(running, "n_ctx", "2048")
        assert "it counts from the next start" in running.seen
        assert session.settings.n_ctx == 1024
        await change(running, "min_p", "0.5")
    assert saved() == text.replace("512", "2048").replace("0.25", "0.5")
    assert session.settings.min_p == 0.5


async def test_who_types_fast_is_ahead_of_the_focus() -> None:
    async with chat(ScriptedSession(), size=(90, 30)) as running:
        screen = await open_settings(running)
        for character in "temper":
            screen.typed_in_form(character)
        screen.action_change()
        for character in "0.5":
            screen.typed_in_form(character)
        screen.action_change()
        await running.settle()
        assert screen.search.value == "temper"
        assert saved() == "temperature = 0.5\n"
        await running.pilot.press("r")
        await running.settle()
        assert screen.search.value == "r", "another search, and no setting was changed"
        assert saved() == "temperature = 0.5\n"
        await running.pilot.press("down", "ctrl+u")
        await running.settle()
        assert len(list(screen._shown())) == len(RULES)


def test_the_conversations_limit_goes_before_the_settings() -> None:
    settings = load_settings({"effort": "low"}, {})
    asked = Asked(origin="this conversation", tokens=100)
    sampling = Sampling(temperature=0.6)
    listed = {each.name: each for each in list_settings(settings, asked, PLAN, sampling)}
    assert listed["effort"].value == "automatic"
    assert listed["reasoning_budget"].value == "100"
    assert listed["reasoning_budget"].origin == "this conversation"
    assert (listed["n_ctx"].became, listed["temperature"].became) == ("8,192", "0.6")


async def test_the_theme_holds_at_once_and_the_mouse_works() -> None:
    async with chat(ScriptedSession(), size=(90, 40)) as running:
        screen = await open_settings(running)
        await running.pilot.press(*"theme")
        await running.settle()
        line = screen._current
        await running.pilot.click(line)
        await running.settle()
        assert screen._field is not None
        await running.pilot.press("home", *["down"] * 3, "enter")
        await running.settle()
        chosen = sorted(running.app.available_themes)[2]
        assert saved() == f'theme = "{chosen}"\n'
        assert running.app.theme == chosen
        await running.pilot.click(line)
        await running.pilot.press("escape")
        await running.settle()
        assert screen._field is None
        assert running.app.screen is screen


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("speculate", "draft", "needs --draft FILE"),
        ("rpc", "nowhere", "HOST:PORT"),
        ("seed", "many", "a whole number"),
    ],
)
async def test_what_cannot_be_used_is_said_under_the_field(
    name: str, text: str, complaint: str
) -> None:
    async with chat(ScriptedSession(), size=(90, 30)) as running:
        await open_settings(running)
        if name == "speculate":
            await running.pilot.press(*name, "enter", "end", "enter")
            await running.settle()
        else:
            await change(running, name, text)
        assert complaint in running.seen
        assert saved() == ""


async def test_a_broken_file_is_not_touched() -> None:
    async with chat(ScriptedSession(), size=(90, 30)) as running:
        await open_settings(running)
        paths.settings_file().parent.mkdir(parents=True, exist_ok=True)
        paths.settings_file().write_text("n_ctx = [")
        await running.pilot.press(*"mlock", "enter")
        await running.settle()
        assert "is not valid TOML" in " ".join(running.seen.split())
        assert saved() == "n_ctx = ["


async def test_while_a_reply_streams_in_40_columns() -> None:
    end = asyncio.Event()
    session = ScriptedSession([Reasoning(text="Hm.", tokens=1), end, DONE])
    async with chat(session, size=(40, 20)) as running:
        await running.ask("Go")
        await open_settings(running)
        assert all(len(row) <= 40 for row in running.rows())
        await change(running, "n_ctx", "512")
        await running.pilot.press("ctrl+r")
        await running.settle()
        assert "still being written" in " ".join(running.seen.split())
        assert session.loads == 1
        end.set()
        await running.settle()
        await running.pilot.press("ctrl+r")
        await running.settle()
        assert session.loads == 2


async def test_hostile_values_are_only_text() -> None:
    Path(paths.settings_file().parent).mkdir(parents=True, exist_ok=True)
    session = from_file('system = "\\u001b[31m[bold]x[/] [@click=app.quit]y"\n', {})
    async with chat(session, size=(90, 30)) as running:
        await open_settings(running)
        await running.pilot.press(*"system", "enter")
        await running.settle()
        assert "[bold]x[/] [@click=app.quit]y" in running.seen
        assert "\x1b" not in running.seen


@pytest.mark.parametrize("size", [(90, 32), (40, 24)])
def test_view(
    size: tuple[int, int], snapshot: SnapshotAssertion, snap_compare: Callable[..., bool]
) -> None:
    clock = Clock()
    session = from_file('n_ctx = 4096\n[models."r1"]\ntype_k = "q8_0"\n', {}, mlock=True)
    app = Localr1App(session, None, clock)  # type: ignore[arg-type]  # the contract
    seen: list[str] = []

    async def reach(pilot: Pilot[None]) -> None:
        running = Chat(app, pilot, clock)
        running.hold_still()
        await running.settle()
        await open_settings(running)
        await pilot.press("down", "down", "down", "down", "down", "enter", "down")
        await running.settle()
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=size, run_before=reach)
    assert seen[0] == snapshot
    assert same_picture
