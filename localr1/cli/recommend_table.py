"""What is recommended, as a table for a person and as a document for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from localr1.advice.computer import Computer
from localr1.advice.model_row import ModelRow
from localr1.cli.output import Style, Styled
from localr1.units import download_size, memory_size

_HEADINGS = ("model", "file", "GPQA", "AIME", "window", "on GPU", "tokens/s")
_WIDTHS = (27, 8, 5, 5, 7, 7, 9)
_INDENT = "  "
_LINE_CELLS = 78
_ROLES = {"pick": "Take", "faster": "Faster", "stronger": "Stronger"}


def table(
    rows: Sequence[ModelRow], computer: Computer, *, shows_all: bool
) -> Iterator[list[Styled]]:
    """The lines, at most 80 cells wide.

    Args:
        rows: of `advice.recommend`.
        computer: that they were planned for.
        shows_all: every quant.
    """
    yield [(f"{_about(computer)}\n\n", "")]
    yield [(_line("", _HEADINGS), "dim")]
    for row in rows:
        if shows_all or row.best_of_model:
            yield from _row(row)
    yield [("\n", "")]
    for role, heading in _ROLES.items():
        for row in rows:
            if row.role == role:
                yield from _sentence(heading, row)
    if not any(row.is_pick for row in rows):
        yield [("Nothing of the catalog fits here. `localr1 run demo` needs no room.\n", "bold")]
    yield [(f"\n{text}\n", "dim") for text in [_footnote(rows)]]


def document(rows: Sequence[ModelRow], computer: Computer, notices: Sequence[str]) -> str:
    """The same as JSON; all rows."""
    by_role = {role: [row.reference for row in rows if row.role == role] for role in _ROLES}
    told = {
        "memory_available_bytes": computer.machine.memory.available_bytes,
        "bandwidth_bytes_per_second": computer.host_bandwidth and round(computer.host_bandwidth),
        **{role: found[0] if found else None for role, found in by_role.items()},
        "rows": rows,
        "notices": notices,
    }
    return msgspec.json.format(msgspec.json.encode(told)).decode() + "\n"


def _about(computer: Computer) -> str:
    memory = computer.machine.memory
    limit = f", limited by {memory.limit_source}" if memory.limit_source else ""
    parts = [f"{memory_size(memory.available_bytes)} of memory free{limit}"]
    if computer.host_bandwidth:
        parts.append(f"read at {computer.host_bandwidth / 1e9:.0f} GB/s")
    for device in computer.devices:
        if device.kind != "cpu" and device.total_bytes:
            parts.append(f"{device.description or device.name} {memory_size(device.free_bytes)}")
    return ", ".join(parts)


def _row(row: ModelRow) -> Iterator[list[Styled]]:
    style: Style = "bold" if row.is_pick else "" if row.fits else "dim"
    yield [(_line("*" if row.is_pick else "", _cells(row)), style)]


def _cells(row: ModelRow) -> tuple[str, ...]:
    size = download_size(row.size_bytes)
    scores = (_score(row.scores.gpqa_diamond), _score(row.scores.aime_2024))
    if row.is_offered is False:
        return (row.reference, "-", *scores, "not on the hub")
    if not row.fits:
        return (row.reference, size, *scores, f"needs {memory_size(row.memory_bytes)}")
    layers = f"{row.n_gpu_layers}/{row.n_layers}" if row.n_gpu_layers else "-"
    speed = f"~{row.tokens_per_second:.1f}" if row.tokens_per_second else "?"
    return (row.reference, size, *scores, f"{row.n_ctx:,}", layers, speed)


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _line(mark: str, cells: Sequence[str]) -> str:
    """A line; where there are fewer cells than columns, the last one begins its column."""
    first, *others = cells
    padded = [first.ljust(_WIDTHS[0])]
    for number, (cell, width) in enumerate(zip(others, _WIDTHS[1:], strict=False), start=1):
        is_last_of_few = number == len(cells) - 1 < len(_WIDTHS) - 1
        padded.append(cell if is_last_of_few else cell.rjust(width))
    return f"{mark:<2}{' '.join(padded)}".rstrip() + "\n"


def _sentence(heading: str, row: ModelRow) -> Iterator[list[Styled]]:
    import textwrap

    text = f"{heading} {row.reference}: {row.reason}."
    lines = textwrap.wrap(text, _LINE_CELLS, subsequent_indent=_INDENT, break_on_hyphens=False)
    yield [("\n".join(lines) + "\n", "bold" if row.is_pick else "")]
    if row.is_pick:
        yield [(f"{_INDENT}localr1 pull {row.reference}\n", "")]


def _footnote(rows: Sequence[ModelRow]) -> str:
    import textwrap

    known = "" if any(row.size_is_exact for row in rows) else "Sizes are computed, s"
    text = (
        f"{known or 'S'}peeds are estimates. Scores are those that the authors published of the "
        "models before quantizing (GPQA Diamond, AIME 2024)."
    )
    return "\n".join(textwrap.wrap(text, _LINE_CELLS))
