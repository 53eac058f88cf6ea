"""A session over the scripted worker: files in the prompt, in the history, in the counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from localr1 import paths
from localr1.chat.attachments import file_text
from localr1.chat.messages import FilePart
from localr1.engine.protocol import Done
from localr1.errors import EngineError
from localr1.history.store import HistoryStore
from localr1.models.reference import find_model
from localr1.session import ChatSession
from localr1.session.context_use import FileCost
from localr1.settings import load_settings
from tests.cli.command_line import write_transcript

CODE = FilePart("main.py", "def add(a, b): return a + b")
WORDS = len(file_text(CODE).split())


async def test_files_are_sent_kept_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALR1_HOME", str(tmp_path))
    store = HistoryStore(paths.history_file(), paths.locks_folder())
    model = find_model(str(write_transcript(tmp_path, "Hm.</think>Yes.", "Hm.</think>No.")))
    session = ChatSession(model, load_settings({}, {}), store.create("scripted"))
    with pytest.raises(EngineError):
        await session.count_tokens("x")
    with pytest.raises(EngineError):
        await session.context_use()
    asked = [event async for event in session.send("", files=[CODE])]
    assert isinstance(asked[-1], Done)
    # the line feed at the end counts where nothing follows it
    assert asked[-1].prompt_tokens == WORDS + 1
    assert session.title == "main.py"
    assert await session.count_tokens("and you", [CODE]) == WORDS + 2
    use = await session.context_use()
    assert use.longest_file == FileCost("main.py", use.parts["files"])
    assert (use.parts["answers"], use.left_out, use.n_ctx) == (1, 0, asked[-1].n_ctx)
    # counts and a question at once take turns
    counts = [asyncio.create_task(session.count_tokens("x y z")) for _ in range(3)]
    replied = [event async for event in session.send("Again?")]
    assert isinstance(replied[-1], Done)
    assert session.messages[-1].text == "No."
    # one that came too late says so
    counted = await asyncio.gather(*counts, return_exceptions=True)
    assert all(each == 3 or isinstance(each, EngineError) for each in counted), counted
    identity = session.conversation_id
    await session.close()
    assert identity is not None
    again = store.open(identity)
    assert again.messages[0].files == (CODE,)
    again.close()
