"""Drafts by a small model that has read the same text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from localr1.engine.held import HeldContext
from localr1.engine.native import Guess
from localr1.engine.shared_prefix import shared_prefix

LEAST_PROBABILITY = 0.75
"""A draft ends before a token that the small model itself gives less. Where it is unsure the large
one mostly decides otherwise, and all that is drafted after a wrong token is lost with it: only its
sure guesses are worth a batch. llama.cpp's p_min was 0.75 for long."""


class DraftModel:
    """A small model that guesses how the large one goes on; a `Drafter`.

    Its cache follows the text lazily: nothing is read before a draft is asked for, then only
    what it does not hold. Drafts depend on tokens alone.

    Args:
        held: its own window, as long as the large model's.
        guess: the likeliest token after the last one decoded.
        n_vocab: token ids from here on mean nothing to one of the two models.
        ends_reply: whether a token ends a reply; nothing is drafted from there on, since the
            large model draws one more token after a right draft in any case.
    """

    def __init__(
        self,
        held: HeldContext,
        guess: Callable[[], Guess],
        n_vocab: int,
        ends_reply: Callable[[int], bool],
    ) -> None:
        self._held = held
        self._guess = guess
        self._n_vocab = n_vocab
        self._ends_reply = ends_reply
        self._tokens: list[int] = []
        self._drafted: list[int] = []
        """That the next tokens have to agree with."""
        self._right = 0
        self._agreeing = 0
        """Leading tokens of the cache that are those of the text."""
        self._foreign = 0
        """Tokens of the text that only the large model knows."""

    def begin(self, tokens: Sequence[int], *, exactly: bool) -> None:
        """Another text, or more of the same.

        Args:
            tokens: the prompt, and the reply as far as it was begun.
            exactly: of the cache use only what a fresh worker would compute to the last bit.
        """
        held = self._held
        self._agreeing = shared_prefix(held.tokens, tokens)
        if exactly:
            step = held.context.n_ubatch
            self._agreeing = min(self._agreeing, held.exact) // step * step
        self._tokens = list(tokens)
        self._foreign = sum(token >= self._n_vocab for token in tokens)
        self._drafted, self._right = [], 0

    @property
    def match_tokens(self) -> int:
        """How many of its last guesses were right in a row; negative where it can make none."""
        can_read = self._tokens and not self._foreign
        return self._right if can_read and len(self._tokens) < self._held.context.n_ctx else -1

    def extend(self, tokens: Iterable[int]) -> None:
        """The text grew."""
        held = self._held.tokens
        for token in tokens:
            at = len(self._tokens)
            if self._agreeing == at and at < len(held) and held[at] == token:
                self._agreeing += 1
            self._foreign += token >= self._n_vocab
            self._tokens.append(token)
            self._compare(token)

    def _compare(self, token: int) -> None:
        if not self._drafted:
            return
        if self._drafted[0] == token:
            self._right += 1
            del self._drafted[0]
        else:
            self._right, self._drafted = 0, []

    def keep(self, n_tokens: int) -> None:
        """The text is cut to its first tokens."""
        self._foreign -= sum(token >= self._n_vocab for token in self._tokens[n_tokens:])
        del self._tokens[n_tokens:]
        self._agreeing = min(self._agreeing, n_tokens)
        self._drafted = []

    def draft(self, most: int) -> list[int]:
        """Up to so many next tokens, each its first choice; none when it was stopped."""
        self._drafted = []
        most = min(most, self._held.context.n_ctx - len(self._tokens))
        if self.match_tokens < 0 or most <= 0 or not self._catch_up():
            return []
        while (guess := self._acceptable_guess()) is not None:
            self._drafted.append(guess)
            if len(self._drafted) == most:
                break
            if not self._held.decode_one(guess):
                self._drafted = []
                break
        return list(self._drafted)

    def _catch_up(self) -> bool:
        """Read what is new, the last token in any case: its logits are the first guess."""
        held, n_tokens = self._held, len(self._tokens)
        held.keep(min(self._agreeing, n_tokens - 1))
        is_read = held.read(self._tokens, lambda _: None)
        self._agreeing = len(held.tokens)
        return is_read

    def _acceptable_guess(self) -> int | None:
        guess = self._guess()
        is_known = guess.token < self._n_vocab and not self._ends_reply(guess.token)
        return guess.token if is_known and guess.probability >= LEAST_PROBABILITY else None
