"""Prompts as segments: which words are template and which are a person's or a model's."""

from __future__ import annotations

from typing import Literal

import msgspec


class ChatFormat(msgspec.Struct, frozen=True, kw_only=True):
    """How this model is spoken to; decided from the file's metadata before it is loaded."""

    style: Literal["r1", "template", "plain"]
    """R1's own format, the file's template, or a default for a file that has none."""
    template: str | None = None
    """The file's Jinja template, for style "template"."""
    open_tag: str = "<think>"
    close_tag: str = "</think>"
