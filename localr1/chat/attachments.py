"""Attached files as R1 was trained to read them: before the question, each between two marks."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.chat.messages import FilePart, Message, ReasoningPart
from localr1.terminal_text import clean_line
from localr1.units import download_size

BYTES_PER_TOKEN = 4
"""Of English, code and Chinese alike, about: three bytes a Chinese character, 0.7 tokens."""


def file_text(file: FilePart) -> str:
    """A file in R1's documented form; what follows it is the question or the next file."""
    return (
        f"[file name]: {clean_line(file.name)}\n"
        f"[file content begin]\n{file.text}\n[file content end]\n"
    )


def prompt_text(message: Message) -> str:
    """What a prompt has of a message but for its reasoning: its files and its words, in order."""
    return "".join(
        file_text(part) if isinstance(part, FilePart) else part.text
        for part in message.parts
        if not isinstance(part, ReasoningPart)
    )


def file_line(file: FilePart) -> str:
    """A file on one line, for people: "main.py  4.1 kB"."""
    return f"{clean_line(file.name, 80)}  {download_size(len(file.text.encode()))}"


def estimated_tokens(text: str, files: Sequence[FilePart] = ()) -> int:
    """About how many tokens a text and files take, where no model is there to count them."""
    texts = [text, *map(file_text, files)]
    return sum(-(-len(each.encode("utf-8", "replace")) // BYTES_PER_TOKEN) for each in texts)
