"""Growing Markdown cut into blocks: closed ones never change, only the open one is read again.

Top-level blocks and the items of a top-level list close as soon as a full line starts the next
one. An open block that gets long is frozen piece by piece, so that the text read again for an
append is bounded; when the block closes it is read once more as a whole and shown exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from localr1.tui.markdown import parser
from localr1.tui.markdown.context import before_open_formula, context_after, fence_is_closed
from localr1.tui.markdown.formulas import formula_is_closed

if TYPE_CHECKING:
    from markdown_it.token import Token

PIECE_LIMIT = 4096
"""Characters of an open block that are read again for each append."""

WHOLE_LIMIT = 16 * 1024
"""A closed block longer than this stays in pieces: reading it whole would be felt."""


class Block(NamedTuple):
    """Source that can be shown on its own."""

    source: str
    gap: bool
    """A blank row stands before it."""
    context: str = ""
    """Lines that put a piece into the list item, fence or table that it was cut from."""


class _Start(NamedTuple):
    line: int
    continues_list: bool = False


class GrowingMarkdown:
    """Append-only Markdown: closed blocks, frozen pieces of the open block, and its tail."""

    def __init__(self) -> None:
        self.closed: list[Block] = []
        self.pieces: list[Block] = []
        self.tail = Block("", gap=False)

    def append(self, text: str) -> None:
        """Add source at the end."""
        self.tail = self.tail._replace(source=self.tail.source + text)
        if "\n" in text:
            self._close_finished()
        *pieces, self.tail = _cut(self.tail)
        self.pieces += pieces

    def finish(self) -> None:
        """Nothing more will come: what is open closes."""
        if self.tail.source.strip() or self.pieces:
            lines = _lines(self.tail.context + self.tail.source)
            starts = [start for start in _starts(lines) if start.line < len(lines)]
            self._close(lines, [*starts, _Start(len(lines))])

    def _close_finished(self) -> None:
        complete, _, rest = self.tail.source.rpartition("\n")
        lines = _lines(f"{self.tail.context}{complete}\n")
        starts = _starts(lines)
        if len(starts) > 1:
            self._close(lines, starts)
            self.tail = self.tail._replace(source=self.tail.source + rest)

    def _close(self, lines: Sequence[str], starts: Sequence[_Start]) -> None:
        """Close the blocks between these starts; what follows the last one is the new tail."""
        for start, following in itertools.pairwise(starts):
            source = "".join(lines[start.line : following.line])
            source = source[len(self.tail.context) :]
            if self.pieces:
                source = "".join(piece.source for piece in self.pieces) + source
            gap = self.pieces[0].gap if self.pieces else self.tail.gap
            self.pieces = []
            block = Block(source, gap)
            self.closed += _cut(block) if len(source) > WHOLE_LIMIT else [block]
            joins = following.continues_list and lines[following.line - 1].strip()
            self.tail = Block("", gap=not joins)
        self.tail = self.tail._replace(source="".join(lines[starts[-1].line :]))


def _cut(block: Block) -> list[Block]:
    """The block in pieces of at most PIECE_LIMIT characters, cut at line ends where there are."""
    pieces = []
    while len(block.source) > PIECE_LIMIT:
        window = block.source[:PIECE_LIMIT]
        size = window.rfind("\n") + 1 or window.rfind(" ") + 1 or PIECE_LIMIT
        size = before_open_formula(block.context, window[:size]) or size
        piece = block._replace(source=window[:size])
        pieces.append(piece)
        context = context_after(piece.context + piece.source)
        block = Block(block.source[size:], gap=False, context=context)
    return [*pieces, block]


def _lines(text: str) -> list[str]:
    # Not splitlines: it also breaks at form feeds and the like, Markdown does not.
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _starts(lines: Sequence[str]) -> list[_Start]:
    """Where blocks and list items start; the first always at line 0."""
    return [_Start(0), *itertools.islice(_all_starts(lines), 1, None)]


def _all_starts(lines: Sequence[str]) -> Iterator[_Start]:
    tokens = parser.parse("".join(lines))
    for before, token in itertools.pairwise([None, *tokens]):
        if token is None or token.map is None:
            continue
        if token.level == 0 and token.nesting >= 0:
            yield _Start(token.map[0])
        elif token.type == "list_item_open" and token.level == 1 and not _opens_list(before):
            yield _Start(token.map[0], continues_list=True)
    last = tokens[-1] if tokens else None
    if last and last.level == 0 and (fence_is_closed(last) or formula_is_closed(last)):
        yield _Start((last.map or [0, 0])[1])


def _opens_list(token: Token | None) -> bool:
    return token is not None and token.type.endswith("list_open")
