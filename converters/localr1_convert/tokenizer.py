"""A byte-level BPE tokenizer.json as GGUF metadata, the way llama.cpp's converter writes it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localr1.errors import ModelRefused
from localr1.terminal_text import clean_line
from localr1.units import count
from localr1_convert import gguf_values as gv
from localr1_convert.checkpoint import read_json
from localr1_convert.pretokenizer import recognise
from localr1_convert.special_tokens import SpecialTokens, read_special_tokens

TOKENIZER_LIMIT_BYTES = 256 << 20
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
"""Values of tokenizer.ggml.token_type (llama.h, llama_token_type)."""

_CONTROL_LOOKS = (("<|", "|>"), ("<｜", "｜>"), ("<unused", ">"))
_CONTROL_NAMES = ("<pad>", "<mask>", "<2mass>", "[@BOS@]")
_GRANITE_ROWS = 49152


@dataclass
class Tokenizer:
    """Metadata for the GGUF, and what a person should know about it."""

    metadata: gv.KeyValues
    notices: list[str] = field(default_factory=list)


def read_tokenizer(
    folder: Path, config: dict[str, Any], rows: int, family: str, pre: str = ""
) -> Tokenizer:
    """Read tokenizer.json, tokenizer_config.json and the chat template of a checkpoint.

    Args:
        folder: the checkpoint.
        config: its parsed config.json.
        rows: rows of the embedding matrix; ids without a token are padded up to it.
        family: the GGUF architecture, because llama.cpp's Llama converter adds keys of its own.
        pre: llama.cpp's name of the pre-tokenizer, where it need not be recognised.

    Raises:
        ModelRefused: missing, damaged, not byte-level BPE, or cutting text in an unknown way.
    """
    path = folder / "tokenizer.json"
    if not path.exists():
        kind = "a SentencePiece tokenizer" if (folder / "tokenizer.model").exists() else "none"
        raise ModelRefused(f"the checkpoint has no tokenizer.json ({kind} was found)")
    tokenizer = read_json(path, TOKENIZER_LIMIT_BYTES)
    settings_path = folder / "tokenizer_config.json"
    settings = read_json(settings_path) if settings_path.exists() else {}
    try:
        _refuse_other_kinds(tokenizer)
        special = read_special_tokens(folder, tokenizer, settings, config, rows)
        return _tokenizer(folder, tokenizer, settings, special, rows=rows, family=family, pre=pre)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ModelRefused(
            f"tokenizer.json or tokenizer_config.json has an unknown form ({type(error).__name__})"
        ) from error


def _tokenizer(
    folder: Path,
    tokenizer: dict[str, Any],
    settings: dict[str, Any],
    special: SpecialTokens,
    *,
    rows: int,
    family: str,
    pre: str,
) -> Tokenizer:
    merges = _merges(folder, tokenizer)
    tokens, types, notices = _tokens(tokenizer, settings, rows)
    if not pre:
        pre, notice = recognise(tokenizer, *_surrounding_ids(tokenizer, settings, special))
        notices += [notice] if notice else []
    metadata: gv.KeyValues = {}
    prefixed = settings.get("add_prefix_space")
    if family == "llama" and prefixed is not None:
        metadata["tokenizer.ggml.add_space_prefix"] = gv.boolean(bool(prefixed))
    metadata["tokenizer.ggml.model"] = gv.string("gpt2")
    metadata["tokenizer.ggml.pre"] = gv.string(pre)
    metadata["tokenizer.ggml.tokens"] = gv.strings(tokens)
    metadata["tokenizer.ggml.token_type"] = gv.int32s(types)
    metadata["tokenizer.ggml.merges"] = gv.strings(merges)
    metadata.update(special.metadata())
    if family == "llama" and rows == _GRANITE_ROWS:
        # llama.cpp's converter means Granite, but it decides by this number.
        metadata["tokenizer.ggml.add_bos_token"] = gv.boolean(False)
    return Tokenizer(metadata, notices)


def _refuse_other_kinds(tokenizer: dict[str, Any]) -> None:
    model = tokenizer["model"]
    if model.get("type") != "BPE" or model.get("byte_fallback") or not _is_byte_level(tokenizer):
        raise ModelRefused(
            f"the tokenizer is {clean_line(str(model.get('type')), 30)}, not byte-level BPE",
            "convert this checkpoint with llama.cpp's own converter",
        )


def _is_byte_level(tokenizer: dict[str, Any]) -> bool:
    for name in ("pre_tokenizer", "decoder"):
        if '"ByteLevel"' in json.dumps(tokenizer.get(name)):
            return True
    return False


def _merges(folder: Path, tokenizer: dict[str, Any]) -> list[str]:
    """Merges as "left right"; a space inside a part is written as llama.cpp expects it."""
    merges = tokenizer["model"].get("merges") or _merges_file(folder / "merges.txt")
    if not merges:
        raise ModelRefused("the tokenizer has no merges")
    tokenizer["model"]["merges"] = merges
    if isinstance(merges[0], str):
        return list(merges)
    shifted = chr(ord(" ") + 256)
    return [" ".join(part.replace(" ", shifted) for part in pair) for pair in merges]


def _merges_file(path: Path) -> list[str]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split() for line in lines if line.strip() and not line.startswith("#version")]
    return [" ".join(pair) for pair in pairs if len(pair) == 2]


def _tokens(
    tokenizer: dict[str, Any], settings: dict[str, Any], rows: int
) -> tuple[list[str], list[int], list[str]]:
    """Text and type of every row, and notices about rows without a token."""
    added = _added_tokens(tokenizer, settings)
    by_id: dict[int, str] = {}
    for text, number in tokenizer["model"]["vocab"].items():
        _place(by_id, number, text, rows)
    for number, (text, _) in added.items():
        if by_id.get(number) != text:
            _place(by_id, number, text, rows)
    tokens, types = [], []
    for number in range(rows):
        text = by_id.get(number, f"[PAD{number}]")
        kind = NORMAL if number in by_id else UNUSED
        if number in added:
            kind = CONTROL if added[number][1] or _looks_like_control(text) else USER_DEFINED
            text = text.replace("▁", " ") if kind == USER_DEFINED else text
        tokens.append(text)
        types.append(kind)
    _refuse_doubles(tokens)
    holes = [number for number in range(max(by_id)) if number not in by_id]
    notices = []
    if holes:
        numbers = ", ".join(map(str, holes[:3]))
        notices.append(f"{count(len(holes), 'token id has', 'token ids have')} no text ({numbers})")
    return tokens, types, notices


def _place(by_id: dict[int, str], number: Any, text: str, rows: int) -> None:
    if type(number) is not int:
        raise ModelRefused(
            f"the tokenizer gives {clean_line(text, 40)!r} the id "
            f"{clean_line(repr(number), 20)}, which is no number"
        )
    if not 0 <= number < rows:
        raise ModelRefused(
            f"the tokenizer gives {clean_line(text, 40)!r} the id {number}; "
            f"the model has {rows:,} rows"
        )
    if number in by_id:
        raise ModelRefused(
            f"the tokenizer gives {clean_line(by_id[number], 40)!r} and {clean_line(text, 40)!r} "
            f"the same id {number}"
        )
    by_id[number] = text


def _refuse_doubles(tokens: list[str]) -> None:
    if len(set(tokens)) == len(tokens):
        return
    seen: set[str] = set()
    for text in tokens:
        if text in seen:
            raise ModelRefused(f"the tokenizer holds {clean_line(text, 40)!r} twice")
        seen.add(text)


def _added_tokens(
    tokenizer: dict[str, Any], settings: dict[str, Any]
) -> dict[int, tuple[str, bool]]:
    """Added tokens by id, with whether they are special; named special tokens count as added."""
    vocabulary = tokenizer["model"]["vocab"]
    added: dict[int, tuple[str, bool]] = {}
    contents: set[str] = set()
    for token in tokenizer["added_tokens"]:
        number, content = token["id"], token["content"]
        if content in contents or number != _library_id(content, vocabulary, added):
            raise ModelRefused(
                f"the tokenizer gives {clean_line(content, 40)!r} the id {number}, which leaves a "
                "hole or is taken"
            )
        added[number] = (content, bool(token.get("special")))
        contents.add(content)
    for name, value in settings.items():
        values = value if name == "additional_special_tokens" else [value]
        if not name.endswith(("_token", "_special_tokens")) or not isinstance(values, list):
            continue
        for entry in values:
            text = entry.get("content") if isinstance(entry, dict) else entry
            if isinstance(text, str) and text not in contents and text in vocabulary:
                added[vocabulary[text]] = (text, True)
    return added


def _library_id(
    content: str, vocabulary: dict[str, int], added: dict[int, tuple[str, bool]]
) -> int:
    """The id that the tokenizers library gives an added token, whatever the file says
    (tokenizers/src/tokenizer/added_vocabulary.rs, add_tokens)."""
    if content in vocabulary:
        return vocabulary[content]
    return max(len(vocabulary), max(added, default=-1) + 1)


def _looks_like_control(text: str) -> bool:
    """llama.cpp's guess for tokens that ought to be control tokens but are not marked so."""
    return text in _CONTROL_NAMES or any(
        text.startswith(start) and text.endswith(end) for start, end in _CONTROL_LOOKS
    )


def _surrounding_ids(
    tokenizer: dict[str, Any], settings: dict[str, Any], special: SpecialTokens
) -> tuple[list[int], list[int]]:
    """Ids that the tokenizers library puts around every text."""
    ids = {t["content"]: t["id"] for t in tokenizer["added_tokens"]}
    if str(settings.get("tokenizer_class")).startswith("LlamaTokenizer"):
        # This class replaces the file's template by one made of these two flags.
        first = [special.ids["bos"]] if settings.get("add_bos_token", True) else []
        last = [special.ids["eos"]] if settings.get("add_eos_token", False) else []
        return first, last
    single = special.template
    position = next((i for i, part in enumerate(single) if "Sequence" in part), len(single))
    names = [part.get("SpecialToken", {}).get("id") for part in single]
    first = [ids[name] for name in names[:position] if name in ids]
    return first, [ids[name] for name in names[position + 1 :] if name in ids]
