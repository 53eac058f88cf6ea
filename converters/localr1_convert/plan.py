"""What a conversion will do: a type for each tensor, where each lies in the output, the files."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from localr1.errors import ModelRefused, UsageError
from localr1.terminal_text import clean_line
from localr1_convert import gguf_values as gv
from localr1_convert.child import ChooseTypes
from localr1_convert.child_client import Child
from localr1_convert.imatrix import Imatrix
from localr1_convert.quant_types import (
    LOSSLESS,
    QUANT_TYPES,
    TENSOR_TYPES,
    TensorType,
    needs_imatrix,
)
from localr1_convert.source import Source, SourceTensor
from localr1_convert.task import TensorTask

_QUANTIZATION_VERSION = 2
"""GGML_QNT_VERSION (ggml/include/ggml.h)."""

_ORACLE_ROWS = 2
"""Rows of the matrices in the file for llama.cpp's dry run: one row would be a vector to it."""


@dataclass(frozen=True)
class Options:
    """How to convert, as llama-quantize's options of the same names."""

    quant: str = "Q4_K_M"
    imatrix: Imatrix | None = None
    tensor_types: tuple[tuple[str, TensorType], ...] = ()
    """Regular expression on the tensor's name, and its type."""
    output_type: TensorType | None = None
    embedding_type: TensorType | None = None
    pure: bool = False
    allow_requantize: bool = False
    split_bytes: int = 0
    """Above 0: the most bytes of weights a file holds."""


@dataclass(frozen=True)
class PlannedTensor:
    """A tensor with its target type and its place in an output file."""

    source: SourceTensor
    type: TensorType
    file: int
    offset: int
    """From the end of the file's header."""

    @property
    def size_bytes(self) -> int:
        """Bytes it takes in the output."""
        return self.type.size_bytes(self.source.values)


@dataclass(frozen=True)
class PlannedFile:
    """One output file: its header, and its full size."""

    path: Path
    header: bytes
    size_bytes: int

    @property
    def partial(self) -> Path:
        """Its name while it is not complete."""
        return self.path.with_name(self.path.name + ".partial")


@dataclass(frozen=True)
class Plan:
    """A conversion, ready to run."""

    source: Source
    options: Options
    tensors: tuple[PlannedTensor, ...]
    files: tuple[PlannedFile, ...]
    notices: tuple[str, ...] = field(default=())

    @property
    def size_bytes(self) -> int:
        """All output files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def bits_per_weight(self) -> float:
        """Bits of the tensors for each number in them."""
        return sum(t.size_bytes for t in self.tensors) * 8 / max(1, self.source.parameters)

    @property
    def journal(self) -> Path:
        """Where progress is kept until the conversion is complete."""
        first = self.files[0].partial
        return first.with_name(first.name + ".journal")

    def tasks(self) -> tuple[TensorTask, ...]:
        """The work for the child process."""
        return tuple(self._task(tensor) for tensor in self.tensors)

    def _task(self, tensor: PlannedTensor) -> TensorTask:
        source = tensor.source
        columns = 1 if source.heads and len(source.shape) == 1 else source.shape[-1]
        imatrix = self.options.imatrix
        row = imatrix.row(source.name, source.shape) if imatrix and tensor.type.block > 1 else None
        return TensorTask(
            name=source.name,
            source=str(source.path.absolute()) if source.path else "",
            offset=source.offset,
            source_type=source.stored_type.number,
            type=tensor.type.number,
            rows=source.values // max(1, columns),
            columns=columns,
            heads=source.heads,
            file=tensor.file,
            position=len(self.files[tensor.file].header) + tensor.offset,
            imatrix=row,
            content=source.content.hex() if source.content is not None else None,
        )

    def fingerprint(self) -> str:
        """SHA-256 of everything that the output's bytes depend on."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(hashlib.sha256(file.header).digest())
        inputs = [*self.source.files]
        if self.options.imatrix:
            inputs.append(self.options.imatrix.path)
        for path in inputs:
            status = path.stat()
            digest.update(json.dumps([str(path), status.st_size, status.st_mtime_ns]).encode())
        return digest.hexdigest()


def make_plan(source: Source, options: Options, output: Path, child: Child) -> Plan:
    """Let llama.cpp choose the types, and lay the output out.

    Args:
        output: the file to make; with a split, its name without the numbers.

    Raises:
        UsageError: the quant needs an importance matrix, or llama.cpp refuses the options.
        ModelRefused: the source is already quantized, or a type does not fit a shape.
    """
    if source.is_lossy and not options.allow_requantize:
        raise ModelRefused(
            f"{clean_line(source.path.name, 80)} is already quantized: quantizing it again loses "
            "more quality",
            "use a 16-bit GGUF or the checkpoint, or pass --allow-requantize",
        )
    types = _chosen_types(source, options, child)
    _check_imatrix(source, options, types)
    metadata = _final_metadata(source, options)
    groups = _groups(source, types, options.split_bytes)
    tensors: list[PlannedTensor] = []
    files: list[PlannedFile] = []
    for number, group in enumerate(groups):
        planned, data_bytes = _laid_out(group, types, number)
        tensors += planned
        keys = metadata if number == 0 else {}
        if options.split_bytes:
            keys = {**keys, **_split_keys(number, len(groups), len(source.tensors))}
        header = gv.header(
            keys, [(t.source.name, t.source.shape, t.type.number, t.offset) for t in planned]
        )
        path = _part_path(output, number, len(groups)) if options.split_bytes else output
        files.append(PlannedFile(path, header, len(header) + data_bytes))
    return Plan(source, options, tuple(tensors), tuple(files), tuple(source.notices))


