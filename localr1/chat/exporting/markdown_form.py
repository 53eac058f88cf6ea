"""A conversation as Markdown: the branch that is shown, reasoning folded, answers verbatim."""

from __future__ import annotations

from collections.abc import Iterator

from localr1.chat.exporting.markdown_safety import closed, fenced, in_line, quoted, without_tags
from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.exporting.wording import (
    ROLE_TITLES,
    end_line,
    origin_line,
    thought_line,
    title_of,
)
from localr1.chat.messages import FilePart, Message, Part, ReasoningPart
from localr1.terminal_text import clean, clean_line


def as_markdown(tree: ConversationTree) -> str:
    """The branch that is shown, for people to read."""
    return "\n\n".join(_blocks(tree)) + "\n"


def _blocks(tree: ConversationTree) -> Iterator[str]:
    yield f"# {in_line(title_of(tree))}"
    origin = " · ".join(in_line(each) for each in origin_line(tree))
    if origin:
        yield f"*{origin}*"
    for each in tree.path():
        yield from _message_blocks(each.message, tree.model)


def _message_blocks(message: Message, usual_model: str) -> Iterator[str]:
    other = clean_line(message.model)
    author = f" ({in_line(other)})" if other and message.model != usual_model else ""
    yield f"## {ROLE_TITLES[message.role]}{author}"
    for part in message.parts:
        yield from _part_blocks(part, is_answer=message.role == "assistant")
    if end := end_line(message):
        yield f"*{end}*"


def _part_blocks(part: Part, *, is_answer: bool) -> Iterator[str]:
    if isinstance(part, ReasoningPart):
        # Blank lines end the HTML blocks of both tags, so that Markdown is read between them.
        yield f"<details>\n<summary>{thought_line(part)}</summary>"
        yield quoted(clean(part.text))
        yield "</details>"
    elif isinstance(part, FilePart):
        yield f"**{in_line(clean_line(part.name))}**"
        yield fenced(clean(part.text), part.name)
    elif part.text:
        text = clean(part.text)
        yield closed(text if is_answer else without_tags(text))
