"""What the vocabulary must hold so that llama.cpp can turn text into tokens and back."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, Final

from localr1.gguf_header.parse import TOKENS, StringArray
from localr1.gguf_header.refusal import Damaged, Refusal
from localr1.gguf_header.tables import CHECKED_ARCHITECTURES

_TYPES: Final = "tokenizer.ggml.token_type"
_SCORES: Final = "tokenizer.ggml.scores"
_MERGES: Final = "tokenizer.ggml.merges"
_LARGEST_TOKEN_TYPE: Final = 6
_I32, _F32 = "i", "f"


def check_tokenizer(metadata: Mapping[str, Any], architecture: str) -> int:
    """The number of tokens in the vocabulary.

    Raises:
        Damaged: it is incomplete or contradicts itself.
        Refusal: there is none.
    """
    model = metadata.get("tokenizer.ggml.model")
    if model in (None, "none", "no_vocab"):
        raise Refusal("has no vocabulary and so cannot read or write text")
    tokens = metadata.get(TOKENS)
    if not isinstance(tokens, StringArray) or len(tokens) == 0:
        raise Damaged(f'"{TOKENS}" is not a list of tokens')
    joined = b"\n".join(tokens.raw)
    _check_unique(tokens.raw, joined)
    _check_numbers(metadata, len(tokens))
    if architecture in CHECKED_ARCHITECTURES:
        _check_text(joined)
        _check_known_tokenizer(metadata, model, tokens)
    return len(tokens)


def _check_unique(tokens: list[bytes], joined: bytes) -> None:
    """llama.cpp aborts on two equal tokens; it cuts each at a zero byte and names empty ones."""
    if b"\0" in joined or not all(tokens):
        tokens = [token.split(b"\0", 1)[0] for token in tokens]
        tokens = [token or b"[EMPTY_%d]" % number for number, token in enumerate(tokens)]
    if len(set(tokens)) != len(tokens):
        raise Damaged("its vocabulary has the same token twice")


def _check_numbers(metadata: Mapping[str, Any], n_tokens: int) -> None:
    for key, codes in ((_TYPES, (_I32,)), (_SCORES, (_F32, _I32))):
        values = metadata.get(key)
        if values is None:
            continue
        if not isinstance(values, array) or values.typecode not in codes:
            raise Damaged(f'"{key}" is not a list of numbers of the right type')
        if len(values) < n_tokens:
            raise Damaged(f'"{key}" has {len(values):,} entries for {n_tokens:,} tokens')
    merges = metadata.get(_MERGES)
    if merges is not None and not isinstance(merges, StringArray):
        raise Damaged(f'"{_MERGES}" is not a list of strings')


def _check_text(joined: bytes) -> None:
    if b"\0" in joined:
        raise Damaged("a token of its vocabulary contains a zero byte")
    try:
        joined.decode()
    except UnicodeDecodeError:
        raise Damaged("a token of its vocabulary is not valid UTF-8") from None


def _check_known_tokenizer(metadata: Mapping[str, Any], model: Any, tokens: StringArray) -> None:
    types = metadata.get(_TYPES)
    if types is not None and not _all_token_types(types.tobytes()):
        raise Damaged(f'"{_TYPES}" holds unknown types')
    if model == "gpt2" and _MERGES not in metadata:
        raise Damaged(f'it lacks "{_MERGES}"')
    if model == "llama":
        _check_byte_tokens(set(tokens.raw))
    for name in ("bos", "eos"):
        key = f"tokenizer.ggml.{name}_token_id"
        number = metadata.get(key, 0)
        if type(number) is not int or not 0 <= number < len(tokens):
            raise Damaged(f'"{key}" is {number!r}, but there are {len(tokens):,} tokens')


def _all_token_types(raw: bytes) -> bool:
    """Whether little-endian 32-bit numbers are all 0 to 6; byte by byte, since that is quick."""
    if any(raw[place::4].strip(b"\0") for place in (1, 2, 3)):
        return False
    return not raw[::4].translate(None, bytes(range(_LARGEST_TOKEN_TYPE + 1)))


def _check_byte_tokens(tokens: set[bytes]) -> None:
    """SentencePiece vocabularies spell unknown characters in bytes; without them llama.cpp dies."""
    for byte in range(256):
        if b"<0x%02X>" % byte not in tokens and bytes([byte]) not in tokens:
            raise Damaged(f"its vocabulary lacks the byte 0x{byte:02X}")
