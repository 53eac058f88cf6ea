"""Reasoning that other programs keep inside the text of a reply, between tags."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from localr1.chat.messages import Part, ReasoningPart, TextPart

_OPENS_DETAILS = re.compile(r"""<details\s[^<>]{0,500}?type=["']reasoning["'][^<>]{0,500}>""")
_SECONDS = re.compile(r"""\sduration=["'](\d{1,9}(?:\.\d{1,9})?)["']""")
_SUMMARY = re.compile(r"\s*<summary>[^<]{0,1000}</summary>\n?")
_THINK = re.compile(r"\s*<(think|thinking)>")


def parts_of(content: str) -> tuple[Part, ...]:
    """The parts of a reply: what stands in <details type="reasoning"> or <think>, and the rest."""
    parts: list[Part] = []
    for part in _with_details(content):
        is_first = not parts
        parts += _with_think(part.text) if is_first and isinstance(part, TextPart) else [part]
    return tuple(parts)


def _with_details(content: str) -> Iterator[TextPart | ReasoningPart]:
    """Open WebUI's form: a block for each thought, its lines quoted and escaped."""
    done = 0
    while opening := _OPENS_DETAILS.search(content, done):
        end = content.find("</details>", opening.end())
        if end < 0:
            break
        yield from _words(content[done : opening.start()])
        seconds = _SECONDS.search(opening[0])
        thought = _unquoted(content[opening.end() : end])
        if thought:
            yield ReasoningPart(thought, seconds=float(seconds[1]) if seconds else 0.0)
        done = end + len("</details>")
    yield from _words(content[done:])


def _with_think(content: str) -> Iterator[TextPart | ReasoningPart]:
    """The form of the models: a block at the beginning, whose opening tag may be missing."""
    opening = _THINK.match(content)
    name = opening[1] if opening else "think"
    start = opening.end() if opening else 0
    end = content.find(f"</{name}>", start)
    if end < 0 and not opening:
        yield from _words(content)
        return
    thought = content[start : end if end >= 0 else len(content)].strip()
    if thought:
        yield ReasoningPart(thought, ended_by="closed" if end >= 0 else "cancelled")
    if end >= 0:
        yield from _words(content[end + len(f"</{name}>") :])


def _words(text: str) -> Iterator[TextPart]:
    if text.strip():
        yield TextPart(text.strip())


def _unquoted(block: str) -> str:
    summary = _SUMMARY.match(block)
    text = html.unescape(block[summary.end() if summary else 0 :])
    lines = text.strip().split("\n")
    if all(line.startswith(">") for line in lines if line.strip()):
        lines = [line.removeprefix(">").removeprefix(" ") for line in lines]
    return "\n".join(lines).strip()
