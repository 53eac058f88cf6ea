"""localr1's quantization kernels write ggml's bytes; where they would not, ggml's are used."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
from localr1_convert import native, row_kernels
from localr1_convert.quant_types import BY_NUMBER, TENSOR_TYPES
from localr1_convert.row_kernels import KernelChoice, RowKernels, trial_values

from tests.converters import built_kernels

Values = npt.NDArray[np.float32]
_COUNT = 40 * 256 + 3 * 256  # an odd number of blocks
_NAMES = ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The kernels of this checkout; without a compiler this fails."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the kernels are for x86-64, and built here as on Linux")
    return built_kernels.opened(built_kernels.build(tmp_path_factory.mktemp("kernels")))


def _bits(draw: np.random.Generator) -> Values:
    return draw.integers(0, 1 << 32, _COUNT, dtype=np.uint32).view(np.float32)


def _finite_bits(draw: np.random.Generator) -> Values:
    values = _bits(draw)
    values[~np.isfinite(values)] = 1
    return values


def _bf16(draw: np.random.Generator) -> Values:
    bits = (draw.standard_normal(_COUNT, dtype=np.float32) * np.float32(0.02)).view(np.uint32)
    values: Values = (bits & np.uint32(0xFFFF0000)).view(np.float32)
    return values


def _with(*odd: float) -> Callable[[np.random.Generator], Any]:
    def draw_values(draw: np.random.Generator) -> Any:
        values = draw.standard_normal(_COUNT)
        values[draw.integers(0, _COUNT, 60)] = draw.choice(odd, 60)
        return values

    return draw_values


def _magnitudes(least: float, most: float, run: int) -> Callable[[np.random.Generator], Any]:
    """Normal values times a power of ten that changes every `run` values."""

    def draw_values(draw: np.random.Generator) -> Any:
        powers = 10.0 ** draw.uniform(least, most, -(-_COUNT // run))
        return draw.standard_normal(_COUNT) * np.repeat(powers, run)[:_COUNT]

    return draw_values


_DISTRIBUTIONS: dict[str, Callable[[np.random.Generator], Any]] = {
    "trial": lambda draw: trial_values(),
    "bf16 weights": _bf16,
    "normal": lambda draw: draw.standard_normal(_COUNT),
    "heavy tails": lambda draw: draw.standard_t(2, _COUNT),
    "uniform": lambda draw: draw.uniform(-1, 1, _COUNT),
    "whole numbers": lambda draw: draw.integers(-3, 4, _COUNT),
    "sparse": lambda draw: draw.standard_normal(_COUNT) * (draw.random(_COUNT) < 0.03),
    "zeros": lambda draw: np.zeros(_COUNT),
    "negative zeros": lambda draw: -np.zeros(_COUNT),
    "constant sub-blocks": lambda draw: np.repeat(draw.standard_normal(_COUNT // 16), 16),
    "negative": lambda draw: -np.abs(draw.standard_normal(_COUNT)),
    "positive": lambda draw: np.abs(draw.standard_normal(_COUNT)),
    "narrow and negative": lambda draw: -1 - 1e-3 * draw.random(_COUNT),
    "very narrow and negative": lambda draw: -1 - 1e-6 * draw.random(_COUNT),
    "narrow and positive": lambda draw: 1 + 1e-4 * draw.random(_COUNT),
    "outliers": _with(1e3, -1e3, 1e6, -1e6),
    "huge outliers": _with(3e38, -3e38, 1e30),
    "denormal": lambda draw: draw.standard_normal(_COUNT) * 1e-42,
    "next to GROUP_MAX_EPS": _magnitudes(-16, -13, 16),
    "squares underflow": _magnitudes(-45, -18, 32),
    "squares overflow": _magnitudes(17, 37.5, 32),
    "every magnitude": _magnitudes(-45, 37.5, 1),
    "every magnitude by sub-block": _magnitudes(-45, 37.5, 16),
    "every finite pattern": _finite_bits,
    "every pattern": _bits,
    "NaN and Inf": _with(np.nan, np.inf, -np.inf),
}


def _quantized(
    quantize: Callable[[int, int, int], object], values: Values, name: str
) -> npt.NDArray[np.uint8]:
    """The blocks, one a row; bytes that are not written are visible."""
    blocks = np.full(TENSOR_TYPES[name].size_bytes(values.size), 0xA5, dtype=np.uint8)
    quantize(values.ctypes.data, blocks.ctypes.data, values.size)
    return blocks.reshape(-1, TENSOR_TYPES[name].block_bytes)


def _ggml(name: str) -> Callable[[int, int, int], None]:
    kernels = native.Kernels("ggml")
    number = TENSOR_TYPES[name].number
    return lambda source, target, count: kernels.quantize(
        number, source, target, values=count, columns=count, imatrix=None
    )


def _own(library: ctypes.CDLL, table: str, name: str) -> Callable[[int, int, int], None]:
    functions = built_kernels.table(library, table).quantize
    return cast(Callable[[int, int, int], None], functions[_NAMES.index(name)])


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("table", built_kernels.TABLES)
@pytest.mark.parametrize("distribution", _DISTRIBUTIONS)
def test_ggml_s_bytes(library: ctypes.CDLL, distribution: str, table: str, name: str) -> None:
    if "avx2" in table and not _has_avx2():
        pytest.skip("this processor has no AVX2")
    own, ggml = _own(library, table, name), _ggml(name)
    for seed in range(5):
        draw = np.random.default_rng(seed)
        with np.errstate(over="ignore", under="ignore"):
            values = np.asarray(_DISTRIBUTIONS[distribution](draw), dtype=np.float32)
        expected = _quantized(ggml, values, name)
        different = (_quantized(own, values, name) != expected).any(axis=1)
        assert not different.any(), f"blocks {np.flatnonzero(different)[:9]} of seed {seed}"


def _has_avx2() -> bool:
    return "avx2" in Path("/proc/cpuinfo").read_text("utf-8")


def test_the_processor_s_kernels_are_taken(library: ctypes.CDLL) -> None:
    kernels = RowKernels(library, "auto", [12], _reference)
    assert kernels.choice.instructions == ("AVX2" if _has_avx2() else "SSE2")


def _reference(number: int, source: int, target: int, count: int) -> None:
    _ggml(BY_NUMBER[number].name)(source, target, count)


def test_used_for_the_types_they_know(library: ctypes.CDLL) -> None:
    kernels = RowKernels(library, "auto", [0, 8, 14, 12], _reference)
    assert set(kernels.by_type) == {12, 14}
    assert kernels.choice.types == ("Q4_K", "Q6_K")
    assert str(kernels.choice).endswith("for Q4_K, Q6_K: ggml's bytes in a trial of 255 blocks")


def _library(**functions: Any) -> ctypes.CDLL:
    """A library with these functions only, whatever the installed engine has."""
    return cast(ctypes.CDLL, SimpleNamespace(**functions))


def test_ggml_s_where_the_library_has_no_others() -> None:
    kernels = RowKernels(_library(), "auto", [12], _reference)
    assert kernels.by_type == {}
    assert "this build of llama-cpp-python lacks localr1's" in str(kernels.choice)


def test_ggml_s_where_its_arithmetic_cannot_be_repeated() -> None:
    nothing = ctypes.CFUNCTYPE(ctypes.c_void_p)(lambda: None)
    kernels = RowKernels(_library(localr1_row_kernels=nothing), "auto", [12], _reference)
    assert kernels.by_type == {}
    assert "this build of llama-cpp-python lacks localr1's" in str(kernels.choice)


def test_ggml_s_where_one_byte_differs(library: ctypes.CDLL) -> None:
    def wrong_in_q6(number: int, source: int, target: int, count: int) -> None:
        _reference(number, source, target, count)
        if number == 14:
            last = ctypes.c_uint8.from_address(target + BY_NUMBER[14].size_bytes(count) - 1)
            last.value ^= 1

    kernels = RowKernels(library, "auto", [12, 14], wrong_in_q6)
    assert kernels.by_type == {}
    assert kernels.choice == KernelChoice("localr1's gave other bytes for Q6_K in a trial")


def test_ggml_s_where_they_are_asked_for() -> None:
    kernels = RowKernels(_library(), "ggml", [12], _reference)
    assert kernels.by_type == {}
    assert str(kernels.choice) == "ggml's, because they were asked for"


def test_none_for_other_types() -> None:
    kernels = RowKernels(_library(), "auto", [8, 23], _reference)
    assert kernels.by_type == {}
    assert "without an importance matrix" in kernels.choice.reason


def test_an_importance_matrix_goes_to_ggml(
    library: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = built_kernels.table(library, "localr1_baseline_kernels")
    monkeypatch.setattr(row_kernels, "_table", lambda _: table)
    own, ggml = native.Kernels("auto", [12]), native.Kernels("ggml", [12])
    assert set(own.own.by_type) == {12}
    values, weights = trial_values()[: 64 * 256], np.linspace(0, 2, 256, dtype=np.float32)

    def blocks(kernels: native.Kernels, imatrix: int | None) -> list[Any]:
        def quantize(source: int, target: int, count: int) -> None:
            kernels.quantize(12, source, target, values=count, columns=256, imatrix=imatrix)

        return cast(list[Any], _quantized(quantize, values, "Q4_K").tolist())

    address = weights.ctypes.data
    assert blocks(own, address) == blocks(ggml, address) != blocks(ggml, None)
    assert blocks(own, None) == blocks(ggml, None)
