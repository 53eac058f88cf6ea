"""One reply on one sequence: what is drawn, what is put in, and when it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from localr1.chat.messages import ClosedBy, FinishReason
from localr1.engine.loops import Loop, LoopDetector
from localr1.engine.opening import Opening, TagIds
from localr1.engine.reasoning_watch import ReasoningWatch
from localr1.engine.reply import ReplyWriter
from localr1.terminal_text import clean
from localr1.units import count

_MOST_BLANKS = 8
"""Tokens of white space before the first word of an answer; then a word has to come."""
_MOST_DRAWS = 64
"""Tries to draw something that may begin an answer."""

NUDGE_TEXT = "The model repeats itself; repetition is made unlikely from here on."
CLOSED_TEXT = "The model went on repeating itself: its thinking was ended, and it has to answer."
STOPPED_TEXT = "The model repeats itself; stopped after {repeats}."


class Words(NamedTuple):
    """What the reply's tokens mean; of the model's vocabulary."""

    piece: Callable[[int], bytes]
    """The bytes of a token, of a tag's too."""
    ends_reply: Callable[[int], bool]
    end_tokens: tuple[int, ...]
    """All that end a reply."""
    open_token: int | None
    """The token that opens a block, where that is a single one."""
    tags: TagIds


class Drawing(Protocol):
    """Draws tokens of one sequence; see `native.Sampler`."""

    def draw(self, row: int) -> int:
        """A token from the logits of a row of the last batch."""

    def forbid(self, tokens: Sequence[int], row: int) -> None:
        """Make it impossible that these tokens are drawn from that row."""

    def penalize_repetition(self, recent: Sequence[int]) -> None:
        """Make what would prolong a repetition less likely from here on."""


class Bounds(NamedTuple):
    """Where a reply has to end, in tokens."""

    max_tokens: int
    """Of the model's own."""
    n_ctx: int
    """Of its sequence, the prompt included."""


