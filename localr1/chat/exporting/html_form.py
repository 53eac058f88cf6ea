"""A conversation as one HTML file: no script, nothing loaded, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources

from localr1.chat.exporting.html_answer import answer_html
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

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The browser, too, is to run and load nothing."""

_AUTHORS = {"person": "written by a person", "localr1": "written by localr1"}


def as_html(tree: ConversationTree) -> str:
    """The branch that is shown, for people to read."""
    return "\n".join(_lines(tree)) + "\n"


def _lines(tree: ConversationTree) -> Iterator[str]:
    title = escape(title_of(tree))
    style = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    yield '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<header>"
    yield f"<h1>{title}</h1>\n<p>{escape(' · '.join(origin_line(tree)))}</p>\n</header>\n<main>"
    for each in tree.path():
        yield from _message_lines(each.message, tree.model)
    yield "</main>\n</body>\n</html>"


def _message_lines(message: Message, usual_model: str) -> Iterator[str]:
    other = clean_line(message.model)
    author = f" ({escape(other)})" if other and message.model != usual_model else ""
    yield f'<section class="{message.role}">\n<h2>{ROLE_TITLES[message.role]}{author}</h2>'
    for part in message.parts:
        yield from _part_lines(part, is_answer=message.role == "assistant")
    if end := end_line(message):
        yield f'<p class="end">{end}</p>'
    yield "</section>"


def _part_lines(part: Part, *, is_answer: bool) -> Iterator[str]:
    if isinstance(part, ReasoningPart):
        yield f"<details>\n<summary>{thought_line(part)}</summary>"
        yield f"{_plain(_with_insertions(part))}\n</details>"
    elif isinstance(part, FilePart):
        yield f"<details>\n<summary>{escape(clean_line(part.name))}</summary>"
        # a parser drops one line feed after <pre>
        yield f"<pre>\n<code>{escape(clean(part.text))}</code></pre>\n</details>"
    elif is_answer:
        yield answer_html(clean(part.text))
    elif part.text:
        yield _plain(escape(clean(part.text)))


def _plain(escaped: str) -> str:
    return f'<div class="plain">{escaped}</div>'


def _with_insertions(part: ReasoningPart) -> str:
    """The thought, escaped; what the model did not write is marked."""
    pieces, done = [], 0
    for each in part.insertions:
        if not done <= each.start < each.end <= len(part.text):
            continue
        inserted = escape(clean(part.text[each.start : each.end]))
        pieces.append(escape(clean(part.text[done : each.start])))
        pieces.append(f'<ins title="{_AUTHORS[each.author]}">{inserted}</ins>')
        done = each.end
    return "".join(pieces) + escape(clean(part.text[done:]))
