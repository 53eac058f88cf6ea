"""Segments to token ids, so that no word of a message becomes a control token."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from localr1.chat.prompt import Segment

_LONGEST_RUN = 256
"""Characters of one kind in a row that an unknown pre-tokenizer is given at once."""


_LONG_RUN = re.compile(rf"(.)\1{{{_LONGEST_RUN},}}", re.DOTALL)


class Tokenizer(Protocol):
    """What is needed of a vocabulary."""

    def tokenize(self, text: bytes, *, parse_special: bool) -> list[int]:
        """Token ids of UTF-8 text."""


class PromptTokenizer:
    """Tokenizes prompts for one vocabulary.

    Args:
        tokenizer: the engine's tokenizer.
        special_texts: texts of all control and user-defined tokens.
        cut_runs: cut long runs of one character: the pre-tokenizer is not known to survive
            them (llama.cpp's std::regex recursion overflows the stack at about 40,000).
    """

    def __init__(
        self, tokenizer: Tokenizer, special_texts: Iterable[str], *, cut_runs: bool = False
    ) -> None:
        self._tokenizer = tokenizer
        self._special_texts = [text for text in special_texts if _needs_guarding(text)]
        self._cut_runs = cut_runs

    def tokenize(self, segments: Sequence[Segment]) -> list[int]:
        """Token ids of the whole prompt.

        Usually no message contains a special text; then the prompt is tokenized in one piece,
        exactly as llama.cpp does it. Otherwise template and messages are tokenized apart, and
        each special text inside a message is cut in two: llama.cpp matches user-defined tokens
        (R1's think tags are such) even where control tokens are switched off.
        """
        prompt = "".join(segment.text for segment in segments)
        if not self._cut_runs and self._special_texts_stay_in_template(prompt, segments):
            return self._tokenizer.tokenize(_utf8(prompt), parse_special=True)
        ids: list[int] = []
        for is_template, group in itertools.groupby(segments, key=lambda s: s.is_template):
            text = "".join(segment.text for segment in group)
            ids += self._template_ids(text) if is_template else self.text_ids(text)
        return ids

    def text_ids(self, text: str) -> list[int]:
        """Token ids of a message's words: never control tokens, whatever they spell."""
        ids: list[int] = []
        for piece in self._harmless_pieces(text):
            ids += self._tokenizer.tokenize(_utf8(piece), parse_special=False)
        return ids

    def _template_ids(self, text: str) -> list[int]:
        return self._tokenizer.tokenize(_utf8(text), parse_special=True) if text else []

    def _special_texts_stay_in_template(self, prompt: str, segments: Sequence[Segment]) -> bool:
        owners = list(_message_spans(segments))
        return not any(
            start < span_end and span_start < start + len(text)
            for text in self._special_texts
            for start in _occurrences(prompt, text)
            for span_start, span_end in owners
        )

    def _harmless_pieces(self, text: str) -> list[str]:
        """The text cut inside every special text, so that none of the pieces contains one."""
        cuts = {
            start + 1 for special in self._special_texts for start in _occurrences(text, special)
        }
        if self._cut_runs:
            cuts.update(_run_cuts(text))
        edges = [0, *sorted(cuts), len(text)]
        return [text[start:end] for start, end in itertools.pairwise(edges) if start < end]


def _needs_guarding(text: str) -> bool:
    """Single characters and runs of one are ordinary words in some vocabularies (Gemma)."""
    return len(text) > 1 and len(set(text)) > 1


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _message_spans(segments: Sequence[Segment]) -> Iterable[tuple[int, int]]:
    position = 0
    for segment in segments:
        if not segment.is_template and segment.text:
            yield position, position + len(segment.text)
        position += len(segment.text)


def _occurrences(text: str, part: str) -> Iterable[int]:
    position = text.find(part)
    while position >= 0:
        yield position
        position = text.find(part, position + 1)


def _run_cuts(text: str) -> Iterable[int]:
    for run in _LONG_RUN.finditer(text):
        yield from range(run.start() + _LONGEST_RUN, run.end(), _LONGEST_RUN)
