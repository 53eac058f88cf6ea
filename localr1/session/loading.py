"""How a model is loaded on this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from localr1 import paths
from localr1.engine.client import EngineClient
from localr1.engine.protocol import DraftLoad, Load
from localr1.errors import LoadFailed
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.plan import make_plan
from localr1.hardware.probe import probe_machine
from localr1.hardware.rpc_servers import rpc_servers, rpc_warning
from localr1.hardware.tuning import measured_threads
from localr1.models.reference import ModelReference
from localr1.session.draft_file import draft_load
from localr1.session.model_file import ModelFile
from localr1.session.setting_effects import check_draft

_MIB = 1 << 20


async def load_command(
    engine: EngineClient,
    reference: ModelReference,
    file: ModelFile,
    is_stopped: Callable[[], bool],
) -> Load:
    """The command that loads this file; adds to its notices what there is to say.

    Raises:
        Localr1Error: the draft model is not a file that can be run.
        UsageError: a draft model is to guess, and none is named.
        DoesNotFit: it does not fit into memory.
        LoadFailed: it was stopped meanwhile.
    """
    check_draft(file.settings)
    plan, draft = await _plan(engine, reference, file)
    if is_stopped():
        raise LoadFailed("loading was cancelled")
    parked = file.settings.parked_memory_mib
    return Load(
        engine.new_id(),
        os.fsencode(reference.path),
        plan,
        file.chat,
        file.name,
        parked_bytes=None if parked is None else parked * _MIB,
        draft=draft,
        speculate=file.settings.speculate or "auto",
    )


async def _plan(
    engine: EngineClient, reference: ModelReference, file: ModelFile
) -> tuple[LoadPlan, DraftLoad | None]:
    """How this machine should load the file and its draft model; what does not fit is refused."""
    settings = file.settings
    if file.header is None:
        return LoadPlan(n_ctx=8192, n_gpu_layers=0, n_threads=1, n_threads_batch=1), None
    servers = rpc_servers(settings.rpc or "")
    if servers:
        file.notices.append(("rpc", rpc_warning(servers)))
    machine, found = await asyncio.gather(
        asyncio.to_thread(probe_machine, graphics=False), engine.devices(servers)
    )
    tuned, notice = await asyncio.to_thread(
        measured_threads, paths.tuning_file(), file.header, machine.cpu, found.devices
    )
    if notice:
        file.notices.append(("file", notice))
    plan = make_plan(file.header, settings, machine, found.devices, tuned)
    draft = await asyncio.to_thread(
        draft_load,
        reference.path,
        file,
        plan,
        machine=machine,
        devices=found.devices,
        tuned=tuned,
    )
    return plan, draft
