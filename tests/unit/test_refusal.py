"""A model that does not fit: one sentence, and two things that really work."""

from __future__ import annotations

import re

import pytest

from localr1.errors import DoesNotFit, ExitCode
from localr1.hardware.machine import Device, Machine
from localr1.hardware.model_sizes import ModelSizes
from localr1.hardware.plan import plan_for
from localr1.hardware.refusal import QUANT_BITS, scaled
from localr1.settings import load_settings
from tests.simulated import CPU_DEVICE, GIB, gpu, machine, r1_model

LAPTOP = machine(5.5, 4)
CONTAINER = machine(0.5, 1, limit_source="memory.max of a control group")


def refused(
    model: ModelSizes,
    computer: Machine,
    devices: tuple[Device, ...] = (CPU_DEVICE,),
    **flags: object,
) -> DoesNotFit:
    with pytest.raises(DoesNotFit) as caught:
        plan_for(model, load_settings(flags, environment={}), computer, devices)
    return caught.value


def ways_out(error: DoesNotFit) -> list[str]:
    return error.hint.removeprefix("what works: ").split(", or ")


def fits(
    model: ModelSizes,
    computer: Machine,
    devices: tuple[Device, ...] = (CPU_DEVICE,),
    **flags: object,
) -> bool:
    plan_for(model, load_settings(flags, environment={}), computer, devices)
    return True


def test_a_smaller_quant_is_named_and_works() -> None:
    error = refused(r1_model("R1-Distill-Qwen-14B", "Q4_K_M"), machine(9, 8))
    assert "needs" in error.message
    assert "weights" in error.message
    assert "9.0 GiB of memory that are free" in error.message
    named = re.match(r"a (Q\w+) file of the same model", ways_out(error)[0])
    assert named
    assert fits(r1_model("R1-Distill-Qwen-14B", named[1]), machine(9, 8))


def test_a_smaller_model_is_named_and_works() -> None:
    error = refused(r1_model("R1-Distill-Llama-70B", "Q4_K_M"), LAPTOP)
    billions = re.fullmatch(
        r"a model of at most (\d+) billion parameters as Q4_K_M", ways_out(error)[0]
    )
    assert billions
    largest = r1_model("R1-Distill-Qwen-7B")
    largest = scaled(largest, int(billions[1]) * 1e9 * QUANT_BITS["Q4_K_M"] / 8)
    assert fits(largest, LAPTOP)


def test_the_check_can_be_switched_off() -> None:
    model = r1_model("R1-Distill-Llama-70B", "Q4_K_M")
    assert "--no-memory-check" in ways_out(refused(model, LAPTOP))[1]
    assert fits(model, LAPTOP, memory_check=False)


def test_a_window_that_was_asked_for_is_shortened_in_words() -> None:
    model = r1_model("R1-Distill-Qwen-7B")
    error = refused(model, machine(8, 8), n_ctx=131_072)
    assert "131,072 tokens" in error.message
    shorter = re.fullmatch(r"--n-ctx (\d+)", ways_out(error)[0])
    assert shorter
    assert fits(model, machine(8, 8), n_ctx=int(shorter[1]))


def test_a_wide_cache_that_was_asked_for() -> None:
    model = r1_model("R1-Distill-Qwen-7B")
    error = refused(model, machine(5.8, 8), type_k="f32", type_v="f32", n_ctx=8192)
    assert ways_out(error)[1] == "--type-k q8_0 --type-v q8_0"
    assert fits(model, machine(5.8, 8), type_k="q8_0", type_v="q8_0", n_ctx=8192)


def test_layers_that_were_asked_for() -> None:
    model, devices = r1_model("R1-Distill-Llama-8B", "Q8_0"), (gpu("CUDA0", 6, 5.2), CPU_DEVICE)
    error = refused(model, machine(16), devices, n_gpu_layers=-1)
    assert error.message.startswith("33 layers of")
    assert "CUDA0" in error.message
    fewer = re.fullmatch(r"--n-gpu-layers (\d+)", ways_out(error)[0])
    assert fewer
    assert fits(model, machine(16), devices, n_gpu_layers=int(fewer[1]))
    assert ways_out(error)[1] == "leave the choice to localr1"
    assert fits(model, machine(16), devices)


def test_a_container_is_named() -> None:
    error = refused(r1_model("R1-Distill-Qwen-1.5B"), CONTAINER)
    assert "limited by memory.max of a control group" in error.message
    assert "million parameters" in ways_out(error)[0]
    assert error.exit_code == ExitCode.DOES_NOT_FIT


def test_nothing_at_all_is_left() -> None:
    empty = machine(0)
    error = refused(r1_model("R1-Distill-Qwen-1.5B"), empty)
    assert len(ways_out(error)) == 2


def test_shared_memory_counts_once() -> None:
    """A GPU that shares the computer's memory does not make more of it."""
    devices = (gpu("Vulkan0", 16, 16, kind="igpu"), CPU_DEVICE)
    assert refused(r1_model("R1-Distill-Qwen-32B"), machine(16), devices)
    assert r1_model("R1-Distill-Qwen-14B").weights_bytes < 16 * GIB
    assert fits(r1_model("R1-Distill-Qwen-14B"), machine(16), devices)
