"""What the context window holds, token by token."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localr1.engine import native
from localr1.engine.shared_prefix import shared_prefix
from localr1.errors import EngineError
from localr1.terminal_text import clean_line


class HeldContext:
    """The KV cache of the conversation, and which tokens are in it.

    Args:
        context: the window.
        flag: raised to stop a computation.
        log: has the reason of a failure.
    """

    def __init__(
        self, context: native.Context, flag: native.AbortFlag, log: native.NativeLog
    ) -> None:
        self.context = context
        self._flag = flag
        self._log = log
        self.tokens: list[int] = []
        """Whose keys and values are in the cache, in sequence 0."""
        self.exact = 0
        """Leading ones of them that were read in whole micro-batches from the beginning. Those
        values do not depend on what happened before; rounding differs with the batch size."""

    @property
    def is_stopped(self) -> bool:
        """Whether somebody wants the computation to end."""
        return self._flag.is_raised

    def forget(self) -> None:
        """Empty the cache."""
        self.context.clear()
        self.tokens.clear()
        self.exact = 0

    def keep(self, n_tokens: int) -> bool:
        """Forget all but the first tokens; False, and all forgotten, where that cannot be done."""
        if not self.context.keep(n_tokens):
            self.forget()
            return False
        del self.tokens[n_tokens:]
        step = self.context.n_ubatch
        self.exact = min(self.exact, n_tokens) // step * step
        return True

    def share(self, tokens: Sequence[int], *, exactly: bool) -> int:
        """Keep what the cache shares with these tokens; answers how many that is.

        Args:
            tokens: the new prompt, or the part of it that is wanted.
            exactly: keep only values that a fresh worker would compute to the last bit, so that
                the same seed gives the same text whatever was said before.
        """
        shared = shared_prefix(self.tokens, tokens)
        if exactly:
            step = self.context.n_ubatch
            shared = min(shared, self.exact) // step * step
        return shared if self.keep(shared) else 0

    def read(self, tokens: Sequence[int], tell: Callable[[int], None]) -> bool:
        """Process all of these tokens that the cache does not hold, in micro-batches.

        Args:
            tokens: begin with all that is held.
            tell: called with the number of tokens that are held then.

        Returns:
            False when it was stopped.
        """
        step = self.context.n_ubatch
        for start in range(len(self.tokens), len(tokens), step):
            part = tokens[start : start + step]
            if self.is_stopped or not self.decode(part):
                return False
            if start == self.exact and len(part) == step:
                self.exact += step
            tell(len(self.tokens))
        return True

    def decode(self, tokens: Sequence[int]) -> bool:
        """Process tokens after those held, in micro-batches; False when that was stopped."""
        step = self.context.n_ubatch
        for start in range(0, len(tokens), step):
            part = tokens[start : start + step]
            code = self.context.decode(part)
            if code != 0:
                return self.aborted(code)
            self.tokens.extend(part)
        return True

    def decode_one(self, token: int) -> bool:
        """`decode` for one token."""
        code = self.context.decode_one(token)
        if code == 0:
            self.tokens.append(token)
            return True
        return self.aborted(code)

    def decode_rows(self, rows: Sequence[native.Row]) -> bool:
        """Process tokens of any sequences, which the caller keeps count of.

        At most `MOST_ROWS` of them where any is drawn from: logits are those of the last batch.
        """
        step = native.MOST_ROWS
        for start in range(0, len(rows), step):
            code = self.context.decode_rows(rows[start : start + step])
            if code != 0:
                return self.aborted(code)
        return True

    def cut(self, n_tokens: int, sequence: int) -> None:
        """Take back all of a sequence but its first tokens.

        Where a sliding window has dropped what those look at, sequence 0 is read again.

        Raises:
            EngineError: another sequence would have to be.
        """
        if sequence == 0:
            kept = self.tokens[:n_tokens]
            if not self.keep(n_tokens):
                self.decode(kept)
        elif not self.context.keep(n_tokens, sequence):
            raise EngineError(
                "the engine could not take back the last tokens of a reply",
                "ask for one reply at a time",
            )

    def aborted(self, code: int) -> bool:
        """False for an abort that was asked for; what a half-done batch left is forgotten.

        Raises:
            EngineError: nobody asked for it.
        """
        self.keep(len(self.tokens))
        if code == native.DECODE_ABORTED and self.is_stopped:
            self._log.take_errors()
            return False
        raise EngineError(
            f"the engine could not go on (llama_decode: {code}): {self.reason()}",
            "send the message again, or choose a smaller context window with --n-ctx",
        )

    def reason(self) -> str:
        """The first error that the engine told of since the last time."""
        lines = self._log.take_errors()
        return clean_line(lines[0]) if lines else "it gave no reason"
