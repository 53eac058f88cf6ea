"""Which special tokens a checkpoint names, and its chat template.

The rules are those of llama.cpp's converter (gguf-py/gguf/vocab.py, SpecialVocab) for byte-level
BPE tokenizers: the post-processor says whether BOS and EOS are added, tokenizer_config.json names
the tokens, and config.json fills in the ids that are still unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localr1.errors import ModelRefused
from localr1_convert import gguf_values as gv
from localr1_convert.checkpoint import read_json

TEMPLATE_LIMIT_BYTES = 1 << 20
_KINDS = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
_KEYS = {
    "bos": "bos_token_id", "eos": "eos_token_id", "unk": "unknown_token_id",
    "sep": "seperator_token_id", "pad": "padding_token_id", "mask": "mask_token_id",
    "eot": "eot_token_id", "eom": "eom_token_id",
}  # fmt: skip
"""GGUF's spelling of the keys; a classifier token has no key."""


@dataclass
class SpecialTokens:
    """Ids by kind (bos, eos, …), whether a kind is added to every text, and the chat template."""

    ids: dict[str, int] = field(default_factory=dict)
    added: dict[str, bool] = field(default_factory=dict)
    chat_template: str | list[dict[str, str]] | None = None
    template: list[dict[str, Any]] = field(default_factory=list)
    """The post-processor's form of a single text."""

    def metadata(self) -> gv.KeyValues:
        """In the order in which llama.cpp's converter writes them."""
        keys = {
            f"tokenizer.ggml.{_KEYS[kind]}": gv.uint32(number)
            for kind, number in self.ids.items()
            if kind in _KEYS
        }
        for kind, added in self.added.items():
            if kind in ("bos", "eos", "sep"):
                keys[f"tokenizer.ggml.add_{kind}_token"] = gv.boolean(added)
        keys.update(_template_keys(self.chat_template))
        return keys


def read_special_tokens(
    folder: Path,
    tokenizer: dict[str, Any],
    settings: dict[str, Any],
    config: dict[str, Any],
    rows: int,
) -> SpecialTokens:
    """Collect the special tokens of a checkpoint.

    Args:
        folder: the checkpoint, for its chat template files.
        tokenizer: the parsed tokenizer.json.
        settings: the parsed tokenizer_config.json.
        config: the parsed config.json.
        rows: rows of the embedding matrix.

    Raises:
        ModelRefused: an id that no row has.
    """
    special = SpecialTokens()
    named = {f"{kind}_token": settings.get(f"{kind}_token") for kind in _KINDS}
    kinds = list(_KINDS)
    _read_post_processor(tokenizer.get("post_processor"), special, named, kinds, bool(settings))
    if settings:
        special.chat_template = _chat_template(folder, settings)
        _read_settings(tokenizer, settings, special, named, kinds)
    for kind in kinds:
        number = config.get(f"{kind}_token_id")
        if type(number) is not int:
            continue
        if not 0 <= number < rows:
            raise ModelRefused(f"config.json gives {kind}_token_id the value {number}")
        special.ids.setdefault(kind, number)
    return special


def _read_post_processor(
    description: Any, special: SpecialTokens, named: dict[str, Any], kinds: list[str], known: bool
) -> None:
    """`known` says whether tokenizer_config.json named any tokens at all."""
    named["bos_token"] = named["bos_token"] or named["cls_token"]
    named["eos_token"] = named["eos_token"] or named["sep_token"]
    if not description:
        return
    for processor in description.get("processors", [description]):
        if processor.get("type") == "ByteLevel":
            special.added.setdefault("bos", False)
            special.added.setdefault("eos", False)
        elif processor.get("type") == "TemplateProcessing":
            special.template = processor.get("single", [])
            first, last = _read_single(special, named, kinds, known)
            _read_pair(processor.get("pair", []), special, named, first, last)


def _special_name(part: dict[str, Any]) -> str | None:
    return part.get("SpecialToken", {}).get("id") or None


