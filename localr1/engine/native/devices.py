"""ggml's device registry: what this build can compute on, and computers that join it by RPC."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp
import llama_cpp.llama_cpp as llama

from localr1.engine.native.library import ggml_library
from localr1.errors import EngineError
from localr1.hardware.machine import Device

_DEVICE_KINDS = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accel"}
"""enum ggml_backend_dev_type."""

MOST_DEVICES: int = llama.LLAMA_MAX_DEVICES
"""Devices that can share a model."""


def _declared(library: str, name: str, result: Any, *arguments: Any) -> Any:
    """A function of ggml with its types; without them handles would be cut to 32 bits."""
    function = getattr(ggml_library(library), name)
    function.restype, function.argtypes = result, arguments
    return function


def device_handles() -> list[int]:
    """ggml_backend_dev_t of each device, in the registry's order."""
    count = _declared("ggml", "ggml_backend_dev_count", ctypes.c_size_t)
    get = _declared("ggml", "ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    return [get(index) for index in range(count())]


def device_name(handle: int) -> str:
    """What the registry calls a device: CUDA0, RPC0..."""
    return _device_text("name", handle)


def devices(*, measure: bool = True) -> tuple[Device, ...]:
    """What the registry lists.

    Args:
        measure: ask for memory sizes, else they are 0. For that CUDA takes memory of its own,
            and RPC connects to the server.
    """
    return tuple(_device(handle, measure=measure) for handle in device_handles())


def _device_text(what: str, handle: int) -> str:
    read = _declared("ggml-base", f"ggml_backend_dev_{what}", ctypes.c_char_p, ctypes.c_void_p)
    return str((read(handle) or b"").decode("utf-8", "replace"))


def _device(handle: int, *, measure: bool) -> Device:
    kind = _declared("ggml-base", "ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)
    free_bytes, total_bytes = _memory(handle) if measure else (0, 0)
    return Device(
        name=device_name(handle),
        description=_device_text("description", handle),
        kind=_DEVICE_KINDS.get(kind(handle), "other"),
        free_bytes=free_bytes,
        total_bytes=total_bytes,
    )


def _memory(handle: int) -> tuple[int, int]:
    """Free and total bytes of a device."""
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    size = ctypes.POINTER(ctypes.c_size_t)
    read = _declared("ggml-base", "ggml_backend_dev_memory", None, ctypes.c_void_p, size, size)
    read(handle, ctypes.byref(free), ctypes.byref(total))
    return free.value, total.value


def add_rpc_server(server: str) -> None:
    """Connect to an RPC server and add its devices to the registry; a second time does nothing.

    Where nothing answers, or something that is not such a server, ggml aborts the process
    (ggml-rpc.cpp, rpc_dispatcher::start). Where something takes the connection and stays
    silent, this never returns.

    Args:
        server: HOST:PORT.

    Raises:
        EngineError: this build has no RPC backend, or the server lends no device.
    """
    by_name = _declared("ggml", "ggml_backend_reg_by_name", ctypes.c_void_p, ctypes.c_char_p)
    backend = by_name(b"RPC")
    if not backend:
        raise EngineError(
            "this build of the engine has no RPC backend",
            "build it with one: CMAKE_ARGS=-DGGML_RPC=ON pip install --force-reinstall "
            f"--no-cache-dir --no-deps llama-cpp-python=={llama_cpp.__version__}",
        )
    find = _declared(
        "ggml-base",
        "ggml_backend_reg_get_proc_address",
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p),
    )
    address = find(backend, b"ggml_backend_rpc_add_server")
    add_server = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)(address)
    added = add_server(server.encode())
    if not added:
        raise EngineError(f"the RPC server {server} lends no device")
    _declared("ggml", "ggml_backend_register", None, ctypes.c_void_p)(added)
