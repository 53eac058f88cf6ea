"""The library itself: its handle, its log and its backends."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama

from localr1.errors import EngineMissing

_GGML_LOG_ERROR, _GGML_LOG_CONTINUED = 4, 5
"""enum ggml_log_level."""
_LAYER_LINE = re.compile(r"load_tensors: layer +\d+ assigned to device ([^,]+),")
"""llama-model.cpp, get_layer_buft_list: once a layer, first to last, then the output."""


def ggml_library(name: str) -> Any:
    """The handle to call ggml functions on: dlsym sees through libllama, Windows does not."""
    if sys.platform == "win32":
        return ctypes.CDLL(str(Path(llama.__file__).parent / "lib" / f"{name}.dll"))
    return llama._lib


class NativeLog:
    """What the library says: all of it to standard error, its errors kept for the user."""

    def __init__(self) -> None:
        self._errors: deque[str] = deque(maxlen=20)
        self._layer_devices: list[str] = []
        self._last_level = 0
        # ctypes callbacks must outlive their registration
        self._log_callback = llama.llama_log_callback(self._on_log)
        self._abort_callback = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(self._on_abort)
        llama.llama_log_set(self._log_callback, ctypes.c_void_p(0))
        set_abort_callback = ggml_library("ggml-base").ggml_set_abort_callback
        set_abort_callback.restype = ctypes.c_void_p
        set_abort_callback(self._abort_callback)
        self.on_abort: Callable[[str], None] = lambda _text: None
        """Called with the assertion's text just before the process aborts."""

    @property
    def errors(self) -> list[str]:
        """Error lines that nobody has taken yet."""
        return [line for line in "".join(self._errors).splitlines() if line.strip()]

    def take_errors(self) -> list[str]:
        """Error lines since the last call."""
        lines = self.errors
        self._errors.clear()
        return lines

    def take_layer_devices(self) -> list[str]:
        """The device of each layer loaded since the last call, the output as the last one."""
        names, self._layer_devices = self._layer_devices, []
        return names

    def _on_log(self, level: int, text: bytes | None, _user: object) -> None:
        line = (text or b"").decode("utf-8", "replace")
        sys.stderr.write(line)
        if level != _GGML_LOG_CONTINUED:
            self._last_level = level
        if self._last_level == _GGML_LOG_ERROR:
            self._errors.append(line)
        if layer := _LAYER_LINE.match(line):
            self._layer_devices.append(layer[1])

    def _on_abort(self, text: bytes | None) -> None:
        message = (text or b"").decode("utf-8", "replace")
        sys.stderr.write(message + "\n")
        sys.stderr.flush()
        self.on_abort(message)


def engine_version() -> tuple[str, str]:
    """The binding's version, which is exact about llama.cpp's, and how it was built."""
    from llama_cpp import __version__

    built = llama.llama_print_system_info().decode("utf-8", "replace")
    return f"llama-cpp-python {__version__}", built


def load_backends() -> None:
    """Initialise the library; load the modules of a build with dynamic backends.

    Raises:
        EngineMissing: no backend can be used.
    """
    ggml = ggml_library("ggml")
    if ggml.ggml_backend_reg_count() == 0:
        folder = os.environ.get("LLAMA_CPP_LIB_PATH") or Path(llama.__file__).parent / "lib"
        # a NULL path would make ggml search the current directory as well
        ggml.ggml_backend_load_all_from_path(ctypes.c_char_p(os.fsencode(folder)))
    if ggml.ggml_backend_reg_count() == 0:
        raise EngineMissing(
            "the engine library has no backend that works on this machine",
            "reinstall llama-cpp-python: pip install --force-reinstall --no-cache-dir "
            "llama-cpp-python",
        )
    llama.llama_backend_init()


def instruction_sets() -> tuple[str, ...]:
    """What the CPU code uses: "CPU : SSE3 = 1 | AVX = 1 | ... |" in llama_print_system_info."""
    text = llama.llama_print_system_info().decode("utf-8", "replace")
    cpu = next((part for part in text.split("\n") if "CPU :" in part), text)
    pairs = re.findall(r"(\w+) = (\d+)", cpu.partition("CPU :")[2])
    return tuple(name for name, value in pairs if value != "0")
