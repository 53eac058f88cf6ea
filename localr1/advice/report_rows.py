"""A report as rows for a person; the command prints them, the doctor screen shows them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Literal, NamedTuple

from localr1.advice.report import DeviceReport, Report
from localr1.units import count, memory_size

_NAME_WIDTH = 12
_LONGEST = 120
"""Columns of a list; on a server's processor the instruction sets take more."""
_FIELDS = (
    "n_ctx",
    "n_gpu_layers",
    "type_k",
    "type_v",
    "flash_attn",
    "swa_full",
    "n_threads",
    "n_threads_batch",
    "n_batch",
    "n_ubatch",
    "use_mmap",
    "use_mlock",
    "background_work",
)
"""Fields of the plan, in the order they are shown."""


class ReportRow(NamedTuple):
    """A line of the report."""

    name: str
    """What it is about; empty where it goes on with the row before."""
    text: str
    kind: Literal["fact", "choice", "problem", "command", "gap", "verdict"] = "fact"
    value: str = ""
    """Of a field of the plan; `text` is the reason then."""

    @property
    def line(self) -> str:
        """As the command prints it."""
        if self.kind == "choice":
            return f"  {self.name:<16}{self.value:>8}  {self.text}"
        if self.kind == "verdict":
            return self.text
        return f"{self.name:<{_NAME_WIDTH}}{self.text}".rstrip()


_GAP = ReportRow("", "", "gap")


def report_lines(report: Report) -> Iterator[str]:
    """The report as the command prints it."""
    return (row.line for row in report_rows(report))


def report_rows(report: Report) -> Iterator[ReportRow]:
    """The report for a person."""
    yield from _machine_rows(report)
    yield _GAP
    for device in report.devices:
        yield ReportRow("Device" if device.usable else "Not used", _device(device))
    if report.model:
        yield _GAP
        yield from model_rows(report)
    if report.problems:
        yield _GAP
    for problem in report.problems:
        yield ReportRow("Problem", problem.message, "problem")
        if problem.command:
            yield ReportRow("  mend it", problem.command, "command")
    for unread in report.unread:
        yield ReportRow("Unread", unread)
    if not report.problems and not report.unread:
        yield _GAP
        yield ReportRow("", "Nothing is wrong.", "verdict")


def _machine_rows(report: Report) -> Iterator[ReportRow]:
    engine, cpu, memory = report.engine, report.cpu, report.memory
    works = "" if engine.works else ", does not start"
    online = "online for `pull` and `recommend --refresh` alone"
    network = "offline: the network is never used" if report.offline else online
    yield ReportRow("localr1", f"{report.version}, {network}")
    yield ReportRow("Engine", f"llama-cpp-python {engine.version or 'is not installed'}{works}")
    yield ReportRow("Processor", f"{cpu.model}, {cores_in_words(report)}")
    for what, sets in (("has", cpu.instruction_sets), ("the engine uses", engine.instruction_sets)):
        if sets:
            told = f"{what} {', '.join(sets).lower()}"
            yield from (ReportRow("", line) for line in textwrap.wrap(told, _LONGEST))
    limit = f", limited by {memory.limit_source}" if memory.limit_source else ""
    free, total = memory_size(memory.available_bytes), memory_size(memory.total_bytes)
    yield ReportRow("Memory", f"{free} free of {total}{limit}")
    for disk in report.disks:
        free, total = memory_size(disk.free_bytes), memory_size(disk.total_bytes)
        yield ReportRow("Disk", f"{free} free of {total} at {disk.path}")
    yield ReportRow("Power", _power(report))


def cores_in_words(report: Report) -> str:
    """The processor's cores, and how many of them count."""
    cpu = report.cpu
    told = [count(cpu.physical_cores, "core")]
    if cpu.performance_cores < cpu.physical_cores:
        told.append(f"{cpu.performance_cores} of them fast")
    if cpu.logical_cores > cpu.physical_cores:
        told.append(count(cpu.logical_cores, "thread"))
    if cpu.allowed_cores < cpu.performance_cores:
        told.append(f"{cpu.allowed_cores} to be used by this process")
    return ", ".join(told)


def _power(report: Report) -> str:
    power = report.power
    if power.on_battery:
        state = "on battery"
    elif power.quiet:
        state = "the system asks for low power"
    elif power.on_battery is None:
        return "not known"
    else:
        state = "mains"
    return f"{state} ({power.source})" if power.source else state


def _device(device: DeviceReport) -> str:
    parts = [device.name]
    if device.description and device.description != device.name:
        parts.append(device.description)
    if device.total_bytes:
        total = memory_size(device.total_bytes)
        known = device.free_bytes is not None
        free = f"{memory_size(device.free_bytes or 0)} free of " if known else ""
        parts.append(f"{free}{total}")
    return f"{', '.join(parts)}: {device.why}"


def model_rows(report: Report) -> Iterator[ReportRow]:
    """The model, what it needs, and each choice of its plan with the reason."""
    model, plan = report.model, report.plan
    if model is None:
        return
    size = memory_size(model.size_bytes)
    yield ReportRow("Model", f"{model.name} {model.quant_type}, {size}, {model.n_layer} layers")
    if plan is None:
        return
    parts = (
        ("weights", plan.weights_bytes),
        ("KV cache", plan.kv_cache_bytes),
        ("compute", plan.compute_bytes),
    )
    told = ", ".join(f"{name} {memory_size(size)}" for name, size in parts)
    yield ReportRow("Needs", f"{memory_size(plan.memory_bytes)} ({told})")
    for share in plan.devices:
        yield ReportRow("Layers", f"{share.layers} of {model.n_layer + 1} on {share.name}")
    for field in _FIELDS:
        value = getattr(plan, field)
        shown = f"{value:,}" if type(value) is int else str(value).lower()
        yield ReportRow(field, plan.reasons.get(field, ""), "choice", shown)
    if plan.notice:
        yield ReportRow("Note", plan.notice)
