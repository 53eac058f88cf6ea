"""Whether a smaller model may draft for a larger one: token ids must mean the same to both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_FIRST_COMPARED = 5
"""Ids below are control tokens that conversions name differently (llama.cpp, common/
speculative.cpp: SPEC_VOCAB_CHECK_START_TOKEN_ID)."""
_MOST_DIFFERENCE = 128
"""Slots by which sizes may differ, as in llama.cpp (SPEC_VOCAB_MAX_SIZE_DIFFERENCE): R1's distills
have 151,936 with 1.5B parameters and 152,064 with 7B, the difference being padding."""
_PADDING = re.compile(r"\[PAD\d+\]|<\|?(?:unused|reserved|extra|dummy)[^>]*>|", re.IGNORECASE)
"""Texts of slots that stand for nothing. Conversions give the same slot different ones."""


class VocabularyFacts(NamedTuple):
    """What must agree."""

    kind: str
    """tokenizer.ggml.model, "gpt2" for example."""
    texts: Sequence[str | bytes]
    """Text of each token id."""
    bos: int | None = None
    """None when the model has none."""
    eos: int | None = None
    adds_bos: bool = False
    """Whether prompts begin with `bos`."""


def vocabularies_match(target: VocabularyFacts, draft: VocabularyFacts) -> str:
    """Empty when `draft` can draft for `target`; else a sentence why not.

    Where sizes differ, a token id that only one side has must not reach the other: it ends the
    draft.
    """
    if target.kind != draft.kind:
        return f"The draft model's vocabulary is of another kind: {draft.kind}, not {target.kind}."
    if difference := _special_difference(target, draft):
        return difference
    shared = min(len(target.texts), len(draft.texts))
    longer = max(target.texts, draft.texts, key=len)
    if len(longer) - shared > _MOST_DIFFERENCE:
        return (
            f"The draft model has {len(draft.texts):,} tokens, the model {len(target.texts):,}: "
            f"they may differ by {_MOST_DIFFERENCE} at most."
        )
    for token in range(_FIRST_COMPARED, shared):
        ours, theirs = target.texts[token], draft.texts[token]
        if ours != theirs and not _mean_the_same(ours, theirs):
            return (
                f"Token {token:,} is {_shown(ours)} to the model "
                f"and {_shown(theirs)} to the draft model."
            )
    return next(
        (
            f"Token {token:,} is {_shown(longer[token])} to one model and missing in the other."
            for token in range(shared, len(longer))
            if not _is_padding(longer[token])
        ),
        "",
    )


def _special_difference(target: VocabularyFacts, draft: VocabularyFacts) -> str:
    if target.adds_bos != draft.adds_bos:
        return "Only one of the two models begins its prompts with a begin token."
    if target.adds_bos and target.bos != draft.bos:
        return f"The draft model's begin token is {draft.bos}, the model's {target.bos}."
    if target.eos != draft.eos:
        return f"The draft model's end token is {draft.eos}, the model's {target.eos}."
    return ""


def _mean_the_same(ours: str | bytes, theirs: str | bytes) -> bool:
    if _as_bytes(ours) == _as_bytes(theirs):
        return True
    return _is_padding(ours) and _is_padding(theirs)


def _is_padding(text: str | bytes) -> bool:
    return _PADDING.fullmatch(_as_bytes(text).decode("utf-8", "replace")) is not None


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


def _shown(text: str | bytes) -> str:
    return repr(_as_bytes(text).decode("utf-8", "replace"))
