"""Every quant that llama.cpp's quantizer offers, against that quantizer on this very machine."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import pytest
from localr1_convert.child_client import Child
from localr1_convert.imatrix import Imatrix, read_imatrix
from localr1_convert.quant_types import BY_NUMBER, QUANT_TYPES, parse_quant, parse_tensor_type

from localr1.errors import UsageError
from tests.converters import make_checkpoints
from tests.converters.converting import converted, open_source, planned

_NEED_IMATRIX = {"IQ3_XXS", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S", "Q2_K_S",
                 "IQ3_XS"}  # fmt: skip


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One child process for all conversions."""
    with Child() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint, its BF16 GGUF and an importance matrix."""
    folder = tmp_path_factory.mktemp("every")
    make_checkpoints.tiny(folder / "checkpoint", intermediate_size=256, tie_word_embeddings=False)
    converted(open_source(folder / "checkpoint"), folder / "full.gguf", quant="BF16")
    config = json.loads((folder / "checkpoint" / "config.json").read_text("utf-8"))
    make_checkpoints.imatrix(folder / "imatrix.gguf", config)
    return folder


def _weights(imatrix: Imatrix) -> dict[str, Any]:
    """Importances as llama-quantize computes them: sums by counts."""
    weights = {}
    for name, (sums, counts) in imatrix.rows.items():
        with imatrix.path.open("rb") as file:
            file.seek(sums.offset)
            values = (ctypes.c_float * (sums.size_bytes // 4)).from_buffer_copy(
                file.read(sums.size_bytes)
            )
            file.seek(counts.offset)
            count = ctypes.c_float.from_buffer_copy(file.read(4)).value
        for index, value in enumerate(values):
            values[index] = value / count
        weights[name] = values
    return weights


def _llama_quantize(source: Path, output: Path, quant: str, imatrix: Imatrix | None) -> None:
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = QUANT_TYPES[quant]
    params.nthread = 2
    kept = []
    if imatrix is not None:
        weights = _weights(imatrix)
        array = (llama_cpp.llama_model_imatrix_data * (len(weights) + 1))()
        for entry, (name, values) in zip(array, weights.items(), strict=False):
            entry.name, entry.data, entry.size = name.encode(), values, len(values)
        params.imatrix = array
        kept += [weights, array]
    failed = llama_cpp.llama_model_quantize(
        os.fsencode(source), os.fsencode(output), ctypes.byref(params)
    )
    assert not failed
    del kept


def _body(path: Path) -> bytes:
    """The weights, without the metadata in which llama-quantize (not the library) names the file
    of the importance matrix."""
    from localr1.gguf_header.part_file import open_part

    return path.read_bytes()[open_part(path).header.weights_start :]


@pytest.mark.parametrize("quant", QUANT_TYPES)
def test_same_bytes(folder: Path, child: Child, tmp_path: Path, quant: str) -> None:
    imatrix = read_imatrix(folder / "imatrix.gguf") if quant in _NEED_IMATRIX else None
    theirs, ours = tmp_path / "theirs.gguf", tmp_path / "ours.gguf"
    _llama_quantize(folder / "full.gguf", theirs, quant, imatrix)
    converted(open_source(folder / "full.gguf"), ours, child, quant=quant, imatrix=imatrix)
    if imatrix is None:
        assert ours.read_bytes() == theirs.read_bytes()
    else:
        assert _body(ours) == _body(theirs)


@pytest.mark.parametrize("quant", sorted(_NEED_IMATRIX))
def test_an_importance_matrix_is_asked_for(
    folder: Path, child: Child, tmp_path: Path, quant: str
) -> None:
    source = open_source(folder / "full.gguf")
    with pytest.raises(UsageError, match="needs an importance matrix"):
        planned(source, tmp_path / "out.gguf", child, quant=quant)


def test_block_sizes_are_ggml_s() -> None:
    library = ctypes.CDLL(str(_ggml_base()))
    library.ggml_type_name.restype = ctypes.c_char_p
    library.ggml_type_size.restype = ctypes.c_size_t
    library.ggml_blck_size.restype = ctypes.c_int64
    for number, kind in BY_NUMBER.items():
        name = library.ggml_type_name(number).decode().upper()
        sizes = library.ggml_blck_size(number), library.ggml_type_size(number)
        assert (name, sizes) == (kind.name, (kind.block, kind.block_bytes))


def _ggml_base() -> Path:
    from localr1_convert import native

    folder = native.library_folder()
    return next(folder / n for n in native._library_names() if (folder / n).exists())


@pytest.mark.parametrize(
    ("given", "canonical"), [("q4_k_m", "Q4_K_M"), ("Q4_K", "Q4_K_M"), ("iq4-xs", "IQ4_XS")]
)
def test_names_of_quants(given: str, canonical: str) -> None:
    assert parse_quant(given) == canonical


def test_unknown_names() -> None:
    with pytest.raises(UsageError, match="there is no quant 'Q9'"):
        parse_quant("Q9")
    with pytest.raises(UsageError, match="there is no tensor type 'x'"):
        parse_tensor_type("x")


def test_a_wrong_pattern_is_refused(folder: Path, child: Child, tmp_path: Path) -> None:
    source = open_source(folder / "full.gguf")
    types = (("attn_(", parse_tensor_type("Q8_0")),)
    with pytest.raises(UsageError, match=r"llama\.cpp refuses these options"):
        planned(source, tmp_path / "out.gguf", child, tensor_types=types)
