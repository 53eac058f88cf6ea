"""The replies that benchmarks/record_loops.py recorded, read back."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.loop_truth import Truth, repeated_share

RECORDINGS = Path(__file__).parents[1] / "tests" / "data" / "loops.json.xz"

LOOPING_SHARE = 0.5
"""A reply that is so repetitive somewhere, without a lasting loop, did loop for a while: it is
counted neither as a loop nor as honest."""
_STEP_CHARACTERS = 400


class Recording(NamedTuple):
    """One reply of a real model."""

    model: str
    question: str
    temperature: float
    ids: list[int]
    texts: list[str]
    loop: Truth | None

    @property
    def has_words(self) -> bool:
        """Whether what is repeated, if anything, has a letter in it."""
        period = self.texts[-self.loop.period :] if self.loop else self.texts
        return any(map(str.isalpha, "".join(period)))

    @property
    def is_honest(self) -> bool:
        """Whether nothing in it goes in circles."""
        if self.loop:
            return False
        text = "".join(self.texts)
        ends = range(_STEP_CHARACTERS, len(text) + _STEP_CHARACTERS, _STEP_CHARACTERS)
        return all(repeated_share(text[:end]) < LOOPING_SHARE for end in ends)


def recordings() -> Iterator[Recording]:
    """All of them, loops or not."""
    stored = json.loads(lzma.decompress(RECORDINGS.read_bytes()))
    for reply in stored["replies"]:
        pieces = stored["pieces"][reply["model"]]
        yield Recording(
            reply["model"],
            reply["question"],
            reply["temperature"],
            reply["tokens"],
            [pieces[str(token)] for token in reply["tokens"]],
            Truth(*reply["loop"]) if reply["loop"] else None,
        )
