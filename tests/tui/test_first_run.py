"""The screen that asks for a model when none is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from localr1.models.distills import DISTILLS
from localr1.models.reference import ModelReference, demo_path, models_in
from localr1.tui.first_run import FirstRunApp

SETTINGS = Path("/home/ada/settings.toml")


def _rows(app: FirstRunApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def _app(*names: str, folder: Path) -> FirstRunApp:
    for name in names:
        (folder / name).write_bytes(b"GGUF")
    return FirstRunApp(models_in(folder), SETTINGS)


async def test_it_offers_the_toy_beside_real_models(tmp_path: Path) -> None:
    app = _app(folder=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = _rows(app)
        assert "toy" in next(row for row in seen.splitlines() if row.strip().startswith("demo"))
        assert all(model.name in seen for model in DISTILLS)
        assert DISTILLS[1].address in seen
        assert str(SETTINGS) in seen
        await pilot.press("enter")
    assert app.return_value == ModelReference(demo_path(), "demo", "gguf")


async def test_model_files_that_are_here_come_first(tmp_path: Path) -> None:
    app = _app("b.gguf", "a.gguf", "a.gguf.partial", "readme.txt", folder=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        seen = _rows(app)
        assert seen.index("a.gguf") < seen.index("b.gguf") < seen.index("demo")
        assert "partial" not in seen
        await pilot.press("down", "enter")
    assert app.return_value is not None
    assert app.return_value.path == tmp_path / "b.gguf"


@pytest.mark.parametrize("key", ["escape", "q", "ctrl+c"])
async def test_it_can_be_left(key: str, tmp_path: Path) -> None:
    app = _app(folder=tmp_path)
    async with app.run_test() as pilot:
        await pilot.press(key)
    assert app.return_value is None


async def test_a_file_name_is_only_text(tmp_path: Path) -> None:
    app = _app("[bold red]x[@click=app.quit]y\x1b[31m.gguf", folder=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "[bold red]x[@click=app.quit]" in _rows(app)
        assert "\x1b" not in _rows(app)


async def test_a_small_terminal_scrolls_to_the_choice(tmp_path: Path) -> None:
    app = _app(*(f"model-{number:02}.gguf" for number in range(30)), folder=tmp_path)
    async with app.run_test(size=(60, 12)) as pilot:
        await _press_many(pilot, "down", 30)
        await pilot.press("enter")
    assert app.return_value is not None
    assert app.return_value.name == "demo"


async def _press_many(pilot: Pilot[ModelReference], key: str, times: int) -> None:
    for _ in range(times):
        await pilot.press(key)


def test_a_folder_that_is_not_there_has_no_models(tmp_path: Path) -> None:
    assert models_in(tmp_path / "nowhere") == []
