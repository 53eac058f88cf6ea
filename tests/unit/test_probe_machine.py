"""The whole probe on the computer that runs the tests."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import NoReturn

import msgspec
import psutil
import pytest

from localr1.hardware import probe
from localr1.hardware.disks import each_once, read_place
from localr1.hardware.machine import Machine
from localr1.hardware.probe import probe_machine


def test_this_computer() -> None:
    started = time.monotonic()
    machine = probe_machine()
    assert time.monotonic() - started < 3

    assert machine.cpu.model != "unknown"
    assert machine.cpu.logical_cores == psutil.cpu_count()
    assert machine.cpu.physical_cores == psutil.cpu_count(logical=False)
    assert 1 <= machine.cpu.allowed_cores <= machine.cpu.performance_cores
    assert machine.cpu.instruction_sets
    assert machine.memory.total_bytes == psutil.virtual_memory().total
    assert 0 < machine.memory.available_bytes <= machine.memory.total_bytes
    assert machine.disks[0].total_bytes > machine.disks[0].free_bytes > 0
    assert machine.unread == ()


def test_it_travels_as_json() -> None:
    machine = probe_machine(graphics=False)
    assert msgspec.json.decode(msgspec.json.encode(machine), type=Machine) == machine


def test_graphics_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(probe, "read_graphics", fail)
    assert probe_machine(graphics=False).graphics == ()
    assert probe_machine().unread == ("the graphics cards could not be read: AssertionError:",)


def test_parts_that_fail_or_block_leave_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise PermissionError(13, "Permission denied")

    def block() -> NoReturn:
        time.sleep(3)
        raise AssertionError

    monkeypatch.setattr(probe, "DEADLINE_SECONDS", 1)
    monkeypatch.setattr(probe, "read_cpu", fail)
    monkeypatch.setattr(probe, "read_power", block)
    machine = probe_machine()
    assert machine.unread == (
        "the processor could not be read: Permission denied",
        "the power supply could not be read: no answer in time",
    )
    assert machine.cpu.logical_cores == os.cpu_count()
    assert machine.memory.total_bytes == psutil.virtual_memory().total


def test_a_current_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    machine = probe_machine(graphics=False)
    assert len(machine.disks) == 1
    (sentence,) = machine.unread
    assert sentence.startswith("the disk of this folder could not be read: ")


class TestDisks:
    def test_a_folder_that_is_not_there_yet(self, tmp_path: Path) -> None:
        place = read_place(tmp_path / "not" / "yet").value
        assert place is not None
        assert place.disk.path.endswith("yet")
        assert place.disk.total_bytes == shutil.disk_usage(tmp_path).total

    def test_each_file_system_once(self, tmp_path: Path) -> None:
        places = [read_place(tmp_path).value, None, read_place(tmp_path / "other").value]
        assert [disk.path for disk in each_once(places)] == [str(tmp_path)]

    def test_a_name_is_made_harmless(self, tmp_path: Path) -> None:
        place = read_place(tmp_path / "a\x1b[2Jb").value
        assert place is not None
        assert "\x1b" not in place.disk.path
