"""A tiny model in several files, as llama-gguf-split writes it."""

from __future__ import annotations

from pathlib import Path

from tests.damaged_models import base
from tests.forged_gguf import U16, GgufFile, number, read_gguf

_I32 = 5


def write_split_model(folder: Path, stem: str = "tiny") -> list[Path]:
    """Write it in three files and return their paths, the first one first."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = read_gguf(base())
    paths = [folder / f"{stem}-0000{number_}-of-00003.gguf" for number_ in (1, 2, 3)]
    for part, path in enumerate(paths):
        write_part(path, whole, part)
    return paths


def write_part(path: Path, whole: GgufFile, part: int) -> None:
    """Write one of three files of this model, counted from 0."""
    size = -(-len(whole.tensors) // 3)
    chosen = slice(part * size, (part + 1) * size)
    keys = list(whole.keys) if part == 0 else []
    file = GgufFile(keys, whole.tensors[chosen], whole.weights[chosen])
    file.set("split.no", number(U16, part))
    file.set("split.count", number(U16, 3))
    file.set("split.tensors.count", number(_I32, len(whole.tensors)))
    path.write_bytes(file.to_bytes())
