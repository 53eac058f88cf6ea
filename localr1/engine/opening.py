"""How a reply begins when it goes on from a given text, and which of its tokens are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from localr1.engine.protocol import BegunReply
from localr1.engine.reply import Extent
from localr1.engine.shared_prefix import shared_prefix


class Opening(NamedTuple):
    """The first tokens of a reply, put after the prompt."""

    tokens: Sequence[int] = ()
    extents: Sequence[Extent | None] = ()
    """After each token: how much text there is; None where the text cannot be cut."""
    closed_after: int | None = None
    """The number of tokens after which the reasoning is over."""
    begun: BegunReply | None = None
    """What the tokens say."""
    notice: str = ""
    """What a person should know when the reply begins like this."""


class WrittenReply(NamedTuple):
    """The reply that was written last; the fields are those of `Opening`."""

    tokens: Sequence[int] = ()
    extents: Sequence[Extent | None] = ()
    closed_after: int | None = None
    reasoning: str = ""
    answer: str = ""


class TagIds(NamedTuple):
    """Tags as tokens, with the white space that belongs to them."""

    open: tuple[int, ...]
    close: tuple[int, ...]


def opening_of(
    begun: BegunReply,
    written: WrittenReply,
    *,
    opens_block: bool,
    word_ids: Callable[[str], list[int]],
    tags: TagIds,
) -> Opening:
    """The begun reply as tokens; those that the model wrote stay as they were written.

    Args:
        begun: the text to go on from.
        written: the last reply, which the text may be part of.
        opens_block: the prompt leaves a reasoning block open.
        word_ids: tokens of words.
        tags: tokens of the tags.
    """
    has_block = opens_block or bool(begun.reasoning)
    kept = _kept_tokens(written, begun, has_block=has_block, opens_block=opens_block)
    extent = written.extents[kept - 1] if kept else None
    reasoning_known, answer_known = extent or (0, 0)
    closed_after = written.closed_after
    is_closed = closed_after is not None and kept >= closed_after
    tokens = list(written.tokens[:kept])
    if has_block and not opens_block and not kept:
        tokens += tags.open
    tokens += word_ids(begun.reasoning[reasoning_known:])
    if begun.is_closed and has_block and not is_closed:
        tokens += tags.close
        closed_after = len(tokens)
    tokens += word_ids(begun.answer[answer_known:])
    extents: list[Extent | None] = [*written.extents[:kept], *[None] * (len(tokens) - kept)]
    if tokens:
        extents[-1] = Extent(len(begun.reasoning), len(begun.answer))
    return Opening(tokens, extents, closed_after if begun.is_closed else None, begun)


def _kept_tokens(
    written: WrittenReply, begun: BegunReply, *, has_block: bool, opens_block: bool
) -> int:
    """How many tokens of the written reply the begun one begins with."""
    same_reasoning = shared_prefix(written.reasoning, begun.reasoning)
    same_answer = shared_prefix(written.answer, begun.answer)
    shares_thought = begun.is_closed and written.reasoning == begun.reasoning
    had_block = opens_block or written.closed_after is not None or bool(written.reasoning)
    closed_after = len(written.tokens) + 1 if written.closed_after is None else written.closed_after
    for kept in range(len(written.tokens), 0, -1):
        extent = written.extents[kept - 1]
        if extent is None or extent.reasoning > same_reasoning or extent.answer > same_answer:
            continue
        in_block = had_block and kept < closed_after
        # without a block, tokens before any word may be a tag that opens one
        is_answer = shares_thought and (written.closed_after is not None or extent.answer > 0)
        # before the first word of a thought, the tag that opens it may be missing
        is_thought = has_block and (opens_block or extent.reasoning > 0)
        if is_thought if in_block else is_answer:
            is_whole = (written.reasoning, written.answer) == (begun.reasoning, begun.answer)
            ends_in_words = in_block or extent.answer > 0
            return kept if is_whole or not ends_in_words else _with_text(written.extents, kept)
    return 0


def _with_text(extents: Sequence[Extent | None], kept: int) -> int:
    """Leave out tokens at the end that add no text, where other text follows than was written.

    Control tokens print nothing: they would gather unseen from one continuation to the next.
    """
    while kept > 1 and extents[kept - 2] == extents[kept - 1]:
        kept -= 1
    return kept
