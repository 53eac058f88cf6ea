"""The one command that makes the engine use a graphics card, chosen from what is found."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from localr1.advice.report import Problem
from localr1.hardware.machine import Graphics, Vendor

ENGINE = "llama-cpp-python"
WHEELS = "https://abetlen.github.io/llama-cpp-python/whl"
"""Its author's index of ready wheels: cpu, vulkan, metal, cu118 to cu132, rocm72."""

CUDA_WHEELS = ((580, "cu130"), (550, "cu124"), (525, "cu121"), (450, "cu118"))
"""The least major version of NVIDIA's driver, and the CUDA runtime that it can run.

Source: CUDA Compatibility, tables of minimum driver versions (docs.nvidia.com/deploy).
"""

Finder = Callable[[str], str | None]


def engine_version() -> str | None:
    """The installed version of the engine's package."""
    try:
        return version(ENGINE)
    except PackageNotFoundError:
        return None


_HIDING: dict[Vendor, tuple[str, ...]] = {
    "nvidia": ("CUDA_VISIBLE_DEVICES",),
    "amd": ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
}
"""Variables that say which cards a program may see, by whose they are."""


def hiding_variable(
    card: Graphics, *, others_seen: bool, environment: Mapping[str, str] = os.environ
) -> str | None:
    """The environment variable that hides a card from the engine; None where none does.

    Args:
        card: there, and not among the engine's devices.
        others_seen: whether the engine uses other cards of this maker.
        environment: what the engine is started with.
    """
    for name in _HIDING.get(card.vendor, ()):
        value = environment.get(name)
        # one that names cards hides the rest; where none is seen the engine may know none at all
        if value is not None and (others_seen or value.strip() in ("", "-1")):
            return name
    return None


def hidden_card(card: Graphics, variable: str, system: str = sys.platform) -> Problem:
    """That a variable hides this card, and how to do without it."""
    command = f"Remove-Item Env:{variable}" if system == "win32" else f"unset {variable}"
    return Problem(f"{card.name} is hidden from the engine by {variable}", command)


def computes(card: Graphics) -> bool:
    """Whether a card's driver can do more than show pictures."""
    return card.driver not in (None, "nouveau")


def unused_card(card: Graphics, system: str = sys.platform, find: Finder = shutil.which) -> Problem:
    """Why a card sits idle, and what would change that.

    Args:
        card: there, and not among the engine's devices.
        system: of `sys.platform`.
        find: tells where a program is (`shutil.which`).
    """
    if not computes(card):
        return _without_driver(card, find)
    options, wheel = _build(card, find)
    message = f"{card.name} is there, but this build of the engine cannot use it"
    return Problem(message, reinstall(options, wheel, system))


def reinstall(
    options: str | None = None, wheel: str | None = None, system: str = sys.platform
) -> str:
    """The command that installs the engine anew.

    Without pip's cache, which knows a wheel by its version and not by its build options.

    Args:
        options: of CMake, to compile it; or
        wheel: the name of a ready one's index.
        system: of `sys.platform`.
    """
    package = f"{ENGINE}=={engine_version() or '0.3.36'}"
    install = f"{_quoted(sys.executable)} -m pip install --force-reinstall --no-deps"
    if wheel:
        return f"{install} --only-binary :all: --index-url {WHEELS}/{wheel} {package}"
    install = f"{install} --no-cache-dir {package}"
    if options is None:
        return install
    if system == "win32":  # PowerShell
        return f'$env:CMAKE_ARGS="{options}"; {install}'
    return f'CMAKE_ARGS="{options}" {install}'


def _build(card: Graphics, find: Finder) -> tuple[str | None, str | None]:
    """CMake options where a compiler for the card is there, else a ready wheel."""
    if card.vendor == "apple":
        return "-DGGML_METAL=on", None
    if card.vendor == "nvidia":
        return ("-DGGML_CUDA=on", None) if find("nvcc") else (None, _cuda_wheel(card))
    if card.vendor == "amd" and find("hipcc"):
        return "-DGGML_HIP=on", None
    return ("-DGGML_VULKAN=on", None) if find("glslc") else (None, "vulkan")


def _cuda_wheel(card: Graphics) -> str:
    """The newest runtime for this driver; Vulkan works with drivers that are too old for any."""
    major = (card.driver_version or "").partition(".")[0]
    if not major.isdigit():
        return CUDA_WHEELS[-1][1]
    return next((wheel for least, wheel in CUDA_WHEELS if int(major) >= least), "vulkan")


def _without_driver(card: Graphics, find: Finder) -> Problem:
    """A card whose driver cannot compute."""
    state = "runs on nouveau, which cannot compute" if card.driver else "has no working driver"
    message = f"{card.name} {state}"
    if card.vendor != "nvidia":
        return Problem(f"{message}: install its maker's driver")
    for tool, command in (
        ("ubuntu-drivers", "sudo ubuntu-drivers install"),
        ("apt", "sudo apt install nvidia-driver"),
        ("dnf", "sudo dnf install akmod-nvidia"),
        ("pacman", "sudo pacman -S nvidia"),
    ):
        if find(tool):
            return Problem(f"{message}: install NVIDIA's own", command)
    return Problem(f"{message}: install NVIDIA's own from nvidia.com/drivers")


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
