"""The decode loop: replies grow token by token, one of them or several in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from localr1.engine import native
from localr1.engine.held import HeldContext
from localr1.engine.reply_stream import ReplyStream


class Speculator(Protocol):
    """Guesses what a reply goes on with; see `Speculation`."""

    def propose(self, most: int) -> list[int]:
        """Tokens that may come next, at most so many; none where guessing does not pay."""

    def came(self, tokens: Sequence[int]) -> None:
        """What really came since the last proposal."""

    def keep(self, n_tokens: int) -> None:
        """The text, prompt included, was cut to its first tokens."""


class Writing:
    """Lets replies grow until each has its `finish`.

    Every token is drawn from the model's own distribution: a guess only spares a pass of the
    model when it is what was drawn.

    Args:
        held: the cache, with all prompts in it and the logits of the last token at hand.
        streams: number i writes in sequence i.
        speculator: for a single stream; knows the text up to its first draw.
    """

    def __init__(
        self,
        held: HeldContext,
        streams: Sequence[ReplyStream],
        speculator: Speculator | None = None,
    ) -> None:
        self._held = held
        self._streams = streams
        self._speculator = speculator
        self._told = streams[0].untouched = len(streams[0].tokens)
        """Tokens of the reply that the speculator knows of."""
        self._before = streams[0].position - self._told
        """Tokens of the prompt."""
        self.drafted_tokens = self.accepted_tokens = 0

    def run(self) -> None:
        """Write to the end, or to where it is stopped."""
        for stream in self._streams:
            stream.start()
            if not stream.pending and stream.finish is None:
                stream.take(stream.draw(-1))
        while live := [stream for stream in self._streams if stream.finish is None]:
            if self._held.is_stopped or not self._step(live):
                for stream in live:
                    stream.cancel()

    def _step(self, live: Sequence[ReplyStream]) -> bool:
        """One pass of the model; False when it was stopped."""
        if len(self._streams) > 1:
            return self._step_together(live)
        stream = live[0]
        guessed = self._guess(stream) if self._speculator else []
        return self._step_guessing(stream, guessed) if guessed else self._step_alone(stream)

    def _step_alone(self, stream: ReplyStream) -> bool:
        pending, held = stream.pending, self._held
        if not (held.decode_one(pending[0]) if len(pending) == 1 else held.decode(pending)):
            return False
        stream.entered_cache()
        self._take(stream, -1)
        return True

    def _take(self, stream: ReplyStream, row: int, sequence: int = 0) -> None:
        """Draw and take a token; where the reply takes others back, so does the cache."""
        position = stream.position
        stream.take(stream.draw(row))
        if stream.position < position:
            self._held.cut(stream.position, sequence)

    # ---- guessing --------------------------------------------------------------------------

    def _guess(self, stream: ReplyStream) -> list[int]:
        assert self._speculator is not None
        if stream.untouched < self._told:
            self._told = stream.untouched
            self._speculator.keep(self._before + self._told)
        self._speculator.came(stream.tokens[self._told :])
        self._told = stream.untouched = len(stream.tokens)
        if len(stream.pending) > 1:
            return self._speculator.propose(0)
        room = self._held.context.n_ctx - stream.position
        return self._speculator.propose(min(native.MOST_ROWS, room) - 1)

    def _step_guessing(self, stream: ReplyStream, guessed: list[int]) -> bool:
        batch = [*stream.pending, *guessed]
        rows = [native.Row(token, stream.position + n, 0, True) for n, token in enumerate(batch)]
        if not self._held.decode_rows(rows):
            return False
        self._held.tokens += batch
        stream.entered_cache()
        self.drafted_tokens += len(guessed)
        self.accepted_tokens += _take_guessed(stream, guessed)
        # the cache has all guesses; the reply goes on after those that came true
        self._held.cut(stream.position, 0)
        return True

    # ---- side by side ----------------------------------------------------------------------

    def _step_together(self, live: Sequence[ReplyStream]) -> bool:
        rows = [row for stream in live for row in self._pending_rows(stream)]
        before = [row for row in rows if not row.is_drawn_from]
        last = [row for row in rows if row.is_drawn_from]
        if not (self._held.decode_rows(before) and self._held.decode_rows(last)):
            return False
        for row, stream in enumerate(live):
            stream.entered_cache()
            self._take(stream, row, self._streams.index(stream))
        return True

    def _pending_rows(self, stream: ReplyStream) -> list[native.Row]:
        sequence, last = self._streams.index(stream), len(stream.pending) - 1
        return [
            native.Row(token, stream.position + n, sequence, n == last)
            for n, token in enumerate(stream.pending)
        ]


def _take_guessed(stream: ReplyStream, guessed: Sequence[int]) -> int:
    """Draw after each guess that came true; answers how many did."""
    for accepted, guess in enumerate(guessed):
        position = stream.position
        stream.take(stream.draw(accepted))
        is_right = (stream.position, stream.pending) == (position, [guess])
        if stream.finish is not None or not is_right:
            return accepted
        stream.entered_cache()
    stream.take(stream.draw(len(guessed)))
    return len(guessed)
