"""What fills the context window, in tokens, by kind: counted, or as far as a reply tells it."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from localr1.chat.messages import FilePart, Message, Part, ReasoningPart, user_message
from localr1.chat.window import longest_prompt, reserve_tokens, shortened
from localr1.session.prompt_messages import prompt_messages

Kind = Literal["system", "questions", "files", "answers", "thoughts", "marks"]
"""Of the next prompt; `marks` are those that the template puts around messages."""

LiveKind = Literal["prompt", "thinking", "reply"]
"""While a reply is written: what it was asked with, and what it has thought and answered."""

Counter = Callable[[Sequence[Message]], Awaitable[int]]
"""Tokens of the prompt for these messages, exactly."""

_ORDER: tuple[Kind, ...] = ("system", "questions", "files", "answers", "thoughts")


class FileCost(msgspec.Struct, frozen=True):
    """What one attached file takes of the window."""

    name: str
    tokens: int


class ContextUse(msgspec.Struct, frozen=True, kw_only=True):
    """The context window, and what it holds."""

    n_ctx: int
    parts: Mapping[Kind | LiveKind, int]
    """Tokens of each kind there is; together they are all that is taken."""
    carried: int = 0
    """Thoughts that a person has carried along."""
    longest_file: FileCost | None = None
    left_out: int = 0
    """Messages, the oldest ones, for which the next prompt has no room."""
    is_live: bool = False
    """A reply is being written: this is what the window holds now."""

    @property
    def taken_tokens(self) -> int:
        """All that is taken."""
        return sum(self.parts.values())

    @property
    def kept_tokens(self) -> int:
        """What is left of the room that is kept for an answer."""
        return max(0, min(reserve_tokens(self.n_ctx), self.n_ctx - self.taken_tokens))

    @property
    def is_nearly_full(self) -> bool:
        """Less is left than what is kept for an answer."""
        return self.kept_tokens < reserve_tokens(self.n_ctx)

    @property
    def free_tokens(self) -> int:
        """Neither taken nor kept."""
        return max(0, self.n_ctx - self.taken_tokens - self.kept_tokens)


def live_use(n_ctx: int, *, prompt: int, thinking: int, reply: int) -> ContextUse:
    """The window while a reply is written.

    Args:
        n_ctx: its size in tokens; so are the others.
        prompt: read so far.
        thinking: thought since.
        reply: answered since.
    """
    parts: dict[Kind | LiveKind, int] = {"prompt": prompt, "thinking": thinking, "reply": reply}
    there = {kind: tokens for kind, tokens in parts.items() if tokens}
    return ContextUse(n_ctx=n_ctx, parts=there, is_live=True)


async def count_use(
    messages: Sequence[Message], system: str | None, n_ctx: int, count: Counter
) -> ContextUse:
    """What the next prompt holds, with a question that has no words yet.

    The parts are differences between prompts that have ever more of the words, so that their
    sum is the whole prompt's length whatever the template does.

    Args:
        messages: the conversation.
        system: the system prompt, where there is one.
        n_ctx: the context window, in tokens.
        count: the engine.
    """
    asked = prompt_messages([*messages, user_message("")], system)
    whole = [_lean(message) for message in asked]
    kept = await _fitting(shortened(whole), n_ctx, count)
    parts = await _parts(kept, count)
    return ContextUse(
        n_ctx=n_ctx,
        parts=parts,
        carried=sum(message.reasoning is not None for message in kept),
        longest_file=await _longest_file(kept, sum(parts.values()), count),
        left_out=len(whole) - len(kept),
    )


async def _fitting(versions: list[list[Message]], n_ctx: int, count: Counter) -> list[Message]:
    """The first of ever shorter conversations that fits, as the engine finds it; else the last."""
    low, high = 0, len(versions) - 1
    middle = 0  # most conversations fit as they are
    while low < high:
        if await count(versions[middle]) <= longest_prompt(n_ctx):
            high = middle
        else:
            low = middle + 1
        middle = (low + high) // 2
    return versions[low]


async def _parts(messages: Sequence[Message], count: Counter) -> dict[Kind | LiveKind, int]:
    lengths: list[int] = []
    before: list[Message] | None = None
    for stage in _stages(messages):
        lengths.append(lengths[-1] if stage == before else await count(stage))
        before = stage
    # Where two texts meet a token may join them: longer text must not count as less
    for index in range(len(lengths) - 2, -1, -1):
        lengths[index] = min(lengths[index], lengths[index + 1])
    steps = (later - earlier for earlier, later in itertools.pairwise(lengths))
    parts: dict[Kind | LiveKind, int] = dict(zip(_ORDER, steps, strict=True))
    parts["marks"] = lengths[0]
    return {kind: tokens for kind, tokens in parts.items() if tokens}


def _stages(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """The messages without words, then with those of one kind more each time."""
    for number in range(len(_ORDER) + 1):
        shown = set(_ORDER[:number])
        yield [_with_parts(each, shown.__contains__) for each in messages]


def _with_parts(message: Message, wants: Callable[[Kind], bool]) -> Message:
    parts = tuple(part for part in message.parts if wants(_kind(message, part)))
    return msgspec.structs.replace(message, parts=parts)


def _kind(message: Message, part: Part) -> Kind:
    if isinstance(part, ReasoningPart):
        return "thoughts"
    if isinstance(part, FilePart):
        return "files"
    kinds: dict[str, Kind] = {"system": "system", "user": "questions", "assistant": "answers"}
    return kinds[message.role]


def _lean(message: Message) -> Message:
    """The message without a thought that the prompt leaves out anyway."""
    thought = message.reasoning
    is_carried = thought is not None and thought.carried
    return _with_parts(message, lambda kind: kind != "thoughts" or is_carried)


async def _longest_file(
    messages: Sequence[Message], whole_tokens: int, count: Counter
) -> FileCost | None:
    files = [file for message in messages for file in message.files]
    if not files:
        return None
    longest = max(files, key=lambda file: len(file.text))
    without = [_without(message, longest) for message in messages]
    return FileCost(longest.name, max(0, whole_tokens - await count(without)))


def _without(message: Message, file: FilePart) -> Message:
    parts = tuple(part for part in message.parts if part is not file)
    return msgspec.structs.replace(message, parts=parts)
