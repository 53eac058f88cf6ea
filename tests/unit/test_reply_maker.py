"""From a command to its `Done`: what is read, what the cache spares, and what an end leaves."""

from __future__ import annotations

from typing import Any, cast

import pytest

from localr1.chat.messages import Message, TextPart, user_message
from localr1.engine import native
from localr1.engine.conversations import HeldConversations
from localr1.engine.draft_costs import CPU_COSTS
from localr1.engine.protocol import (
    Answer,
    BegunReply,
    Done,
    Event,
    Generate,
    Notice,
    Prefill,
    Reasoning,
    ReasoningRule,
)
from localr1.engine.reply_maker import ReplyMaker
from localr1.engine.sampling import Sampling
from localr1.engine.speculating import Speculating
from localr1.errors import EngineError
from tests.decoding import END, R1, Cache, ScriptedDrawing, held_context
from tests.kept_states import KEY

REPLY = "One. Two.</think>\n\nFour."
QUESTION = user_message("What is 2 + 2?")


class Bytes:
    """A vocabulary of bytes, in place of `native.Vocabulary`."""

    bos, bos_text, eos_text, adds_bos = 1, "", "", False

    def special_texts(self) -> list[str]:
        return []

    def tokenize(self, text: bytes, *, parse_special: bool) -> list[int]:
        return list(text)

    def piece(self, token: int) -> bytes:
        return bytes([token])

    def ends_reply(self, token: int) -> bool:
        return token == END

    def end_tokens(self) -> tuple[int, ...]:
        return (END,)


class Sampler(ScriptedDrawing):
    """Draws the bytes of `text`, in place of `native.Sampler`."""

    text = REPLY

    def __init__(self, sampling: Sampling, seed: int, model: Any, context: Any) -> None:
        super().__init__(self.text.encode())
        self.seed = seed

    def close(self) -> None:
        self.is_closed = True


class Worker:
    """A reply maker over a cache that only remembers."""

    def __init__(self, n_ctx: int = 1024) -> None:
        self.cache = Cache(n_ctx)
        self.cache.handle = None  # type: ignore[attr-defined]  # goes to the sampler, which is ours
        self.flag = native.AbortFlag()
        self.held = held_context(self.cache, self.flag)
        self.maker = ReplyMaker(
            None,
            cast(native.Vocabulary, Bytes()),
            R1,
            HeldConversations(self.held, KEY, 1 << 20),
            Speculating(CPU_COSTS, can_cut=True),
        )
        self.events: list[Event] = []

    def ask(self, *messages: Message, **fields: Any) -> Done:
        self.events.clear()
        fields = {"sampling": Sampling(seed=None), **fields}
        done = self.maker.write(Generate(1, messages or (QUESTION,), **fields), self.events.append)
        assert list(self.cache.sequences) == [0]
        assert self.held.tokens == self.cache.sequences[0]
        return done

    def said(self, kind: type[Reasoning] | type[Answer], sample: int = 0) -> str:
        return "".join(e.text for e in self.events if isinstance(e, kind) and e.sample == sample)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(native, "Sampler", Sampler)
    return Worker()


def test_a_reply_and_its_facts(worker: Worker) -> None:
    done = worker.ask()
    assert (worker.said(Reasoning), worker.said(Answer)) == ("One. Two.", "Four.")
    assert (done.finish_reason, done.reasoning_ended_by) == ("stop", "closed")
    assert done.reasoning_tokens + done.answer_tokens == len(REPLY)
    assert done.cached_tokens == 0
    assert done.context_tokens == done.prompt_tokens + len(REPLY)


def test_the_same_prompt_is_not_read_again(worker: Worker) -> None:
    first = worker.ask()
    second = worker.ask()
    assert second.cached_tokens == first.prompt_tokens - 1


def test_a_seed_takes_only_whole_micro_batches_of_the_cache(worker: Worker) -> None:
    first = worker.ask(sampling=Sampling(seed=1))
    again = worker.ask(sampling=Sampling(seed=1))
    step = worker.cache.n_ubatch
    assert again.cached_tokens == (first.prompt_tokens - 1) // step * step


def test_a_reply_that_goes_on_keeps_what_is_in_the_cache(worker: Worker) -> None:
    first = worker.ask()
    written = worker.maker._written
    assert (written.reasoning, written.answer) == ("One. Two.", "Four.")
    begun = BegunReply(reasoning="One. Two.", is_closed=True, answer="Four.")
    again = worker.ask(begun=begun)
    assert again.prompt_tokens == first.prompt_tokens + len(REPLY)
    assert again.cached_tokens == again.prompt_tokens - 1
    edited = worker.ask(begun=BegunReply(reasoning="One. Tw", is_closed=True))
    assert edited.cached_tokens == first.prompt_tokens + len("One. Tw")


def test_reading_ahead_spares_reading(worker: Worker) -> None:
    worker.ask()
    messages = (QUESTION, Message("assistant", (TextPart("Four."),)))
    read = worker.maker.prefill(Prefill(2, messages))
    assert read.is_complete
    assert read.tokens == len(worker.held.tokens)
    done = worker.ask(*messages, user_message("And 3 + 3?"))
    assert done.cached_tokens == read.tokens


def test_samples_leave_the_prompt_alone_in_the_cache(worker: Worker) -> None:
    done = worker.ask(samples=3, sampling=Sampling(seed=5))
    assert [each.seed for each in done.samples] == [5, 6, 7]
    assert [worker.said(Answer, n) for n in range(3)] == ["Four."] * 3
    assert done.answer_tokens == 3 * done.samples[0].answer_tokens
    assert len(worker.held.tokens) == done.prompt_tokens


def test_samples_leave_nothing_in_the_cache_after_an_error(worker: Worker) -> None:
    def fail() -> None:
        worker.cache.code = 1 if len(worker.cache.sequences) > 1 else 0

    worker.cache.before_batch = fail
    with pytest.raises(EngineError, match="llama_decode: 1"):
        worker.ask(samples=3)
    assert list(worker.cache.sequences) == [0]


@pytest.mark.parametrize("batches", [0, 2])
def test_a_cancel_while_the_prompt_is_read(worker: Worker, batches: int) -> None:
    def stop() -> None:
        if len(worker.cache.batches) == batches:
            worker.flag.raise_()
            worker.cache.code = native.DECODE_ABORTED

    worker.cache.before_batch = stop
    done = worker.ask()
    assert (done.finish_reason, done.reasoning_ended_by) == ("cancelled", "cancelled")
    assert (done.reasoning_seconds, done.ttft_seconds, done.prompt_tps) == (0.0, None, None)
    assert done.context_tokens == batches * worker.cache.n_ubatch


def test_no_thinking_puts_an_empty_block_after_the_prompt(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sampler, "text", "Four.")
    done = worker.ask(reasoning=ReasoningRule(max_tokens=0))
    assert (worker.said(Reasoning), worker.said(Answer)) == ("", "Four.")
    assert (done.reasoning_ended_by, done.reasoning_tokens) == ("off", 0)


def test_a_full_window_is_told(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sampler, "text", "</think>" + "".join(map(str, range(999))))
    done = worker.ask()
    assert done.finish_reason == "length"
    kinds = [event.kind for event in worker.events if isinstance(event, Notice)]
    assert kinds == ["length"]
    assert done.context_tokens == done.n_ctx - 1
