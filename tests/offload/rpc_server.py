"""llama.cpp's RPC server, lending the CPU of this computer: `python rpc_server.py PORT`.

It is what the program ggml-rpc-server does, for one client after the other.
"""

from __future__ import annotations

import ctypes
import os
import sys

import llama_cpp.llama_cpp as llama

CPU = 0
"""GGML_BACKEND_DEVICE_TYPE_CPU."""


def serve(port: int) -> None:
    """Serve on the loopback address; returns when the port cannot be had."""
    library = llama._lib
    for name in ("ggml_backend_reg_by_name", "ggml_backend_reg_get_proc_address"):
        getattr(library, name).restype = ctypes.c_void_p
    library.ggml_backend_reg_get_proc_address.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.ggml_backend_dev_by_type.restype = ctypes.c_void_p
    backend = library.ggml_backend_reg_by_name(b"RPC")
    address = library.ggml_backend_reg_get_proc_address(backend, b"ggml_backend_rpc_start_server")
    devices = (ctypes.c_void_p * 1)(library.ggml_backend_dev_by_type(CPU))
    texts, sizes = (ctypes.c_char_p,) * 2, (ctypes.c_size_t,) * 2
    start = ctypes.CFUNCTYPE(None, *texts, *sizes, ctypes.c_void_p)(address)
    start(f"127.0.0.1:{port}".encode(), None, 1, len(devices), ctypes.addressof(devices))


if __name__ == "__main__":
    # its clients wait for it anyway; keys and other tests should not
    os.nice(10)
    serve(int(sys.argv[1]))
