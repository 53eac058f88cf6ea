"""A Hugging Face checkpoint folder: its configuration and where every tensor lies.

Nothing in the folder is executed or unpickled, and no file outside it is opened, whatever the
index says (symbolic links that the folder itself contains are followed: the hub's cache is made
of them).
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from localr1.errors import ModelNotFound, ModelRefused
from localr1.terminal_text import clean_line
from localr1.units import count
from localr1_convert.safetensors import StoredTensor, read_shard

_INDEX = "model.safetensors.index.json"
_CONFIG_LIMIT_BYTES = 16 << 20
_QUANTIZED_SUFFIXES = (".qweight", ".qzeros", ".weight_scale", ".weight_packed", ".absmax")
_ALREADY_QUANTIZED = (
    "convert the original checkpoint, or re-quantize a GGUF of it with --allow-requantize"
)


@dataclass(frozen=True)
class Checkpoint:
    """An opened folder; `tensors` by their names in the checkpoint, in the order of the shards."""

    folder: Path
    config: dict[str, Any]
    tensors: dict[str, StoredTensor]
    shards: tuple[Path, ...]


def open_checkpoint(folder: Path) -> Checkpoint:
    """Read config.json and every shard's header.

    Raises:
        ModelNotFound: no such folder, or no config.json in it.
        ModelRefused: not a safetensors checkpoint, damaged, or already quantized.
    """
    if not folder.is_dir():
        raise ModelNotFound(f"there is no checkpoint folder {clean_line(str(folder))}")
    if not (folder / "config.json").exists():
        raise ModelNotFound(
            f"{clean_line(str(folder))} has no config.json",
            "name the folder that holds config.json and the .safetensors files",
        )
    config = read_json(folder / "config.json")
    _refuse_quantized(folder, config)
    shards, promised = _shards(folder)
    tensors: dict[str, StoredTensor] = {}
    for shard in shards:
        for tensor in read_shard(shard):
            if tensor.name in tensors:
                raise ModelRefused(f"two files hold the tensor {clean_line(tensor.name, 80)}")
            tensors[tensor.name] = tensor
    _compare_with_index(promised, tensors)
    _refuse_quantized_tensors(tensors)
    return Checkpoint(folder, config, tensors, tuple(shards))


def read_json(path: Path, limit_bytes: int = _CONFIG_LIMIT_BYTES) -> dict[str, Any]:
    """A JSON object from an untrusted file.

    Raises:
        ModelRefused: not readable, not a regular file, too large, or not a JSON object.
    """
    name = clean_line(path.name, 120)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ModelRefused(f"{name} is not a regular file")
            text = file.read(limit_bytes + 1)
    except OSError as error:
        raise ModelRefused(f"{name} cannot be read: {error.strerror}") from error
    if len(text) > limit_bytes:
        raise ModelRefused(f"{name} is larger than {limit_bytes >> 20} MiB")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelRefused(f"{name} is not valid JSON", "download the file again") from error
    if not isinstance(content, dict):
        raise ModelRefused(f"{name} does not hold a JSON object")
    return content


def _refuse_quantized(folder: Path, config: dict[str, Any]) -> None:
    settings = config.get("quantization_config")
    if settings is None:
        for name in ("quantize_config.json", "hf_quant_config.json"):
            if (folder / name).exists():
                settings = {"quant_method": name.removesuffix(".json")}
    if settings is None:
        return
    method = settings.get("quant_method") if isinstance(settings, dict) else None
    kind = f" ({clean_line(str(method), 40)})" if method else ""
    raise ModelRefused(f"this checkpoint is already quantized{kind}", _ALREADY_QUANTIZED)


def _refuse_quantized_tensors(tensors: dict[str, StoredTensor]) -> None:
    for name in tensors:
        if name.endswith(_QUANTIZED_SUFFIXES):
            raise ModelRefused(
                f"this checkpoint is already quantized: it holds {clean_line(name, 80)}",
                _ALREADY_QUANTIZED,
            )


def _shards(folder: Path) -> tuple[list[Path], dict[str, str]]:
    """The weight files in reading order, and the index (tensor -> file) where there is one."""
    if (folder / _INDEX).exists():
        promised = _weight_map(folder)
        shards = [folder / name for name in sorted(set(promised.values()))]
        absent = [shard.name for shard in shards if not shard.exists()]
        if absent:
            raise ModelRefused(
                f"{count(len(absent), 'weight file is', 'weight files are')} missing: "
                f"{_listed(absent)}",
                "download the missing files into the folder",
            )
        return shards, promised
    shards = sorted(folder.glob("model*.safetensors"))
    if shards:
        return shards, {}
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
        raise ModelRefused(
            "this checkpoint has only pickle files (.bin), which can run code when opened",
            "use a checkpoint with .safetensors files",
        )
    raise ModelRefused(f"{clean_line(str(folder))} holds no model*.safetensors file")


def _weight_map(folder: Path) -> dict[str, str]:
    weight_map = read_json(folder / _INDEX, limit_bytes=64 << 20).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelRefused(f"{_INDEX} has no weight_map")
    for name in set(map(str, weight_map.values())):
        # PureWindowsPath knows both separators and drive letters.
        plain = PureWindowsPath(name).name == name and "\0" not in name
        if not plain or name in ("", ".", ".."):
            raise ModelRefused(f"{_INDEX} names a file outside its folder: {clean_line(name, 80)}")
        if not name.endswith(".safetensors"):
            raise ModelRefused(f"{_INDEX} names {clean_line(name, 80)}, not a .safetensors file")
    return {str(tensor): str(name) for tensor, name in weight_map.items()}


def _compare_with_index(promised: dict[str, str], tensors: dict[str, StoredTensor]) -> None:
    if not promised:
        return
    missing = sorted(promised.keys() - tensors.keys())
    extra = sorted(tensors.keys() - promised.keys())
    if missing or extra:
        wrong = [f"missing {_listed(missing)}"] if missing else []
        wrong += [f"not in the index {_listed(extra)}"] if extra else []
        raise ModelRefused(f"the weight files and {_INDEX} disagree: {'; '.join(wrong)}")


def _listed(names: list[str], limit: int = 5) -> str:
    shown = ", ".join(clean_line(name, 80) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
