"""What `localr1 convert` shows: a line while it works, the plan of a dry run, the result."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from localr1.cli.output import Printer
from localr1.units import count, download_size, duration, memory_size

if TYPE_CHECKING:
    from localr1_convert.child import Progress
    from localr1_convert.child_client import Child
    from localr1_convert.job import Result
    from localr1_convert.plan import Plan, PlannedTensor

_SETTLING_SECONDS = 1.0
"""Before that, a speed says nothing."""


class ProgressLine:
    """One line that is replaced as the conversion goes on."""

    def __init__(self, printer: Printer, plan: Plan) -> None:
        self._printer = printer
        self._plan = plan
        self._started = time.monotonic()
        self._begun_bytes: int | None = None
        self._last: Progress | None = None

    def show(self, progress: Progress) -> None:
        """Replace the line."""
        if self._begun_bytes is None:
            self._begun_bytes = progress.bytes_in
            if progress.resumed:
                tensors = count(progress.resumed, "tensor")
                self._printer.line(f"Continuing: {tensors} were already written")
        self._last = progress
        total = max(1, self._plan.source.source_bytes)
        parts = [
            f"{progress.bytes_in / total:4.0%}",
            f"{progress.tensors}/{len(self._plan.tensors)} tensors",
            f"{download_size(progress.bytes_in)} in",
            f"{download_size(progress.bytes_out)} out",
            *self._speed(progress, total),
        ]
        self._printer.status("  ".join(parts))

    def _speed(self, progress: Progress, total: int) -> list[str]:
        seconds = time.monotonic() - self._started
        done = progress.bytes_in - (self._begun_bytes or 0)
        if seconds < _SETTLING_SECONDS or done <= 0:
            return []
        speed = done / seconds
        left = (total - progress.bytes_in) / speed
        return [f"{speed / 1e6:.0f} MB/s", f"{duration(left)} left"]

    def kept(self) -> str:
        """What an interrupted conversion leaves, and how to go on."""
        kept = self._last.tensors if self._last else 0
        return (
            f"{kept} of {count(len(self._plan.tensors), 'tensor')} are kept in "
            f"{self._plan.files[0].partial}; run the same command again to continue"
        )


def show_plan(printer: Printer, plan: Plan, child: Child, threads: int, *, as_json: bool) -> None:
    """The table of a dry run, on standard output."""
    from localr1_convert.job import memory_needed_bytes

    memory, seconds = memory_needed_bytes(threads), estimated_seconds(plan, child, threads)
    if as_json:
        facts = {
            **_facts(plan),
            "memory_bytes": memory,
            "estimated_seconds": round(seconds, 1),
            "tensors": [_row(tensor) for tensor in plan.tensors],
        }
        printer.data(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    for tensor in plan.tensors:
        source = tensor.source
        shape = "×".join(map(str, source.shape))
        printer.data(
            f"{source.name:<32} {shape:>15}  {source.stored_type.name:>5} -> "
            f"{tensor.type.name:<8} {download_size(tensor.size_bytes):>10}\n"
        )
    printer.data(
        f"{plan.files[0].path}: {download_size(plan.size_bytes)}, "
        f"{plan.bits_per_weight:.2f} bits per weight; needs {memory_size(memory)} of memory, "
        f"{download_size(plan.size_bytes)} of disk, about {duration(seconds)}\n"
    )


def estimated_seconds(plan: Plan, child: Child, threads: int) -> float:
    """How long the conversion will take, from a short measurement of each type on this machine."""
    changed = [t for t in plan.tensors if t.type is not t.source.stored_type]
    speeds = child.measure(tuple({tensor.type.number for tensor in changed}))
    work = sum(tensor.source.values * speeds[tensor.type.number] for tensor in changed)
    return work / threads


def show_result(
    printer: Printer, plan: Plan, result: Result, checked: str, seconds: float, *, as_json: bool
) -> None:
    """The new files with their SHA-256 on standard output, as sha256sum prints them."""
    if as_json:
        facts = {
            **_facts(plan),
            "sha256": list(result.sha256),
            "check": checked,
            "seconds": round(seconds, 2),
            "tensors": len(plan.tensors),
            "resumed_tensors": result.resumed,
            "tensors_with_odd_values": result.odd_tensors,
            "peak_anonymous_bytes": result.peak_anonymous_bytes,
            "notices": list(plan.notices),
        }
        printer.data(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    printer.line(
        f"{plan.options.quant}: {download_size(plan.size_bytes)}, "
        f"{plan.bits_per_weight:.2f} bits per weight, {duration(seconds)}; check: {checked}"
    )
    for path, digest in zip(result.paths, result.sha256, strict=True):
        printer.data(f"{digest}  {path}\n")


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "paths": [str(file.path) for file in plan.files],
        "quant": plan.options.quant,
        "architecture": plan.source.architecture,
        "parameters": plan.source.parameters,
        "size_bytes": plan.size_bytes,
        "bits_per_weight": round(plan.bits_per_weight, 4),
    }


def _row(tensor: PlannedTensor) -> dict[str, Any]:
    return {
        "name": tensor.source.name,
        "shape": list(tensor.source.shape),
        "from": tensor.source.stored_type.name,
        "to": tensor.type.name,
        "size_bytes": tensor.size_bytes,
    }
