"""What the interface's process loads, and when."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"llama_cpp", "numpy", "huggingface_hub", "gguf"}


def loaded_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after this."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("first_answer", [False, True])
def test_heavy_modules_are_not_loaded(first_answer: bool) -> None:
    code = (
        "import localr1.tui.app, localr1.tui.screens.help, localr1.session\n"
        "from localr1.tui.widgets.answer_view import AnswerView\n"
        f"{first_answer} and AnswerView('*x*')"
    )
    loaded = loaded_after(code)
    assert not loaded & HEAVY
    assert ("markdown_it" in loaded) == first_answer
    assert "pygments.lexers.python" not in loaded


def test_the_first_screen_is_there_before_anything_is_looked_at() -> None:
    code = "import localr1.tui.first_run"
    later = {"tomlkit", "localr1.advice.doctor", "localr1.gguf_header", "localr1.engine.client"}
    assert not loaded_after(code) & (later | HEAVY)


def test_the_chat_is_there_before_what_it_seldom_needs() -> None:
    code = (
        "from localr1 import quick_start; quick_start.import_asyncio()\n"
        "import localr1.cli.chat, localr1.session, localr1.tui.app"
    )
    seldom = {
        *("ssl", "_hashlib", "filelock", "localr1.hardware.plan", "localr1.hardware.estimate"),
        *("localr1.chat.boxed", "localr1.chat.exporting", "localr1.session.pull_job"),
        *("localr1.session.attached_file", "localr1.engine.state_files", "localr1.tui.turn"),
        *("localr1.tui.controls.models", "localr1.models.finding"),
    }
    assert not loaded_after(code) & (seldom | HEAVY)
