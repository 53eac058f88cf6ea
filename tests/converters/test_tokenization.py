"""llama.cpp cuts text with a converted file exactly as the tokenizers library does."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import llama_cpp
import pytest
from tokenizers import Tokenizer

from tests.converters import make_checkpoints
from tests.converters.converting import converted, open_source
from tests.converters.nasty_texts import texts

COUNT = 2_000
_THIN = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1}
_KINDS: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "R1 Qwen": (
        lambda folder: make_checkpoints.r1_qwen(folder, **_THIN),
        ("<｜User｜>", "<｜Assistant｜>", "<think>", "</think>", "<｜end▁of▁sentence｜>"),
    ),
    "Qwen2.5": (
        lambda folder: make_checkpoints.qwen25(folder, **_THIN),
        ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<tool_call>"),
    ),
    "Qwen3": (
        lambda folder: make_checkpoints.qwen3(folder, **_THIN),
        ("<|im_start|>", "<think>", "</think>", "<tool_response>"),
    ),
    "R1 Llama": (
        lambda folder: make_checkpoints.r1_llama(folder, **_THIN),
        ("<｜User｜>", "<think>", "</think>", "<|eot_id|>"),
    ),
    "SmolLM2": (
        lambda folder: make_checkpoints.smollm2(folder, layers=1),
        ("<|im_start|>", "<|im_end|>", "<file_sep>"),
    ),
    "demo": (
        make_checkpoints.demo,
        ("<｜User｜>", "<｜Assistant｜>", "<think>", "</think>", "<｜end▁of▁sentence｜>"),
    ),
}


class Vocabulary:
    """The vocabulary of a GGUF in llama.cpp."""

    def __init__(self, path: Path) -> None:
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        assert self.model
        self._vocabulary = llama_cpp.llama_model_get_vocab(self.model)

    def ids(self, text: str) -> list[int]:
        """Ids of a text; special tokens in it count as such, none are added."""
        raw = text.encode("utf-8")
        room = (ctypes.c_int32 * (len(raw) + 8))()
        count = llama_cpp.llama_tokenize(
            self._vocabulary, raw, len(raw), room, len(room), False, True
        )
        assert count >= 0
        return list(room[:count])


@pytest.fixture(scope="module", params=_KINDS)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Tokenizer, Vocabulary, tuple[str, ...]]]:
    """The same tokenizer in both libraries, and its special tokens."""
    make, special = _KINDS[request.param]
    folder = make(tmp_path_factory.mktemp("tokenizer") / "checkpoint")
    result = converted(open_source(folder), folder / "out.gguf", quant="F16")
    vocabulary = Vocabulary(result.paths[0])
    yield Tokenizer.from_file(str(folder / "tokenizer.json")), vocabulary, special
    llama_cpp.llama_model_free(vocabulary.model)


def test_token_for_token(pair: tuple[Tokenizer, Vocabulary, tuple[str, ...]]) -> None:
    tokenizer, vocabulary, special = pair
    normalized = tokenizer.normalizer is not None
    checked = 0
    for text in texts(COUNT, special):
        # llama.cpp knows no NFC step; where tokenizer.json has one, both get the same text.
        given = unicodedata.normalize("NFC", text) if normalized else text
        wanted = tokenizer.encode(given, add_special_tokens=False).ids
        assert vocabulary.ids(given) == wanted, repr(given)
        checked += 1
    assert checked >= COUNT
