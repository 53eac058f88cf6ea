"""Sizes from the catalog's shapes against those of the files that the converter would make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from localr1_convert.child_client import Child

from localr1.advice.model_shapes import planned_sizes
from localr1.hardware.model_sizes import ModelSizes, sizes_of
from localr1.models.catalog import CatalogEntry, load_catalog
from localr1.models.quant_sizes import SIZED_QUANTS, file_bytes, tensor_type
from localr1.models.shape import tensors_of
from tests.converters.catalog_sources import header_of, source_of
from tests.converters.converting import planned

FAMILY = {entry.name: entry for entry in load_catalog()}


class AnyImatrix:
    """Only that there is one matters to the choice of types."""

    def row(self, name: str, shape: tuple[int, ...]) -> bytes:
        return b""

    def metadata(self) -> dict[str, Any]:
        return {}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One child process for all plans."""
    with Child() as running:
        yield running


def narrow() -> CatalogEntry:
    """Short rows, few heads that share keys, a tied embedding: other branches of the rules."""
    entry = FAMILY["r1-llama-8b"]
    shape = msgspec.structs.replace(
        entry.shape, n_embd=576, n_ff=1536, n_head=9, n_head_kv=3, head_dim=64, n_layer=30,
        tied=True, n_vocab=1024,
    )  # fmt: skip
    return msgspec.structs.replace(entry, shape=shape)


CASES = {**FAMILY, "narrow": narrow()}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_made_of_what_the_converter_plans(
    name: str, child: Child, tmp_path: Path
) -> None:
    entry = CASES[name]
    source = source_of(entry)
    for quant in SIZED_QUANTS:
        for imatrix in (None, AnyImatrix()):
            plan = planned(source, tmp_path / "made.gguf", child, quant=quant, imatrix=imatrix)
            has = imatrix is not None
            theirs = {t.source.name: (t.source.values, t.type.name) for t in plan.tensors}
            ours = {
                each.name: (each.values, tensor_type(entry.shape, each, quant, has_imatrix=has))
                for each in tensors_of(entry.shape)
            }
            assert ours == theirs, (quant, has)
            # all but the vocabulary, which the plan has not
            assert 0 < file_bytes(entry.shape, quant, has_imatrix=has) - plan.size_bytes < 9e6
        assert same(sizes_of(header_of(entry, plan))) == same(planned_sizes(entry, quant))


def same(sizes: ModelSizes) -> ModelSizes:
    """Without what a plan does not depend on."""
    return sizes._replace(name="", parameters=0)
