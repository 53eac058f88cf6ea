"""What `localr1 show` tells of a model: rows for a person, a document for a program."""

from __future__ import annotations

import datetime
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from localr1.advice.report_rows import model_rows
from localr1.chat.template_kind import TemplateKind, template_kind
from localr1.models.records import FileRecord
from localr1.terminal_text import clean_line
from localr1.units import count, download_size

if TYPE_CHECKING:
    from localr1.advice.report import Report
    from localr1.gguf_header import GgufHeader

_LABEL_WIDTH = 12
_VALUE_CHARACTERS = 200
_TOKENIZER = "tokenizer.ggml."


class ShownModel(NamedTuple):
    """A model, as far as it is known without loading it."""

    name: str
    """That it is listed under."""
    place: str
    """The program that keeps it; empty for the library's and for other files."""
    is_link: bool
    header: GgufHeader
    report: Report
    """With the plan of this model."""
    record: FileRecord | None
    last_used: str

    @property
    def licence(self) -> str:
        """As the record or the file names it; empty where neither does."""
        told = self.record.licence if self.record else ""
        return clean_line(told or _text(self.header.metadata, "general.license"), 100)

    @property
    def template(self) -> TemplateKind:
        """Whose prompt template it brings."""
        return template_kind(self.header)


def rows_of(shown: ShownModel) -> Iterator[str]:
    """The model for a person, on lines."""
    header = shown.header
    yield _row("Model", f"{header.name}, {header.quant_type}")
    yield _row("Listed as", f"{shown.name}{f' (kept by {shown.place})' if shown.place else ''}")
    for label, path in zip(("File", *[""] * len(header.parts)), header.parts, strict=False):
        yield _row(label, f"{path.absolute()}{_link_target(path)}")
    yield _row("Size", f"{download_size(header.size_bytes)}, {_parameters(header)}")
    yield _row(
        "Shape",
        f"{clean_line(header.architecture, 60)}, {count(header.n_layer, 'layer')}, width "
        f"{header.n_embd:,}, {header.n_head} heads ({header.n_head_kv} of keys and values)",
    )
    yield _row("Trained for", f"{count(header.n_ctx_train, 'token')} of context")
    yield _row("Licence", shown.licence or "not named")
    yield _row("Template", shown.template.sentence)
    yield _row("Tokenizer", _tokenizer_line(header))
    types = [f"{name} {row['count']:,} ({download_size(row['size_bytes'])})"
             for name, row in tensor_types(header).items()]  # fmt: skip
    yield _row("Tensors", ", ".join(types))
    yield from _provenance(shown)
    yield _row("Last used", _moment(shown.last_used) or "not known")
    for warning in header.warnings:
        yield _row("Warning", warning)
    yield ""
    yield from (row.line for row in model_rows(shown.report) if row.name != "Model")
    if shown.report.plan is None:
        for problem in shown.report.problems[-1:]:
            yield _row("Does not fit", problem.message)


def document_of(shown: ShownModel) -> dict[str, Any]:
    """The model as `--json` prints it."""
    header, template = shown.header, shown.template
    record, plan = shown.record, shown.report.plan
    return {
        "name": shown.name,
        "model_name": header.name,
        "place": shown.place or None,
        "is_link": shown.is_link,
        "files": [path.absolute() for path in header.parts],
        "size_bytes": header.size_bytes,
        "architecture": header.architecture,
        "quant_type": header.quant_type,
        "parameters": header.parameters,
        "n_layer": header.n_layer,
        "n_embd": header.n_embd,
        "n_head": header.n_head,
        "n_head_kv": header.n_head_kv,
        "n_ctx_train": header.n_ctx_train,
        "n_vocab": header.n_vocab,
        "licence": shown.licence or None,
        "template": {"kind": template.kind, "is_used": template.is_used,
                     "sha256": template.fingerprint or None},
        "tokenizer": {"model": _text(header.metadata, _TOKENIZER + "model"),
                      "pre": _text(header.metadata, _TOKENIZER + "pre"),
                      "n_vocab": header.n_vocab, "is_safe": header.pre_tokenizer_is_safe},
        "tensor_types": tensor_types(header),
        "record": msgspec.to_builtins(record) if record else None,
        "last_used": shown.last_used or None,
        "warnings": list(header.warnings),
        "plan": msgspec.to_builtins(plan) if plan else None,
        "problems": [] if plan else [each.message for each in shown.report.problems],
        "metadata": {key: _plain(value) for key, value in header.metadata.items()},
    }  # fmt: skip


def metadata_rows(header: GgufHeader) -> Iterator[str]:
    """Every key of the file's metadata with its value, arrays by their length."""
    for key, value in header.metadata.items():
        plain = _plain(value)
        shown = plain if isinstance(plain, str) else str(plain)
        if isinstance(plain, dict):
            shown = f"[{count(plain['count'], 'value')}]"
        yield f"{clean_line(key, 256)} = {clean_line(shown, _VALUE_CHARACTERS)}"


def tensor_types(header: GgufHeader) -> dict[str, dict[str, int]]:
    """How many tensors of each type there are, and their bytes, the most bytes first."""
    found: dict[str, dict[str, int]] = {}
    for tensor in header.tensors:
        row = found.setdefault(tensor.type_name, {"count": 0, "size_bytes": 0})
        row["count"] += 1
        row["size_bytes"] += tensor.size_bytes
    return dict(sorted(found.items(), key=lambda item: -item[1]["size_bytes"]))


def _row(label: str, text: str) -> str:
    return f"{label:<{_LABEL_WIDTH}} {text}".rstrip()


def _provenance(shown: ShownModel) -> Iterator[str]:
    record = shown.record
    if record is None:
        yield _row("Origin", "no record: neither where it came from nor its checksum is known")
        return
    day = _moment(record.fetched_at)
    if record.origin == "hub":
        repo, path = clean_line(record.repo, 200), clean_line(record.hub_path, 300)
        yield _row("Origin", f"hf:{repo}/{path}, fetched {day}")
        yield _row("", f"revision {clean_line(record.revision, 80)}")
    else:
        yield _row("Origin", f"imported {day} from {clean_line(record.source_path, 1000)}")
    if record.catalog_name:
        yield _row("", f"{clean_line(record.catalog_name, 100)} in the catalog")
    yield _row("SHA-256", record.sha256)


def _moment(text: str) -> str:
    """A moment as the clock here shows it; a text that is none as it stands."""
    try:
        return datetime.datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return clean_line(text, 40)


def _link_target(path: Path) -> str:
    return f" -> {path.resolve()}" if path.is_symlink() else ""


def _parameters(header: GgufHeader) -> str:
    number = header.parameters
    if number >= 1e9:
        return f"{number / 1e9:.2f} billion parameters"
    return f"{number / 1e6:.1f} million parameters"


def _tokenizer_line(header: GgufHeader) -> str:
    model, pre = (_text(header.metadata, _TOKENIZER + key) for key in ("model", "pre"))
    kind = f"{model}, {pre}" if pre else model
    safe = "" if header.pre_tokenizer_is_safe else "; not known to be safe, long runs are cut"
    return f"{clean_line(kind, 100)}, {count(header.n_vocab, 'token')}{safe}"


def _text(metadata: Mapping[str, Any], key: str) -> str:
    value = metadata.get(key)
    return value if isinstance(value, str) else ""


def _plain(value: Any) -> Any:
    """A value for JSON; an array as the number of its values: vocabularies have 150,000."""
    if isinstance(value, (array, Sequence)) and not isinstance(value, str):
        return {"count": len(value)}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
