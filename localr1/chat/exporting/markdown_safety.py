"""Text put into Markdown so that it stays where it was put.

No block that a text leaves open takes in what follows it, and what is folded or fenced does not
get out, whatever tags, fences and comments it opens or closes.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_LANGUAGE = re.compile(r"\.([a-z0-9+]{1,12})$", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_\[\]<>&#|~$])")
_TAG_BEGINS = re.compile(r"<(?=[A-Za-z/!?])")
_FOLD_TAGS = re.compile(r"<(/?)details\b", re.IGNORECASE)
_FOLDS_AT_MOST = 100
_PROBE = "localr1"
_HTML_CLOSERS = ("-->", "?>", "]]>", ">", "</script>", "</style>", "</textarea>", "</pre>")
"""What ends an HTML block that blank lines do not end."""


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable("inline")


def _blocks(source: str) -> list[Token]:
    # markdown-it-py 4 reads past the end of "> - <!--\n>", but for a line feed there.
    return _parser().parse(f"{source}\n")


def in_line(text: str) -> str:
    """A line of text in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", text)


def fenced(text: str, file_name: str = "") -> str:
    """A code block whose fence no line of the text can close."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = _LANGUAGE.search(file_name)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{fence}{language[1].lower() if language else ''}\n{text}{end}{fence}"


def quoted(text: str) -> str:
    """A block quote: it ends what the text leaves open, and no tag in it is one."""
    lines = text.strip("\n").split("\n")
    return without_tags("\n".join(f"> {line}" if line else ">" for line in lines))


def without_tags(text: str) -> str:
    """The text with its tags as text; in fenced code they are text to begin with."""
    in_code = _fenced_lines(text)
    return "\n".join(
        line if number in in_code else _TAG_BEGINS.sub("&lt;", line)
        for number, line in enumerate(text.split("\n"))
    )


def _fenced_lines(source: str) -> set[int]:
    lines: set[int] = set()
    for token in _blocks(source):
        if token.type == "fence" and token.map:
            lines.update(range(*token.map))
    return lines


def closed(text: str) -> str:
    """The text as it is, and after it what ends the blocks and folds that it leaves open."""
    ended = _with_its_end(text)
    code = _fenced_lines(ended)
    shown = [line for number, line in enumerate(ended.split("\n")) if number not in code]
    tags = _FOLD_TAGS.findall("\n".join(shown))
    open_folds = min(tags.count("") - tags.count("/"), _FOLDS_AT_MOST)
    return ended + "\n\n</details>" * open_folds


def _with_its_end(text: str) -> str:
    if _ends_by_itself(text):
        return text
    last = _blocks(text)[-1]
    closers = (last.markup,) if last.type == "fence" else _HTML_CLOSERS
    for closer in closers:
        if _ends_by_itself(f"{text}\n{closer}"):
            return f"{text}\n{closer}"
    return fenced(text)


def _ends_by_itself(text: str) -> bool:
    """Whether a paragraph that follows is one."""
    tokens = _blocks(f"{text}\n\n{_PROBE}")
    return (
        len(tokens) >= 3
        and tokens[-3].type == "paragraph_open"
        and tokens[-3].level == 0
        and tokens[-2].content == _PROBE
    )
