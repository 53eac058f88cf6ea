"""Replies of a loaded model: what is read, what is shared with the cache, what is written."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from localr1.chat.prompt import ChatFormat
from localr1.chat.window import longest_prompt
from localr1.engine import native
from localr1.engine.conversations import HeldConversations
from localr1.engine.fitting import FittingPrompt, PromptMaker
from localr1.engine.opening import WrittenReply
from localr1.engine.protocol import Done, Generate, Notice, Prefill, Prefilled, Prompt
from localr1.engine.reply import Emit
from localr1.engine.reply_end import sample_of, summed
from localr1.engine.reply_stream import ReplyStream
from localr1.engine.reply_times import ReplyTimes
from localr1.engine.speculating import Speculating
from localr1.engine.stream_maker import StreamMaker, reply_words
from localr1.engine.writing import Writing


class ReplyMaker:
    """Writes replies with one loaded model.

    Args:
        model: its handle.
        vocabulary: the model's.
        chat: how it is spoken to.
        conversations: the cache, and what it held for other conversations.
        speculating: what guesses ahead.
    """

    def __init__(
        self,
        model: Any,
        vocabulary: native.Vocabulary,
        chat: ChatFormat,
        conversations: HeldConversations,
        speculating: Speculating,
    ) -> None:
        self._model = model
        self._conversations = conversations
        self._held = conversations.held
        self._n_ctx = self._held.context.n_ctx
        self._speculating = speculating
        self.prompts = PromptMaker(vocabulary, chat, self._n_ctx)
        self._streams = StreamMaker(
            reply_words(vocabulary, chat, self.prompts),
            chat,
            self.prompts,
            n_ctx=self._n_ctx,
            most_samples=self._held.context.n_sequences,
            is_hurried=lambda: self.is_hurried,
        )
        self._written = WrittenReply()
        self.is_hurried = False
        """A person wants the answer of the running reply now; set from another thread."""

    # ---- replies ---------------------------------------------------------------------------

    def write(self, command: Generate, emit: Emit) -> Done:
        """Write a reply, or several side by side; see `Backend.generate`."""
        times = ReplyTimes(time.monotonic())
        prompt = self.prompts.make(
            command.messages, lambda opens: self._streams.openings(command, self._written, opens)
        )
        for kind, text in prompt.notices:
            emit(Notice(id=command.id, kind=kind, text=text))
        with self._samplers(command) as samplers:
            streams = self._streams.make(command, prompt, samplers, times.saw_token, emit)
            tokens = [*prompt.tokens, *streams[0].tokens]
            cached = self._find_shared(command, prompt, tokens)
            with times.reading(len(tokens) - cached):
                was_read = self._read(command.id, tokens, cached, emit)
            writing = self._writing(command, streams, tokens)
            try:
                if was_read:
                    writing.run()
            finally:
                self._drop_samples(len(streams))
        for stream in streams:
            stream.writer.finish()
        self._remember(streams, len(tokens))
        ends = [sample_of(*each) for each in zip(streams, (x.seed for x in samplers), strict=True)]
        done = summed(command.id, ends)
        if done.finish_reason == "length" and len(self._held.tokens) >= self._n_ctx - 1:
            emit(Notice(id=command.id, kind="length", text=_window_full_text(self._n_ctx)))
        return msgspec.structs.replace(
            done,
            prompt_tokens=len(tokens),
            cached_tokens=cached,
            prompt_tps=times.prompt_tps if was_read else None,
            generation_tps=times.generation_tps(done.reasoning_tokens + done.answer_tokens),
            ttft_seconds=times.ttft_seconds,
            context_tokens=len(self._held.tokens),
            n_ctx=self._n_ctx,
            drafted_tokens=writing.drafted_tokens,
            accepted_tokens=writing.accepted_tokens,
        )

    @contextmanager
    def _samplers(self, command: Generate) -> Iterator[list[native.Sampler]]:
        """A sampler for each reply, with seeds that follow each other."""
        asked = command.sampling.seed
        seed = secrets.randbits(31) if asked is None else asked
        samplers = [
            native.Sampler(command.sampling, seed + n, self._model, self._held.context.handle)
            for n in range(command.samples)
        ]
        try:
            yield samplers
        finally:
            for sampler in samplers:
                sampler.close()

    def _find_shared(self, command: Generate, prompt: FittingPrompt, tokens: list[int]) -> int:
        """Turn the cache to this conversation; answers how many tokens it has of it.

        The last one is always processed anew: its logits choose the first word.
        """
        self._conversations.turn_to(tokens, len(prompt.tokens))
        # a reply that goes on follows tokens that were computed one by one in any case
        exactly = command.sampling.seed is not None and command.begun is None
        return self._held.share(tokens[:-1], exactly=exactly)

    def _read(self, command_id: int, tokens: Sequence[int], cached: int, emit: Emit) -> bool:
        """Process the prompt in micro-batches; False when it was cancelled."""

        def tell(processed: int) -> None:
            emit(Prompt(id=command_id, processed=processed, total=len(tokens), cached=cached))

        tell(cached)
        return self._held.read(tokens, tell)

    def _writing(self, command: Generate, streams: list[ReplyStream], tokens: list[int]) -> Writing:
        for number, stream in enumerate(streams):
            stream.position, stream.pending = len(tokens), []
            if number:
                self._held.context.copy_to(number)
        if len(streams) > 1:
            return Writing(self._held, streams)
        is_seeded = command.sampling.seed is not None
        speculator = self._speculating.begin(command.speculate, tokens, afresh=is_seeded)
        return Writing(self._held, streams, speculator)

    def _drop_samples(self, streams: int) -> None:
        """Give the room of the sequences beside the conversation's back."""
        for number in range(1, streams):
            self._held.context.drop(number)

    def _remember(self, streams: Sequence[ReplyStream], read_tokens: int) -> None:
        """What the next reply may go on from."""
        if len(streams) > 1:
            self._held.keep(min(read_tokens, len(self._held.tokens)))
            self._written = WrittenReply()
            return
        writer = streams[0].writer
        self._written = WrittenReply(
            streams[0].tokens, writer.extents, writer.closed_after, writer.reasoning, writer.answer
        )

    # ---- reading ahead ---------------------------------------------------------------------

    def prefill(self, command: Prefill) -> Prefilled:
        """Read what the next prompt will share; see `Backend.prefill`."""
        tokens = self.prompts.shared_part(command.messages)
        if len(tokens) > longest_prompt(self._n_ctx):
            return Prefilled(id=command.id, tokens=0, read_tokens=0, is_complete=True)
        self._conversations.turn_to(tokens, len(tokens))
        shared = self._held.share(tokens, exactly=command.exactly)
        is_complete = self._held.read(tokens, lambda _: None)
        reached = len(self._held.tokens)
        return Prefilled(
            id=command.id,
            tokens=reached,
            read_tokens=reached - shared,
            is_complete=is_complete,
        )


def _window_full_text(n_ctx: int) -> str:
    return f"The reply ends here: the context window of {n_ctx:,} tokens is full."
