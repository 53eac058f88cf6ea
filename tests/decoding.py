"""Stand-ins for what the decode loop works with: a vocabulary, a model, its KV cache, a clock.

The cache is strict: it knows every token of every sequence, and a token that is not put right
after them is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from localr1.chat.messages import Message, user_message
from localr1.chat.prompt import ChatFormat
from localr1.chat.reasoning import ReasoningParser
from localr1.engine import native
from localr1.engine.fitting import FittingPrompt
from localr1.engine.held import HeldContext
from localr1.engine.opening import TagIds, WrittenReply
from localr1.engine.protocol import Answer, BegunReply, Event, Generate, Reasoning, ReasoningRule
from localr1.engine.reply_stream import ReplyStream, Words
from localr1.engine.sampling import Sampling
from localr1.engine.stream_maker import StreamMaker
from localr1.engine.writing import Speculator, Writing
from localr1.terminal_text import clean

R1 = ChatFormat(style="r1", thinks=True)
MESSAGES: tuple[Message, ...] = (user_message("x"),)
NO_LIMIT = ReasoningRule()
END, OPEN, CLOSE = 300, 301, 302
_FIRST_WORD = 400


class Vocabulary:
    """Ids 0 to 255 are bytes; three control tokens; words get ids as they come."""

    def __init__(self) -> None:
        self._pieces = {n: bytes([n]) for n in range(256)}
        self._pieces |= {END: b"", OPEN: b"<think>", CLOSE: b"</think>"}
        self._ids = {piece: token for token, piece in self._pieces.items() if token > 255}

    def token(self, piece: str | bytes) -> int:
        """The id of a word, made where it is new."""
        content = piece.encode() if isinstance(piece, str) else piece
        if content not in self._ids:
            self._ids[content] = _FIRST_WORD + len(self._ids)
            self._pieces[self._ids[content]] = content
        return self._ids[content]

    def tokens(self, *pieces: str | bytes) -> list[int]:
        return [self.token(piece) for piece in pieces]

    def word_ids(self, text: str) -> list[int]:
        """A token a word, with the white space before it; never control tokens."""
        ids: list[int] = []
        for number, word in enumerate(text.split(" ")):
            spaced = word if number == 0 else f" {word}"
            ids += (
                []
                if not spaced
                else [self.token(spaced)]
                if "<" not in spaced
                else [*spaced.encode()]
            )
        return ids

    def piece(self, token: int) -> bytes:
        return self._pieces[token]

    def content(self, tokens: Iterable[int]) -> bytes:
        return b"".join(map(self.piece, tokens))

    def words(self) -> Words:
        tags = TagIds((OPEN, self.token("\n")), (self.token("\n"), CLOSE, self.token("\n\n")))
        return Words(self.piece, lambda token: token == END, (END,), OPEN, tags)

    def read(self, tokens: Sequence[int], *, in_reasoning: bool = True) -> tuple[str, str]:
        """Reasoning and answer that tokens spell, parsed at once."""
        parser = ReasoningParser(in_reasoning=in_reasoning)
        content = self.content(tokens).decode("utf-8", "replace")
        parts = {"reasoning": "", "answer": ""}
        for kind, text in (*parser.feed(content), *parser.finish()):
            if kind == "late_reasoning":
                parts = {"reasoning": parts["answer"], "answer": ""}
            else:
                parts[kind] += clean(text)
        return parts["reasoning"], parts["answer"]


class Clock:
    """Seconds that pass only when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


Model = Callable[[tuple[int, ...]], Sequence[int]]
"""All tokens that may follow these, the likeliest first."""


