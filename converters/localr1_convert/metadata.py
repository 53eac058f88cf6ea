"""Authorship, sampling hints and licence of a checkpoint as GGUF metadata.

The naming heuristics are gguf's own (gguf.Metadata, the class llama.cpp's converter uses).
README.md is untrusted: front matter that refers to itself is not read at all.
"""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import Any

import gguf
import yaml

from localr1_convert import gguf_values as gv
from localr1_convert.checkpoint import read_json

README_LIMIT_BYTES = 4 << 20
_HINTS = {
    "sampling_sequence": "sequence", "sampling_top_k": "top_k", "sampling_top_p": "top_p",
    "sampling_min_p": "min_p", "sampling_xtc_probability": "xtc_probability",
    "sampling_xtc_threshold": "xtc_threshold", "sampling_temp": "temperature",
    "sampling_penalty_last_n": "penalty_last_n", "sampling_penalty_repeat": "penalty_repeat",
    "sampling_mirostat": "mirostat", "sampling_mirostat_tau": "mirostat_tau",
    "sampling_mirostat_eta": "mirostat_eta",
}  # fmt: skip
_UNREADABLE = (TypeError, ValueError, KeyError, AttributeError, yaml.YAMLError, OSError)


@dataclasses.dataclass
class Authorship:
    """Metadata that describes the model, the parts of its GGUF-convention name, and notices."""

    metadata: gv.KeyValues
    name_parts: dict[str, str | None]
    notices: list[str]

    def file_stem(self, quant_type: str) -> str:
        """The file name by the GGUF naming convention, without `.gguf`."""
        parts = self.name_parts
        stem: str = gguf.naming_convention(
            parts["name"], parts["basename"], parts["finetune"], parts["version"],
            parts["size_label"], quant_type,
        )  # fmt: skip
        return "".join("-" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in stem)


def read_authorship(
    folder: Path, config: dict[str, Any], parameters: int, family: str
) -> Authorship:
    """Read README.md's front matter and generation_config.json.

    Args:
        folder: the checkpoint.
        config: its parsed config.json.
        parameters: the number of weights, for the size label.
        family: the GGUF architecture.
    """
    logging.getLogger("metadata").disabled = True  # its complaints come back as notices
    notices: list[str] = []
    card = _front_matter(folder, notices)
    try:
        facts = _facts(folder, card, config, parameters)
        metadata = _written(facts, family)
    except _UNREADABLE:
        notices.append("README.md has an unknown form: licence and base model are left out")
        facts = _facts(folder, {}, {}, parameters)
        metadata = _written(facts, family)
    parts = ("name", "basename", "finetune", "version", "size_label")
    return Authorship(metadata, {part: _text(getattr(facts, part)) for part in parts}, notices)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _front_matter(folder: Path, notices: list[str]) -> dict[str, Any]:
    path = folder / "README.md"
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > README_LIMIT_BYTES or _refers_to_itself(path):
            notices.append(
                "README.md is too large or refers to itself: its front matter is left out"
            )
            return {}
        card: dict[str, Any] = gguf.Metadata.load_model_card(folder)
    except (*_UNREADABLE, RecursionError):
        notices.append(
            "README.md's front matter cannot be read: licence and base model are left out"
        )
        return {}
    return card


def _refers_to_itself(path: Path) -> bool:
    """Whether the front matter uses YAML aliases, with which a few lines can mean gigabytes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != "---":
        return False
    end = lines.index("---", 1) if "---" in lines[1:] else len(lines)
    events = yaml.parse("\n".join(lines[1:end]), Loader=yaml.SafeLoader)
    return any(isinstance(event, yaml.AliasEvent) for event in events)


def _facts(folder: Path, card: dict[str, Any], config: dict[str, Any], parameters: int) -> Any:
    facts = gguf.Metadata.apply_metadata_heuristic(
        gguf.Metadata(), card, config, folder.resolve(), parameters
    )
    for name, hint in _generation_hints(folder).items():
        setattr(facts, name, hint)
    if facts.name is None:
        facts.name = folder.resolve().name
    if facts.size_label is None and parameters > 0:
        facts.size_label = gguf.size_label(parameters, parameters, 0, 0)
    return facts


def _generation_hints(folder: Path) -> dict[str, Any]:
    path = folder / "generation_config.json"
    if not path.is_file():
        return {}
    settings = read_json(path)
    settings.setdefault("penalty_repeat", settings.get("repetition_penalty"))
    hints = {}
    for name, key in _HINTS.items():
        value = settings.get(key)
        if type(value) in ((str,) if name == "sampling_sequence" else (int, float)):
            hints[name] = value
    return hints


def _written(facts: Any, family: str) -> gv.KeyValues:
    writer = gguf.GGUFWriter(path=None, arch=family)
    writer.add_type(gguf.GGUFType.MODEL)
    facts.set_gguf_meta_model(writer)
    metadata: gv.KeyValues = {}
    for key, value in writer.kv_data[0].items():
        element = value.sub_type
        if value.type == gguf.GGUFValueType.ARRAY and element is None:
            element = gguf.GGUFValueType.get_type(value.value[0])
        metadata[key] = gv.encode(
            int(value.type), value.value, None if element is None else int(element)
        )
    return metadata
