"""A GPU that failed: what the engine logged, as recorded on an NVIDIA H100, becomes a sentence."""

from __future__ import annotations

import pytest

from localr1.engine.device_failures import explain, no_room, not_loaded

WHILE_WRITING = [
    "CUDA error: out of memory",
    "  current device: 0, in function alloc at ggml/src/ggml-cuda/ggml-cuda.cu:583",
    "  cuMemCreate(&handle, reserve_size, &prop, 0)",
]
WHILE_LOADING = [
    "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4407.29 MiB on device 0: "
    "cudaMalloc failed: out of memory",
    "llama_model_load: error loading model: unable to allocate CUDA0 buffer",
]
OTHER_ARCHITECTURE = ["CUDA error: no kernel image is available for execution on the device"]


def test_too_little_memory_while_it_writes() -> None:
    error = explain(WHILE_WRITING)
    assert error is not None
    assert error.message == "the GPU ran out of memory"
    assert "nothing that was said is lost" in error.hint
    assert "--n-gpu-layers" in error.hint


def test_too_little_memory_while_it_loads() -> None:
    assert no_room(WHILE_LOADING) == "the GPU has no room for 4.3 GiB more"
    assert no_room(["vk::Device::allocateMemory: ErrorOutOfDeviceMemory"]) == (
        "the GPU has too little free memory"
    )


def test_an_engine_for_other_cards() -> None:
    error = explain(OTHER_ARCHITECTURE)
    assert error is not None
    assert "for other GPUs" in error.message
    assert "localr1 doctor" in error.hint


def test_any_other_failure_is_told_in_the_driver_s_words() -> None:
    error = explain(["CUDA error: an illegal memory access was encountered\x1b[31m"])
    assert error is not None
    assert error.message.startswith("the GPU failed: an illegal memory access was encountered")
    assert "\x1b" not in error.message


@pytest.mark.parametrize("lines", [[], ["GGML_ASSERT(n > 0) failed"], ["error loading model"]])
def test_what_no_gpu_did_is_left_to_others(lines: list[str]) -> None:
    assert explain(lines) is None
    assert no_room(lines) is None


def test_an_engine_whose_library_is_missing() -> None:
    """As llama_cpp said it of a CUDA build on a computer without CUDA."""
    error = not_loaded(
        RuntimeError(
            "Failed to load shared library '/x/llama_cpp/lib/libllama.so': libcublas.so.13: "
            "cannot open shared object file: No such file or directory"
        )
    )
    assert "it needs libcublas.so.13, which is not found" in error.message
    assert error.hint
    assert "no space" in not_loaded(OSError("no space")).message