class Cache:
    """A context window that only remembers, in place of `native.Context`."""

    n_sequences = 16

    def __init__(self, n_ctx: int = 4096, n_ubatch: int = 8) -> None:
        self.n_ctx, self.n_ubatch = n_ctx, n_ubatch
        self.sequences: dict[int, list[int]] = {0: []}
        self.logits: dict[int, tuple[int, ...]] = {}
        """The text before each row that can be drawn from."""
        self.forbidden: dict[int, set[int]] = {}
        self.batches: list[int] = []
        self.before_batch: Callable[[], None] = lambda: None
        self.code = 0
        """What the next batches answer with; nothing is computed where it is not 0."""
        self.can_keep = True

    def decode(self, tokens: Sequence[int]) -> int:
        position = len(self.sequences[0])
        assert 0 < len(tokens) <= self.n_ubatch
        last = len(tokens) - 1
        rows = [native.Row(t, position + n, 0, n == last) for n, t in enumerate(tokens)]
        return self.decode_rows(rows)

    def decode_one(self, token: int) -> int:
        return self.decode([token])

    def decode_rows(self, rows: Sequence[native.Row]) -> int:
        assert 0 < len(rows) <= native.MOST_ROWS
        self.before_batch()
        if self.code:
            return self.code
        self.logits, self.forbidden = {}, {}
        for number, row in enumerate(rows):
            held = self.sequences[row.sequence]
            assert row.position == len(held), "a hole in the cache, or a token twice"
            held.append(row.token)
            if row.is_drawn_from:
                self.logits[number] = self.logits[-1] = tuple(held)
        self.batches.append(len(rows))
        assert max(map(len, self.sequences.values())) <= self.n_ctx
        return 0

    def keep(self, n_tokens: int, sequence: int = 0) -> bool:
        if self.can_keep:
            del self.sequences[sequence][n_tokens:]
        return self.can_keep

    def copy_to(self, sequence: int) -> None:
        self.sequences[sequence] = self.sequences[0].copy()

    def drop(self, sequence: int) -> None:
        del self.sequences[sequence]

    def clear(self) -> None:
        self.sequences = {0: []}

    def held_bytes(self) -> int:
        return 4 * len(self.sequences[0])

    def state(self) -> bytearray:
        tokens = self.sequences[0]
        return bytearray(b"".join(token.to_bytes(4, "little") for token in tokens))

    def restore(self, state: memoryview) -> bool:
        content = bytes(state)
        self.sequences = {
            0: [int.from_bytes(content[at : at + 4], "little") for at in range(0, len(content), 4)]
        }
        return True


class Log:
    """Nothing was said."""

    def take_errors(self) -> list[str]:
        return []


def held_context(cache: Cache, flag: native.AbortFlag | None = None) -> HeldContext:
    return HeldContext(
        cast(native.Context, cache), flag or native.AbortFlag(), cast(native.NativeLog, Log())
    )


class ModelDrawing:
    """Draws what a model finds likeliest after the text of a row."""

    def __init__(self, cache: Cache, model: Model) -> None:
        self._cache, self._model = cache, model
        self.nudges = 0

    def draw(self, row: int) -> int:
        forbidden = self._cache.forbidden.get(row, set())
        candidates = self._model(self._cache.logits[row])
        return next(token for token in candidates if token not in forbidden)

    def forbid(self, tokens: Sequence[int], row: int) -> None:
        self._cache.forbidden.setdefault(row, set()).update(tokens)

    def penalize_repetition(self, recent: Sequence[int]) -> None:
        self.nudges += 1


class ScriptedDrawing:
    """Draws these tokens in order, whatever the rows say; then ends the reply."""

    def __init__(self, tokens: Iterable[int]) -> None:
        self.script = list(tokens)
        self.drawn = 0
        self.forbidden: list[int] = []
        self.nudges = 0

    def draw(self, row: int) -> int:
        self.drawn += 1
        return self.script[self.drawn - 1] if self.drawn <= len(self.script) else END

    def forbid(self, tokens: Sequence[int], row: int) -> None:
        self.forbidden += tokens

    def penalize_repetition(self, recent: Sequence[int]) -> None:
        self.nudges += 1


