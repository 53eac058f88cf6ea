"""Numbers of threads that were measured to be best, by machine and by model.

They are kept in one small file (docs/formats.md). A file that cannot be used is no reason not to
run a model: it is ignored, and a sentence says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from localr1.files import write_atomically
from localr1.gguf_header import GgufHeader
from localr1.hardware.machine import Cpu, Device
from localr1.hardware.threads import Threads

VERSION = 1
_MOST_ENTRIES = 1000
_LIMIT_BYTES = 4 << 20

_Threads = Annotated[int, msgspec.Meta(ge=1, le=512)]
_Tps = Annotated[float, msgspec.Meta(ge=0)]


class TuningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A machine and a model; a path or a name says nothing of what is in a file."""

    cpu: str
    allowed_cores: int
    devices: tuple[str, ...]
    """Names and descriptions in ggml's device registry."""
    model_size_bytes: int
    model_header_sha256: str
    """Of what `model_identity` takes from the header."""


class TunedThreads(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured to be best."""

    n_threads: _Threads
    """CPU threads that generate."""
    n_threads_batch: _Threads
    """CPU threads that process the prompt."""
    generation_tps: _Tps
    prompt_tps: _Tps
    """Both at the least depth that was measured."""
    measured_on: str
    """The day, as in 2026-11-25."""


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the file."""

    key: TuningKey
    model: str
    """The model's name, for people."""
    threads: TunedThreads


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    tunings: tuple[Tuning, ...]


class Tunings(NamedTuple):
    """What a tuning file says."""

    entries: tuple[Tuning, ...] = ()
    notice: str = ""
    """Why the file was ignored."""


def tuning_key(header: GgufHeader, cpu: Cpu, devices: Iterable[Device]) -> TuningKey:
    """Under what a measurement of this model on this machine is kept.

    Args:
        header: of the model file.
        cpu: from the probe.
        devices: of the engine, in its order.
    """
    return TuningKey(
        cpu=cpu.model,
        allowed_cores=cpu.allowed_cores,
        devices=tuple(f"{device.name}: {device.description}" for device in devices),
        model_size_bytes=header.size_bytes,
        model_header_sha256=model_identity(header),
    )


def model_identity(header: GgufHeader) -> str:
    """SHA-256 of the architecture and of each tensor's name, type and shape, in hex.

    The vocabulary is left out: it does not change the speed, and hashing it takes a second.
    """
    tensors = [[tensor.name, tensor.type_name, list(tensor.shape)] for tensor in header.tensors]
    text = json.dumps([header.architecture, tensors], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_tunings(file: Path) -> Tunings:
    """The entries of a tuning file; none, with a notice, where it cannot be used."""
    try:
        content = _read(file)
        found = msgspec.json.decode(content, type=_File)
    except FileNotFoundError:
        return Tunings()
    except (OSError, msgspec.DecodeError, ValueError, RecursionError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is damaged"
        return Tunings(notice=_ignored(file, reason))
    if found.version != VERSION:
        return Tunings(notice=_ignored(file, f"its version is {found.version}"))
    return Tunings(found.tunings)


def tuned_threads(tunings: Tunings, key: TuningKey) -> TunedThreads | None:
    """The threads that were measured for this machine and this model."""
    return next((each.threads for each in tunings.entries if each.key == key), None)


def measured_threads(
    file: Path, header: GgufHeader, cpu: Cpu, devices: Iterable[Device]
) -> tuple[Threads | None, str]:
    """The threads that a plan should use, None where none were measured; and a notice or ""."""
    tunings = read_tunings(file)
    if not tunings.entries:
        return None, tunings.notice
    tuned = tuned_threads(tunings, tuning_key(header, cpu, devices))
    return (Threads(tuned.n_threads, tuned.n_threads_batch) if tuned else None), tunings.notice


def save_tuning(file: Path, tuning: Tuning) -> None:
    """Add an entry in front, in place of an earlier one with the same key.

    Raises:
        StorageError: the file cannot be written.
    """
    others = [each for each in read_tunings(file).entries if each.key != tuning.key]
    entries = (tuning, *others)[:_MOST_ENTRIES]
    content = msgspec.json.encode(_File(version=VERSION, tunings=entries))
    write_atomically(file, msgspec.json.format(content, indent=1) + b"\n")


def _read(file: Path) -> bytes:
    if file.exists() and not file.is_file():
        raise OSError(0, "it is not a file")  # opening a pipe would wait for ever
    with file.open("rb") as opened:
        content = opened.read(_LIMIT_BYTES + 1)
    if len(content) > _LIMIT_BYTES:
        raise ValueError("too large")
    return content


def _ignored(file: Path, reason: str) -> str:
    return f"{file} is ignored ({reason}); `localr1 bench MODEL --tune` writes it anew."
