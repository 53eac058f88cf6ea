"""llama.cpp's own programs, built from the llama-cpp-python sdist of the pinned release."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

WORK = Path(__file__).parent / "work"


def llama_source() -> Path:
    """llama.cpp's source of the installed llama-cpp-python's release."""
    release = version("llama-cpp-python")
    source = WORK / f"llama_cpp_python-{release}" / "vendor" / "llama.cpp"
    if not source.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        _run(
            *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"),
            *("-d", str(WORK), f"llama-cpp-python=={release}"),
        )
        with tarfile.open(WORK / f"llama_cpp_python-{release}.tar.gz") as archive:
            archive.extractall(WORK, filter="data")
    return source


def llama_tool(name: str) -> Path:
    """The program of this name, built on first use (some minutes)."""
    build = WORK / "llama-tools"
    program = build / "bin" / name
    if not program.exists():
        options = ["OPENSSL=OFF", "CURL=OFF", "BUILD_TESTS=OFF", "BUILD_SERVER=OFF"]
        _run(
            *("cmake", "-S", str(llama_source()), "-B", str(build)),
            *("-DCMAKE_BUILD_TYPE=Release", "-DGGML_CCACHE=OFF"),
            *(f"-DLLAMA_{option}" for option in options),
        )
        _run("cmake", "--build", str(build), "--target", name, "--parallel", "2")
    return program


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)
