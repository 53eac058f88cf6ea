"""From messages to the token ids of a prompt that fits the context window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from localr1.chat.messages import Message, user_message
from localr1.chat.prompt import (
    ChatFormat,
    Segment,
    plain_segments,
    r1_segments,
    starts_in_reasoning,
)
from localr1.chat.window import longest_prompt, shortened
from localr1.engine import native
from localr1.engine.opening import Opening
from localr1.engine.shared_prefix import shared_prefix
from localr1.engine.templates import SpecialWords, render_with_template
from localr1.engine.tokens import PromptTokenizer
from localr1.errors import DoesNotFit
from localr1.units import count


class FittingPrompt(NamedTuple):
    """A prompt that fits the window."""

    tokens: list[int]
    in_reasoning: bool
    """The prompt leaves a reasoning block open."""
    opening: Opening
    notices: list[tuple[str, str]]


class PromptMaker:
    """Makes prompts for one model.

    Args:
        vocabulary: the model's.
        chat: how it is spoken to.
        n_ctx: the context window, in tokens.
    """

    def __init__(self, vocabulary: native.Vocabulary, chat: ChatFormat, n_ctx: int) -> None:
        self._vocabulary = vocabulary
        self._chat = chat
        self._n_ctx = n_ctx
        self._tokenizer = PromptTokenizer(
            vocabulary, vocabulary.special_texts(), cut_runs=chat.cut_runs
        )

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt for all of these messages."""
        segments, _ = self._render(messages)
        return len(self._tokenize(segments))

    def make(
        self,
        messages: Sequence[Message],
        openings: Callable[[bool], Sequence[Opening]] = lambda _: (Opening(),),
    ) -> FittingPrompt:
        """The prompt for as many of the latest messages as leave room for a reply.

        Args:
            messages: the conversation.
            openings: how the reply may begin, the best first, for a prompt that leaves a
                reasoning block open or does not.

        Raises:
            DoesNotFit: the last message alone is too long.
        """
        longest = longest_prompt(self._n_ctx)
        for kept in shortened(messages):
            segments, notices = self._render(kept)
            tokens, in_reasoning = self._tokenize(segments), self._opens_block(segments)
            for opening in openings(in_reasoning):
                if len(tokens) + len(opening.tokens) <= longest:
                    dropped = len(messages) - len(kept)
                    if opening.notice:
                        notices = [*notices, ("context", opening.notice)]
                    if dropped:
                        notices = [*notices, ("context", _dropped_text(dropped, self._n_ctx))]
                    return FittingPrompt(tokens, in_reasoning, opening, notices)
        begun_tokens = len(opening.tokens)
        takes = "message and the reply so far take" if begun_tokens else "message takes"
        raise DoesNotFit(
            f"the {takes} {count(len(tokens) + begun_tokens, 'token')}; the context window holds "
            f"{self._n_ctx:,} and keeps {self._n_ctx - longest:,} for the reply",
            "shorten it, or choose a larger window with --n-ctx",
        )

    def shared_part(self, messages: Sequence[Message]) -> list[int]:
        """What every prompt begins with that goes on from these messages with a question."""
        first, second = (
            self._tokenize(self._render([*messages, user_message(text)])[0]) for text in "ab"
        )
        return first[: shared_prefix(first, second)]

    def word_ids(self, text: str) -> list[int]:
        """Token ids of words inside a reply; never control tokens."""
        return self._tokenizer.text_ids(text) if text else []

    def tag_ids(self, text: str) -> list[int]:
        """Token ids of a tag with the white space around it."""
        return self._vocabulary.tokenize(text.encode(), parse_special=True)

    def _render(self, messages: Sequence[Message]) -> tuple[list[Segment], list[tuple[str, str]]]:
        segments, notices = self._by_style(messages)
        if self._chat.force_thinking and not self._opens_block(segments):
            segments = [*segments, Segment(f"{self._chat.open_tag}\n", True)]
        return segments, notices

    def _opens_block(self, segments: Sequence[Segment]) -> bool:
        return starts_in_reasoning(segments, self._chat)

    def _by_style(self, messages: Sequence[Message]) -> tuple[list[Segment], list[tuple[str, str]]]:
        bos = self._vocabulary.bos_text
        if self._chat.style == "r1":
            return r1_segments(messages, bos=bos, chat=self._chat), []
        if self._chat.style == "plain":
            return plain_segments(messages, bos="", chat=self._chat), []
        words = SpecialWords(bos=bos, eos=self._vocabulary.eos_text)
        return render_with_template(messages, self._chat, words, native.apply_builtin_template)

    def _tokenize(self, segments: Sequence[Segment]) -> list[int]:
        """Token ids with BOS exactly once, where the model wants one."""
        tokens = self._tokenizer.tokenize(segments)
        bos = self._vocabulary.bos
        if self._vocabulary.adds_bos and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        while tokens[:2] == [bos, bos]:
            del tokens[0]
        return tokens


def _dropped_text(dropped: int, n_ctx: int) -> str:
    return (
        f"The conversation no longer fits the context window of {n_ctx:,} tokens: "
        f"the oldest {count(dropped, 'message')} were left out."
    )
