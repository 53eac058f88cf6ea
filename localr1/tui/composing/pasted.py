"""Long texts that were pasted: a mark in the composer stands for each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from localr1.chat.attachments import estimated_tokens
from localr1.units import count, download_size

LINES_AT_MOST = 20
CHARACTERS_AT_MOST = 2_000
"""More than one of both is folded."""

LIMIT_BYTES = 2_000_000
"""Of all that is folded; half a million tokens."""

_MARK = re.compile(r"\[pasted text ([0-9]{1,9})\]")


class Pasted(NamedTuple):
    """One such text."""

    number: int
    text: str
    size_bytes: int
    tokens: int
    """About."""

    @property
    def mark(self) -> str:
        """What stands in its place."""
        return f"[pasted text {self.number}]"

    @property
    def name(self) -> str:
        """For a chip."""
        return f"pasted text {self.number}"

    @property
    def facts(self) -> str:
        """For a chip: "214 lines, 8.1 kB, ~2,000 tokens"."""
        lines = count(self.text.count("\n") + 1, "line")
        return f"{lines}, {download_size(self.size_bytes)}, ~{count(self.tokens, 'token')}"


class PastedTexts:
    """By their numbers; one whose mark is gone stays, so that an undo brings it back."""

    def __init__(self) -> None:
        self._texts: dict[int, Pasted] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def fold(self, text: str) -> Pasted:
        """Keep this text."""
        number = len(self._texts) + 1
        pasted = Pasted(number, text, size_bytes(text), estimated_tokens(text))
        self._texts[number] = pasted
        return pasted

    def clear(self) -> None:
        """Forget all."""
        self._texts.clear()

    def marked_in(self, text: str) -> Iterator[Pasted]:
        """Those whose marks stand in this text, in its order, each once."""
        numbers = dict.fromkeys(int(number) for number in _MARK.findall(text))
        for number in numbers:
            if number in self._texts:
                yield self._texts[number]

    def unfold(self, text: str) -> str:
        """The text with what its marks stand for in their places."""
        return _MARK.sub(self._meant, text)

    def _meant(self, mark: re.Match[str]) -> str:
        pasted = self._texts.get(int(mark[1]))
        return pasted.text if pasted else mark[0]

    def ends_with_mark(self, text: str) -> str:
        """The mark at the end of this text; nothing where there is none."""
        marks = [pasted.mark for pasted in self.marked_in(text[-40:])]
        return next((mark for mark in marks if text.endswith(mark)), "")

    def size_bytes(self, text: str) -> int:
        """Of what is folded in this text."""
        return sum(pasted.size_bytes for pasted in self.marked_in(text))


def is_long(text: str) -> bool:
    """Whether it is better folded."""
    return len(text) > CHARACTERS_AT_MOST or text.count("\n") >= LINES_AT_MOST


def size_bytes(text: str) -> int:
    """In UTF-8."""
    return len(text.encode(errors="surrogatepass"))
