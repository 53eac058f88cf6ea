r"""Rules that find formulas in Markdown: \( \), \[ \], $ $, $$ $$, \begin{align} and a bare \boxed.

`mdit-py-plugins` has such rules in three plugins, each for some of the delimiters; none ends a
paragraph, keeps a formula with blank lines together, or says that one is still open at the end of
a text that grows. These rules do. Code is never looked at: its own rules come first.

A line that begins with a displayed formula begins a block, whether or not the formula is closed
later: so it does not matter for the lines before how much of the text has arrived.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from localr1.chat.maths import SOURCE_LIMIT

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

BLOCK, INLINE = "maths_block", "maths_inline"
"""Types of the tokens. `content` is the formula, `info` its whole source as it was written,
`markup` how it began; `hidden` says of a block that its end has not come yet."""

INLINE_LIMIT = 1_000
"""Characters of a formula within a line: a lost delimiter must not swallow a paragraph."""

_ENVIRONMENTS = (
    r"align|aligned|alignat|gather|gathered|equation|multline|split|cases|eqnarray|flalign|"
    r"[pbvBV]?matrix|smallmatrix|array"
)
_DISPLAY = re.compile(rf"\\\[|\$\$|\\begin\{{(?P<name>(?:{_ENVIRONMENTS})\*?)\}}")
_ENDS = {"\\[": "\\]", "\\(": "\\)", "$$": "$$", "$": "$"}
_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,3}(?=\{)")
_REST = re.compile(r"[ \t]*[.,;:!?。，；：]?[ \t]*")
_PROSE = re.compile(r"[A-Za-z]{2,}[ \n][A-Za-z]{2,}")
_OTHER_BLOCK = re.compile(r"(?:`{3}|~{3}|#{1,6} )")


def add_rules(parser: MarkdownIt) -> None:
    """Teach this parser to find formulas."""
    ends = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", BLOCK, _block, {"alt": ends})
    parser.inline.ruler.before("escape", INLINE, _inline)


def formula_is_closed(token: Token) -> bool:
    """Is this a displayed formula whose end has been read?"""
    return token.type == BLOCK and not token.hidden


# ---- blocks --------------------------------------------------------------------------------


class _Found(NamedTuple):
    """A displayed formula."""

    content: str
    source: str
    after: int
    """The line after it."""
    is_open: bool


def _block(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    opening = None if state.is_code_block(first) else _DISPLAY.match(_line(state, first))
    if opening is None:
        return False
    if silent:
        return True
    found = _find(state, first, end, opening)
    if found is None:
        return False
    state.line = found.after
    token = state.push(BLOCK, "", 0)
    token.map = [first, found.after]
    token.content, token.info, token.markup = found.content, found.source, opening[0]
    token.hidden = found.is_open
    return True


def _find(state: StateBlock, first: int, end: int, opening: re.Match[str]) -> _Found | None:
    name = opening["name"]
    closing = f"\\end{{{name}}}" if name else _ENDS[opening[0]]
    read: list[str] = []
    size = 0
    for number in range(first, end):
        line = _line(state, number)
        size += len(line) + 1
        is_first = number == first
        if size > SOURCE_LIMIT or not (is_first or _may_go_on(state, number, line, opening[0])):
            return None
        place = line.find(closing, opening.end() if is_first else 0)
        read.append(line)
        if place >= 0:
            return _closed(read, place + len(closing), opening, closing, number + 1)
    if state.src[state.eMarks[end - 1] :].strip():
        return None  # what it stands in ends before the text does
    return _Found("", "\n".join(read), end, is_open=True)


def _closed(
    read: list[str], place: int, opening: re.Match[str], closing: str, after: int
) -> _Found | None:
    rest = read[-1][place:]
    if _REST.fullmatch(rest) is None:
        return None  # words follow on the line: a formula within a paragraph
    source = "\n".join(read)
    content = source[: len(source) - len(rest)]
    if opening["name"] is None:
        content = content[len(opening[0]) : -len(closing)]
    if not content.strip():
        return None
    return _Found(content + rest.rstrip(), source, after, is_open=False)


def _may_go_on(state: StateBlock, number: int, line: str, opening: str) -> bool:
    if not line:
        return bool(_line(state, number - 1))  # one blank line, but not two
    if state.sCount[number] < state.blkIndent or _OTHER_BLOCK.match(line):
        return False
    return opening != "\\[" or not line.startswith(opening)


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


# ---- within a line -------------------------------------------------------------------------


def _inline(state: StateInline, silent: bool) -> bool:
    sign = state.src[state.pos]
    if sign == "$":
        return _dollars(state, silent)
    if sign == "\\":
        return _backslash(state, silent)
    return False


def _dollars(state: StateInline, silent: bool) -> bool:
    """pandoc's rule, so that $5 and $6 stay money; nor is prose a formula."""
    if state.src.startswith("$$", state.pos):
        return _delimited(state, silent, "$$") or _literal(state, silent, 2)
    start = state.pos + 1
    limit = min(state.posMax, start + INLINE_LIMIT)
    end = state.src.find("$", start, limit)
    while end > start and _is_escaped(state.src, end):
        end = state.src.find("$", end + 1, limit)
    following = state.src[end + 1 : min(end + 2, state.posMax)]
    content = state.src[start:end]
    if end <= start or state.src[start].isspace() or state.src[end - 1].isspace():
        return _literal(state, silent, 1)
    if following.isdigit() or "`" in content or ("\\" not in content and _PROSE.search(content)):
        return _literal(state, silent, 1)
    return _take(state, silent, content, end + 1, "$")


