"""A draft model is taken only if its token ids mean the same."""

from __future__ import annotations

import pytest

from localr1.engine.draft_vocabulary import VocabularyFacts, vocabularies_match

WORDS = tuple(f"word{number}" for number in range(151_665))


def padded(size: int, pad: str = "[PAD{}]") -> tuple[str, ...]:
    return WORDS + tuple(pad.format(token) for token in range(len(WORDS), size))


LARGE = VocabularyFacts("gpt2", padded(152_064), bos=151_646, eos=151_643, adds_bos=True)
SMALL = LARGE._replace(texts=padded(151_936))


def changed(token: int, text: str) -> VocabularyFacts:
    return SMALL._replace(texts=(*SMALL.texts[:token], text, *SMALL.texts[token + 1 :]))


def test_r1s_distills_of_two_sizes_match_either_way() -> None:
    assert vocabularies_match(LARGE, SMALL) == ""
    assert vocabularies_match(SMALL, LARGE) == ""


def test_padding_may_be_named_differently() -> None:
    unused = SMALL._replace(texts=padded(151_936, "<|unused_{}|>"))
    assert vocabularies_match(LARGE, unused) == ""


def test_bytes_and_texts_compare() -> None:
    as_bytes = SMALL._replace(texts=[text.encode() for text in padded(151_936)])
    assert vocabularies_match(LARGE, as_bytes) == ""


def test_the_first_five_are_control_tokens_of_any_name() -> None:
    assert vocabularies_match(LARGE, changed(4, "<unk>")) == ""
    assert "Token 5 is 'word5'" in vocabularies_match(LARGE, changed(5, "<unk>"))


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (changed(777, "other"), "Token 777 is 'word777' to the model and 'other'"),
        (changed(151_700, "other"), "Token 151,700 is '[PAD151700]' to the model and 'other'"),
        (changed(777, "[PAD777]"), "Token 777 is 'word777'"),
        (SMALL._replace(texts=padded(151_935)), "151,935 tokens, the model 152,064"),
        (SMALL._replace(texts=(*padded(152_064), "new")), "Token 152,064 is 'new' to one model"),
        (SMALL._replace(kind="llama"), "of another kind: llama, not gpt2"),
        (SMALL._replace(eos=2), "end token is 2, the model's 151643"),
        (SMALL._replace(bos=1), "begin token is 1, the model's 151646"),
        (SMALL._replace(adds_bos=False), "Only one of the two"),
    ],
)
def test_a_difference_is_told(draft: VocabularyFacts, reason: str) -> None:
    assert reason in vocabularies_match(LARGE, draft)
