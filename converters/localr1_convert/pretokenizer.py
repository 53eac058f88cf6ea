"""Which of llama.cpp's pre-tokenizers does a tokenizer.json describe?

llama.cpp's converter encodes one odd string with the tokenizer and looks the ids' SHA-256 up in
a table (conversion/base.py, get_vocab_base_pre; fingerprints.json here holds the table). That
names a tokenizer only if nothing in it was ever edited, so the steps themselves are compared
too: the same steps cut text in the same way, whatever the vocabulary.

Only patterns listed here are ever run: a pattern from a file could take forever.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import Any

from localr1.errors import ModelRefused
from localr1.terminal_text import clean_line

_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3 = _QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"

# conversion/base.py, get_vocab_base_pre (chktxt).
_TEST_TEXT = (
    "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n🚀 (normal) 😶\u200d🌫️ (multiple emojis "
    "concatenated) ✅ 🦙🦙 3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 "
    "កាន់តែពិសេសអាច😁 ?我想在apple工作1314151天～ ------======= нещо на Български "
    "''''''```````\"\"\"\"......!!!!!!?????? I've been 'told he's there, 'RE you sure? 'M not "
    "sure I'll make it, 'D you like some tea? We'Ve a'lL"
)


@dataclass(frozen=True)
class Step:
    """One step of a pre-tokenizer: `pattern` cuts text; `digits` cuts at every digit."""

    pattern: str = ""
    digits: bool = False


_GPT2_STEP = Step(_GPT2)
_KNOWN_STEPS: dict[tuple[tuple[Step, ...], bool], str] = {
    ((Step(_QWEN2),), False): "qwen2",
    ((Step(_LLAMA3),), True): "llama-bpe",
    ((Step(digits=True), _GPT2_STEP), False): "smollm",
    ((_GPT2_STEP,), False): "gpt-2",
}
"""(steps, whether whole words are looked up before merging) -> llama.cpp's name."""

_R1_BOS = "<｜begin▁of▁sentence｜>"


def recognise(
    tokenizer: dict[str, Any], first_ids: list[int], last_ids: list[int]
) -> tuple[str, str]:
    """llama.cpp's name of the pre-tokenizer, and a notice ("" where there is nothing to say).

    Args:
        tokenizer: the parsed tokenizer.json, with a byte-level BPE model.
        first_ids: special tokens that the tokenizer puts in front of every text.
        last_ids: special tokens that it puts behind every text.

    Raises:
        ModelRefused: neither the fingerprint nor the steps are known.
    """
    steps = _steps(tokenizer.get("pre_tokenizer"))
    model = tokenizer["model"]
    whole_words = model.get("ignore_merges") is True
    if steps is not None:
        ids = [*first_ids, *_encode(tokenizer, steps, whole_words), *last_ids]
        fingerprint = hashlib.sha256(str(ids).encode()).hexdigest()
        if fingerprint in _known_fingerprints():
            return _known_fingerprints()[fingerprint], ""
        if name := _KNOWN_STEPS.get((steps, whole_words)):
            contents = {t.get("content") for t in tokenizer.get("added_tokens") or []}
            if name == "qwen2" and _R1_BOS in contents:
                name = "deepseek-r1-qwen"
            return name, f"the vocabulary is new to llama.cpp; its text is cut like {name}'s"
    found = clean_line(json.dumps(tokenizer.get("pre_tokenizer"), ensure_ascii=False), 200)
    raise ModelRefused(
        f"this tokenizer cuts text in a way llama.cpp has no name for: {found}",
        "name the llama.cpp pre-tokenizer that does the same with --pre NAME",
    )


@functools.cache
def _known_fingerprints() -> dict[str, str]:
    text = resources.files("localr1_convert").joinpath("fingerprints.json").read_text("utf-8")
    table: dict[str, str] = json.loads(text)
    return table


