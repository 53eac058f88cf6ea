"""`localr1 doctor`: what was found, what will be used and why, and what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from localr1.cli.options import loading_options, settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode
from localr1.units import count, memory_size

if TYPE_CHECKING:
    from localr1.advice.report import DeviceReport, Report

_NAME_WIDTH = 12
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


@click.command()
@click.argument("model", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/doctor.md).")
@click.option("--threads", type=int, help="CPU threads.")
@loading_options
def doctor(model: str | None, as_json: bool, **flags: Any) -> int:
    """Say what this machine has and what localr1 will use of it.

    With MODEL also how it would be loaded, and why so. Exit code 6 when it does not fit.
    """
    import msgspec

    from localr1.advice.doctor import examine
    from localr1.gguf_header import read_header
    from localr1.models.reference import find_model

    settings = settings_from_flags(flags)
    header = read_header(find_model(model).path) if model else None
    report = asyncio.run(examine(settings, header))
    printer = Printer()
    if as_json:
        printer.data(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    else:
        printer.data("\n".join(report_lines(report)) + "\n")
    misfit = header is not None and report.plan is None
    return int(ExitCode.DOES_NOT_FIT if misfit else ExitCode.OK)


def report_lines(report: Report) -> Iterator[str]:
    """The report for a person."""
    yield from _machine_lines(report)
    yield ""
    for device in report.devices:
        yield _row("Device" if device.usable else "Not used", _device(device))
    if report.model:
        yield ""
        yield from _model_lines(report)
    if report.problems:
        yield ""
    for problem in report.problems:
        yield _row("Problem", problem.message)
        if problem.command:
            yield _row("  mend it", problem.command)
    for unread in report.unread:
        yield _row("Unread", unread)
    if not report.problems and not report.unread:
        yield ""
        yield "Nothing is wrong."


def _machine_lines(report: Report) -> Iterator[str]:
    engine, cpu, memory = report.engine, report.cpu, report.memory
    works = "" if engine.works else ", does not start"
    yield _row("localr1", report.version)
    yield _row("Engine", f"llama-cpp-python {engine.version or 'is not installed'}{works}")
    yield _row("Processor", f"{cpu.model}, {_cores(report)}")
    if cpu.instruction_sets:
        yield _row("", f"has {', '.join(cpu.instruction_sets)}")
    if engine.instruction_sets:
        yield _row("", f"the engine uses {', '.join(engine.instruction_sets).lower()}")
    limit = f", limited by {memory.limit_source}" if memory.limit_source else ""
    free, total = memory_size(memory.available_bytes), memory_size(memory.total_bytes)
    yield _row("Memory", f"{free} free of {total}{limit}")
    for disk in report.disks:
        free, total = memory_size(disk.free_bytes), memory_size(disk.total_bytes)
        yield _row("Disk", f"{free} free of {total} at {disk.path}")
    yield _row("Power", _power(report))


def _cores(report: Report) -> str:
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
        free = f"{memory_size(device.free_bytes)} free of " if device.free_bytes else ""
        parts.append(f"{free}{total}")
    return f"{', '.join(parts)}: {device.why}"


def _model_lines(report: Report) -> Iterator[str]:
    model, plan = report.model, report.plan
    if model is None:
        return
    size = memory_size(model.size_bytes)
    yield _row("Model", f"{model.name} {model.quant_type}, {size}, {model.n_layer} layers")
    if plan is None:
        return
    parts = (
        ("weights", plan.weights_bytes),
        ("KV cache", plan.kv_cache_bytes),
        ("compute", plan.compute_bytes),
    )
    told = ", ".join(f"{name} {memory_size(size)}" for name, size in parts)
    yield _row("Needs", f"{memory_size(plan.memory_bytes)} ({told})")
    for share in plan.devices:
        yield _row("Layers", f"{share.layers} of {model.n_layer + 1} on {share.name}")
    for field in _FIELDS:
        value = getattr(plan, field)
        shown = f"{value:,}" if type(value) is int else str(value).lower()
        yield f"  {field:<16}{shown:>8}  {plan.reasons.get(field, '')}"
    if plan.notice:
        yield _row("Note", plan.notice)


def _row(name: str, text: str) -> str:
    return f"{name:<{_NAME_WIDTH}}{text}".rstrip()
