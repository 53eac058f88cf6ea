"""Looks at machine, engine and model, and says what will be used and what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from localr1 import __version__, paths
from localr1.advice.remedies import computes, engine_version, reinstall
from localr1.advice.report import DeviceReport, Engine, Problem, Report
from localr1.advice.unused_cards import hidden_by, unused, why_unused
from localr1.engine.client import EngineClient
from localr1.engine.protocol import DeviceList, ModelFacts
from localr1.errors import DoesNotFit, Localr1Error
from localr1.gguf_header import GgufHeader
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device, Graphics, Machine, Memory
from localr1.hardware.plan import make_plan
from localr1.hardware.probe import probe_machine
from localr1.hardware.rpc_servers import rpc_servers
from localr1.hardware.tuning import measured_threads
from localr1.settings import Settings
from localr1.terminal_text import clean_line
from localr1.units import count, memory_size

_FAST_SETS = {"avx2": "AVX2", "asimddp": "DOTPROD"}
"""What a build without loses much speed for: in the words of Linux, and in llama.cpp's."""


class Loaded(NamedTuple):
    """A model that is loaded already."""

    model: ModelFacts
    plan: LoadPlan


async def examine(
    settings: Settings, header: GgufHeader | None = None, loaded: Loaded | None = None
) -> Report:
    """Everything there is to tell, and how a model is loaded.

    Args:
        settings: what a person asked for.
        header: of a model that could be loaded; or
        loaded: one that is.
    """
    machine, (found, failure) = await asyncio.gather(
        asyncio.to_thread(probe_machine), _ask_engine(rpc_servers(settings.rpc or ""))
    )
    plan, misfit = _plan(settings, header, machine, found.devices)
    model = _model(header) if header else None
    if loaded is not None:
        model, plan = loaded
    cards = unused(machine.graphics, found.devices)
    problems = [
        *_engine_problems(failure),
        *(why_unused(card, found.devices) for card in cards),
        *_full_cards(found.devices),
        *_machine_problems(machine, found),
        *([misfit] if misfit else []),
    ]
    return Report(
        version=__version__,
        engine=Engine(
            version=engine_version(),
            works=failure is None,
            instruction_sets=found.instruction_sets,
        ),
        cpu=machine.cpu,
        memory=machine.memory,
        disks=machine.disks,
        power=machine.power,
        devices=(
            *(_usable(each, plan, machine.memory) for each in found.devices),
            *(_idle(card, found.devices) for card in cards),
        ),
        model=model,
        plan=plan,
        problems=tuple(problems),
        offline=settings.offline,
        unread=machine.unread,
    )


async def _ask_engine(servers: tuple[str, ...]) -> tuple[DeviceList, Localr1Error | None]:
    """What the engine can compute on, and why it does not answer where it does not."""
    client = EngineClient(paths.logs_folder())
    try:
        await client.start()
        return await client.devices(servers), None
    except Localr1Error as error:
        return DeviceList(devices=()), error
    finally:
        await client.close()


def _plan(
    settings: Settings, header: GgufHeader | None, machine: Machine, devices: Sequence[Device]
) -> tuple[LoadPlan | None, Problem | None]:
    if header is None:
        return None, None
    tuned, _ = measured_threads(paths.tuning_file(), header, machine.cpu, devices)
    try:
        return make_plan(header, settings, machine, devices, tuned), None
    except DoesNotFit as error:
        return None, Problem(f"{error.message}; {error.hint}")


def _engine_problems(failure: Localr1Error | None) -> list[Problem]:
    if failure is None:
        return []
    return [Problem(f"the engine does not start: {failure.message}", reinstall())]


def _machine_problems(machine: Machine, found: DeviceList) -> list[Problem]:
    built, there = found.instruction_sets, machine.cpu.instruction_sets
    problems = [
        Problem(f"this build of the engine leaves the processor's {ours} unused", reinstall())
        for name, ours in _FAST_SETS.items()
        if built and name in there and ours not in built
    ]
    if machine.memory.limit_source and machine.memory.limit_bytes is not None:
        limit = memory_size(machine.memory.limit_bytes)
        source = machine.memory.limit_source
        problems.append(Problem(f"memory is limited to {limit} by {source}"))
    return problems


def _full_cards(devices: Sequence[Device]) -> list[Problem]:
    return [
        Problem(
            f"{clean_line(device.description, 120)} is full: other programs have taken its "
            "memory; end some of them to use it"
        )
        for device in devices
        if _is_full(device)
    ]


def _is_full(device: Device) -> bool:
    """Whether a GPU has not even the memory left in which its driver tells how much there is."""
    return device.kind == "gpu" and device.total_bytes == 0


def _usable(device: Device, plan: LoadPlan | None, memory: Memory) -> DeviceReport:
    is_cpu = device.kind == "cpu"  # ggml calls all of its memory free
    return DeviceReport(
        name=clean_line(device.name, 60),
        kind=device.kind,
        description=clean_line(device.description, 120),
        total_bytes=memory.total_bytes if is_cpu else device.total_bytes,
        free_bytes=memory.available_bytes if is_cpu else device.free_bytes,
        usable=True,
        why=_use(device, plan),
    )


def _use(device: Device, plan: LoadPlan | None) -> str:
    if device.kind == "cpu":
        return "always there"
    if _is_full(device):
        return "other programs have taken its memory"
    if plan is None:
        return "this build of the engine can use it"
    layers = sum(each.layers for each in plan.devices if each.name == device.name)
    return f"takes {count(layers, 'layer')}" if layers else "not needed for this model"


def _idle(card: Graphics, devices: Sequence[Device]) -> DeviceReport:
    driver = f"driver {card.driver} {card.driver_version or ''}".strip() if card.driver else ""
    told = ", ".join(part for part in (driver, f"seen by {card.source}") if part)
    return DeviceReport(
        name=clean_line(card.name, 120),
        kind="card",
        description=clean_line(told),
        total_bytes=card.memory_bytes,
        free_bytes=None,
        usable=False,
        why=_why_idle(card, devices),
    )


def _why_idle(card: Graphics, devices: Sequence[Device]) -> str:
    if hidden := hidden_by(card, devices):
        return f"hidden by {hidden}"
    return "not in this build" if computes(card) else "no working driver"


def _model(header: GgufHeader) -> ModelFacts:
    return ModelFacts(
        name=header.name,
        path=clean_line(str(Path(header.path).absolute()), 4096),
        architecture=clean_line(header.architecture),
        quant_type=header.quant_type,
        parameters=header.parameters,
        size_bytes=header.size_bytes,
        n_layer=header.n_layer,
        n_ctx_train=header.n_ctx_train,
        n_vocab=header.n_vocab,
    )


def report_schema() -> dict[str, object]:
    """JSON Schema of the report, from its types."""
    return msgspec.json.schema(Report)