def _is_escaped(source: str, place: int) -> bool:
    before = source[max(0, place - 20) : place]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _backslash(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    following = source[start + 1 : min(start + 2, state.posMax)]
    if following and following in "()[]":
        if following in "([" and _delimited(state, silent, f"\\{following}"):
            return True
        # Without its other half it stays what it is, and so does what may still become a formula
        end = source.find("\n", start, state.posMax) if following in "([" else start + 2
        return _literal(state, silent, (end if end > 0 else state.posMax) - start)
    if following == "b":
        return _boxed(state, silent) or _environment(state, silent)
    return following == "f" and _boxed(state, silent)


def _delimited(state: StateInline, silent: bool, opening: str) -> bool:
    start = state.pos + len(opening)
    end = state.src.find(_ENDS[opening], start, min(state.posMax, start + SOURCE_LIMIT))
    if end < 0 or not state.src[start:end].strip():
        return False
    return _take(state, silent, state.src[start:end], end + len(_ENDS[opening]), opening)


def _environment(state: StateInline, silent: bool) -> bool:
    opening = _DISPLAY.match(state.src, state.pos, state.posMax)
    if opening is None or opening["name"] is None:
        return False
    closing = f"\\end{{{opening['name']}}}"
    limit = min(state.posMax, state.pos + SOURCE_LIMIT)
    end = state.src.find(closing, opening.end(), limit) + len(closing)
    if end < len(closing):
        return False
    return _take(state, silent, state.src[state.pos : end], end, opening[0])


def _boxed(state: StateInline, silent: bool) -> bool:
    """R1 writes its result in a box without any delimiters now and then."""
    opening = _BOX.match(state.src, state.pos, state.posMax)
    if opening is None:
        return False
    depth = 0
    for place in range(opening.end(), min(state.posMax, opening.end() + INLINE_LIMIT)):
        sign = state.src[place]
        if sign in "{}" and not _is_escaped(state.src, place):
            depth += 1 if sign == "{" else -1
            if not depth:
                end = place + 1
                return _take(state, silent, state.src[state.pos : end], end, "\\boxed")
    return False


def _literal(state: StateInline, silent: bool, size: int) -> bool:
    if not silent:
        state.pending += state.src[state.pos : state.pos + size]
    state.pos += size
    return True


def _take(state: StateInline, silent: bool, content: str, end: int, markup: str) -> bool:
    if not silent:
        token = state.push(INLINE, "", 0)
        token.content, token.markup = content, markup
        token.info = state.src[state.pos : end]
    state.pos = end
    return True
