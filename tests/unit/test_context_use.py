"""What fills the context window: the parts are the whole, however an engine counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.attachments import prompt_text
from localr1.chat.messages import FilePart, Message, ReasoningPart, TextPart, user_message
from localr1.chat.window import longest_prompt, reserve_tokens
from localr1.session.context_use import ContextUse, FileCost, count_use, live_use
from localr1.session.prompt_messages import prompt_messages

Counter = Callable[[Sequence[Message]], Coroutine[None, None, int]]

MARKS = 3
"""Tokens that the template below puts around a message."""


def words(message: Message) -> int:
    thought = message.reasoning
    carried = thought.text if thought and thought.carried else ""
    return len(f"{prompt_text(message)} {carried}".split())


async def count(messages: Sequence[Message]) -> int:
    return sum(MARKS + words(message) for message in messages)


async def joining(messages: Sequence[Message]) -> int:
    """An engine for which longer text can be fewer tokens."""
    text = "".join(map(prompt_text, messages))
    return len(messages) + len(text) // 2 + (len(text) % 5) * 3


def use(
    messages: Sequence[Message],
    n_ctx: int = 4096,
    system: str | None = None,
    counter: Counter = count,
) -> ContextUse:
    return asyncio.run(count_use(messages, system, n_ctx, counter))


def reply(text: str, thought: str = "", *, carried: bool = False) -> Message:
    reasoning = (ReasoningPart(thought, carried=carried),) if thought else ()
    return Message("assistant", (*reasoning, TextPart(text)), finish_reason="stop")


FILE = FilePart("a.txt", "one two three four five")
CONVERSATION = (
    user_message("What is it", [FILE, FilePart("b.txt", "six")]),
    reply("It is one", "left out of the prompt"),
    user_message("And now"),
    reply("Two", "kept in here", carried=True),
)


def test_every_kind_is_counted_where_it_belongs() -> None:
    found = use(CONVERSATION, system="Be brief")
    marks = 2 * 9  # "[file name]: a.txt", "[file content begin]", "[file content end]"
    assert found.parts == {
        "system": 2,
        "questions": 5,
        "files": 6 + marks,
        "answers": 4,
        "thoughts": 3,
        "marks": 6 * MARKS,
    }
    assert (found.carried, found.left_out) == (1, 0)
    assert found.longest_file == FileCost("a.txt", 5 + 9)


def test_an_empty_conversation_has_only_marks() -> None:
    found = use(())
    assert found.parts == {"marks": MARKS}
    assert found.longest_file is None
    assert found.kept_tokens == reserve_tokens(4096)
    assert found.taken_tokens + found.kept_tokens + found.free_tokens == 4096


def test_what_the_prompt_leaves_out_is_not_counted() -> None:
    begun = Message("assistant", (ReasoningPart("only a thought", carried=True),))
    found = use((user_message("One"), begun))
    assert (found.carried, found.parts) == (0, {"questions": 1, "marks": MARKS})


TEXTS = st.text("ab \n", max_size=40)
FILES = st.lists(st.builds(FilePart, st.just("f"), TEXTS), max_size=2)
TURNS = st.lists(
    st.tuples(
        st.builds(user_message, TEXTS, FILES), st.builds(reply, TEXTS, TEXTS, carried=st.booleans())
    ).map(list),
    max_size=5,
).map(lambda turns: [message for turn in turns for message in turn])


@given(TURNS, st.none() | TEXTS, st.sampled_from([count, joining]))
def test_the_parts_are_the_whole_prompt(
    messages: list[Message], system: str | None, counter: Counter
) -> None:
    found = use(messages, 1 << 20, system, counter)
    whole = prompt_messages([*messages, user_message("")], system)
    assert found.taken_tokens == asyncio.run(counter(whole))
    assert all(tokens > 0 for tokens in found.parts.values())
    assert found.taken_tokens + found.kept_tokens + found.free_tokens == found.n_ctx


@given(st.integers(0, 30), st.integers(40, 900))
def test_the_oldest_turns_are_left_out_as_the_engine_does(turns: int, n_ctx: int) -> None:
    messages = [each for n in range(turns) for each in (user_message(f"{n} " * 5), reply("b " * 9))]
    found = use(messages, n_ctx, "Be brief")
    assert found.taken_tokens <= longest_prompt(n_ctx)
    assert found.left_out % 2 == 0
    assert found.parts["system"] == 2
    if found.left_out:
        turn_tokens = 5 + 9 + 2 * MARKS
        assert found.taken_tokens + turn_tokens > longest_prompt(n_ctx)


def test_a_running_reply_takes_what_it_has_read_and_written() -> None:
    found = live_use(1000, prompt=300, thinking=400, reply=0)
    assert found.parts == {"prompt": 300, "thinking": 400}
    assert (found.kept_tokens, found.free_tokens, found.is_nearly_full) == (250, 50, False)
    fuller = live_use(1000, prompt=300, thinking=400, reply=120)
    assert (fuller.kept_tokens, fuller.free_tokens, fuller.is_nearly_full) == (180, 0, True)
    assert live_use(1000, prompt=1100, thinking=0, reply=0).kept_tokens == 0
