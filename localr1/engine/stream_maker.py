"""Replies about to be written: how they begin and where they have to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from localr1.chat.prompt import ChatFormat
from localr1.chat.window import reserve_tokens
from localr1.engine import native
from localr1.engine.fitting import FittingPrompt, PromptMaker
from localr1.engine.opening import Opening, TagIds, WrittenReply, opening_of
from localr1.engine.protocol import BegunReply, Generate, Notice
from localr1.engine.reasoning_watch import ReasoningWatch
from localr1.engine.reply import Emit, ReplyWriter
from localr1.engine.reply_stream import Bounds, Drawing, ReplyStream, Words
from localr1.errors import DoesNotFit, EngineError
from localr1.units import count

_LEAST_SAMPLE_TOKENS = 64
"""Fewer would leave a reply no room to think and to answer."""

_THOUGHT_LEFT_OUT = "The thought no longer fits the context window beside its answer."


class StreamMaker:
    """Makes the streams of replies for one loaded model.

    Args:
        words: what its tokens mean.
        chat: how it is spoken to.
        prompts: makes tokens of words.
        n_ctx: the context window, in tokens.
        most_samples: replies side by side; 1 where tokens cannot be taken back out of the cache.
        is_hurried: whether a person wants the answer now.
    """

    def __init__(
        self,
        words: Words,
        chat: ChatFormat,
        prompts: PromptMaker,
        *,
        n_ctx: int,
        most_samples: int,
        is_hurried: Callable[[], bool],
    ) -> None:
        self._words = words
        self._chat = chat
        self._prompts = prompts
        self._n_ctx = n_ctx
        self._most_samples = most_samples
        self._is_hurried = is_hurried

    def openings(
        self, command: Generate, written: WrittenReply, opens_block: bool
    ) -> list[Opening]:
        """How the reply may begin: with all that was begun, or without its thought.

        Args:
            command: has what was begun.
            written: the last reply, which that may be a part of.
            opens_block: the prompt leaves a reasoning block open.
        """
        begun = command.begun
        if begun is None:
            return [Opening()]
        if begun.answer and not begun.is_closed:
            begun = msgspec.structs.replace(begun, is_closed=True)
        openings = [self._opening(begun, written, opens_block)]
        if begun.is_closed and begun.reasoning:
            answer_only = BegunReply(is_closed=True, answer=begun.answer)
            shorter = self._opening(answer_only, written, opens_block)
            openings.append(shorter._replace(notice=_THOUGHT_LEFT_OUT))
        return openings

    def _opening(self, begun: BegunReply, written: WrittenReply, opens_block: bool) -> Opening:
        return opening_of(
            begun,
            written,
            opens_block=opens_block,
            word_ids=self._prompts.word_ids,
            tags=self._words.tags,
        )

    def make(
        self,
        command: Generate,
        prompt: FittingPrompt,
        drawings: Sequence[Drawing],
        saw_token: Callable[[], None],
        emit: Emit,
    ) -> list[ReplyStream]:
        """A stream for each reply, its first tokens put in.

        Args:
            command: what was asked for.
            prompt: with the opening that fits.
            drawings: draw the tokens, one for each reply.
            saw_token: called for each token that is drawn.
            emit: receives the events.

        Raises:
            EngineError: more replies than the model can write at once.
            DoesNotFit: they have no room side by side.
        """
        read_tokens = len(prompt.tokens) + len(prompt.opening.tokens)
        room = self._room_of_each(command.samples, read_tokens)
        streams = []
        for number, drawing in enumerate(drawings):
            stream = self._stream(
                command, prompt, drawing, number, room=room, saw_token=saw_token, emit=emit
            )
            self._begin(stream, command, prompt.opening)
            streams.append(stream)
        return streams

    def _room_of_each(self, samples: int, read_tokens: int) -> int:
        """Tokens that each reply may take of the window."""
        most = self._most_samples
        if samples > most:
            raise EngineError(
                f"this model writes at most {count(most, 'reply', 'replies')} side by side",
                f"ask for {most}",
            )
        room = (self._n_ctx - read_tokens) // samples
        if samples > 1 and room < _LEAST_SAMPLE_TOKENS:
            raise DoesNotFit(
                f"{samples} replies side by side have {count(room, 'token')} each in a window of "
                f"{self._n_ctx:,}",
                "ask for fewer, or choose a larger window with --n-ctx",
            )
        return room

    def _stream(
        self,
        command: Generate,
        prompt: FittingPrompt,
        drawing: Drawing,
        number: int,
        *,
        room: int,
        saw_token: Callable[[], None],
        emit: Emit,
    ) -> ReplyStream:
        begun = prompt.opening.begun or BegunReply()
        read_tokens = len(prompt.tokens) + len(prompt.opening.tokens)
        max_tokens = min(command.max_tokens or room, room)
        words = self._closing_words(command.reasoning.closing_words, room)
        put_in = len(self._prompts.word_ids(words)) + len(self._words.tags.close)

        def closing_ids(tail: str) -> list[int]:
            # an empty thought follows the line of its tag
            begins_line = tail in ("", "\n")
            return self._prompts.word_ids(words.lstrip("\n") if begins_line else words)

        def tell(kind: str, text: str) -> None:
            emit(Notice(id=command.id, kind=kind, text=text, sample=number))

        writer = ReplyWriter(
            emit,
            command.id,
            self._chat,
            in_reasoning=_is_in_reasoning(prompt),
            begun=prompt.opening.begun,
            had_block=prompt.opening.closed_after is not None,
            sample=number,
        )
        watch = ReasoningWatch(
            command.reasoning,
            begun,
            # what is put in takes of the window, not of the limit on the model's own tokens
            room_at=read_tokens + min(max_tokens, room - put_in) - reserve_tokens(max_tokens),
            is_asked=self._is_hurried,
        )
        return ReplyStream(
            words=self._words,
            drawing=drawing,
            writer=writer,
            watch=watch,
            bounds=Bounds(max_tokens, read_tokens + room),
            closing_ids=closing_ids,
            tell=tell,
            saw_token=saw_token,
            can_cut=self._most_samples > 1,
        )

    def _closing_words(self, words: str, room: int) -> str:
        """Nothing where they would take half of the room and more: the reply needs that."""
        return words if len(self._prompts.word_ids(words)) < room // 2 else ""

    def _begin(self, stream: ReplyStream, command: Generate, opening: Opening) -> None:
        """Put in what the reply begins with; where no thinking is wanted, a closed block."""
        stream.open_with(opening)
        rule = command.reasoning
        if 0 not in (rule.max_tokens, rule.max_seconds):
            return
        is_new = opening.begun is None
        if is_new and self._chat.thinks and not stream.writer.in_reasoning:
            stream.put_in(self._words.tags.open)
        if stream.writer.in_reasoning:
            stream.close_reasoning("off" if is_new else "asked")


def _is_in_reasoning(prompt: FittingPrompt) -> bool:
    begun = prompt.opening.begun
    if begun is None or not (begun.reasoning or begun.answer):
        return prompt.in_reasoning
    return not begun.is_closed and (prompt.in_reasoning or bool(begun.reasoning))


def reply_words(vocabulary: native.Vocabulary, chat: ChatFormat, prompts: PromptMaker) -> Words:
    """What the tokens of a model mean.

    Tags that are one control token print as nothing, so they are spelled.
    """
    pieces: dict[int, bytes] = {}
    single: dict[str, int] = {}
    for tag in (chat.open_tag, chat.close_tag):
        ids = prompts.tag_ids(tag)
        if len(ids) == 1:
            pieces[ids[0]] = tag.encode()
            single[tag] = ids[0]

    def piece(token: int) -> bytes:
        spelled = pieces.get(token)
        return vocabulary.piece(token) if spelled is None else spelled

    return Words(
        piece,
        vocabulary.ends_reply,
        vocabulary.end_tokens(),
        single.get(chat.open_tag),
        TagIds(
            tuple(prompts.tag_ids(f"{chat.open_tag}\n")),
            tuple(prompts.tag_ids(f"\n{chat.close_tag}\n\n")),
        ),
    )
