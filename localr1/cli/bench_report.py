"""What `localr1 bench` shows: a status line, a table row by row, and one JSON document."""

from __future__ import annotations

from typing import Any

import msgspec

from localr1 import paths
from localr1.cli.bench_tuning import best_tuning
from localr1.cli.output import Printer
from localr1.engine.protocol import (
    Bandwidth,
    BenchResult,
    BenchRow,
    BenchStep,
    Event,
    Failed,
    Loading,
    Ready,
)
from localr1.errors import Localr1Error, StorageError
from localr1.gguf_header import GgufHeader
from localr1.hardware.bound import bound_tps, weight_bytes_per_token
from localr1.hardware.machine import Cpu
from localr1.hardware.tuning import Tuning, read_tunings, save_tuning
from localr1.units import count, memory_size

_HEADINGS = ("model", "size", "threads", "test", "t/s", "of bound")
_WIDTHS = (0, 9, 7, 15, 17, 8)
"""Of the columns; the model's name takes what it needs."""
_LEFT = frozenset(("model", "test"))


class BenchReport:
    """Shows a benchmark's events.

    Args:
        printer: the sink.
        header: of the model; None for what is no model file.
        cpu: of this machine.
        as_json: no table, only the last line.
    """

    def __init__(
        self, printer: Printer, header: GgufHeader | None, cpu: Cpu, *, as_json: bool
    ) -> None:
        self._printer = printer
        self._header = header
        self._cpu = cpu
        self._as_json = as_json
        self._weight_bytes = weight_bytes_per_token(header) if header else 0
        self._bandwidths: dict[int, float] = {}
        self._rows: list[BenchRow] = []
        self._ready: Ready | None = None

    def show(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Loading):
            self._printer.status(f"Loading {event.progress:.0%}")
        elif isinstance(event, BenchStep):
            self._printer.status(event.text)
        elif isinstance(event, Ready):
            self._ready = event
        elif isinstance(event, Bandwidth):
            self._bandwidths[event.n_threads] = event.bytes_per_second
        elif isinstance(event, BenchRow):
            self._show_row(event)
        elif isinstance(event, Failed):
            self._show_failure(event)

    def finish(self, result: BenchResult, *, tune: bool) -> None:
        """The sentences that belong to the table, what was saved, and the JSON document.

        Raises:
            StorageError: the numbers of threads could not be saved; all else was shown.
        """
        self._printer.clear_status()
        for note in result.notes:
            self._printer.line(note)
        if self._bandwidths and not self._as_json:
            self._printer.line(self._bound_sentence())
        tuning, failure = None, None
        try:
            tuning = self._tune(result) if tune else None
        except StorageError as error:
            failure = error
        document = {"type": "bench", **self._document(result, tuning)}
        self._printer.data(msgspec.json.encode(document).decode() + "\n")
        if failure:
            raise failure

    # ---- the table ---------------------------------------------------------------------------

    def _show_row(self, row: BenchRow) -> None:
        self._rows.append(row)
        if self._as_json or self._ready is None:
            return
        model = self._ready.model
        name = f"{model.name} {model.quant_type}".strip()
        bound = self._bound_tps(row)
        cells = (
            name,
            memory_size(model.size_bytes),
            str(row.n_threads),
            row.test,
            shown_speed(row.mean_tps, row.stddev_tps),
            f"{row.mean_tps / bound:.0%}" if bound else "",
        )
        if len(self._rows) == 1:
            self._printer.data(table_head(len(name)))
        self._printer.data(table_row(cells, len(name)))

    def _bound_tps(self, row: BenchRow) -> float | None:
        """The most that memory allows; None for prompts and where it was not measured."""
        bytes_per_second = self._bandwidths.get(row.n_threads)
        if not row.generated_tokens or bytes_per_second is None:
            return None
        return bound_tps(bytes_per_second, self._weight_bytes, row.kv_bytes)

    def _bound_sentence(self) -> str:
        measured = ", ".join(
            f"{count(n_threads, 'thread')} {bytes_per_second / 1e9:.1f} GB/s"
            for n_threads, bytes_per_second in self._bandwidths.items()
        )
        return (
            f"Bound of tg: memory, read by {measured}; "
            f"a token reads {memory_size(self._weight_bytes)} of weights and its KV cache."
        )

    def _show_failure(self, event: Failed) -> None:
        if self._as_json:
            fields = {"type": "failed", **msgspec.to_builtins(event)}
            del fields["id"]
            self._printer.data(msgspec.json.encode(fields).decode() + "\n")
        self._printer.error(Localr1Error(event.message, event.hint))

    # ---- threads ------------------------------------------------------------------------------

    def _tune(self, result: BenchResult) -> Tuning | None:
        """Save the best numbers of threads, and say so."""
        file = paths.tuning_file()
        tuning = None
        if self._header and not result.cancelled:
            tuning = best_tuning(self._rows, self._header, self._cpu, result.devices)
        if tuning is None:
            self._printer.line("No numbers of threads were saved: not all tests were run.")
            return None
        notice = read_tunings(file).notice
        if notice:
            self._printer.line(notice)
        save_tuning(file, tuning)
        best = tuning.threads
        self._printer.line(
            f"Saved for this model on this machine: {count(best.n_threads, 'thread')} to "
            f"generate, {best.n_threads_batch} to read prompts ({file})."
        )
        return tuning

    # ---- the document -------------------------------------------------------------------------

    def _document(self, result: BenchResult, tuning: Tuning | None) -> dict[str, Any]:
        ready = self._ready
        return {
            "model": ready and ready.model,
            "plan": ready and ready.plan,
            "cpu": self._cpu,
            "devices": result.devices,
            "bandwidth": [
                {"n_threads": n_threads, "bytes_per_second": round(bytes_per_second)}
                for n_threads, bytes_per_second in self._bandwidths.items()
            ],
            "weight_bytes_per_token": self._weight_bytes,
            "tests": [self._test(row) for row in self._rows],
            "notes": result.notes,
            "cancelled": result.cancelled,
            "tuned": tuning
            and {
                "file": str(paths.tuning_file()),
                **msgspec.to_builtins(tuning.threads),
            },
        }

    def _test(self, row: BenchRow) -> dict[str, Any]:
        fields = msgspec.to_builtins(row)
        for name in ("id", "type"):
            del fields[name]
        return {**fields, "bound_tps": self._bound_tps(row)}


def shown_speed(mean_tps: float, stddev_tps: float) -> str:
    """Tokens a second with their deviation, as wide as the column allows on any card."""
    digits = 2 if mean_tps < 1_000 else 1 if mean_tps < 10_000 else 0
    return f"{mean_tps:.{digits}f} ± {stddev_tps:.{digits}f}"


def table_head(name_width: int) -> str:
    """The first two lines of the table, which is Markdown."""
    rules = (
        "-" * (width - 1) + ("-" if heading in _LEFT else ":")
        for heading, width in zip(_HEADINGS, _widths(name_width), strict=True)
    )
    return table_row(_HEADINGS, name_width) + "| " + " | ".join(rules) + " |\n"


def table_row(cells: tuple[str, ...], name_width: int) -> str:
    """A line of the table; the model's name is `name_width` wide."""
    padded = (
        cell.ljust(width) if heading in _LEFT else cell.rjust(width)
        for heading, cell, width in zip(_HEADINGS, cells, _widths(name_width), strict=True)
    )
    return "| " + " | ".join(padded) + " |\n"


def _widths(name_width: int) -> tuple[int, ...]:
    return (max(name_width, len(_HEADINGS[0])), *_WIDTHS[1:])
