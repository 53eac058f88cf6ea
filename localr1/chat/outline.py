"""The outline of a reasoning text: where it changed its mind, checked, concluded.

A step begins at the end of a paragraph and at turning words; lists, tables and code are part of
one step. Tiny steps join their neighbours, and the longer the text, the larger is what counts
as tiny: an outline is read at a glance.
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import NamedTuple

from localr1.chat.outline_blocks import Blocks, Place, piece
from localr1.chat.turning_words import Kind, Opening, opening

STEPS_AT_MOST = 80
SMALL_CHARACTERS = 160
"""A step without a sign is at least so long, to begin with: about 40 tokens."""
LONG_CHARACTERS = 400
"""Of a paragraph, after which everyday words such as "so" begin a step in its middle."""
WORDS_CHARACTERS = 80

_WEIGHTS: dict[Kind, int] = {
    "start": 5,
    "turn": 4,
    "alternative": 3,
    "check": 2,
    "conclusion": 1,
    "step": 0,
}
"""Which of two steps that become one gives its kind and words."""


class Step(NamedTuple):
    """A stretch of a reasoning text."""

    start: int
    """In characters of the text; so is `end`, which is not part of it."""
    end: int
    kind: Kind
    words: str
    """The first ones, on one line; untrusted like all of the text."""
    place: int
    """Where these words stand; before it there may be a tiny step that was joined."""
    number: int = 1
    """Counts the steps with the same words."""

    @property
    def size(self) -> int:
        """Length in characters."""
        return self.end - self.start


class Outliner:
    """Makes the outline of a text that grows; an append costs the same however long it is."""

    def __init__(self) -> None:
        self._rest = ""
        """The beginning of a piece that may grow."""
        self._length = 0
        """Of all pieces before it."""
        self._blocks = Blocks()
        self._closed: list[Step] = []
        self._open: Step | None = None
        self._small = SMALL_CHARACTERS
        self.begun = 0
        """How many steps were begun so far, before any of them were joined."""

    def append(self, text: str) -> None:
        """Add text that follows what is there."""
        text = self._rest + text
        start = 0
        while (found := piece(text, start)) is not None:
            self._take(text[start : found.end], is_whole=found.is_whole)
            start = found.end
        self._rest = text[start:]

    @property
    def steps(self) -> list[Step]:
        """The steps so far; end to end they are all of the text."""
        ended = copy.copy(self)
        ended._closed, ended._blocks = list(self._closed), copy.copy(self._blocks)
        if ended._rest:
            ended._take(ended._rest, is_whole=True)
        ended._close()
        return _numbered(ended._closed)

    def _take(self, text: str, *, is_whole: bool) -> None:
        start, self._length = self._length, self._length + len(text)
        found = opening(text)
        place = self._blocks.place(text, is_whole=is_whole)
        step = self._open
        if step is None:
            self.begun += 1
            self._open = Step(start, self._length, "start", text.lstrip(), start)
        elif step.words and _begins_step(place, found, start - step.start):
            self._close()
            self.begun += 1
            self._open = Step(start, self._length, found.kind, text.lstrip(), start)
        else:
            words = step.words
            if len(words) < WORDS_CHARACTERS:
                words = (words + text).lstrip()
            self._open = step._replace(end=self._length, words=words)

    def _close(self) -> None:
        if self._open is not None:
            words = " ".join(self._open.words[: 2 * WORDS_CHARACTERS].split())[:WORDS_CHARACTERS]
            self._add(self._open._replace(words=words))
            self._open = None
        while len(self._closed) > STEPS_AT_MOST:
            self._small *= 2
            steps, self._closed = self._closed, []
            for step in steps:
                self._add(step)

    def _add(self, step: Step) -> None:
        last = self._closed[-1] if self._closed else None
        if last is not None and _join(last, step, self._small):
            self._closed[-1] = _joined(last, step)
        else:
            self._closed.append(step)


def outline(text: str) -> list[Step]:
    """The steps of a whole text."""
    outliner = Outliner()
    outliner.append(text)
    return outliner.steps


def _begins_step(place: Place, found: Opening, length: int) -> bool:
    """Does a piece begin a step, after so many characters of the one before?"""
    if place == "paragraph":
        return True
    if place == "line":
        return found.kind != "step"
    if place == "sentence":
        return found.is_strong or (found.kind != "step" and length >= LONG_CHARACTERS)
    return place == "item" and found.kind == "turn"


def _join(last: Step, step: Step, small: int) -> bool:
    if step.kind == "step":
        return last.size < small or step.size < small // 4
    return last.size < small // 8 and last.kind != "start"


def _joined(last: Step, step: Step) -> Step:
    heavier = step if _WEIGHTS[step.kind] > _WEIGHTS[last.kind] else last
    return heavier._replace(start=last.start, end=step.end)


def _numbered(steps: list[Step]) -> list[Step]:
    seen: Counter[str] = Counter()
    numbered = []
    for step in steps:
        seen[step.words] += 1
        numbered.append(step._replace(number=seen[step.words]))
    return numbered
