"""What needs a model that really reasons: the demo, in the real worker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Answer, Done, Event, Reasoning
from tests.engine.talk import ask, generate, last, started, text_of

GREEDY: dict[str, Any] = {"temperature": 0.0}
SUM = "What is 347 + 586?"


@pytest.fixture
async def client(demo: Path, tmp_path: Path) -> AsyncIterator[EngineClient]:
    client = await started(demo, tmp_path / "logs")
    yield client
    await client.close()


def _box(events: list[Event]) -> str:
    found = re.findall(r"\\boxed\{([^{}]*)\}", text_of(events, Answer))
    assert len(found) == 1
    return str(found[0])


async def test_reasoning_comes_first_and_is_closed(client: EngineClient) -> None:
    events = await ask(client, generate(client, SUM, **GREEDY))
    kinds = [type(event) for event in events if isinstance(event, Reasoning | Answer)]
    assert kinds == sorted(kinds, key=[Reasoning, Answer].index)
    thought = text_of(events, Reasoning)
    assert "Ones: 7+6=13, write 3, carry 1." in thought
    assert "think>" not in thought + text_of(events, Answer)
    assert _box(events) == "933"
    done = last(events, Done)
    assert (done.finish_reason, done.reasoning_ended_by) == ("stop", "closed")
    assert done.reasoning_tokens > 20 > 0
    assert done.answer_tokens > 5
    assert done.reasoning_seconds > 0


async def test_a_follow_up_sees_the_answer_without_its_reasoning(client: EngineClient) -> None:
    first = await ask(client, generate(client, SUM, **GREEDY))
    reasoned = last(first, Done).reasoning_tokens
    thought, answer = text_of(first, Reasoning), text_of(first, Answer)
    reply = Message("assistant", (ReasoningPart(thought), TextPart(answer)), "stop")
    turns = (user_message(SUM), reply, user_message("Add 7 to that."))
    second = await ask(client, generate(client, *turns, **GREEDY))
    assert _box(second) == "940"
    done = last(second, Done)
    told = last(first, Done).prompt_tokens + last(first, Done).answer_tokens
    assert done.prompt_tokens < told + reasoned


async def test_a_limit_that_ends_inside_the_thought_leaves_room_for_an_answer(
    client: EngineClient,
) -> None:
    events = await ask(client, generate(client, SUM, max_tokens=12, **GREEDY))
    done = last(events, Done)
    assert done.reasoning_ended_by == "room"
    assert done.reasoning_tokens + done.answer_tokens <= 12
    assert text_of(events, Reasoning)
    assert text_of(events, Answer)


async def test_a_cancelled_thought_leaves_the_model_able_to_think(client: EngineClient) -> None:
    question = generate(client, "What is 123 × 45?", **GREEDY)
    seen: list[Event] = []
    cancel = None
    async for event in client.ask(question):
        if isinstance(event, Reasoning) and cancel is None:
            cancel = asyncio.create_task(client.cancel())
        seen.append(event)
    assert cancel is not None
    await cancel
    assert last(seen, Done).finish_reason == "cancelled"
    assert _box(await ask(client, generate(client, SUM, **GREEDY))) == "933"


async def test_it_says_what_it_is(client: EngineClient) -> None:
    answer = text_of(await ask(client, generate(client, "Who are you?", **GREEDY)), Answer)
    assert "localr1's demo model" in answer
    assert "localr1 run" in answer
