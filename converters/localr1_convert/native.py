"""The only module that calls llama.cpp's libraries; it runs in a child process.

ggml-base quantizes rows (the kernels of llama-quantize), and libllama says which type each tensor
gets. Wheels hold copies instead of links, so the library must be opened by its SONAME: another
file name would be a second, separate library in memory.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from localr1_convert.row_kernels import RowKernels

F32, F16, BF16 = 0, 1, 30
"""ggml_type numbers of the types that are not blocks."""


class NativeError(Exception):
    """llama.cpp's libraries are missing or refused what was asked; carries their words."""


def library_folder() -> Path:
    """Where llama-cpp-python keeps its libraries.

    Raises:
        NativeError: the package is not installed.
    """
    found = importlib.util.find_spec("llama_cpp")
    if found is None or found.origin is None:
        raise NativeError("llama-cpp-python is not installed")
    return Path(found.origin).parent / "lib"


def _library_names() -> tuple[str, ...]:
    if sys.platform == "win32":
        return ("ggml-base.dll",)
    if sys.platform == "darwin":
        return ("libggml-base.0.dylib", "libggml-base.dylib")
    return ("libggml-base.so.0", "libggml-base.so")


class _Traits(ctypes.Structure):
    """struct ggml_type_traits (ggml/include/ggml.h)."""

    _fields_ = (
        ("type_name", ctypes.c_char_p),
        ("block", ctypes.c_int64),
        ("block_interleave", ctypes.c_int64),
        ("block_bytes", ctypes.c_size_t),
        ("is_quantized", ctypes.c_bool),
        ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)),
        ("from_float", ctypes.c_void_p),
    )


class Kernels:
    """ggml-base's row functions. Addresses are plain integers; all calls release the GIL.

    Args:
        asked: which kernels quantize, one of row_kernels.CHOICES.
        types: ggml_type of the tensors that are quantized without an importance matrix.
    """

    def __init__(self, asked: str = "auto", types: Iterable[int] = ()) -> None:
        folder = library_folder()
        name = next((n for n in _library_names() if (folder / n).exists()), None)
        if name is None:
            raise NativeError(f"{_library_names()[0]} is not in llama-cpp-python's folder")
        if sys.platform == "win32":
            os.add_dll_directory(str(folder))
        library = ctypes.CDLL(str(folder / name))
        address, size = ctypes.c_void_p, ctypes.c_int64
        library.ggml_quantize_chunk.argtypes = (
            ctypes.c_int, address, address, size, size, size, address
        )  # fmt: skip
        library.ggml_quantize_chunk.restype = ctypes.c_size_t
        library.ggml_validate_row_data.argtypes = (ctypes.c_int, address, ctypes.c_size_t)
        library.ggml_validate_row_data.restype = ctypes.c_bool
        library.ggml_get_type_traits.restype = ctypes.POINTER(_Traits)
        for name in ("ggml_bf16_to_fp32_row", "ggml_fp16_to_fp32_row"):
            getattr(library, name).argtypes = (address, address, size)
            getattr(library, name).restype = None
        self._library = library
        self.own = RowKernels(library, asked, types, self._quantize_with_ggml)

    def to_float(self, type_number: int) -> Callable[[int, int, int], None]:
        """A function (source, target, values) that turns values of a type into float32."""
        if type_number == F32:
            return _copy_floats
        if type_number == BF16:
            return self._library.ggml_bf16_to_fp32_row
        if type_number == F16:
            return self._library.ggml_fp16_to_fp32_row
        traits = self._library.ggml_get_type_traits(type_number).contents
        if not traits.to_float:
            raise NativeError(f"llama.cpp cannot read tensors of type number {type_number}")
        return traits.to_float  # type: ignore[no-any-return] # a ctypes function pointer

    def quantize(
        self, type_number: int, source: int, target: int, *, values: int, columns: int,
        imatrix: int | None,
    ) -> None:  # fmt: skip
        """Quantize float32 rows of `columns` values."""
        own = self.own.by_type.get(type_number)
        if own is not None and imatrix is None:
            own(source, target, values)
            return
        self._library.ggml_quantize_chunk(
            type_number, source, target, 0, values // columns, columns, imatrix
        )

    def _quantize_with_ggml(self, type_number: int, source: int, target: int, values: int) -> None:
        self._library.ggml_quantize_chunk(type_number, source, target, 0, 1, values, None)

    def all_finite(self, type_number: int, address: int, size_bytes: int) -> bool:
        """Whether no value (or block scale) is NaN or infinite."""
        valid: bool = self._library.ggml_validate_row_data(type_number, address, size_bytes)
        return valid


def _copy_floats(source: int, target: int, values: int) -> None:
    ctypes.memmove(target, source, values * 4)


