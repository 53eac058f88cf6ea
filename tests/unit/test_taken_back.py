"""Where a reply takes tokens back, what guesses ahead follows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localr1.engine.opening import TagIds
from localr1.engine.reply_stream import Bounds, ReplyStream, Words
from localr1.engine.writing import Writing

PROMPT = [1, 2, 3]
HALF, CLOSE, END = 50, (90, 91), 99
"""`HALF` is the beginning of a character, two of which come before the reasoning is closed."""


class Writer:
    """Stands for `ReplyWriter`: a block that is closed by hand."""

    in_reasoning, owes_answer, is_mid_character = True, False, False
    tokens = reasoning_tokens = 0

    def __init__(self) -> None:
        self._half = 0

    def start(self) -> None: ...

    def add(self, piece: bytes, author: str = "model") -> None:
        self._half = self._half + 1 if piece == b"\xe2" else 0

    def drop_incomplete(self) -> int:
        dropped, self._half = self._half, 0
        return dropped

    def reasoning_tail(self, _size: int) -> str:
        return ""

    def close(self, _reason: str) -> None:
        self.in_reasoning = False


class Watch:
    """Stands for `ReasoningWatch`: the reasoning is long enough at the 7th token."""

    def start(self) -> None: ...

    def verdict(self, _tokens: int, context_tokens: int, _tail: object) -> str | None:
        return "limit" if context_tokens >= len(PROMPT) + 7 else None


class Script:
    """Stands for `Sampler`."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens = iter(tokens)

    def draw(self, _row: int) -> int:
        return next(self._tokens)


class Held:
    """Stands for `HeldContext`."""

    is_stopped = False
    n_ctx = 64

    def __init__(self) -> None:
        self.context = self
        self.tokens: list[int] = list(PROMPT)

    def decode_one(self, token: int) -> bool:
        self.tokens.append(token)
        return True

    def decode(self, tokens: Sequence[int]) -> bool:
        self.tokens += tokens
        return True

    def decode_rows(self, _rows: object) -> bool:
        return True

    def cut(self, n_tokens: int, _sequence: int) -> None:
        del self.tokens[n_tokens:]


class Follower:
    """A speculator that remembers what it was told, guessing two tokens now and then."""

    def __init__(self, stream: ReplyStream, guesses: Sequence[int]) -> None:
        self._stream = stream
        self._guesses = list(guesses)
        self.text = list(PROMPT)
        self.proposals = 0

    def propose(self, most: int) -> list[int]:
        assert self.text == [*PROMPT, *self._stream.tokens]
        self.proposals += 1
        return self._guesses[: max(most, 0)] if self.proposals % 2 else []

    def came(self, tokens: Sequence[int]) -> None:
        self.text += tokens

    def keep(self, n_tokens: int) -> None:
        del self.text[n_tokens:]


def test_what_guesses_ahead_knows_the_text_as_it_is() -> None:
    for guesses in ([], [10, HALF], [HALF, HALF]):
        writer, watch, held = Writer(), Watch(), Held()
        anything: Any = None
        stream = ReplyStream(
            words=Words(
                lambda token: b"\xe2" if token == HALF else b"a",
                lambda token: token == END,
                (END,),
                None,
                TagIds((89,), CLOSE),
            ),
            drawing=_any(Script([10, 11, 12, 13, 14, HALF, HALF, 20, 21, 22, END])),
            writer=_any(writer),
            watch=_any(watch),
            bounds=Bounds(64, 64),
            closing_ids=lambda _tail: [80],
            tell=anything,
            saw_token=lambda: None,
        )
        stream.position = len(PROMPT)
        follower = Follower(stream, guesses)
        Writing(_any(held), [stream], follower).run()
        assert stream.tokens == [10, 11, 12, 13, 14, 80, *CLOSE, 20, 21, 22]
        assert follower.proposals > 5


def _any(stand_in: object) -> Any:
    return stand_in
