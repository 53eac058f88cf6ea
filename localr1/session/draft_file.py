"""The draft model's file: checked, and planned for the memory that the model leaves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.engine.protocol import DraftLoad
from localr1.errors import DoesNotFit, ModelRefused
from localr1.hardware.left_memory import left_by
from localr1.hardware.load_plan import LoadPlan
from localr1.hardware.machine import Device, Machine
from localr1.hardware.model_sizes import sizes_of
from localr1.hardware.plan import make_plan
from localr1.hardware.threads import Threads
from localr1.models.reference import find_model
from localr1.session.model_file import ModelFile
from localr1.settings import Settings

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader

_LEAVE_OUT = "leave out --draft"


def draft_load(
    path: Path,
    file: ModelFile,
    plan: LoadPlan,
    *,
    machine: Machine,
    devices: Sequence[Device],
    tuned: Threads | None = None,
) -> DraftLoad | None:
    """How the draft model of the settings is loaded; None where none is wanted or one of use.

    A file that is of no use adds to the notices of `file`.

    Args:
        path: of the model that it guesses for.
        file: that model's file.
        plan: how that is loaded.
        machine: what the probe found.
        devices: what the engine can compute on.
        tuned: threads that `localr1 bench --tune` found best.

    Raises:
        Localr1Error: there is no such file, or it is not a model that can be run.
        DoesNotFit: there is no memory left for it.
    """
    settings = file.settings
    if file.header is None or not settings.draft or settings.speculate in ("off", "lookup"):
        return None
    from localr1.gguf_header import read_header

    reference = find_model(settings.draft)
    if reference.kind != "gguf":
        raise ModelRefused(f"{reference.name} is a transcript: it cannot draft", _LEAVE_OUT)
    header = read_header(reference.path)
    if notice := _of_no_use(header, reference.path, file.header, path):
        file.notices.append(("draft", notice))
        return None
    left = left_by(plan, sizes_of(file.header), machine, devices)
    # each guess waits for the one before: a network's delays would cost more than they bring
    near = [device for device in left.devices if not device.name.startswith("RPC")]
    try:
        own = make_plan(header, _own_settings(settings, plan), left.machine, near, tuned)
    except DoesNotFit:
        raise DoesNotFit(
            f"{header.name} does not fit into memory beside {file.name}",
            f"{_LEAVE_OUT}, or choose a smaller window with --n-ctx",
        ) from None
    on_gpu = own.n_gpu_layers > sizes_of(header).n_layer  # the output counts as one
    return DraftLoad(os.fsencode(reference.path), own, header.name, on_gpu)


def _of_no_use(draft: GgufHeader, draft_path: Path, target: GgufHeader, path: Path) -> str:
    """Why this file cannot save time, as a sentence; empty where it may."""
    if draft_path.samefile(path):
        return "The draft model is the model itself; it is not used."
    if sizes_of(draft).weights_bytes >= sizes_of(target).weights_bytes:
        return (
            f"{draft.name} is not smaller than the model, so it would save no time; it is not used."
        )
    return ""


def _own_settings(settings: Settings, plan: LoadPlan) -> Settings:
    """The window has to be as long; layers are counted in another model, so only "none" holds."""
    layers = 0 if settings.n_gpu_layers == 0 else None
    return replace(settings, n_ctx=plan.n_ctx, n_gpu_layers=layers, rpc=None)
