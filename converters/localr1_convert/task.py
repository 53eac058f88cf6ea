"""One tensor's way from a source file into an output file, as plain values."""

from __future__ import annotations

import msgspec

from localr1_convert.quant_types import BY_NUMBER

PIECE_VALUES = 1 << 19
"""Values that one thread takes at a time: bounds memory whatever the size of a tensor."""


class TensorTask(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the child process needs to know about one tensor. Offsets are in bytes."""

    name: str
    source: str = ""
    offset: int = 0
    source_type: int = 0
    """ggml_type of the source."""
    type: int
    """ggml_type of the target."""
    rows: int
    columns: int
    heads: int = 0
    """Above 0: rows are reordered within so many heads."""
    file: int = 0
    """Number of the output file."""
    position: int
    """Where the tensor begins in its output file."""
    imatrix: tuple[str, int, int, int] | None = None
    """File, offset of the sums, offset of the count, number of values."""
    content: str | None = None
    """The tensor itself in hexadecimal, where it has no source."""

    @property
    def is_quantized(self) -> bool:
        """Whether its values change on the way."""
        return self.content is None and self.source_type != self.type

    @property
    def source_bytes(self) -> int:
        """Bytes read."""
        if self.content is not None:
            return 0
        return BY_NUMBER[self.source_type].size_bytes(self.columns) * self.rows

    @property
    def size_bytes(self) -> int:
        """Bytes written."""
        return BY_NUMBER[self.type].size_bytes(self.columns) * self.rows

    @property
    def rows_per_piece(self) -> int:
        """Rows that one thread takes at a time."""
        return max(1, PIECE_VALUES // self.columns)

    @property
    def pieces(self) -> int:
        """In how many pieces the tensor is written."""
        return -(-self.rows // self.rows_per_piece)

    def piece_rows(self, piece: int) -> tuple[int, int]:
        """The first row of a piece, and how many rows it has."""
        first = piece * self.rows_per_piece
        return first, min(self.rows_per_piece, self.rows - first)

    def piece_position(self, piece: int) -> int:
        """Where a piece begins in the output file."""
        row_bytes = BY_NUMBER[self.type].size_bytes(self.columns)
        return self.position + piece * self.rows_per_piece * row_bytes

    def source_row(self, row: int) -> int:
        """The source's row for a target's row: the halves of a head, taken in turn.

        As LlamaModel.permute of llama.cpp's converter (conversion/llama.py).
        """
        size = self.rows // self.heads
        head, within = divmod(row, size)
        return head * size + within % 2 * (size // 2) + within // 2
