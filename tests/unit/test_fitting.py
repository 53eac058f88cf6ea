"""A prompt fits the window with what the reply begins with, and leaves room for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from localr1.chat.messages import Message, TextPart, user_message
from localr1.chat.window import reserve_tokens
from localr1.engine import native
from localr1.engine.fitting import PromptMaker
from localr1.engine.opening import Opening
from localr1.errors import DoesNotFit
from tests.decoding import R1

N_CTX = 256
ROOM = N_CTX - N_CTX // 4


class Bytes:
    """A vocabulary of bytes, in place of `native.Vocabulary`."""

    bos, bos_text, eos_text, adds_bos = 1, "", "", False

    def special_texts(self) -> list[str]:
        return []

    def tokenize(self, text: bytes, *, parse_special: bool) -> list[int]:
        return list(text)


@pytest.fixture
def prompts() -> PromptMaker:
    return PromptMaker(cast(native.Vocabulary, Bytes()), R1, N_CTX)


def turns(*texts: str) -> list[Message]:
    """Questions and answers in turn."""
    return [
        Message("assistant", (TextPart(text),)) if number % 2 else user_message(text)
        for number, text in enumerate(texts)
    ]


def openings(*lengths: int) -> Sequence[Opening]:
    return [Opening([0] * length, notice=f"begins with {length}") for length in lengths]


@pytest.mark.parametrize(("room", "reserve"), [(0, 0), (64, 16), (4096, 1024), (100_000, 1024)])
def test_a_quarter_is_kept_for_the_answer(room: int, reserve: int) -> None:
    assert reserve_tokens(room) == reserve


def test_the_best_opening_that_fits_is_taken(prompts: PromptMaker) -> None:
    bare = prompts.count_tokens(turns("x"))
    for longest, taken in ((ROOM - bare, ROOM - bare), (ROOM - bare + 1, 3)):
        prompt = prompts.make(turns("x"), lambda _, n=longest: openings(n, 3))  # type: ignore[misc]
        assert len(prompt.opening.tokens) == taken
        assert prompt.notices == [("context", f"begins with {taken}")]


def test_a_thought_is_left_out_before_messages_are(prompts: PromptMaker) -> None:
    messages = turns("a" * 60, "b" * 10, "c")
    prompt = prompts.make(messages, lambda _: openings(80, 5))
    assert len(prompt.opening.tokens) == 5
    assert b"a" * 60 in bytes(prompt.tokens)


def test_the_oldest_turns_go_where_no_opening_fits(prompts: PromptMaker) -> None:
    messages = turns("a" * 60, "b" * 10, "c")
    prompt = prompts.make(messages, lambda _: openings(90, 80))
    assert len(prompt.opening.tokens) == 90
    assert b"a" * 60 not in bytes(prompt.tokens)
    assert [kind for kind, _ in prompt.notices] == ["context", "context"]


def test_what_can_never_fit_is_said_with_all_its_tokens(prompts: PromptMaker) -> None:
    bare = prompts.count_tokens(turns("x"))
    with pytest.raises(DoesNotFit, match=f"message and the reply so far take {bare + 200} tokens"):
        prompts.make(turns("x"), lambda _: openings(300, 200))
    with pytest.raises(DoesNotFit, match=f"the message takes {bare + 299} tokens"):
        prompts.make(turns("x" * 300))


def test_the_shared_part_begins_every_next_prompt(prompts: PromptMaker) -> None:
    messages = turns("one", "two")
    shared = prompts.shared_part(messages)
    for question in ("three", "a", "b", "\n"):
        prompt = prompts.make([*messages, user_message(question)])
        assert prompt.tokens[: len(shared)] == shared
    assert b"two" in bytes(shared)