class Prompts:
    """In place of `PromptMaker`: words as tokens."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.word_ids = vocabulary.word_ids


class Desk:
    """A model at its desk: writes replies after a prompt, checking the cache at every batch."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        n_ctx: int = 4096,
        prompt_tokens: int = 4,
        opens_block: bool = True,
    ) -> None:
        self.vocabulary = vocabulary
        self.cache = Cache(n_ctx)
        self.flag = native.AbortFlag()
        self.held = held_context(self.cache, self.flag)
        self.prompt = [65] * prompt_tokens
        self.opens_block = opens_block
        self.is_hurried = False
        self.written = WrittenReply()
        self.events: list[Event] = []
        self.maker = StreamMaker(
            vocabulary.words(),
            R1,
            cast(Any, Prompts(vocabulary)),
            n_ctx=n_ctx,
            most_samples=16,
            is_hurried=lambda: self.is_hurried,
        )

    def command(self, rule: ReasoningRule, begun: BegunReply | None, **fields: Any) -> Generate:
        return Generate(1, MESSAGES, Sampling(), reasoning=rule, begun=begun, **fields)

    def begin(
        self,
        drawings: Sequence[ScriptedDrawing | ModelDrawing],
        rule: ReasoningRule = NO_LIMIT,
        begun: BegunReply | None = None,
        **fields: Any,
    ) -> list[ReplyStream]:
        """Streams whose prompt is in the cache."""
        command = self.command(rule, begun, samples=len(drawings), **fields)
        opening = self.maker.openings(command, self.written, self.opens_block)[0]
        prompt = FittingPrompt(self.prompt, self.opens_block, opening, [])
        streams = self.maker.make(command, prompt, drawings, lambda: None, self.events.append)
        self.read = [*self.prompt, *streams[0].tokens]
        self.held.forget()
        assert self.held.read(self.read, lambda _: None)
        self.cache.batches.clear()
        for number, stream in enumerate(streams):
            stream.position, stream.pending = len(self.read), []
            if number:
                self.cache.copy_to(number)
        return streams

    def check_cache(self, streams: Sequence[ReplyStream]) -> None:
        """Each sequence holds the tokens of its reply that are not pending, and no others."""
        for number, stream in enumerate(streams):
            if stream.finish is None:
                expected = [*self.prompt, *stream.tokens]
                del expected[len(expected) - len(stream.pending) :]
                assert self.cache.sequences[number] == expected
                assert stream.position == len(expected)

    def write(
        self, streams: Sequence[ReplyStream], speculator: Speculator | None = None
    ) -> Writing:
        writing = _CheckedWriting(self, streams, speculator)
        writing.run()
        for stream in streams:
            stream.writer.finish()
            self.check_text(stream)
        writer = streams[0].writer
        self.written = WrittenReply(
            streams[0].tokens, writer.extents, writer.closed_after, writer.reasoning, writer.answer
        )
        return writing

    def write_script(self, tokens: Iterable[int], **fields: Any) -> ReplyStream:
        """One reply of a script."""
        streams = self.begin([ScriptedDrawing(tokens)], **fields)
        self.write(streams)
        return streams[0]

    def check_text(self, stream: ReplyStream) -> None:
        """What is shown is what the tokens spell, and each extent is that of its tokens."""
        writer, tokens = stream.writer, stream.tokens
        assert len(writer.extents) == len(tokens)
        spelled = self.vocabulary.read(tokens, in_reasoning=self.opens_block)
        assert (writer.reasoning.rstrip(), writer.answer) == (spelled[0].rstrip(), spelled[1])
        for number, extent in enumerate(writer.extents, 1):
            if extent is not None:
                part = self.vocabulary.read(tokens[:number], in_reasoning=self.opens_block)
                if self.was_late and number < (writer.closed_after or 0):
                    part = ("".join(part), "")
                lengths = {len(part[0]), len(part[0].rstrip())} if self.was_late else {len(part[0])}
                assert extent.reasoning in lengths
                assert extent.answer == len(part[1])

    @property
    def was_late(self) -> bool:
        """A block was closed that was never opened: all text before was reasoning."""
        return any(getattr(event, "kind", "") == "late_reasoning" for event in self.events)

    def told(self, kind: type[Reasoning] | type[Answer], sample: int = 0) -> str:
        return "".join(
            event.text
            for event in self.events
            if isinstance(event, kind) and event.sample == sample
        )


class _CheckedWriting(Writing):
    """Looks at the cache before every step."""

    def __init__(
        self, desk: Desk, streams: Sequence[ReplyStream], speculator: Speculator | None
    ) -> None:
        super().__init__(desk.held, streams, speculator)
        self._desk = desk

    def _step(self, live: Sequence[ReplyStream]) -> bool:
        self._desk.check_cache(self._streams)
        return super()._step(live)
