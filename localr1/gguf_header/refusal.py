"""Why a file is refused, before the file's name is put in front of it."""

from __future__ import annotations

from pathlib import Path


class Refusal(Exception):
    """A sentence's second half: "is a web page, not a GGUF model", and what to do about it."""

    path: Path | None = None
    """The file that is meant, when it is not the one that was asked for."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class Damaged(Refusal):
    """The file contradicts itself or the GGUF format."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"is damaged: {reason}", "download or copy it again")
