"""The parts of a message as rows of the history, and back; the checksum over all they say."""

from __future__ import annotations

import json
import math
from typing import Any

from localr1.chat.messages import REASONING_ENDS, FilePart, Message, Part, ReasoningPart, TextPart
from localr1.history.insertions import (
    cleaned_insertions,
    insertions_as_json,
    insertions_from_json,
)
from localr1.terminal_text import clean, clean_line

PartRow = tuple[Any, ...]
"""The columns of a part (COLUMNS), of any type in a damaged file."""

COLUMNS = (
    *("kind", "text", "tokens", "seconds", "ended_by"),
    *("insertions", "carried"),
    *("name",),
)
"""What is stored of a part, in the order of the checksum; schema versions 1, 2 and 3 a line."""

_VERSION_ENDS = (5, 7, 8)
"""How many columns each schema version knew."""


def storable_part(part: Part) -> Part:
    """The part as it is kept: cleaned text, numbers that SQLite can hold."""
    if isinstance(part, TextPart):
        return TextPart(clean(part.text))
    if isinstance(part, FilePart):
        return FilePart(clean_line(part.name), clean(part.text))
    seconds = float(part.seconds) if math.isfinite(part.seconds) else 0.0
    return ReasoningPart(
        clean(part.text),
        int(part.tokens),
        seconds,
        part.ended_by,
        cleaned_insertions(part.text, part.insertions),
        part.carried,
    )


def part_rows(message: Message) -> list[PartRow]:
    """The columns of each part of a message."""
    return [_part_row(part) for part in message.parts]


def _part_row(part: Part) -> PartRow:
    if isinstance(part, TextPart):
        return ("text", part.text, None, None, None, None, None, None)
    if isinstance(part, FilePart):
        return ("file", part.text, None, None, None, None, None, part.name)
    added = (insertions_as_json(part.insertions), 1 if part.carried else None, None)
    return ("reasoning", part.text, part.tokens, part.seconds, part.ended_by, *added)


def part_of(row: PartRow) -> Part:
    """The part that a row holds; damaged columns become harmless ones."""
    kind, raw, tokens, seconds, ended_by, inserted, carried, name = row
    text = _text(raw)
    if kind == "file":
        return FilePart(clean_line("" if name is None else _text(name)), clean(text))
    if kind != "reasoning":
        return TextPart(clean(text))
    return ReasoningPart(
        clean(text),
        int(_number(tokens)),
        float(_number(seconds)),
        one_of(ended_by, REASONING_ENDS, "error"),
        cleaned_insertions(text, insertions_from_json(inserted, len(text))),
        carried == 1,
    )


def checksum(
    position: object,
    role: object,
    finish_reason: object,
    parts: list[PartRow],
    *,
    parent: object = None,
    model: object = None,
) -> str:
    """SHA-256, in hex, of a message's columns as JSON (docs/formats.md gives the exact form)."""
    import hashlib  # it loads OpenSSL

    columns: list[object] = [position, role, finish_reason, [*map(_summed_columns, parts)]]
    if parent is not None or model is not None:
        columns += [parent, model]
    document = json.dumps(columns, separators=(",", ":"), default=repr)
    return hashlib.sha256(document.encode("ascii")).hexdigest()


def _summed_columns(part: PartRow) -> PartRow:
    """A part's columns, without later versions' where these are empty: old checksums hold."""
    said = max((n for n, column in enumerate(part, 1) if column is not None), default=0)
    return part[: next(end for end in _VERSION_ENDS if said <= end)]


def one_of(value: object, names: tuple[str, ...], otherwise: Any) -> Any:
    """`value` where it is one of a Literal's names; a damaged row may hold anything."""
    return value if value in names else otherwise


def _number(value: object) -> float:
    return value if isinstance(value, (int, float)) and math.isfinite(value) else 0


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
