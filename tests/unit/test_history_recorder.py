"""What a recorder was given is in the real history, in the place where it belongs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from localr1.chat.messages import FinishReason, Message, ReasoningPart, TextPart, user_message
from localr1.errors import StorageError
from localr1.history import recorder as recorder_module
from localr1.history.conversation import Conversation
from localr1.history.recorder import Recorder
from localr1.history.store import HistoryStore


def open_store(folder: Path) -> HistoryStore:
    return HistoryStore(folder / "history.sqlite3", folder / "locks")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    with closing(open_store(tmp_path)) as opened:
        yield opened


@pytest.fixture
def conversation(store: HistoryStore) -> Conversation:
    return store.create("demo")


def reply(text: str, reason: FinishReason | None = None) -> Message:
    return Message("assistant", (TextPart(text),), reason)


def stored(folder: Path, conversation: Conversation) -> list[Message]:
    """What another window reads."""
    with closing(open_store(folder)) as other:
        return other.open(conversation.id).messages


QUESTION = user_message("two and two?")
CUT, WHOLE = reply("It is", "length"), reply("It is 4.", "stop")


async def test_a_resumed_reply_stays_one_message(
    conversation: Conversation, tmp_path: Path
) -> None:
    recorder = Recorder(conversation)
    await recorder.add(QUESTION)
    await recorder.finish(CUT)
    recorder.resume()
    recorder.update(reply("It is 4"))
    await recorder.finish(WHOLE)
    assert stored(tmp_path, conversation) == [QUESTION, WHOLE]
    await recorder.add(user_message("thanks"))
    await recorder.finish(reply("!"))
    assert stored(tmp_path, conversation) == [
        *(QUESTION, WHOLE, user_message("thanks"), reply("!"))
    ]


async def test_a_resumed_reply_is_saved_while_it_grows(
    conversation: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "SAVE_SECONDS", 0.0)
    recorder = Recorder(conversation)
    await recorder.add(QUESTION)
    await recorder.finish(CUT)
    recorder.resume()
    recorder.update(reply("It is 4"))
    assert recorder._saving is not None
    await recorder._saving
    assert stored(tmp_path, conversation) == [QUESTION, reply("It is 4")]


async def test_a_reply_of_another_day_is_resumed(store: HistoryStore, tmp_path: Path) -> None:
    first = store.create("demo")
    for message in (QUESTION, CUT):
        first.add(message)
    first.close()
    again = store.open(first.id)
    recorder = Recorder(again)
    recorder.resume()
    await recorder.finish(WHOLE)
    assert stored(tmp_path, again) == [QUESTION, WHOLE]


async def test_a_reply_resumed_and_left_alone_is_not_overwritten(
    conversation: Conversation, tmp_path: Path
) -> None:
    recorder = Recorder(conversation)
    await recorder.finish(WHOLE)
    recorder.resume()
    await recorder.add(QUESTION)
    assert stored(tmp_path, conversation) == [WHOLE, QUESTION]


async def test_resuming_what_is_being_written_overwrites_nothing(
    conversation: Conversation, tmp_path: Path
) -> None:
    recorder = Recorder(conversation)
    await recorder.add(QUESTION)
    recorder.update(CUT)
    recorder.resume()
    await recorder.finish(WHOLE)
    assert stored(tmp_path, conversation) == [QUESTION, WHOLE]


async def test_resuming_an_empty_conversation_appends(
    conversation: Conversation, tmp_path: Path
) -> None:
    recorder = Recorder(conversation)
    recorder.resume()
    await recorder.finish(WHOLE)
    assert stored(tmp_path, conversation) == [WHOLE]


async def test_an_earlier_message_is_replaced(conversation: Conversation, tmp_path: Path) -> None:
    recorder = Recorder(conversation)
    plain = Message("assistant", (ReasoningPart("Hm."), TextPart("4")), "stop")
    carried = Message("assistant", (ReasoningPart("Hm.", carried=True), TextPart("4")), "stop")
    for message in (QUESTION, plain, user_message("sure?")):
        await recorder.add(message)
    recorder.update(reply("Ye"))
    await recorder.replace(1, carried)
    await recorder.finish(reply("Yes", "stop"))
    expected = [QUESTION, carried, user_message("sure?"), reply("Yes", "stop")]
    assert stored(tmp_path, conversation) == conversation.messages == expected


async def test_a_reply_comes_back_after_it_was_replaced(
    conversation: Conversation, tmp_path: Path
) -> None:
    recorder = Recorder(conversation)
    await recorder.finish(WHOLE)
    await recorder.replace(0, CUT)
    assert stored(tmp_path, conversation) == [CUT]
    recorder.resume()
    await recorder.finish(WHOLE)
    assert stored(tmp_path, conversation) == [WHOLE]


async def test_a_replacement_that_fails_ends_the_saving(
    store: HistoryStore, tmp_path: Path
) -> None:
    mine = store.create("demo")
    mine.add(QUESTION)
    mine.add(CUT)
    with closing(open_store(tmp_path)) as other:
        recorder = Recorder(other.open(mine.id))
        await recorder.replace(1, WHOLE)
        failure = recorder.failure
        assert isinstance(failure, StorageError)
        assert "another window" in failure.message
        mine.close()
        await recorder.replace(1, WHOLE)
        recorder.resume()
        await recorder.finish(WHOLE)
        assert recorder.failure is failure, "the first failure is the one to tell"
    assert stored(tmp_path, mine) == [QUESTION, CUT]


async def test_a_replacement_is_durable_on_return(
    conversation: Conversation, tmp_path: Path
) -> None:
    recorder = Recorder(conversation)
    await recorder.add(QUESTION)
    await recorder.replace(0, user_message("three and three?"))
    with closing(sqlite3.connect(tmp_path / "history.sqlite3")) as connection:
        assert connection.execute("SELECT text FROM part").fetchall() == [("three and three?",)]


async def test_without_a_conversation_nothing_is_done() -> None:
    recorder = Recorder(None)
    recorder.resume()
    await recorder.replace(5, WHOLE)
    await recorder.finish(WHOLE)
    assert recorder.failure is None


async def test_turning_waits_for_what_is_being_saved(
    conversation: Conversation, tmp_path: Path
) -> None:
    recorder = Recorder(conversation)
    await recorder.add(QUESTION)
    recorder.update(CUT)
    await recorder.rewind(1)
    assert conversation.messages == [QUESTION]
    await recorder.add(WHOLE)
    assert stored(tmp_path, conversation) == [QUESTION, WHOLE]
    await recorder.choose(1, 0)
    assert stored(tmp_path, conversation) == conversation.messages == [QUESTION, CUT]
    assert recorder.failure is None


async def test_turning_that_fails_is_told(store: HistoryStore, tmp_path: Path) -> None:
    mine = store.create("demo")
    mine.add(QUESTION)
    with closing(open_store(tmp_path)) as other:
        recorder = Recorder(other.open(mine.id))
        await recorder.rewind(0)
        assert recorder.failure is not None
        await recorder.choose(0, 0)
    await Recorder(None).rewind(5)