def _read_single(
    special: SpecialTokens, named: dict[str, Any], kinds: list[str], known: bool
) -> tuple[str | None, str | None]:
    """What the form of a single text says; returns its first and last special token."""
    single = special.template
    if len(single) < 2:
        return None, None
    if first := _special_name(single[0]):
        if not known:
            named["bos_token"] = first
        elif first not in (named["bos_token"], named["cls_token"]):
            named["bos_token"] = named["bos_token"] or first
            named["cls_token"] = named["cls_token"] or first
        special.added["bos"] = first in (named["bos_token"], named["cls_token"])
    if last := _special_name(single[-1]):
        if known and last != named["eos_token"]:
            # The template's token ends a text; the named one then ends a turn.
            kinds.append("eot")
            named["eot_token"] = named["eos_token"]
        named["eos_token"] = last
        special.added["eos"] = True
    return first, last


def _read_pair(
    pair: list[dict[str, Any]],
    special: SpecialTokens,
    named: dict[str, Any],
    first: str | None,
    last: str | None,
) -> None:
    """Whether a separator stands between two texts: the form `A separator B`."""
    if pair and first and _special_name(pair[0]) == first:
        pair = pair[1:]
    if pair and last and _special_name(pair[-1]) == last:
        pair = pair[:-1]
    ends = [part.get("Sequence", {}).get("id") for part in (*pair[:1], *pair[-1:])]
    if ends != ["A", "B"] or len(pair) < 3:
        return
    separators = (named["sep_token"], named["eos_token"])
    between = [_special_name(part) for part in pair[1:-1]]
    added = between[0] in separators and not last
    if len(between) == 2 and between[1] in separators:
        added = True
    special.added["sep"] = added
    if added and not named["sep_token"]:
        named["sep_token"] = named["eos_token"]


def _read_settings(
    tokenizer: dict[str, Any],
    settings: dict[str, Any],
    special: SpecialTokens,
    named: dict[str, Any],
    kinds: list[str],
) -> None:
    ids: dict[str, int] = {}
    for token in tokenizer["added_tokens"]:
        ids.setdefault(token["content"], token["id"])
    for kind in kinds:
        flag = settings.get(f"add_{kind}_token")
        if isinstance(flag, bool):
            special.added.setdefault(kind, flag)
        entry = named[f"{kind}_token"]
        content = entry.get("content") if isinstance(entry, dict) else entry
        if isinstance(content, str) and content in ids:
            special.ids.setdefault(kind, ids[content])


def _chat_template(folder: Path, settings: dict[str, Any]) -> str | list[dict[str, str]] | None:
    file = folder / "chat_template.jinja"
    fallback: Any = None
    if file.is_file():
        if file.stat().st_size > TEMPLATE_LIMIT_BYTES:
            raise ModelRefused("chat_template.jinja is larger than 1 MiB")
        fallback = file.read_text(encoding="utf-8")
        others = sorted((folder / "additional_chat_templates").glob("*.jinja"))
        if others:
            fallback = [
                {"name": path.stem, "template": path.read_text(encoding="utf-8")} for path in others
            ]
            fallback.insert(0, {"name": "default", "template": file.read_text(encoding="utf-8")})
    elif (folder / "chat_template.json").is_file():
        fallback = read_json(folder / "chat_template.json").get("chat_template")
    template = settings.get("chat_template", fallback)
    return template if isinstance(template, (str, list)) else None


def _template_keys(template: str | list[dict[str, str]] | None) -> gv.KeyValues:
    if template is None:
        return {}
    if isinstance(template, str):
        return {"tokenizer.chat_template": gv.string(template)}
    keys: gv.KeyValues = {}
    names = []
    default = ""
    for choice in template:
        name = "".join(c if c.isascii() and c.isalnum() else "_" for c in choice.get("name", ""))
        text = choice.get("template")
        if not name or text is None:
            continue
        if name == "default":
            default = text
        else:
            names.append(name)
            keys[f"tokenizer.chat_template.{name}"] = gv.string(text)
    if names:
        keys = {"tokenizer.chat_templates": gv.strings(sorted(set(names))), **keys}
    if default:
        keys["tokenizer.chat_template"] = gv.string(default)
    return keys
