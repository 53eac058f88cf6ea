"""Questions that were sent, to be walked through; what is being written is kept meanwhile."""

from __future__ import annotations

from collections.abc import Iterable


class SentQuestions:
    """The newest is one step away, the text that was not sent none."""

    def __init__(self) -> None:
        self._earlier: list[str] = []
        self._here: list[str] = []
        self._steps = 0
        self._shown = ""
        self._draft = ""

    @property
    def is_empty(self) -> bool:
        """Is there nothing to go back to?"""
        return not (self._here or self._earlier)

    def start(self, here: Iterable[str]) -> None:
        """Another conversation: these were asked in it, the oldest first."""
        self._here = _distinct(here)
        self._steps = 0

    def remember_earlier(self, questions: Iterable[str]) -> None:
        """Those of other conversations, the oldest first."""
        self._earlier = _distinct(questions)

    def add(self, text: str) -> None:
        """One more was sent."""
        self._here = _distinct([*self._here, text])
        self._steps = 0

    def older(self, text: str) -> str | None:
        """The question before the one shown; None where there is none.

        Args:
            text: what stands in the composer now.
        """
        return self._go(text, 1)

    def newer(self, text: str) -> str | None:
        """The question after the one shown, or in the end what was not sent yet."""
        return self._go(text, -1)

    def _go(self, text: str, by: int) -> str | None:
        steps = self._steps + by
        if not 0 <= steps <= len(self._here) + len(self._earlier):
            return None
        if self._steps == 0 or text != self._shown:
            # One that was changed is a draft like any other
            self._draft = text
        self._steps = steps
        self._shown = self._at(steps) if steps else self._draft
        return self._shown

    def _at(self, steps: int) -> str:
        if steps <= len(self._here):
            return self._here[-steps]
        return self._earlier[len(self._here) - steps]


def _distinct(texts: Iterable[str]) -> list[str]:
    """Without empty ones and repetitions right after each other."""
    kept: list[str] = []
    for text in texts:
        if text.strip() and text != (kept[-1] if kept else None):
            kept.append(text)
    return kept