class ReplyStream:
    """A reply that is being written.

    Args:
        words: the vocabulary.
        drawing: draws the tokens.
        writer: takes the text.
        watch: says when the reasoning has to be closed.
        bounds: where the reply has to end.
        closing_ids: tokens put before the closing tag when localr1 closes the block, for a
            reasoning with this end.
        tell: a notice for the person: its kind and its sentence.
        saw_token: called for each token that is drawn.
        can_cut: tokens can be taken back out of the KV cache.
    """

    def __init__(
        self,
        *,
        words: Words,
        drawing: Drawing,
        writer: ReplyWriter,
        watch: ReasoningWatch,
        bounds: Bounds,
        closing_ids: Callable[[str], Sequence[int]],
        tell: Callable[[str, str], None],
        saw_token: Callable[[], None],
        can_cut: bool = True,
    ) -> None:
        self._words = words
        self._drawing = drawing
        self.writer = writer
        self._watch = watch
        self._bounds = bounds
        self._closing_ids = closing_ids
        self._tell = tell
        self._saw_token = saw_token
        self._can_cut = can_cut
        self._loops = LoopDetector()
        self._is_nudged = False
        self._blanks = 0
        self.tokens: list[int] = []
        """Of the reply, what localr1 put in included."""
        self.untouched = 0
        """Leading ones that were not taken back since this was set."""
        self.position = 0
        """Tokens of this sequence in the KV cache."""
        self.pending: list[int] = []
        """Tokens of the reply that are not there yet."""
        self.finish: FinishReason | None = None

    def start(self) -> None:
        """The prompt has been read: time runs, and limits may have been reached before."""
        self._watch.start()
        self.writer.start()
        if self.writer.in_reasoning and (reason := self._verdict()):
            self.close_reasoning(reason)

    def open_with(self, opening: Opening) -> None:
        """Begin with these tokens, whose text the writer was made with."""
        self.tokens += opening.tokens
        self.writer.extents += opening.extents
        self.writer.closed_after = opening.closed_after

    def put_in(self, tokens: Sequence[int]) -> None:
        """Make tokens part of the reply that the model did not draw."""
        for token in tokens:
            self._append(token, is_model=False)

    def draw(self, row: int) -> int:
        """A token that may come next."""
        token = self._drawing.draw(row)
        if self.writer.owes_answer:
            for _ in range(_MOST_DRAWS):
                unwanted = self._unwanted(token)
                if not unwanted:
                    break
                self._drawing.forbid(unwanted, row)
                token = self._drawing.draw(row)
        return token

    def _unwanted(self, token: int) -> tuple[int, ...]:
        """What must not be drawn where an answer is owed and this token came."""
        if self._words.ends_reply(token):
            return self._words.end_tokens
        if token == self._words.open_token:
            return (token,)
        is_blank = not clean(self._words.piece(token).decode("utf-8", "replace")).strip()
        return (token,) if is_blank and self._blanks >= _MOST_BLANKS else ()

    def take(self, token: int) -> None:
        """Make a drawn token part of the reply, and see what follows from it."""
        self._saw_token()
        if self._words.ends_reply(token):
            self._end_text()
            return
        was_reasoning = self.writer.in_reasoning
        piece = self._append(token)
        if self.writer.owes_answer:
            self._blanks += 1
        if was_reasoning and not self.writer.in_reasoning:
            self._loops.reset()
        if self._is_full():
            self._end("length")
        elif self.writer.in_reasoning and (reason := self._verdict()):
            self.close_reasoning(reason)
        elif loop := self._loops.feed(token, piece.decode("utf-8", "replace")):
            self._react(loop)

    def entered_cache(self) -> None:
        """All pending tokens are in the KV cache now."""
        self.position += len(self.pending)
        self.pending = []

    def cancel(self) -> None:
        """End here; nothing more is computed."""
        self._end("cancelled")

    def close_reasoning(self, reason: ClosedBy) -> None:
        """End the block here; the model goes on with its answer, where that has room."""
        if self._can_cut:
            self._drop_incomplete()
        words = () if reason == "off" else self._closing_ids(self.writer.reasoning_tail(1))
        put_in = (*words, *self._words.tags.close)
        if self._context_tokens + len(put_in) >= self._bounds.n_ctx:
            self._end("length")
            return
        self.writer.close(reason)
        self.put_in(put_in)
        self._loops.reset()

    @property
    def _context_tokens(self) -> int:
        """Of the window, those included that are not in the KV cache yet."""
        return self.position + len(self.pending)

    def _drop_incomplete(self) -> None:
        """Take back tokens that are the beginning of a character."""
        dropped = self.writer.drop_incomplete()
        if dropped:
            del self.tokens[-dropped:]
            self.untouched = min(self.untouched, len(self.tokens))
            in_cache = max(0, dropped - len(self.pending))
            del self.pending[len(self.pending) - (dropped - in_cache) :]
            self.position -= in_cache

    def _end(self, reason: FinishReason) -> None:
        """End a reply that the model would have gone on with."""
        if self._can_cut:
            self._drop_incomplete()
        self.finish = reason

    def _append(self, token: int, *, is_model: bool = True) -> bytes:
        piece = self._words.piece(token)
        self.tokens.append(token)
        self.pending.append(token)
        self.writer.add(piece, "model" if is_model else "localr1")
        return piece

    def _end_text(self) -> None:
        """The model ends its text; inside an open block it still has to answer."""
        if self.writer.in_reasoning:
            self.close_reasoning("ended")
        else:
            self.finish = "stop"

    def _is_full(self) -> bool:
        max_tokens, n_ctx = self._bounds
        return self.writer.tokens >= max_tokens or self._context_tokens >= n_ctx

    def _verdict(self) -> ClosedBy | None:
        writer = self.writer
        if writer.is_mid_character and not self._can_cut:
            return None
        return self._watch.verdict(
            writer.reasoning_tokens, self._context_tokens, writer.reasoning_tail
        )

    def _react(self, loop: Loop) -> None:
        self._loops.reset()
        if not self._is_nudged:
            self._is_nudged = True
            self._drawing.penalize_repetition(self.tokens)
            self._tell("loop", NUDGE_TEXT)
        elif self.writer.in_reasoning:
            self.close_reasoning("repetition")
            if self.finish is None:
                self._tell("loop", CLOSED_TEXT)
        else:
            self.finish = "loop"
            self._tell("loop", STOPPED_TEXT.format(repeats=count(loop.repeats, "repeat")))
