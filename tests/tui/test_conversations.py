"""The list of conversations: open, start, pin, rename, delete and undo, search and go there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.history.store import ConversationSummary, HistoryStore
from localr1.session.conversations import Conversations
from localr1.tui.screens.search import SearchScreen
from localr1.tui.widgets.conversation_list import ConversationList, grouped
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import ScriptedSession, reply

REPLY = reply("Two and two.\n", "Four.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    with contextlib.closing(HistoryStore(tmp_path / "history.sqlite3", tmp_path / "locks")) as made:
        yield made


def keep(store: HistoryStore, question: str, answer: str, thought: str = "Hm.") -> str:
    """A finished conversation; its id."""
    conversation = store.create("demo")
    conversation.add(user_message(question))
    parts = (ReasoningPart(thought, 3), TextPart(answer))
    conversation.add(Message("assistant", parts, "stop"))
    conversation.close()
    return conversation.id


@asynccontextmanager
async def chat_over(
    store: HistoryStore, *replies: object, size: tuple[int, int] = (120, 24)
) -> AsyncIterator[Chat]:
    """The chat with a new conversation of this store."""
    session = ScriptedSession(
        *replies,  # type: ignore[arg-type]
        conversations=Conversations(store),
        conversation=store.create("demo"),
    )
    async with chat(session, size=size) as running:
        yield running


def listed(running: Chat) -> list[str]:
    listing = running.screen.query_one(ConversationList)
    return [str(option.prompt) for option in listing.options]


async def test_the_list_opens_a_conversation(store: HistoryStore) -> None:
    keep(store, "How far is the moon?", "Far.")
    keep(store, "Why is the sky blue?", "Light.")
    async with chat_over(store, REPLY) as running:
        assert not running.screen.conversation_list.display
        await running.pilot.press("f5")
        await running.settle()
        assert listed(running) == ["Today", "  Why is the sky blue?", "  How far is the moon?"]
        await running.pilot.press("down", "down", "enter")
        await running.settle()
        assert running.texts(".answer") == ["Far."]
        assert "• How far is the moon?" in listed(running)
        assert running.screen.composer.has_focus
        await running.ask("Are you sure?")
        assert running.texts(".answer") == ["Far.", "Four."]
        assert listed(running)[1] == "• How far is the moon?", "the newest comes first"


async def test_a_new_conversation_keeps_the_old_one(store: HistoryStore) -> None:
    async with chat_over(store, REPLY, REPLY) as running:
        await running.ask("What is 2 + 2?")
        await running.pilot.press("ctrl+n")
        await running.settle()
        assert running.texts(".question") == []
        assert "Ask something" in running.seen
        await running.ask("And 1 + 3?")
        await running.pilot.press("f5")
        await running.settle()
        assert listed(running) == ["Today", "• And 1 + 3?", "  What is 2 + 2?"]


async def test_pin_rename_delete_and_undo(store: HistoryStore) -> None:
    keep(store, "How far is the moon?", "Far.")
    keep(store, "Why is the sky blue?", "Light.")
    async with chat_over(store) as running:
        await running.pilot.press("f5")
        await running.settle()
        assert "Enter opens   P pin   R rename   D delete" in running.rows()[-1]
        await running.pilot.press("down", "down", "p")
        await running.settle()
        assert listed(running)[:2] == ["Pinned", "  How far is the moon?"]
        await running.pilot.press("r")
        await running.settle()
        await running.pilot.press("ctrl+u", *"Moon", "enter")
        await running.settle()
        assert listed(running)[1] == "  Moon"
        await running.pilot.press("d")
        await running.settle()
        assert listed(running) == ["Today", "  Why is the sky blue?"]
        assert "Deleted: Moon" in running.seen
        await running.pilot.press("u")
        await running.settle()
        assert listed(running)[1] == "  Moon"
        await running.pilot.press("u")
        await running.settle()
        assert "Nothing was deleted" in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert running.screen.composer.has_focus
        running.screen.status_line.fall_silent()
        await running.settle()
        assert "rename" not in running.seen


async def test_what_another_window_writes_is_not_deleted(
    store: HistoryStore, tmp_path: Path
) -> None:
    identity = keep(store, "Why is the sky blue?", "Light.")
    other = HistoryStore(tmp_path / "history.sqlite3", tmp_path / "locks")
    async with chat_over(store) as running:
        with contextlib.closing(other), contextlib.closing(other.open(identity)):
            await running.pilot.press("f5")
            await running.settle()
            await running.pilot.press("down", "d")
            await running.settle()
            assert listed(running) == ["Today", "  Why is the sky blue?"]
            assert "Deleted" not in running.seen
            assert "nother window" in running.seen


async def test_deleting_the_open_conversation_begins_a_new_one(store: HistoryStore) -> None:
    async with chat_over(store, REPLY) as running:
        await running.ask("What is 2 + 2?")
        await running.screen.action_control("lists", "delete")
        await running.settle()
        assert running.texts(".question") == []
        assert store.list() == []
        await running.screen.action_control("lists", "undo_delete")
        assert [each.title for each in store.list()] == ["What is 2 + 2?"]


async def test_what_was_deleted_is_gone_after_the_end(store: HistoryStore, tmp_path: Path) -> None:
    identity = keep(store, "A secret?", "Yes, a secret.")
    conversations = Conversations(store)
    await conversations.delete(store.list()[0])
    await conversations.close()
    assert b"secret" not in (tmp_path / "history.sqlite3").read_bytes()
    assert identity


async def test_up_brings_questions_of_earlier_conversations(store: HistoryStore) -> None:
    keep(store, "How far is the moon?", "Far.")
    async with chat_over(store) as running:
        await running.pilot.press("up")
        await running.settle(0.2)
        assert running.screen.composer.text == "How far is the moon?"


async def test_each_conversation_keeps_what_was_not_sent(store: HistoryStore) -> None:
    moon = keep(store, "How far is the moon?", "Far.")
    async with chat_over(store, REPLY) as running:
        await running.ask("What is 2 + 2?")
        await running.pilot.press(*"and 3")
        await running.pilot.press("f5")
        await running.settle()
        await running.pilot.press("up", "down", "down", "enter")
        await running.settle()
        assert running.texts(".question") == ["How far is the moon?"]
        assert running.screen.composer.text == ""
        await running.pilot.press(*"why")
    with contextlib.closing(store.open(moon)) as opened:
        assert opened.draft == "why", "kept when the chat was left"
    sums = next(each.id for each in store.list() if each.title == "What is 2 + 2?")
    with contextlib.closing(store.open(sums)) as opened:
        assert opened.draft == "and 3"


@pytest.mark.parametrize("kept", [True, False])
async def test_export_to_a_file(
    store: HistoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    async with chat_over(store, REPLY) if kept else chat(ScriptedSession(REPLY)) as running:
        await running.screen.action_control("lists", "export")
        assert "nothing to export" in running.seen
        await running.ask("What is 2 + 2?")
        await running.screen.action_control("lists", "export", "pages")
        assert "markdown, json, html" in running.seen
        await running.ask("/export html")
        await running.pilot.press("enter")
        await running.settle(0.3)
        (page,) = tmp_path.glob("*.html")
        assert "<details>" in page.read_text()
        assert "Four." in page.read_text()


async def test_a_reply_is_not_left_alone(store: HistoryStore) -> None:
    wait = asyncio.Event()
    keep(store, "How far is the moon?", "Far.")
    async with chat_over(store, [*REPLY[:2], wait, *REPLY[2:]]) as running:
        await running.ask("What is 2 + 2?")
        await running.pilot.press("ctrl+n")
        assert "still being written" in running.seen
        wait.set()


async def test_search_goes_to_the_place(store: HistoryStore) -> None:
    keep(store, "How far is the moon?", "Far.", thought="About 384,400 kilometres, I recall.")
    keep(store, "Why is the sky blue?", "Light is scattered.")
    async with chat_over(store) as running:
        await running.pilot.press("f6")
        await running.pilot.press(*"kilometres")
        await running.settle(0.3)
        assert isinstance(running.app.screen, SearchScreen)
        assert "How far is the moon?" in running.seen
        assert "384,400 kilometres" in running.seen
        await running.pilot.press("enter")
        await running.settle()
        assert running.texts(".question") == ["How far is the moon?"]
        assert "1 of 1" in running.seen
        assert running.screen.turns[0].is_open


async def test_search_takes_anything(store: HistoryStore) -> None:
    keep(store, "How far is the \x1b[31mmoon?", "Far.")
    async with chat_over(store) as running:
        await running.pilot.press("f6")
        await running.pilot.press(*'"moon* NEAR(')
        await running.settle(0.3)
        assert "Nothing found" in running.seen
        await running.pilot.press("enter", "escape")
        await running.settle()
        assert running.screen.composer.has_focus


async def test_without_a_history_there_is_no_list() -> None:
    async with chat(ScriptedSession()) as running:
        await running.pilot.press("f5")
        assert "not kept" in running.seen
        await running.pilot.press("f6")
        assert "not kept" in running.seen


async def test_narrow_the_list_covers_the_chat_and_wide_it_stands_beside(
    store: HistoryStore,
) -> None:
    keep(store, "How far is the moon?", "Far.")
    async with chat_over(store, size=(40, 16)) as running:
        await running.pilot.press("f5")
        await running.settle()
        assert "Ask something" not in running.seen
        await running.pilot.press("down", "enter")
        await running.settle()
        assert "Far." in running.seen
        assert not running.screen.conversation_list.display
    async with chat_over(store, size=(160, 24)) as running:
        await running.settle()
        assert running.screen.conversation_list.display, "shown from the start"
        assert "How far is the moon?" in running.seen
        assert "Ask something" in running.seen


def summary(title: str, time: str, *, pinned: bool = False) -> ConversationSummary:
    return ConversationSummary(title, title, "demo", time, time, 2, pinned)


def test_groups_by_day() -> None:
    found = grouped(
        [
            summary("a", "2026-11-26T11:00:00+00:00"),
            summary("b", "2026-11-25T12:00:00.000+00:00"),
            summary("c", "2026-11-23T12:00:00.000Z", pinned=True),
            summary("d", "2026-11-22T12:00:00.000Z"),
            summary("e", "2026-10-01T12:00:00.000Z"),
            summary("f", "not a time"),
        ],
        date(2026, 11, 26),
    )
    assert [(group.heading, [each.id for each in group.summaries]) for group in found] == [
        ("Pinned", ["c"]),
        ("Today", ["a"]),
        ("Yesterday", ["b"]),
        ("Sunday", ["d"]),
        ("October 2026", ["e"]),
        ("No date", ["f"]),
    ]


async def test_what_is_wrong_with_the_history_is_told_in_the_chat() -> None:
    session = ScriptedSession(REPLY)
    session.history_says = ["the history was damaged \x1b[2J[bold]and[/] is repaired."]
    async with chat(session) as running:
        await running.settle()
        assert "The history was damaged" in running.seen
        assert "[bold]and[/] is repaired." in running.seen
        await running.ask("hello")
        assert "The history was damaged" in running.seen
