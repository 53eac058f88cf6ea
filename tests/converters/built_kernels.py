"""localr1's quantization kernels, compiled from this checkout whatever the installed engine has."""

from __future__ import annotations

import ctypes
import subprocess
from functools import cache
from pathlib import Path

from localr1_convert import native, row_kernels

SOURCES = Path(__file__).parents[2] / "packaging" / "engine" / "quantize"
TABLES = ("localr1_baseline_kernels", "localr1_avx2_kernels")
_FLAGS = ("-std=gnu++17", "-O3", "-DNDEBUG", "-fPIC", "-ffp-contract=off", "-fno-math-errno")


def build(folder: Path) -> Path:
    """A shared library of the kernels, with the flags of packaging/engine/quantize.cmake."""
    objects = []
    for name, flags in (("baseline", ()), ("avx2", ("-mavx2",)), ("row_kernels", ())):
        target = folder / f"{name}.o"
        command = ["c++", *_FLAGS, *flags, "-c", SOURCES / f"{name}.cpp", "-o", target]
        subprocess.run(command, check=True)
        objects.append(target)
    library = folder / "kernels.so"
    # -Bsymbolic: its own tables, even if the installed engine has some of the same names.
    subprocess.run(["c++", "-shared", "-Wl,-Bsymbolic", *objects, "-o", library], check=True)
    return library


@cache
def ggml_base() -> ctypes.CDLL:
    """The installed libggml-base, its symbols visible to libraries that are opened later."""
    folder = native.library_folder()
    name = next(n for n in native._library_names() if (folder / n).exists())
    return ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)


def opened(library: Path) -> ctypes.CDLL:
    """The kernels' library, bound to the installed ggml-base."""
    ggml_base()
    return ctypes.CDLL(str(library))


def table(library: ctypes.CDLL, name: str) -> row_kernels._Table:
    """The kernels for one instruction set."""
    return row_kernels._Table.in_dll(library, name)
