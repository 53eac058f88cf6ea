"""The one command for a card that sits idle."""

from __future__ import annotations

import sys

import pytest

from localr1.advice.remedies import (
    WHEELS,
    Finder,
    engine_version,
    hidden_card,
    hiding_variable,
    reinstall,
    unused_card,
)
from localr1.hardware.machine import Graphics, Vendor

PIP = f"{sys.executable} -m pip install --force-reinstall --no-deps"
PACKAGE = f"llama-cpp-python=={engine_version()}"


def card(vendor: Vendor, driver: str | None, version: str | None = None) -> Graphics:
    return Graphics(
        vendor=vendor,
        name=f"{vendor} card",
        driver=driver,
        driver_version=version,
        memory_bytes=None,
        source="test",
    )


def having(*programs: str) -> Finder:
    return lambda name: f"/usr/bin/{name}" if name in programs else None


@pytest.mark.parametrize(
    ("version", "wheel"),
    [
        ("590.48.01", "cu130"),
        ("580.82", "cu130"),
        ("550.54.14", "cu124"),
        ("535.183.01", "cu121"),
        ("470.256.02", "cu118"),
        ("390.157", "vulkan"),
        (None, "cu118"),
    ],
)
def test_nvidia_gets_the_runtime_that_its_driver_runs(version: str | None, wheel: str) -> None:
    problem = unused_card(card("nvidia", "nvidia", version), "linux", having())
    assert problem.command == (f"{PIP} --only-binary :all: --index-url {WHEELS}/{wheel} {PACKAGE}")
    assert "cannot use it" in problem.message


@pytest.mark.parametrize(
    ("vendor", "driver", "programs", "option"),
    [
        ("nvidia", "nvidia", ["nvcc"], "-DGGML_CUDA=on"),
        ("amd", "amdgpu", ["hipcc"], "-DGGML_HIP=on"),
        ("amd", "amdgpu", ["glslc"], "-DGGML_VULKAN=on"),
        ("intel", "i915", ["glslc"], "-DGGML_VULKAN=on"),
        ("apple", "metal", [], "-DGGML_METAL=on"),
    ],
)
def test_a_compiler_for_the_card_builds_the_engine(
    vendor: Vendor, driver: str, programs: list[str], option: str
) -> None:
    problem = unused_card(card(vendor, driver), "linux", having(*programs))
    assert problem.command == f'CMAKE_ARGS="{option}" {PIP} --no-cache-dir {PACKAGE}'


def test_powershell_sets_variables_in_its_own_way() -> None:
    problem = unused_card(card("intel", "igdkmd64"), "win32", having("glslc"))
    assert problem.command.startswith('$env:CMAKE_ARGS="-DGGML_VULKAN=on"; ')


@pytest.mark.parametrize("vendor", ["amd", "intel"])
def test_others_get_vulkan(vendor: Vendor) -> None:
    problem = unused_card(card(vendor, "amdgpu"), "linux", having())
    assert f"--index-url {WHEELS}/vulkan " in problem.command


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        (["ubuntu-drivers", "apt"], "sudo ubuntu-drivers install"),
        (["apt"], "sudo apt install nvidia-driver"),
        (["dnf"], "sudo dnf install akmod-nvidia"),
        (["pacman"], "sudo pacman -S nvidia"),
        ([], ""),
    ],
)
@pytest.mark.parametrize("driver", ["nouveau", None])
def test_without_a_driver_that_comes_first(
    driver: str | None, programs: list[str], command: str
) -> None:
    problem = unused_card(card("nvidia", driver), "linux", having(*programs))
    assert problem.command == command
    assert "install NVIDIA's own" in problem.message


def test_another_makers_card_without_a_driver() -> None:
    problem = unused_card(card("amd", None), "linux", having("apt"))
    assert "its maker's driver" in problem.message
    assert problem.command == ""


def test_the_engine_alone_is_installed_anew() -> None:
    assert reinstall() == f"{PIP} --no-cache-dir {PACKAGE}"


@pytest.mark.parametrize(
    ("vendor", "variables", "others_seen", "name"),
    [
        ("nvidia", {"CUDA_VISIBLE_DEVICES": ""}, False, "CUDA_VISIBLE_DEVICES"),
        ("nvidia", {"CUDA_VISIBLE_DEVICES": "-1"}, False, "CUDA_VISIBLE_DEVICES"),
        ("nvidia", {"CUDA_VISIBLE_DEVICES": "1"}, True, "CUDA_VISIBLE_DEVICES"),
        ("nvidia", {"CUDA_VISIBLE_DEVICES": "0"}, False, None),
        ("nvidia", {}, True, None),
        ("amd", {"ROCR_VISIBLE_DEVICES": ""}, False, "ROCR_VISIBLE_DEVICES"),
        ("amd", {"CUDA_VISIBLE_DEVICES": ""}, False, None),
        ("intel", {"CUDA_VISIBLE_DEVICES": ""}, False, None),
    ],
)
def test_a_variable_that_hides_a_card(
    vendor: Vendor, variables: dict[str, str], others_seen: bool, name: str | None
) -> None:
    found = hiding_variable(card(vendor, None), others_seen=others_seen, environment=variables)
    assert found == name


def test_a_hidden_card_is_shown_again_by_its_shell_s_command() -> None:
    hidden = card("nvidia", "nvidia")
    assert hidden_card(hidden, "CUDA_VISIBLE_DEVICES", "linux").command == (
        "unset CUDA_VISIBLE_DEVICES"
    )
    assert (
        "Env:CUDA_VISIBLE_DEVICES" in hidden_card(hidden, "CUDA_VISIBLE_DEVICES", "win32").command
    )
