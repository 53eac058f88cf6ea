"""Bytes of tokens become text, a token at a time; half a character waits for the rest of it."""

from __future__ import annotations

import codecs

_new_decoder = codecs.getincrementaldecoder("utf-8")


class WholeCharacters:
    """Joins tokens to text such that the tokens of an incomplete character can be taken back.

    Text comes out only up to where it ends with a token, so no character of a waiting token has
    been given out. What is no UTF-8 becomes U+FFFD.
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    @property
    def waiting_tokens(self) -> int:
        """The last tokens, whose text is not known yet."""
        return len(self._waiting)

    def add(self, piece: bytes) -> str:
        """The text that is certain with the bytes of one more token; often all of them."""
        if not self._waiting and piece.isascii():
            return piece.decode()
        self._waiting.append(piece)
        undecided = _undecided_bytes(b"".join(self._waiting))
        whole = _tokens_before(self._waiting, undecided)
        return self._give_out(whole)

    def drop(self) -> int:
        """Take back the waiting tokens; answers how many those were."""
        dropped = len(self._waiting)
        self._waiting.clear()
        return dropped

    def finish(self) -> str:
        """The text of all that waits."""
        return self._give_out(len(self._waiting))

    def _give_out(self, tokens: int) -> str:
        text = b"".join(self._waiting[:tokens]).decode("utf-8", "replace")
        del self._waiting[:tokens]
        return text


def _undecided_bytes(joined: bytes) -> int:
    """How many bytes at the end are the beginning of a character."""
    decoder = _new_decoder("replace")
    decoder.decode(joined)
    return len(decoder.getstate()[0])


def _tokens_before(pieces: list[bytes], undecided: int) -> int:
    """Leading tokens without any of the undecided bytes; 0 where a token has some of both."""
    for kept in range(len(pieces) + 1):
        if sum(map(len, pieces[len(pieces) - kept :])) == undecided:
            return len(pieces) - kept
    return 0
