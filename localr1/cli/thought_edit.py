"""A thought that was paused, as a person's typed lines change it."""

from __future__ import annotations

import re

from localr1.chat.sentence_end import ends_sentence

_TAIL_CHARACTERS = 200
"""What `ends_sentence` looks at."""

_SENTENCE_MAY_END = re.compile(r"\s+|[。！？…]+[\"'”’»›)\]）】」』》〉]*")
"""White space after a sentence, or the marks of scripts that write none there."""


def is_take_back(line: str) -> bool:
    """Whether the line is made of `<` signs only."""
    return bool(line.strip()) and not line.strip().strip("<")


def with_words(thought: str, words: str) -> str:
    """The thought with a person's words as lines of their own after it.

    A blank line goes before them where the thought was stopped in the middle of a sentence. A
    line break follows them, so that the model begins a new line.
    """
    kept = thought.rstrip()
    if not kept:
        separator = ""
    elif ends_sentence(f"{kept} "):
        separator = "\n"
    else:
        separator = "\n\n"
    return f"{kept}{separator}{words.strip()}\n"


def without_last_sentences(thought: str, sentences: int) -> str:
    """The thought without so many sentences of its end; an unfinished one counts.

    Line breaks before what was taken back stay, so that the model goes on at a new line.
    """
    starts = [0, *_later_starts(thought.rstrip())]
    start = starts[-sentences] if sentences <= len(starts) else 0
    return thought[:start].rstrip(" \t")


def _later_starts(text: str) -> list[int]:
    """Where sentences begin, but for the first one."""
    ends = (match.end() for match in _SENTENCE_MAY_END.finditer(text))
    return [
        end
        for end in ends
        if end < len(text) and ends_sentence(text[max(0, end - _TAIL_CHARACTERS) : end])
    ]


def end_of(thought: str, characters: int) -> str:
    """The last characters of a thought on one line, for showing where it stands."""
    line = " ".join(thought[-4 * characters :].split())
    if len(line) <= characters and len(thought) <= 4 * characters:
        return line
    tail = line[-characters:]
    return f"…{tail.partition(' ')[2] or tail}"
