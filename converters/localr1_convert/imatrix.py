"""An importance matrix in llama.cpp's GGUF format, as llama-imatrix writes it.

For each weight matrix it holds the sums of squared activations (`NAME.in_sum2`) and how many
there were (`NAME.counts`); quantizing weights each column by their quotient.
"""

from __future__ import annotations

import array
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localr1.errors import ModelNotFound, ModelRefused
from localr1.gguf_header.parse import TensorEntry
from localr1.gguf_header.part_file import open_part
from localr1.gguf_header.refusal import Refusal
from localr1.terminal_text import clean_line
from localr1_convert import gguf_values as gv

_SUMS, _COUNTS = ".in_sum2", ".counts"
_OVERRIDE_BYTES = 127
"""Longest text of a llama_model_kv_override, which carries these keys in llama-quantize."""

Row = tuple[str, int, int, int]
"""File, offset of the sums, offset of the count, number of values."""


@dataclass(frozen=True)
class Imatrix:
    """An opened importance matrix."""

    path: Path
    rows: dict[str, tuple[TensorEntry, TensorEntry]]
    dataset: str | None
    chunks: int

    def row(self, name: str, shape: tuple[int, ...]) -> Row | None:
        """Where the weights for a tensor are; None where there are none for it.

        Raises:
            ModelRefused: they were made for a model of another size.
        """
        entry = self.rows.get(name)
        if entry is None:
            return None
        sums, counts = entry
        columns = shape[-1]
        if math.prod(sums.shape) != columns or math.prod(counts.shape) != 1:
            if name == "token_embd.weight":
                return None
            raise ModelRefused(
                f"the importance matrix has {math.prod(sums.shape):,} values for {name}, which has "
                f"{columns:,} columns",
                "use one that was made for this model",
            )
        return str(self.path.absolute()), sums.offset, counts.offset, columns

    def metadata(self) -> gv.KeyValues:
        """What llama-quantize notes in the model about the matrix it used."""
        keys = {"quantize.imatrix.file": _shortened(str(self.path))}
        if self.dataset is not None:
            keys["quantize.imatrix.dataset"] = _shortened(self.dataset)
        keys["quantize.imatrix.entries_count"] = gv.uint32(len(self.rows))
        if self.chunks > 0:
            keys["quantize.imatrix.chunks_count"] = gv.uint32(self.chunks)
        return keys


def read_imatrix(path: Path) -> Imatrix:
    """Open an importance matrix and check its values.

    Raises:
        ModelNotFound: no such file.
        ModelRefused: not an importance matrix in the GGUF format, or with unusable values.
    """
    try:
        part = open_part(path).header
    except FileNotFoundError:
        raise ModelNotFound(f"there is no importance matrix {clean_line(str(path))}") from None
    except Refusal as refusal:
        raise ModelRefused(
            f"the importance matrix {clean_line(path.name, 80)} {refusal.sentence}",
            "make one with llama-imatrix; its default format is the right one",
        ) from refusal
    facts = part.metadata
    if facts.get("general.type") != "imatrix" and "imatrix.chunk_count" not in facts:
        raise ModelRefused(f"{clean_line(path.name, 80)} is a model, not an importance matrix")
    rows = _paired(path, part.tensors)
    _check_values(path, rows)
    datasets: Any = facts.get("imatrix.datasets") or []
    chunks = facts.get("imatrix.chunk_count", 0)
    return Imatrix(path, rows, datasets[0] if len(datasets) else None, int(chunks))


def _paired(
    path: Path, tensors: tuple[TensorEntry, ...]
) -> dict[str, tuple[TensorEntry, TensorEntry]]:
    by_name = {tensor.name: tensor for tensor in tensors}
    rows = {}
    for name, sums in by_name.items():
        if not name.endswith(_SUMS):
            continue
        target = name.removesuffix(_SUMS)
        counts = by_name.get(target + _COUNTS)
        if counts is None or {sums.type_name, counts.type_name} != {"F32"}:
            raise ModelRefused(f"{clean_line(path.name, 80)} has no usable counts for {target}")
        rows[target] = (sums, counts)
    if not rows:
        raise ModelRefused(f"{clean_line(path.name, 80)} holds no importance matrix")
    return rows


def _check_values(path: Path, rows: dict[str, tuple[TensorEntry, TensorEntry]]) -> None:
    with path.open("rb") as file:
        for name, entries in rows.items():
            for entry in entries:
                file.seek(entry.offset)
                values = array.array("f", file.read(entry.size_bytes))
                # One NaN or infinity makes the sum so.
                if not math.isfinite(math.fsum(values) if len(values) < 2 else sum(values)):
                    raise ModelRefused(
                        f"the importance matrix has unusable values for {name}", "make it again"
                    )


def _shortened(text: str) -> bytes:
    return gv.string(text.encode("utf-8", "surrogateescape")[:_OVERRIDE_BYTES])
