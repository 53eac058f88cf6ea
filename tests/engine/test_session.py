"""A conversation over the real worker: limits, steering, reading ahead, kept states, votes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from localr1 import paths
from localr1.chat.effort import Asked
from localr1.chat.messages import Insertion, Message, TextPart, user_message
from localr1.engine.protocol import Answer, Done, Event, Notice
from localr1.errors import EngineError
from localr1.history.store import HistoryStore
from localr1.models.reference import find_model
from localr1.session import ChatSession
from localr1.session.context_use import ContextUse
from localr1.settings import load_settings

SUM = "What is 347 + 586?"
LONG = "Here is a list of words. " + "sea wind ship sail rope mast wave salt " * 30


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> HistoryStore:
    monkeypatch.setenv("LOCALR1_HOME", str(tmp_path))
    return HistoryStore(paths.history_file(), paths.locks_folder())


def session_with(
    store: HistoryStore, identity: str | None = None, *, is_brief: bool = False, **flags: object
) -> ChatSession:
    settings = load_settings({"threads": 1, "temperature": 0, "n_ctx": 2048, **flags}, {})
    conversation = store.open(identity) if identity else store.create("demo")
    return ChatSession(find_model("demo"), settings, conversation, is_brief=is_brief)


async def all_of(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


async def stopped_when(session: ChatSession, is_time: Callable[[Event], bool]) -> None:
    """Ask for the sum, and stop the reply where it is time."""
    stopping: asyncio.Task[None] | None = None
    async for event in session.send(SUM):
        if stopping is None and is_time(event):
            stopping = asyncio.create_task(session.stop())
    assert stopping is not None
    await stopping


def done_of(events: list[Event]) -> Done:
    assert isinstance(events[-1], Done), events[-1]
    return events[-1]


async def test_a_conversations_own_limit_goes_before_the_settings_and_is_kept(
    store: HistoryStore,
) -> None:
    session = session_with(store, reasoning_budget=64)
    await session.set_limit(Asked(origin="this conversation", tokens=16))
    done = done_of(await all_of(session.send(SUM)))
    assert (done.reasoning_ended_by, done.reasoning_tokens <= 20) == ("tokens", True)
    own = done_of(await all_of(session.send(SUM, limit=Asked(origin="this reply", tokens=0))))
    assert (own.reasoning_ended_by, own.reasoning_tokens) == ("off", 0)
    identity = session.conversation_id
    await session.close()
    again = session_with(store, identity)
    assert again.reasoning_limit.tokens == 16
    await again.close()


async def test_the_closing_sentence_is_kept_as_localr1s(store: HistoryStore) -> None:
    session = session_with(store, reasoning_budget=16, closing_sentence="Enough.")
    await all_of(session.send(SUM))
    thought = session.messages[-1].reasoning
    assert thought is not None
    (put_in,) = thought.insertions
    assert thought.text[put_in.start : put_in.end].strip() == "Enough."
    assert put_in.author == "localr1"
    assert store.open(session.conversation_id or "").messages == list(session.messages)
    await session.close()


async def test_a_stopped_thought_is_steered_and_what_the_person_wrote_is_marked(
    store: HistoryStore,
) -> None:
    session = session_with(store)
    await stopped_when(session, lambda event: "Tens" in _thought(session))
    before = _thought(session)
    assert session.can_go_on
    cut = before[: before.index("13,")]
    done = done_of(await all_of(session.go_on(f"{cut}14,")))
    message = session.messages[-1]
    assert message.text.endswith("\\boxed{934}")
    assert message.reasoning is not None
    assert message.reasoning.insertions[:1] == (Insertion(len(cut) + 1, len(cut) + 3, "person"),)
    assert done.prompt_tokens - done.cached_tokens <= 4
    assert len(session.messages) == 2
    assert store.open(session.conversation_id or "").messages == list(session.messages)
    await session.close()


def _thought(session: ChatSession) -> str:
    thought = session.messages[-1].reasoning
    return thought.text if thought else ""


async def test_a_cut_answer_goes_on(store: HistoryStore) -> None:
    whole = session_with(store)
    await all_of(whole.send(SUM))
    await whole.close()
    reply = whole.messages[-1]
    assert reply.reasoning is not None
    cut = store.create("demo")
    cut.add(user_message(SUM))
    parts = (reply.reasoning, TextPart(reply.text[:9]))
    cut.add(Message("assistant", parts, "length"))
    cut.close()
    session = session_with(store, cut.id)
    assert session.can_go_on
    await all_of(session.go_on())
    assert session.messages[-1].text == reply.text
    assert session.messages[-1].finish_reason == "stop"
    assert store.open(cut.id).messages == list(session.messages)
    await session.close()


async def test_nothing_to_go_on_with_is_said(store: HistoryStore) -> None:
    session = session_with(store)
    (failed,) = await all_of(session.go_on())
    assert "no reply" in getattr(failed, "message", "")
    await session.close()


async def test_what_the_next_prompt_shares_is_read_while_nobody_waits(store: HistoryStore) -> None:
    session = session_with(store, read_ahead=True)
    first = done_of(await all_of(session.send(SUM)))
    await session.settle()
    second = done_of(await all_of(session.send("Add 7 to that.")))
    unread = second.prompt_tokens - second.cached_tokens
    assert unread < first.answer_tokens
    await session.close()
    without = session_with(store, read_ahead=False)
    await all_of(without.send(SUM))
    cold = done_of(await all_of(without.send("Add 7 to that.")))
    assert cold.prompt_tokens - cold.cached_tokens > unread
    await without.close()


async def test_a_question_interrupts_reading_ahead(store: HistoryStore) -> None:
    session = session_with(store, read_ahead=True)
    await all_of(session.send(LONG))
    # not settled: the new question comes while the engine reads
    done = done_of(await all_of(session.send(SUM)))
    assert session.messages[-1].text
    assert done.finish_reason == "stop"
    await session.close()


async def test_a_conversation_opened_again_is_not_read_again(store: HistoryStore) -> None:
    session = session_with(store)
    await all_of(session.send(LONG))
    await session.settle()
    identity = session.conversation_id
    await session.close()
    again = session_with(store, identity, is_brief=True)
    done = done_of(await all_of(again.send(SUM)))
    assert done.cached_tokens > 256
    assert done.prompt_tokens - done.cached_tokens < 64
    await again.close()


@pytest.mark.parametrize("damage", ["truncated", "bit", "foreign", "empty"])
async def test_a_bad_state_costs_only_the_reading(store: HistoryStore, damage: str) -> None:
    session = session_with(store)
    await all_of(session.send(LONG))
    await session.settle()
    identity = session.conversation_id
    await session.close()
    (state,) = paths.states_folder().glob("*.state")
    content = bytearray(state.read_bytes())
    if damage == "bit":
        content[len(content) // 2] ^= 4
    damaged = {"truncated": bytes(content[:-100]), "bit": bytes(content), "empty": b""}
    state.write_bytes(damaged.get(damage, b"GGUF" * 999))
    again = session_with(store, identity, is_brief=True)
    done = done_of(await all_of(again.send(SUM)))
    assert (done.cached_tokens, done.finish_reason) == (0, "stop")
    await again.close()


async def test_several_replies_are_voted_on(store: HistoryStore) -> None:
    session = session_with(store, temperature=0.6, seed=3)
    events = await all_of(session.send(SUM, samples=5))
    done = done_of(events)
    assert len(done.samples) == 5
    assert {event.sample for event in events if isinstance(event, Answer)} == set(range(5))
    vote = next(e for e in events if isinstance(e, Notice) and e.kind == "vote")
    assert "of 5 replies say 933" in vote.text
    assert session.messages[-1].text.endswith("\\boxed{933}")
    await session.close()


async def test_a_thought_is_carried_or_deleted_and_its_cost_is_known(store: HistoryStore) -> None:
    session = session_with(store)
    await all_of(session.send(SUM))
    cost = await session.thought_tokens(1)
    thought = session.messages[1].reasoning
    assert thought is not None
    assert thought.tokens <= cost <= thought.tokens + 12
    plain = done_of(await all_of(session.send("Add 7 to that."))).prompt_tokens
    await session.carry_thought(1, True)
    carried = done_of(await all_of(session.send("Add 7 to that.")))
    assert carried.prompt_tokens >= plain + cost
    await session.delete_thought(1)
    assert session.messages[1].reasoning is None
    assert store.open(session.conversation_id or "").messages == list(session.messages)
    await session.close()


async def test_who_counts_and_who_looks_for_a_place_do_not_meet_in_the_engine(
    store: HistoryStore,
) -> None:
    session = session_with(store, reasoning_budget=16)
    for _ in range(2):
        await all_of(session.send(SUM))
    for _ in range(6):
        counts = [asyncio.create_task(session.context_use()) for _ in range(2)]
        places = [asyncio.create_task(session.reveal(position)) for position in (0, 3)]
        await asyncio.sleep(0.02)
        done = done_of(await all_of(session.send(SUM)))
        assert done.finish_reason == "stop"
        told = await asyncio.gather(*counts, *places, return_exceptions=True)
        assert all(isinstance(each, (ContextUse, int, EngineError)) for each in told), told
    await session.close()
