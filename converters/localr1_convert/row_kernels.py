"""Which code quantizes rows: localr1's kernels inside libggml-base, or ggml's own.

packaging/engine/quantize.cmake builds localr1's into the library. They do ggml's arithmetic for
many sub-blocks at once, and are used for a type only after they gave ggml's bytes on test blocks in
this very process.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from localr1_convert.quant_types import BY_NUMBER

if TYPE_CHECKING:
    import numpy
    import numpy.typing

QuantizeRows = Callable[[int, int, int], None]
"""(address of float32, address of blocks, number of values)."""

CHOICES = ("auto", "ggml")
TRIAL_BLOCKS = 255
"""Odd, so that the blocks that do not fill all lanes are tried too."""
_BLOCK_VALUES = 256
_NUMBERS = (10, 11, 12, 13, 14)
"""ggml_type of Q2_K to Q6_K, in the table's order."""


class _Table(ctypes.Structure):
    """struct RowKernels (packaging/engine/quantize/kernels.h)."""

    _fields_ = (
        ("instructions", ctypes.c_char_p),
        (
            "quantize",
            ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64) * 5,
        ),
    )


class KernelChoice(msgspec.Struct, frozen=True):
    """Which kernels a conversion uses, and why."""

    reason: str
    instructions: str = ""
    """The processor instructions of localr1's kernels; empty where ggml's do everything."""
    types: tuple[str, ...] = ()
    """What localr1's kernels are used for."""

    def __str__(self) -> str:
        if not self.types:
            return f"ggml's, because {self.reason}"
        return f"localr1's ({self.instructions}) for {', '.join(self.types)}: {self.reason}"


class RowKernels:
    """localr1's kernels of one library, for the types where they are to be used.

    Args:
        library: libggml-base.
        asked: one of CHOICES.
        types: ggml_type of the tensors that are quantized without an importance matrix.
        reference: ggml's own quantization: (type, float32, blocks, number of values).
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        asked: str,
        types: Iterable[int],
        reference: Callable[[int, int, int, int], None],
    ) -> None:
        self.by_type: dict[int, QuantizeRows] = {}
        wanted = [number for number in _NUMBERS if number in set(types)]
        if asked == "ggml":
            self.choice = KernelChoice("they were asked for")
        elif not wanted:
            self.choice = KernelChoice(
                "localr1's are for Q2_K to Q6_K without an importance matrix"
            )
        else:
            self._choose(library, wanted, reference)

    def _choose(
        self, library: ctypes.CDLL, wanted: list[int], reference: Callable[..., None]
    ) -> None:
        table = _table(library)
        if table is None:
            self.choice = KernelChoice(
                "this build of llama-cpp-python lacks localr1's (packaging/engine/slim.cmake)"
            )
            return
        functions = dict(zip(_NUMBERS, table.quantize, strict=True))
        different = [n for n in wanted if not _same_bytes(n, functions[n], reference)]
        if different:
            names = ", ".join(BY_NUMBER[number].name for number in different)
            self.choice = KernelChoice(f"localr1's gave other bytes for {names} in a trial")
            return
        self.by_type = {number: functions[number] for number in wanted}
        self.choice = KernelChoice(
            f"ggml's bytes in a trial of {TRIAL_BLOCKS} blocks",
            table.instructions.decode(),
            tuple(BY_NUMBER[number].name for number in wanted),
        )


def _table(library: ctypes.CDLL) -> Any:
    """The kernels for this processor, or None where the library has none that can be used."""
    try:
        function = library.localr1_row_kernels
    except AttributeError:
        return None
    function.restype = ctypes.POINTER(_Table)
    found = function()
    return found.contents if found else None


def _same_bytes(number: int, own: QuantizeRows, reference: Callable[..., None]) -> bool:
    import numpy

    values = trial_values()
    blocks = numpy.zeros((2, BY_NUMBER[number].size_bytes(values.size)), dtype=numpy.uint8)
    own(values.ctypes.data, blocks[0].ctypes.data, values.size)
    reference(number, values.ctypes.data, blocks[1].ctypes.data, values.size)
    return bool((blocks[0] == blocks[1]).all())


def trial_values() -> numpy.typing.NDArray[numpy.float32]:
    """Values like a model's, and everything that takes another way through the kernels."""
    import numpy

    draw = numpy.random.default_rng(1)
    blocks = draw.standard_normal((TRIAL_BLOCKS, _BLOCK_VALUES), dtype=numpy.float32)
    odd = iter(blocks.reshape(-1, 5, _BLOCK_VALUES)[:, 0])  # every fifth block
    for exponent in range(-44, 38, 4):
        block = next(odd)
        block *= numpy.float32(10.0**exponent)
    for constant in (0.0, -0.0, 1.0, -1.0, 1e-15, 1e-45, 3e38):
        next(odd)[:] = constant
    for sign in (1, -1):
        block = next(odd)
        block[:] = sign * numpy.abs(block)
    for narrow in (1e-3, 1e-6):
        block = next(odd)
        block *= narrow
        block -= 1
    for outlier in (1e4, -1e4, numpy.inf, -numpy.inf, numpy.nan):
        next(odd)[77] = outlier
    next(odd)[16:] = 0
    for block in odd:
        numpy.copyto(block, numpy.round(block))
    return blocks.reshape(-1)
