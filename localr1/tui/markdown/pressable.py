"""Looks of what does something when it is clicked."""

from __future__ import annotations

from typing import NamedTuple


class CodeBlock(NamedTuple):
    """Code of an answer."""

    language: str
    """As the fence says it; empty where it does not."""
    code: str


class Pressable(tuple[str, ...]):
    """A look that knows what is meant by its words.

    As a look it equals the plain tuple, so it needs no style of its own.
    """

    target: CodeBlock | str
    """Code, or the address of a link."""

    def __new__(cls, look: tuple[str, ...], target: CodeBlock | str) -> Pressable:
        """The same look, for this target."""
        made = super().__new__(cls, look)
        made.target = target
        return made
