"""What the engine says of a GPU that failed, as one sentence with what to do next.

CUDA and its relatives have no errors to hand back: ggml logs what the driver said and aborts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from localr1.errors import EngineMissing, EngineStopped
from localr1.terminal_text import clean_line
from localr1.units import memory_size

TAKE_LESS = (
    "leave --n-gpu-layers to localr1, give fewer layers or a smaller --n-ctx, or end other "
    "programs that use the GPU"
)
_KEPT = "nothing that was said is lost"
_OUT_OF_MEMORY = re.compile(r"out of memory|OutOfDeviceMemory", re.IGNORECASE)
_ALLOCATING = re.compile(r"allocating ([\d.]+) MiB on device \d+")
_DRIVER_ERROR = re.compile(r"(?:CUDA|ROCm|MUSA) error: (.+)")
"""ggml-cuda.cu, ggml_cuda_error."""
_MISSING_LIBRARY = re.compile(r"(\S+\.so\S*): cannot open shared object file")
"""As the loader of Linux says it."""
_OTHER_CARD = re.compile(r"no kernel image|invalid device function", re.IGNORECASE)


def no_room(log_lines: Iterable[str]) -> str | None:
    """That a GPU has too little memory, and for what; None where that is not the reason."""
    lines = [line for line in log_lines if _OUT_OF_MEMORY.search(line)]
    if not lines:
        return None
    sizes = (_ALLOCATING.search(line) for line in lines)
    asked = next((float(size[1]) for size in sizes if size), None)
    if asked is None:
        return "the GPU has too little free memory"
    return f"the GPU has no room for {memory_size(int(asked * (1 << 20)))} more"


def not_loaded(error: Exception) -> EngineMissing:
    """Why the engine library does not load: most often a library of the GPU's is not there."""
    missing = _MISSING_LIBRARY.search(str(error))
    if not missing:
        return EngineMissing(f"the engine library does not load: {clean_line(str(error), 300)}")
    return EngineMissing(
        f"the engine library does not load: it needs {clean_line(missing[1], 80)}, which is not "
        "found on this computer",
        "install it with the GPU's toolkit or driver, or install an engine without it",
    )


def explain(log_lines: Iterable[str]) -> EngineStopped | None:
    """Why the engine aborted; None where no GPU was the reason.

    Args:
        log_lines: errors that it logged before.
    """
    lines = list(log_lines)
    said = next(filter(None, map(_DRIVER_ERROR.search, lines)), None)
    if _OUT_OF_MEMORY.search(said[1]) if said else no_room(lines):
        return EngineStopped("the GPU ran out of memory", f"{_KEPT}; {TAKE_LESS}")
    if said is None:
        return None
    if _OTHER_CARD.search(said[1]):
        hint = "build the engine on this computer: `localr1 doctor` shows how"
        return EngineStopped("this build of the engine is for other GPUs than this one", hint)
    what = f"the GPU failed: {clean_line(said[1], 200)}"
    return EngineStopped(what, f"{_KEPT}; --n-gpu-layers 0 does without the GPU")