def _steps(description: Any) -> tuple[Step, ...] | None:
    """The cutting steps of a pre_tokenizer object; None where one of them is not known."""
    if not isinstance(description, dict):
        return None
    kind = description.get("type")
    if kind == "Sequence":
        parts = [_steps(part) for part in description.get("pretokenizers") or ()]
        return None if None in parts else tuple(step for part in parts for step in part or ())
    if kind == "Split" and description.get("behavior") == "Isolated":
        wanted = description.get("pattern")
        pattern = wanted.get("Regex") if isinstance(wanted, dict) else None
        if pattern in (_QWEN2, _LLAMA3, _GPT2) and not description.get("invert"):
            return (Step(pattern),)
    if kind == "Digits" and description.get("individual_digits") is True:
        return (Step(digits=True),)
    if kind == "ByteLevel" and not description.get("add_prefix_space"):
        return (_GPT2_STEP,) if description.get("use_regex", True) else ()
    return None


def _encode(tokenizer: dict[str, Any], steps: tuple[Step, ...], whole_words: bool) -> list[int]:
    text = _TEST_TEXT
    normalizer = tokenizer.get("normalizer")
    if isinstance(normalizer, dict) and normalizer.get("type") in ("NFC", "NFKC", "NFD", "NFKD"):
        text = unicodedata.normalize(normalizer["type"], text)
    pieces = [text]
    for step in steps:
        pieces = [part for piece in pieces for part in _cut(step, piece)]
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    ranks = _ranks_of(tokenizer["model"]["merges"], set("".join(map(_byte_text, pieces))))
    ids = []
    for piece in pieces:
        word = _byte_text(piece)
        whole = whole_words and word in vocabulary
        ids += [vocabulary.get(part, -1) for part in ([word] if whole else _merge(word, ranks))]
    return ids


def _cut(step: Step, text: str) -> list[str]:
    if step.digits:
        return [part for part in re.split(r"(\d)", text) if part]
    return re.findall(_python_pattern(step.pattern), text)


@functools.cache
def _python_pattern(pattern: str) -> str:
    r"""`pattern` for Python's re, which lacks \p{L} and \p{N}: the test text's own characters."""
    letters = "".join(sorted({c for c in _TEST_TEXT if unicodedata.category(c)[0] == "L"}))
    numbers = "".join(sorted({c for c in _TEST_TEXT if unicodedata.category(c)[0] == "N"}))
    for name, characters in (("L", letters), ("N", numbers)):
        parts = re.split(r"(\[[^\]]*\])", pattern)
        pattern = "".join(
            part.replace(
                rf"\p{{{name}}}", characters if part.startswith("[") else f"[{characters}]"
            )
            for part in parts
        )
    return pattern


@functools.cache
def _byte_characters() -> dict[int, str]:
    """GPT-2's printable stand-in for each byte (openai/gpt-2, encoder.py, bytes_to_unicode)."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {byte: chr(byte) for byte in plain}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + len(table) - len(plain))
    return table


def _byte_text(text: str) -> str:
    table = _byte_characters()
    return "".join(table[byte] for byte in text.encode("utf-8"))


def _ranks_of(merges: list[Any], characters: set[str]) -> dict[tuple[str, str], int]:
    """Ranks of the merges that can apply to a text made of `characters`."""
    ranks = {}
    for rank, merge in enumerate(merges):
        left, right = merge if isinstance(merge, list) else merge.split(" ", 1)
        if characters.issuperset(left) and characters.issuperset(right):
            ranks[left, right] = rank
    return ranks


def _merge(word: str, ranks: dict[tuple[str, str], int]) -> list[str]:
    parts = list(word)
    never = len(ranks) + 10**9
    while len(parts) > 1:
        best = min(range(len(parts) - 1), key=lambda i: ranks.get((parts[i], parts[i + 1]), never))
        if (parts[best], parts[best + 1]) not in ranks:
            break
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts
