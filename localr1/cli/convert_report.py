"""What `localr1 convert` shows: a line while it works, the plan of a dry run, the result."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from localr1.cli.output import Printer
from localr1.units import count, download_size, duration, memory_size

if TYPE_CHECKING:
    from localr1_convert.child import Progress
    from localr1_convert.child_client import Child
    from localr1_convert.job import Result
    from localr1_convert.plan import Plan, PlannedTensor
    from localr1_convert.row_kernels import KernelChoice

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


def show_plan(
    printer: Printer, plan: Plan, threads: int, estimate: Estimate, *, as_json: bool
) -> None:
    """The table of a dry run, on standard output."""
    from localr1_convert.job import memory_needed_bytes

    memory = memory_needed_bytes(threads)
    if as_json:
        facts = {
            **_facts(plan),
            "memory_bytes": memory,
            "estimated_seconds": round(estimate.seconds, 1),
            "kernels": msgspec.to_builtins(estimate.kernels),
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
        f"{download_size(plan.size_bytes)} of disk, about {duration(estimate.seconds)}\n"
    )
    printer.line(f"kernels: {estimate.kernels}")


class Estimate(NamedTuple):
    """How long a conversion will take, and with which kernels."""

    seconds: float
    kernels: KernelChoice


def estimate(plan: Plan, child: Child, threads: int, kernels: str) -> Estimate:
    """An estimate from a short measurement of each type on this machine."""
    from localr1_convert.child import Measure

    changed = [t for t in plan.tensors if t.type is not t.source.stored_type]
    types = tuple({tensor.type.number for tensor in changed})
    has_imatrix = plan.options.imatrix is not None
    reply = child.measure(Measure(types, has_imatrix, kernels))
    speeds = reply.seconds_per_value
    work = sum(tensor.source.values * speeds[tensor.type.number] for tensor in changed)
    return Estimate(work / threads, reply.kernels)


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
            "kernels": msgspec.to_builtins(result.kernels),
            "notices": list(plan.notices),
        }
        printer.data(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    printer.line(
        f"{plan.options.quant}: {download_size(plan.size_bytes)}, "
        f"{plan.bits_per_weight:.2f} bits per weight, {duration(seconds)}; check: {checked}"
    )
    printer.line(f"kernels: {result.kernels}")
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
