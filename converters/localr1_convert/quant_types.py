"""llama.cpp's file types ("quants") and tensor types, by name and number.

Numbers are llama_ftype (include/llama.h) and ggml_type (ggml/include/ggml.h); the list of names
is llama-quantize's (tools/quantize/quantize.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass

from localr1.errors import UsageError
from localr1.terminal_text import clean_line

QUANT_TYPES: dict[str, int] = {
    "F32": 0, "F16": 1, "BF16": 32, "Q8_0": 7, "Q6_K": 18, "Q5_K_M": 17, "Q5_K_S": 16,
    "Q4_K_M": 15, "Q4_K_S": 14, "Q3_K_L": 13, "Q3_K_M": 12, "Q3_K_S": 11, "Q2_K": 10,
    "Q2_K_S": 21, "Q5_1": 9, "Q5_0": 8, "Q4_1": 3, "Q4_0": 2, "IQ4_NL": 25, "IQ4_XS": 30,
    "IQ3_M": 27, "IQ3_S": 26, "IQ3_XS": 22, "IQ3_XXS": 23, "IQ2_M": 29, "IQ2_S": 28,
    "IQ2_XS": 20, "IQ2_XXS": 19, "IQ1_M": 31, "IQ1_S": 24, "TQ2_0": 37, "TQ1_0": 36,
    "MXFP4_MOE": 38, "Q2_0": 41, "Q1_0": 40,
}  # fmt: skip
DEFAULT_QUANT = "Q4_K_M"
_ALIASES = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}


@dataclass(frozen=True)
class TensorType:
    """A tensor's element type: blocks of `block` values take `block_bytes`."""

    name: str
    number: int
    block: int
    block_bytes: int

    def size_bytes(self, values: int) -> int:
        """The size of `values` values, a multiple of the block."""
        return values // self.block * self.block_bytes


_TYPES = (
    TensorType("F32", 0, 1, 4), TensorType("F16", 1, 1, 2), TensorType("BF16", 30, 1, 2),
    TensorType("Q4_0", 2, 32, 18), TensorType("Q4_1", 3, 32, 20), TensorType("Q5_0", 6, 32, 22),
    TensorType("Q5_1", 7, 32, 24), TensorType("Q8_0", 8, 32, 34), TensorType("Q2_K", 10, 256, 84),
    TensorType("Q3_K", 11, 256, 110), TensorType("Q4_K", 12, 256, 144),
    TensorType("Q5_K", 13, 256, 176), TensorType("Q6_K", 14, 256, 210),
    TensorType("IQ2_XXS", 16, 256, 66), TensorType("IQ2_XS", 17, 256, 74),
    TensorType("IQ3_XXS", 18, 256, 98), TensorType("IQ1_S", 19, 256, 50),
    TensorType("IQ4_NL", 20, 32, 18), TensorType("IQ3_S", 21, 256, 110),
    TensorType("IQ2_S", 22, 256, 82), TensorType("IQ4_XS", 23, 256, 136),
    TensorType("IQ1_M", 29, 256, 56), TensorType("TQ1_0", 34, 256, 54),
    TensorType("TQ2_0", 35, 256, 66), TensorType("MXFP4", 39, 32, 17),
    TensorType("Q1_0", 41, 128, 18), TensorType("Q2_0", 42, 64, 18),
)  # fmt: skip
TENSOR_TYPES: dict[str, TensorType] = {tensor_type.name: tensor_type for tensor_type in _TYPES}
BY_NUMBER: dict[int, TensorType] = {tensor_type.number: tensor_type for tensor_type in _TYPES}
LOSSLESS = frozenset({"F32", "F16", "BF16"})

_NEEDS_IMATRIX = frozenset({"IQ3_XXS", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ1_M", "IQ1_S"})


def parse_quant(name: str) -> str:
    """The canonical name of a quant, whatever the case; Q4_K means Q4_K_M.

    Raises:
        UsageError: unknown.
    """
    upper = name.upper().replace("-", "_")
    canonical = _ALIASES.get(upper, upper)
    if canonical not in QUANT_TYPES:
        raise UsageError(
            f"there is no quant {clean_line(name, 30)!r}", f"choose one of {', '.join(QUANT_TYPES)}"
        )
    return canonical


def parse_tensor_type(name: str) -> TensorType:
    """A tensor type by its name, whatever the case.

    Raises:
        UsageError: unknown.
    """
    found = TENSOR_TYPES.get(name.upper())
    if found is None:
        raise UsageError(
            f"there is no tensor type {clean_line(name, 30)!r}",
            f"choose one of {', '.join(TENSOR_TYPES)}",
        )
    return found


def needs_imatrix(target: str, tensor_type: TensorType, quant: str) -> bool:
    """llama.cpp's rule for tensors that are garbage without an importance matrix
    (src/llama-quant.cpp, tensor_requires_imatrix)."""
    if target in ("token_embd.weight", "output.weight"):
        return False
    return tensor_type.name in _NEEDS_IMATRIX or (quant == "Q2_K_S" and tensor_type.name == "Q2_K")