_PLANNED = re.compile(
    r"\[\s*\d+/\s*\d+\]\s+(\S+)\s+- \[[^\]]*\], type =\s*(\S+), size =[^\n(]*(?:\((\w+)\))?"
)


def choose_types(
    model: Path,
    file_type: int,
    *,
    pure: bool,
    has_imatrix: bool,
    output_type: int | None,
    embedding_type: int | None,
    overrides: list[tuple[str, int]],
) -> tuple[dict[str, str], bool]:
    """Ask llama.cpp's quantizer, in a dry run, which type each tensor gets.

    Args:
        model: a GGUF with the real metadata and tensor names; two rows a matrix are enough.
        file_type: a llama_ftype.
        overrides: regular expression and ggml_type, the first match wins.

    Returns:
        The types' names in upper case by tensor name, and whether an importance matrix is needed.

    Raises:
        NativeError: llama.cpp refused, with its words.
    """
    import llama_cpp

    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = file_type
    params.dry_run = True
    params.pure = pure
    params.allow_requantize = True
    if output_type is not None:
        params.output_tensor_type = output_type
    if embedding_type is not None:
        params.token_embedding_type = embedding_type
    kept = _native_options(llama_cpp, params, has_imatrix, overrides)
    with _captured_log(llama_cpp) as pieces:
        failed = llama_cpp.llama_model_quantize(os.fsencode(model), b"", ctypes.byref(params))
    del kept
    log = "".join(pieces)
    if failed:
        reasons = re.findall(r"failed to quantize: (.*)", log) or ["no reason was given"]
        raise NativeError(reasons[-1].strip())
    types = {name: (new or old).upper() for name, old, new in _PLANNED.findall(log)}
    return types, "will require an imatrix" in log


def _native_options(
    llama_cpp: Any, params: Any, has_imatrix: bool, overrides: list[tuple[str, int]]
) -> list[Any]:
    """Fill in the options that are C arrays; what is returned must outlive the call."""
    kept: list[Any] = []
    if has_imatrix:
        # Only its presence matters to the choice of types.
        values = (ctypes.c_float * 1)(1.0)
        array = (llama_cpp.llama_model_imatrix_data * 2)()
        array[0].name, array[0].data, array[0].size = b"-", values, 1
        params.imatrix = array
        kept += [values, array]
    if overrides:
        types = (llama_cpp.llama_model_tensor_override * (len(overrides) + 1))()
        for entry, (pattern, number) in zip(types, overrides, strict=False):
            entry.pattern, entry.type = pattern.encode(), number
        params.tt_overrides = types
        kept.append(types)
    return kept


class _captured_log:  # used like a function
    """Collects what llama.cpp logs inside a `with` block."""

    def __init__(self, llama_cpp: Any) -> None:
        self._llama_cpp = llama_cpp
        self._pieces: list[str] = []

        @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator] # ctypes
        def keep(_level: int, text: bytes, _user: Any) -> None:
            self._pieces.append(text.decode("utf-8", "replace"))

        self._callback = keep

    def __enter__(self) -> list[str]:
        self._llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))
        return self._pieces

    def __exit__(self, *_: object) -> None:
        @self._llama_cpp.llama_log_callback  # type: ignore[untyped-decorator] # ctypes
        def drop(_level: int, _text: bytes, _user: Any) -> None:
            pass

        _KEPT_CALLBACKS.append(drop)
        self._llama_cpp.llama_log_set(drop, ctypes.c_void_p(0))


_KEPT_CALLBACKS: list[Any] = []
"""llama.cpp keeps the pointer, so the callback must never be collected."""


class Buffer:
    """Memory for one thread, with its address; grows but never moves while it is large enough."""

    def __init__(self) -> None:
        self._array: Any = (ctypes.c_char * 0)()

    def reserve(self, size_bytes: int) -> int:
        """The address of at least so many bytes."""
        if len(self._array) < size_bytes:
            self._array = (ctypes.c_char * size_bytes)()
        return ctypes.addressof(self._array)

    def view(self, size_bytes: int) -> memoryview:
        """The first bytes, without a copy."""
        return memoryview(self._array).cast("B")[:size_bytes]


def address_of(buffer: Any) -> int:
    """The address of a buffer's first byte. ctypes tells it of writable memory only, and a file
    is mapped read-only.
    """
    import numpy

    return int(numpy.frombuffer(buffer, dtype=numpy.uint8).ctypes.data)


def run_in_threads(count: int, work: Callable[[], None]) -> Iterator[threading.Thread]:
    """Start `count` threads that all run `work`."""
    for number in range(count):
        thread = threading.Thread(target=work, name=f"rows-{number}", daemon=True)
        thread.start()
        yield thread
