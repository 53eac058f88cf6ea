"""Conversations, and what was found in them, as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from localr1.chat.exporting.wording import (
    ROLE_TITLES,
    end_line,
    origin_line,
    thought_line,
    title_of,
)
from localr1.chat.messages import FilePart, ReasoningPart
from localr1.terminal_text import clean, clean_line
from localr1.units import count

if TYPE_CHECKING:
    from localr1.chat.exporting.tree import ConversationTree
    from localr1.chat.messages import Message, Part
    from localr1.cli.output import Styled
    from localr1.history.store import SearchHit
    from localr1.history.summaries import ConversationSummary

_MODEL_WIDTH = 24
_DAY_WIDTH = 10


def list_lines(summaries: Sequence[ConversationSummary]) -> Iterator[list[Styled]]:
    """A line for each conversation: id, day, messages, model, title."""
    if not summaries:
        return
    ids = max(len(each.id) for each in summaries)
    counts = max(len(f"{each.message_count:,}") for each in summaries)
    models = [clean_line(each.model, limit=_MODEL_WIDTH) for each in summaries]
    width = max(map(len, models))
    for each, model in zip(summaries, models, strict=True):
        pin = "* " if each.pinned else ""
        yield [
            (f"{each.id:<{ids}}  {each.updated_at[:_DAY_WIDTH]:<{_DAY_WIDTH}}  ", ""),
            (f"{each.message_count:>{counts},}  {model:<{width}}  ", "dim"),
            (f"{pin}{clean_line(each.title)}\n", ""),
        ]


def hit_lines(hits: Sequence[SearchHit]) -> Iterator[list[Styled]]:
    """The hits, those of a conversation together below its line."""
    places: dict[str, list[SearchHit]] = {}
    for hit in hits:
        places.setdefault(hit.conversation_id, []).append(hit)
    for number, (identity, found) in enumerate(places.items()):
        gap = "\n" if number else ""
        yield [(f"{gap}{identity}  {found[0].created_at[:_DAY_WIDTH]}  {found[0].title}\n", "")]
        for hit in found:
            yield [(f"  {hit.kind:<9}  ", "dim"), *_marked(hit), ("\n", "")]


def _marked(hit: SearchHit) -> Iterator[Styled]:
    done = 0
    for start, end in hit.ranges:
        yield hit.snippet[done:start], ""
        yield hit.snippet[start:end], "bold"
        done = end
    yield hit.snippet[done:], ""


def conversation_lines(tree: ConversationTree, reasoning: str) -> Iterator[list[Styled]]:
    """The branch that is shown, as plain text.

    Args:
        tree: the conversation.
        reasoning: "show", "hide", or "only" for nothing else.
    """
    if reasoning == "only":
        thoughts = [each.message.reasoning for each in tree.path()]
        for thought in filter(None, thoughts):
            yield [(f"{clean(thought.text).rstrip()}\n\n", "")]
        return
    yield [(f"{title_of(tree)}\n", "bold")]
    yield [(f"{' · '.join([tree.id, *origin_line(tree)])}\n", "dim")]
    branches = _branches(tree)
    for position in tree.path_positions():
        message = tree.messages[position].message
        yield from _message_lines(message, _heading(tree, message, branches[position]), reasoning)


def _branches(tree: ConversationTree) -> list[tuple[int, int]]:
    """Of each message: which of its siblings it is, from 1, and how many there are."""
    counts: Counter[int | None] = Counter()
    numbers = []
    for each in tree.messages:
        counts[each.parent] += 1
        numbers.append(counts[each.parent])
    return [(n, counts[each.parent]) for n, each in zip(numbers, tree.messages, strict=True)]


def _heading(tree: ConversationTree, message: Message, branch: tuple[int, int]) -> str:
    """ "Answer (other model), 2 of 3"."""
    model = clean_line(message.model)
    author = f" ({model})" if model and model != clean_line(tree.model) else ""
    place = f", {branch[0]} of {branch[1]}" if branch[1] > 1 else ""
    return f"{ROLE_TITLES[message.role]}{author}{place}"


def _message_lines(message: Message, heading: str, reasoning: str) -> Iterator[list[Styled]]:
    yield [(f"\n{heading}\n", "bold")]
    for part in message.parts:
        yield from _part_lines(part, reasoning)
    if end := end_line(message):
        yield [(f"{end}\n", "dim")]


def _part_lines(part: Part, reasoning: str) -> Iterator[list[Styled]]:
    text = clean(part.text).strip("\n")
    if isinstance(part, FilePart):
        lines = count(len(text.splitlines()), "line")
        yield [(f"[{clean_line(part.name)}, {lines}]\n", "dim")]
    elif not isinstance(part, ReasoningPart):
        yield [(f"{text}\n", "")]
    elif reasoning == "show":
        indented = "".join(f"  {line}".rstrip() + "\n" for line in text.split("\n"))
        yield [(f"{thought_line(part)}\n{indented}\n", "dim")]
