"""The real tokenizers of Qwen2.5, Qwen3, Llama 3 and the R1 distills, as checkpoints hold them.

Qwen's vocabulary follows from its merges, Llama 3's merges follow from its vocabulary; so one
packed list for each (tests/data/README.md) is enough to write a complete tokenizer.json.
"""

from __future__ import annotations

import functools
import json
import lzma
from pathlib import Path
from typing import Any

from tests.tiny_models import byte_tokens

DATA = Path(__file__).parent.parent / "data"

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3_PATTERN = QWEN_PATTERN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")

R1_BOS, R1_EOS = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
_QWEN25 = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<tool_call>",
    "</tool_call>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
]
_R1_QWEN = (R1_EOS, "<｜User｜>", "<｜Assistant｜>", R1_BOS, "<|EOT|>", "<think>", "</think>")
_QWEN3 = ("<tool_response>", "</tool_response>", "<think>", "</think>")
_NOT_SPECIAL = frozenset(
    [
        "<tool_call>",
        "</tool_call>",
        "<|fim_prefix|>",
        "<|fim_middle|>",
        "<|fim_suffix|>",
        "<|fim_pad|>",
        "<|repo_name|>",
        "<|file_sep|>",
        "<tool_response>",
        "</tool_response>",
        "<think>",
        "</think>",
        "<｜User｜>",
        "<｜Assistant｜>",
        "<|EOT|>",
    ]
)


def _lines(name: str) -> list[str]:
    return lzma.decompress((DATA / name).read_bytes()).decode().split("\n")


@functools.cache
def qwen_words() -> tuple[dict[str, int], list[str]]:
    """Vocabulary without special tokens, and merges, of every Qwen2, Qwen2.5 and Qwen3."""
    merges = [line for line in _lines("qwen2-merges.txt.xz") if line]
    tokens = [*byte_tokens(), *(merge.replace(" ", "") for merge in merges)]
    return {token: number for number, token in enumerate(tokens)}, merges


