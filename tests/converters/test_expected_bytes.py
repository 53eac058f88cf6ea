"""Converted files are, byte for byte, what llama.cpp's own programs make of the same checkpoint."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from localr1_convert.child_client import Child
from localr1_convert.imatrix import read_imatrix
from localr1_convert.quant_types import parse_tensor_type
from localr1_convert.source import Source

from tests.converters.converting import converted, open_source, planned
from tests.converters.expected_cases import (
    FAMILIES,
    OPTION_CASES,
    QUANTS,
    Case,
    expected,
    make_imatrix,
)
from tests.converters.make_checkpoints import MAKERS


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One child process for all conversions."""
    with Child() as running:
        yield running


@pytest.fixture(scope="module")
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Path]:
    """One checkpoint at a time; tests are ordered by it."""
    folder = tmp_path_factory.mktemp("checkpoints") / request.param
    yield MAKERS[request.param](folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def source(checkpoint: Path) -> Source:
    """The opened checkpoint."""
    return open_source(checkpoint)


def _facts(path: Path, header: bytes) -> dict[str, str]:
    content = path.read_bytes()
    assert content.startswith(header)
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "header": hashlib.sha256(header).hexdigest(),
    }


def _assert_expected(name: str, source: Source, output: Path, child: Child, **options: Any) -> None:
    plan = planned(source, output, child, **options)
    headers = [file.header for file in plan.files]
    recorded = expected()[name]
    assert [hashlib.sha256(h).hexdigest() for h in headers] == [f["header"] for f in recorded]
    result = converted(source, output, child, **options)
    facts = [_facts(path, head) for path, head in zip(result.paths, headers, strict=True)]
    assert facts == recorded
    assert [fact["sha256"] for fact in facts] == list(result.sha256)
    for path in result.paths:
        path.unlink()


@pytest.mark.parametrize("quant", QUANTS)
@pytest.mark.parametrize("checkpoint", FAMILIES, indirect=True)
def test_every_family_and_quant(
    checkpoint: Path, source: Source, child: Child, tmp_path: Path, quant: str
) -> None:
    name = f"{checkpoint.name}/{quant}"
    _assert_expected(name, source, tmp_path / "out.gguf", child, quant=quant)


@pytest.mark.model
@pytest.mark.parametrize("quant", QUANTS)
@pytest.mark.parametrize("checkpoint", ["SmolLM2-135M"], indirect=True)
def test_a_trained_model(
    checkpoint: Path, source: Source, child: Child, tmp_path: Path, quant: str
) -> None:
    name = f"{checkpoint.name}/{quant}"
    _assert_expected(name, source, tmp_path / "out.gguf", child, quant=quant)


@pytest.mark.parametrize("case", OPTION_CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("checkpoint", ["Tiny-Qwen2.5"], indirect=True)
def test_options(
    checkpoint: Path,
    source: Source,
    child: Child,
    tmp_path: Path,
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # the importance matrix is named in the result as it was given
    options = dict(case.options)
    if "tensor_types" in options:
        types = options["tensor_types"]
        options["tensor_types"] = tuple((name, parse_tensor_type(kind)) for name, kind in types)
    for kind in ("output_type", "embedding_type"):
        if kind in options:
            options[kind] = parse_tensor_type(options[kind])
    if "--imatrix" in case.tool_flags:
        path = make_imatrix(tmp_path, checkpoint)
        options["imatrix"] = read_imatrix(path.relative_to(tmp_path))
    if case.first_quant:
        first = converted(source, tmp_path / "first.gguf", child, quant=case.first_quant)
        source = open_source(first.paths[0])
    output = tmp_path / "out.gguf"
    _assert_expected(case.name, source, output, child, quant=case.quant, **options)


def test_the_record_covers_every_family_and_quant() -> None:
    recorded = json.dumps(sorted(expected()))
    for name in MAKERS:
        for quant in QUANTS:
            assert f'"{name}/{quant}"' in recorded
