"""The chat killed, and left alone by its terminal, in the middle of replies."""

from __future__ import annotations

import contextlib
import random
import sys
from pathlib import Path

import pytest

from benchmarks import chat_kills
from benchmarks.chat_terminal import ChatTerminal, write_transcript
from localr1.history.store import HistoryStore


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_no_word_is_lost_that_was_on_the_screen(tmp_path: Path) -> None:
    # `make acceptance` does this a hundred times
    kills = list(chat_kills.run(tmp_path, 2, random.Random(5)))
    assert all(each.is_sound for each in kills)
    assert all(each.kept >= each.seen for each in kills)
    assert max(each.seen for each in kills) > 0, "something had been on the screen"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_that_is_closed_ends_the_chat(tmp_path: Path) -> None:
    thought = " ".join(f"w{number:05d}" for number in range(4000))
    path = write_transcript(tmp_path / "long.transcript.json", f"{thought}</think>Done.")
    with ChatTerminal(tmp_path, str(path)) as terminal:
        terminal.wait_for("Ask something")
        terminal.press("Go\r")
        terminal.wait_for("w00020")
        assert terminal.hang_up() == 0
    with contextlib.closing(
        HistoryStore(tmp_path / "history.sqlite3", tmp_path / "locks")
    ) as store:
        conversation = store.open(store.latest() or "")
        assert not conversation.read_only
        reply = conversation.messages[-1]
        assert reply.finish_reason == "cancelled"
        assert reply.reasoning is not None
        assert "w00020" in reply.reasoning.text