@functools.cache
def llama3_words() -> tuple[dict[str, int], list[str]]:
    """Vocabulary without special tokens, and merges, of Llama 3."""
    vocabulary = {token: number for number, token in enumerate(_lines("llama3-tokens.txt.xz"))}
    merges = []
    for token in vocabulary:
        pairs = [(token[:cut], token[cut:]) for cut in range(1, len(token))]
        known = [pair for pair in pairs if pair[0] in vocabulary and pair[1] in vocabulary]
        known.sort(key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
        merges += [" ".join(pair) for pair in known]
    return vocabulary, merges


def _added(names: dict[int, str]) -> list[dict[str, Any]]:
    return [
        {
            "id": number, "content": name, "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": name not in _NOT_SPECIAL,
        }
        for number, name in sorted(names.items())
    ]  # fmt: skip


def _bos_template(bos: str, number: int) -> dict[str, Any]:
    first, second = ({"SpecialToken": {"id": bos, "type_id": n}} for n in (0, 1))
    return {
        "type": "TemplateProcessing",
        "single": [first, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [first, {"Sequence": {"id": "A", "type_id": 0}}, second,
                 {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {bos: {"id": bos, "ids": [number], "tokens": [bos]}},
    }  # fmt: skip


_BYTES: dict[str, Any] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False}
_DECODER = {**_BYTES, "add_prefix_space": True, "trim_offsets": True, "use_regex": True}


def tokenizer_json(
    words: tuple[dict[str, int], list[str]],
    special: dict[int, str],
    pattern: str,
    *,
    normalizer: str | None = None,
    post_processor: dict[str, Any] | None = None,
    ignore_merges: bool = False,
    merge_pairs: bool = False,
) -> dict[str, Any]:
    """A tokenizer.json of the Qwen and Llama 3 kind.

    Args:
        special: added tokens by id.
        merge_pairs: write merges as pairs, the newer form.
    """
    vocabulary, merges = words
    split = {
        "type": "Split",
        "pattern": {"Regex": pattern},
        "behavior": "Isolated",
        "invert": False,
    }
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": _added(special),
        "normalizer": {"type": normalizer} if normalizer else None,
        "pre_tokenizer": {"type": "Sequence",
                          "pretokenizers": [split, {**_BYTES, "use_regex": False}]},
        "post_processor": post_processor,
        "decoder": _DECODER,
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": ignore_merges,
                  "vocab": vocabulary,
                  "merges": [m.split(" ") for m in merges] if merge_pairs else merges},
    }  # fmt: skip


def _named_token(content: str) -> dict[str, Any]:
    return {
        "__type": "AddedToken", "content": content, "lstrip": False, "normalized": True,
        "rstrip": False, "single_word": False,
    }  # fmt: skip


def r1_qwen() -> tuple[dict[str, Any], dict[str, Any]]:
    """tokenizer.json and tokenizer_config.json of R1-Distill-Qwen."""
    names = dict(enumerate((*_R1_QWEN, *_QWEN25[7:]), 151643))
    file = tokenizer_json(
        qwen_words(), names, QWEN_PATTERN, post_processor=_bos_template(R1_BOS, 151646)
    )
    return file, _r1_settings("deepseek-r1-distill-qwen-32b.jinja")


def _r1_settings(template: str) -> dict[str, Any]:
    return {
        "add_bos_token": True, "add_eos_token": False, "bos_token": _named_token(R1_BOS),
        "clean_up_tokenization_spaces": False, "eos_token": _named_token(R1_EOS), "legacy": True,
        "model_max_length": 16384, "pad_token": _named_token(R1_EOS), "sp_model_kwargs": {},
        "unk_token": None, "tokenizer_class": "LlamaTokenizerFast",
        "chat_template": (DATA / "templates" / template).read_text(encoding="utf-8"),
    }  # fmt: skip


def qwen25() -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of Qwen2.5."""
    return _qwen(dict(enumerate(_QWEN25, 151643)), merge_pairs=False)


def qwen3() -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of Qwen3."""
    return _qwen(dict(enumerate((*_QWEN25, *_QWEN3), 151643)), merge_pairs=True)


def _qwen(names: dict[int, str], *, merge_pairs: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    file = tokenizer_json(
        qwen_words(), names, QWEN_PATTERN, normalizer="NFC",
        post_processor={**_BYTES, "use_regex": False}, merge_pairs=merge_pairs,
    )  # fmt: skip
    settings = {
        "add_bos_token": False, "add_prefix_space": False, "bos_token": None,
        "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>", "errors": "replace",
        "model_max_length": 131072, "pad_token": "<|endoftext|>", "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None,
    }  # fmt: skip
    return file, settings


def _reserved(taken: dict[int, str]) -> dict[int, str]:
    """Llama 3's 256 special ids, those without a meaning numbered in turn."""
    names = dict(taken)
    number = 0
    for token in range(128000, 128256):
        if token not in names:
            names[token] = f"<|reserved_special_token_{number}|>"
            number += 1
    return names


def llama3() -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of Llama 3.1."""
    names = _reserved({
        128000: "<|begin_of_text|>", 128001: "<|end_of_text|>",
        128004: "<|finetune_right_pad_id|>", 128006: "<|start_header_id|>",
        128007: "<|end_header_id|>", 128008: "<|eom_id|>", 128009: "<|eot_id|>",
        128010: "<|python_tag|>",
    })  # fmt: skip
    settings = {
        "bos_token": "<|begin_of_text|>", "clean_up_tokenization_spaces": True,
        "eos_token": "<|eot_id|>", "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": 131072, "tokenizer_class": "PreTrainedTokenizerFast",
    }  # fmt: skip
    return _llama3(names, "<|begin_of_text|>"), settings


def r1_llama() -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of R1-Distill-Llama."""
    names = _reserved({
        128000: R1_BOS, 128001: R1_EOS, 128006: "<|start_header_id|>",
        128007: "<|end_header_id|>", 128008: "<|eom_id|>", 128009: "<|eot_id|>",
        128010: "<|python_tag|>", 128011: "<｜User｜>", 128012: "<｜Assistant｜>",
        128013: "<think>", 128014: "</think>", 128015: "<｜▁pad▁｜>",
    })  # fmt: skip
    return _llama3(names, R1_BOS), _r1_settings("deepseek-r1-distill-llama-8b.jinja")


def _llama3(names: dict[int, str], bos: str) -> dict[str, Any]:
    return tokenizer_json(
        llama3_words(), names, LLAMA3_PATTERN, ignore_merges=True,
        post_processor={"type": "Sequence",
                        "processors": [{**_BYTES, "use_regex": True}, _bos_template(bos, 128000)]},
    )  # fmt: skip


def write_tokenizer(folder: Path, files: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Put both files into a checkpoint folder."""
    for name, content in zip(("tokenizer.json", "tokenizer_config.json"), files, strict=True):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
