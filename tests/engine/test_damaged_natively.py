"""The gate against llama.cpp itself: nothing that ends or hangs llama.cpp passes."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localr1.errors import ModelRefused
from localr1.gguf_header import SAFE_PRE_TOKENIZERS, read_header
from tests.damaged_models import mutants, variants
from tests.native_loader import CRASHES, Outcome, outcomes
from tests.tiny_models import (
    tiny_vocabulary,
    write_r1_qwen_vocabulary_model,
    write_tiny_model,
)

_MUTANTS = 200


@pytest.fixture(scope="module")
def files() -> list[tuple[str, bytes]]:
    return [*variants(), *mutants(_MUTANTS, seed=3)]


@pytest.fixture(scope="module")
def native(
    files: list[tuple[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """What llama.cpp does with each file when there is no gate."""
    return outcomes(files, tmp_path_factory.mktemp("native"))


def _passing(files: list[tuple[str, bytes]], path: Path) -> set[str]:
    passing = set()
    for name, content in files:
        path.write_bytes(content)
        try:
            read_header(path)
        except ModelRefused:
            continue
        passing.add(name)
    return passing


def test_the_gate_stops_what_ends_llama_cpp(
    files: list[tuple[str, bytes]], native: dict[str, Outcome], tmp_path: Path
) -> None:
    assert set(native) == {name for name, _ in files}
    deadly = {name for name, outcome in native.items() if outcome in CRASHES}
    assert len([name for name in deadly if not name.startswith("mutant/")]) >= 20
    passing = _passing(files, tmp_path / "gate.gguf")
    assert not deadly & passing


def test_undamaged_models_run(native: dict[str, Outcome]) -> None:
    controls = {name: outcome for name, outcome in native.items() if name.startswith("control/")}
    assert len(controls) >= 6
    assert set(controls.values()) == {"runs"}


_QUANTIZE = """
import sys, llama_cpp as api
parameters = api.llama_model_quantize_default_params()
parameters.nthread = 1
for target in sys.argv[2:]:
    parameters.ftype = int(target.rpartition(".")[2])
    assert api.llama_model_quantize(sys.argv[1].encode(), target.encode(), parameters) == 0
"""
_FILE_TYPES = {
    **{2: "Q4_0", 7: "Q8_0", 10: "Q2_K", 15: "Q4_K_M", 18: "Q6_K", 25: "IQ4_NL", 30: "IQ4_XS"},
    **{26: "IQ3_S", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4", 40: "Q1_0", 41: "Q2_0"},
}


def test_quantized_models_pass_and_run(tmp_path: Path) -> None:
    source = write_tiny_model(
        tmp_path / "f16.gguf", architecture="llama", r1_tokens=True, n_embd=256, n_ff=256
    )
    targets = {name: tmp_path / f"{name}.{number}" for number, name in _FILE_TYPES.items()}
    command = [sys.executable, "-c", _QUANTIZE, str(source), *map(str, targets.values())]
    subprocess.run(command, check=True, capture_output=True)
    for name, target in targets.items():
        assert read_header(target).quant_type == name
    files = [(name, target.read_bytes()) for name, target in targets.items()]
    assert set(outcomes(files, tmp_path).values()) == {"runs"}


_TOKENIZE = """
import sys, llama_cpp as api
for path in sys.argv[1:]:
    parameters = api.llama_model_default_params()
    parameters.vocab_only = True
    model = api.llama_model_load_from_file(path.encode(), parameters)
    assert model, path
    vocabulary = api.llama_model_get_vocab(model)
    for character in "aZ \\n1!é你=":
        text = (character * 40_000).encode()
        tokens = (api.llama_token * len(text))()
        assert api.llama_tokenize(vocabulary, text, len(text), tokens, len(text), False, False) >= 0
    api.llama_model_free(model)
"""


def _models_with(pre_tokenizers: list[str], folder: Path) -> list[str]:
    paths = []
    for number, pre in enumerate(pre_tokenizers):
        vocabulary = dataclasses.replace(tiny_vocabulary(), pre=pre)
        paths.append(str(write_tiny_model(folder / f"{number}.gguf", vocab=vocabulary)))
    return paths


def _tokenize(paths: list[str]) -> int:
    environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
    command = [sys.executable, "-c", _TOKENIZE, *paths]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def test_safe_pre_tokenizers_survive_long_runs_of_equal_characters(tmp_path: Path) -> None:
    assert _tokenize(_models_with(sorted(SAFE_PRE_TOKENIZERS), tmp_path)) == 0


def test_an_unsafe_pre_tokenizer_does_not(tmp_path: Path) -> None:
    paths = _models_with(["deepseek-llm"], tmp_path)
    assert not read_header(Path(paths[0])).pre_tokenizer_is_safe
    assert _tokenize(paths) < 0


def test_the_whole_r1_qwen_vocabulary_loads(tmp_path: Path) -> None:
    path = write_r1_qwen_vocabulary_model(tmp_path / "r1.gguf")
    assert outcomes([("r1", path.read_bytes())], tmp_path) == {"r1": "runs"}
