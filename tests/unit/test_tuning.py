"""Measured numbers of threads: kept by machine and model, never a reason not to run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localr1.errors import StorageError
from localr1.gguf_header import GgufHeader, read_header
from localr1.hardware.cpu import unknown_cpu
from localr1.hardware.machine import Cpu, Device
from localr1.hardware.thread_choice import best_threads, thread_counts
from localr1.hardware.tuning import (
    TunedThreads,
    Tuning,
    TuningKey,
    read_tunings,
    save_tuning,
    tuned_threads,
    tuning_key,
)
from tests.tiny_models import write_tiny_model

CPU = msgspec.structs.replace(unknown_cpu(), model="Ryzen", allowed_cores=8)
DEVICES = (Device("CPU", "Ryzen", "cpu", 1, 2),)
THREADS = TunedThreads(
    n_threads=6, n_threads_batch=8, generation_tps=9.5, prompt_tps=80.0, measured_on="2026-11-25"
)


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> GgufHeader:
    return read_header(write_tiny_model(tmp_path_factory.mktemp("model") / "a.gguf"))


def key(header: GgufHeader, cpu: Cpu = CPU, devices: tuple[Device, ...] = DEVICES) -> TuningKey:
    return tuning_key(header, cpu, devices)


def saved(file: Path, header: GgufHeader, threads: TunedThreads = THREADS, **parts: Any) -> None:
    save_tuning(file, Tuning(key=key(header, **parts), model="a", threads=threads))


def test_what_was_saved_is_found_again(header: GgufHeader, tmp_path: Path) -> None:
    file = tmp_path / "home" / "tuning.json"
    assert read_tunings(file) == ((), "")
    saved(file, header)
    tunings = read_tunings(file)
    assert tunings.notice == ""
    assert tuned_threads(tunings, key(header)) == THREADS


def test_another_machine_has_its_own(header: GgufHeader, tmp_path: Path) -> None:
    file = tmp_path / "tuning.json"
    saved(file, header)
    other_cpu = msgspec.structs.replace(CPU, model="Xeon")
    fewer_cores = msgspec.structs.replace(CPU, allowed_cores=4)
    graphics = (*DEVICES, Device("CUDA0", "RTX", "gpu", 1, 2))
    others = [key(header, other_cpu), key(header, fewer_cores), key(header, CPU, graphics)]
    assert [tuned_threads(read_tunings(file), other) for other in others] == [None] * 3
    saved(file, header, msgspec.structs.replace(THREADS, n_threads=2), cpu=fewer_cores)
    tunings = read_tunings(file)
    assert tuned_threads(tunings, key(header)) == THREADS
    found = tuned_threads(tunings, key(header, fewer_cores))
    assert found is not None
    assert found.n_threads == 2


def test_free_memory_does_not_make_another_machine(header: GgufHeader) -> None:
    fuller = (msgspec.structs.replace(DEVICES[0], free_bytes=0),)
    assert key(header, CPU, fuller) == key(header)


def test_a_model_is_known_by_its_content(header: GgufHeader, tmp_path: Path) -> None:
    moved = read_header(Path(shutil.copy(header.path, tmp_path / "moved.gguf")))
    assert key(moved) == key(header)
    deeper = read_header(write_tiny_model(tmp_path / "a.gguf", n_layer=3))
    assert key(deeper) != key(header)


def test_measuring_again_replaces(header: GgufHeader, tmp_path: Path) -> None:
    file = tmp_path / "tuning.json"
    saved(file, header)
    saved(file, header, msgspec.structs.replace(THREADS, n_threads=4))
    tunings = read_tunings(file)
    assert [entry.threads.n_threads for entry in tunings.entries] == [4]


def _entry(**changed: object) -> dict[str, Any]:
    threads = {**msgspec.to_builtins(THREADS), **changed}
    names = {"cpu": "x", "allowed_cores": 1, "devices": [], "model_size_bytes": 1}
    return {"key": {**names, "model_header_sha256": "0"}, "model": "a", "threads": threads}


DAMAGED = {
    "empty": b"",
    "cut": b'{"version": 1, "tunings": [{"key"',
    "not JSON": b"\xff\x00tuning",
    "another shape": b"[1, 2]",
    "a later version": b'{"version": 2, "tunings": []}',
    "deeply nested": b"[" * 100_000,
    "too large": b" " * (5 << 20),
    **{
        f"threads {value}": json.dumps(
            {"version": 1, "tunings": [_entry(n_threads=value)]}
        ).encode()
        for value in (0, -1, 513, "4", None, 1.5)
    },
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_ignored_with_a_notice(
    content: bytes, header: GgufHeader, tmp_path: Path
) -> None:
    file = tmp_path / "tuning.json"
    file.write_bytes(content)
    tunings = read_tunings(file)
    assert tunings.entries == ()
    assert str(file) in tunings.notice
    assert "\n" not in tunings.notice
    saved(file, header)
    assert tuned_threads(read_tunings(file), key(header)) == THREADS


def test_an_entry_of_this_shape_is_read(tmp_path: Path) -> None:
    """The damaged entries above are damaged by their one change."""
    file = tmp_path / "tuning.json"
    file.write_text(json.dumps({"version": 1, "tunings": [_entry(), _entry(n_threads=512)]}))
    assert len(read_tunings(file).entries) == 2


def test_a_folder_in_its_place(header: GgufHeader, tmp_path: Path) -> None:
    file = tmp_path / "tuning.json"
    file.mkdir()
    assert "not a file" in read_tunings(file).notice
    with pytest.raises(StorageError):
        saved(file, header)


@pytest.mark.parametrize(
    ("cores", "expected"),
    [
        (1, (1,)),
        (2, (1, 2)),
        (4, (1, 2, 3, 4)),
        (6, (1, 2, 3, 4, 5, 6)),
        (8, (2, 3, 4, 6, 7, 8)),
        (16, (4, 6, 8, 12, 15, 16)),
        (64, (16, 24, 32, 48, 63, 64)),
    ],
)
def test_numbers_of_threads_to_try(cores: int, expected: tuple[int, ...]) -> None:
    assert thread_counts(cores) == expected


def test_the_best_threads_over_all_depths() -> None:
    assert best_threads({1: [10.0], 2: [19.0], 4: [25.0], 8: [12.0]}) == 4
    # a token a second lost at depth counts more than one gained without
    assert best_threads({2: [30.0, 10.0], 4: [35.0, 8.0]}) == 2
    assert best_threads({3: [99.5], 4: [100.0]}) == 3
    assert best_threads({3: [98.0], 4: [100.0]}) == 4