def _chosen_types(source: Source, options: Options, child: Child) -> dict[str, TensorType]:
    with tempfile.TemporaryDirectory(prefix="localr1-") as folder:
        model = Path(folder) / "types.gguf"
        _write_oracle_model(model, source)
        reply = child.choose_types(
            ChooseTypes(
                model=str(model),
                file_type=QUANT_TYPES[options.quant],
                pure=options.pure,
                has_imatrix=options.imatrix is not None,
                output_type=options.output_type.number if options.output_type else None,
                embedding_type=options.embedding_type.number if options.embedding_type else None,
                overrides=tuple((pattern, kind.number) for pattern, kind in options.tensor_types),
            )
        )
    if reply.needs_imatrix and options.imatrix is None:
        raise UsageError(
            f"{options.quant} needs an importance matrix: without one the model would be garbage",
            "pass one made by llama-imatrix with --imatrix FILE, or choose a larger quant",
        )
    chosen = {name: TENSOR_TYPES[kind] for name, kind in reply.types.items()}
    return {t.name: _fitting(t, chosen[t.name]) for t in source.tensors}


def _fitting(tensor: SourceTensor, kind: TensorType) -> TensorType:
    if tensor.shape[-1] % kind.block:
        raise UsageError(
            f"{kind.name} needs rows of a multiple of {kind.block} values; "
            f"{clean_line(tensor.name, 80)} has {tensor.shape[-1]}"
        )
    return kind


def _write_oracle_model(path: Path, source: Source) -> None:
    """A GGUF for the dry run: the real metadata but no vocabulary, and matrices of two rows."""
    metadata = {k: v for k, v in source.metadata.items() if not k.startswith("tokenizer.")}
    entries = []
    position = 0
    for tensor in source.tensors:
        shape = (*(min(n, _ORACLE_ROWS) for n in tensor.shape[:-1]), tensor.shape[-1])
        values = shape[-1]
        for size in shape[:-1]:
            values *= size
        entries.append((tensor.name, shape, tensor.type.number, position))
        position += _padded(tensor.type.size_bytes(values))
    with path.open("wb") as file:
        file.write(gv.header(metadata, entries))
        file.truncate(file.tell() + position)


def _check_imatrix(source: Source, options: Options, types: dict[str, TensorType]) -> None:
    """Refuse before the first byte what llama-quantize refuses in the middle."""
    for tensor in source.tensors:
        kind = types[tensor.name]
        if kind is tensor.type or kind.name in LOSSLESS:
            continue
        row = options.imatrix.row(tensor.name, tensor.shape) if options.imatrix else None
        if row is None and needs_imatrix(tensor.name, kind, options.quant):
            raise UsageError(
                f"{tensor.name} as {kind.name} needs an importance matrix, and there is none for it"
            )


def _final_metadata(source: Source, options: Options) -> gv.KeyValues:
    """The metadata in llama-quantize's order: what it sets itself comes last."""
    metadata = {**source.metadata}
    for key in ("general.quantization_version", "general.file_type", "general.alignment"):
        metadata.pop(key, None)
    metadata["general.quantization_version"] = gv.uint32(_QUANTIZATION_VERSION)
    metadata["general.file_type"] = gv.uint32(QUANT_TYPES[options.quant])
    if options.imatrix is not None:
        for key, value in options.imatrix.metadata().items():
            metadata.pop(key, None)
            metadata[key] = value
    return metadata


def _groups(
    source: Source, types: dict[str, TensorType], split_bytes: int
) -> list[list[SourceTensor]]:
    """The tensors of each output file, by llama-gguf-split's rule (--split-max-size)."""
    groups: list[list[SourceTensor]] = [[]]
    used = 0
    for tensor in source.tensors:
        size = _padded(types[tensor.name].size_bytes(tensor.values))
        if split_bytes and used + size > split_bytes:
            if not groups[-1]:
                raise UsageError(f"--split-max-size is too small for {clean_line(tensor.name, 80)}")
            groups.append([])
            used = 0
        groups[-1].append(tensor)
        used += size
    return groups


def _laid_out(
    group: list[SourceTensor], types: dict[str, TensorType], number: int
) -> tuple[list[PlannedTensor], int]:
    planned: list[PlannedTensor] = []
    offset = 0
    for tensor in group:
        planned.append(PlannedTensor(tensor, types[tensor.name], number, offset))
        offset += _padded(planned[-1].size_bytes)
    return planned, offset


def _split_keys(number: int, files: int, tensors: int) -> gv.KeyValues:
    return {
        "split.no": gv.uint16(number),
        "split.tensors.count": gv.int32(tensors),
        "split.count": gv.uint16(files),
    }


def _part_path(output: Path, number: int, files: int) -> Path:
    """llama.cpp's names of parts (src/llama.cpp, llama_split_path)."""
    stem = output.name.removesuffix(".gguf")
    return output.with_name(f"{stem}-{number + 1:05d}-of-{files:05d}.gguf")


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // gv.ALIGNMENT) * gv.ALIGNMENT
