"""Graphics cards: recorded answers of drivers, buses and systems, also broken ones."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from localr1.hardware import graphics_macos, graphics_windows, nvidia_smi
from localr1.hardware.finding import Finding
from localr1.hardware.graphics import read_graphics
from localr1.hardware.machine import Graphics
from localr1.hardware.nvidia_smi import nvidia_cards
from localr1.hardware.pci_graphics import name_of, pci_cards
from localr1.hardware.system_tool import Runner, ToolFailed, ToolMissing, ToolOutput
from tests.recorded_trees import recorded, recorded_tree, write_tree

MIB = 1 << 20


def tools(**answers: str | ToolOutput | ToolFailed) -> Runner:
    """A system with these tools ("_" stands for "-"), each with its one answer."""

    def run(name: str, arguments: Sequence[str], seconds: float, /) -> ToolOutput:
        answer = answers.get(name.replace("-", "_"), ToolMissing(f"{name} is not installed"))
        if isinstance(answer, ToolFailed):
            raise answer
        return answer if isinstance(answer, ToolOutput) else ToolOutput(answer, 0)

    return run


def linux(root: Path, **answers: str | ToolOutput | ToolFailed) -> Finding[tuple[Graphics, ...]]:
    return read_graphics(root, tools(**answers), system="linux")


class TestNvidiaSmi:
    def test_one_card(self) -> None:
        (card,) = nvidia_smi.parse(recorded("nvidia-smi-one.txt")).value
        assert card.address == "0000:01:00.0"
        assert card.graphics == Graphics(
            vendor="nvidia",
            name="NVIDIA GeForce RTX 4090",
            driver="nvidia",
            driver_version="550.54.14",
            memory_bytes=24564 * MIB,
            source="nvidia-smi",
        )

    def test_two_cards(self) -> None:
        found = nvidia_smi.parse(recorded("nvidia-smi-two.txt"))
        sizes = [card.graphics.memory_bytes for card in found.value]
        assert sizes == [24576 * MIB, 6144 * MIB]
        assert found.unread == ()

    def test_memory_that_is_the_computers(self) -> None:
        (card,) = nvidia_smi.parse(recorded("nvidia-smi-shared-memory.txt")).value
        assert card.graphics.memory_bytes is None
        assert card.address == "000f:01:00.0"

    @pytest.mark.parametrize(
        ("recording", "exit_code", "why"),
        [
            ("mismatch", 18, "Failed to initialize NVML: Driver/library version mismatch"),
            ("no-driver", 9, "NVIDIA-SMI has failed because it couldn't communicate"),
            ("no-devices", 6, "No devices were found"),
        ],
    )
    def test_it_says_why_it_cannot(self, recording: str, exit_code: int, why: str) -> None:
        answer = ToolOutput(recorded(f"nvidia-smi-{recording}.txt"), exit_code)
        found = nvidia_cards(tools(nvidia_smi=answer))
        assert found.value == ()
        (sentence,) = found.unread
        assert sentence.startswith(f"nvidia-smi: {why}")

    def test_a_lost_card_does_not_hide_the_others(self) -> None:
        found = nvidia_smi.parse(recorded("nvidia-smi-lost-card.txt"))
        assert [card.graphics.name for card in found.value] == ["NVIDIA GeForce RTX 3090"]
        assert "Unable to determine the device handle for GPU0000:02:00.0" in found.unread[0]

    def test_silence_with_an_exit_code(self) -> None:
        found = nvidia_cards(tools(nvidia_smi=ToolOutput("", 15)))
        assert found == Finding((), ("nvidia-smi ended with exit code 15",))

    def test_missing_is_no_error_and_hanging_is(self) -> None:
        assert nvidia_cards(tools()) == Finding(())
        hangs = ToolFailed("nvidia-smi gave no answer within 3 s")
        assert nvidia_cards(tools(nvidia_smi=hangs)).unread == (str(hangs),)

    @pytest.mark.parametrize(
        "text",
        [
            "\x1b[31mred\x1b[0m",
            "a, b, c, d",
            ",,,",
            "name, 1, 2, 0000:zz:00.0",
            "��\x00��, ��",
            "x" * 100_000,
            ", 24564, 550.54.14, 00000000:01:00.0",
        ],
    )
    def test_garbage(self, text: str) -> None:
        found = nvidia_smi.parse(text)
        assert found.value == ()
        (sentence,) = found.unread
        assert "\x1b" not in sentence
        assert len(sentence) < 200

    def test_a_name_is_made_harmless(self) -> None:
        text = "RTX\x1b]52;c;AAAA\x07\u202e 4090, 100, 550, 00000000:01:00.0"
        (card,) = nvidia_smi.parse(text).value
        assert card.graphics.name == "RTX␛]52;c;AAAA␇ 4090"


class TestPci:
    def test_a_laptop_with_two(self, tmp_path: Path) -> None:
        root = recorded_tree("linux-hybrid-laptop.txt", tmp_path)
        intel, nvidia = (card.graphics for card in pci_cards(root).value)
        assert (intel.vendor, intel.name, intel.driver, intel.memory_bytes) == (
            ("intel", "Intel Iris Xe Graphics", "i915", None)
        )
        assert (nvidia.vendor, nvidia.name, nvidia.driver) == (
            ("nvidia", "NVIDIA GeForce RTX 4060 Max-Q / Mobile", "nvidia")
        )

    def test_amd_tells_its_memory(self, tmp_path: Path) -> None:
        found = linux(recorded_tree("linux-amd-desktop.txt", tmp_path))
        assert [(card.name, card.driver, card.memory_bytes) for card in found.value] == [
            ("AMD Radeon RX 7900 XT/7900 XTX/7900M", "amdgpu", 25753026560),
            ("AMD Raphael", "amdgpu", 536870912),
        ]

    def test_intel_tells_its_memory(self, tmp_path: Path) -> None:
        integrated, arc = linux(recorded_tree("linux-intel-arc.txt", tmp_path)).value
        assert (integrated.driver, integrated.memory_bytes) == ("xe", None)
        assert (arc.name, arc.memory_bytes) == ("Intel graphics 8086:56a0", 17095983104)

    def test_accelerators_but_no_parts_of_cards_and_no_consoles(self, tmp_path: Path) -> None:
        (card,) = linux(recorded_tree("linux-instinct-server.txt", tmp_path)).value
        assert (card.vendor, card.name) == ("amd", "AMD Instinct MI300X OAM")
        assert card.memory_bytes == 206141652992

    def test_cards_without_a_working_driver_are_known(self, tmp_path: Path) -> None:
        found = linux(recorded_tree("linux-no-driver.txt", tmp_path))
        assert [(card.vendor, card.name, card.driver) for card in found.value] == [
            ("nvidia", "NVIDIA graphics 10de:2684", None),
            ("nvidia", "NVIDIA graphics 10de:20b2", "nouveau"),
            ("other", "graphics 1ed5:0200", "mtgpu"),
        ]
        assert found.unread == ()

    def test_virtual_adapters_are_no_gpus(self, tmp_path: Path) -> None:
        root = recorded_tree("linux-virtual-machine.txt", tmp_path)
        assert len(list((root / "sys/bus/pci/devices").iterdir())) == 8
        assert pci_cards(root) == Finding(())

    def test_no_bus(self, tmp_path: Path) -> None:
        assert pci_cards(tmp_path) == Finding(())

    @pytest.mark.parametrize("content", ["", "PCI_ID=\n=\n", "PCI_CLASS=30000\nPCI_ID=10DE", "��"])
    def test_garbage(self, tmp_path: Path, content: str) -> None:
        root = write_tree(tmp_path, {"sys/bus/pci/devices/0000-01-00.0/uevent": content})
        assert pci_cards(root) == Finding(())

    @pytest.mark.parametrize(
        ("vendor", "device", "name"),
        [
            (0x10DE, "2684", "GeForce RTX 4090"),
            (0x10DE, "28e0", "GeForce RTX 4060 Max-Q / Mobile"),
            (0x10DE, "889c", None),  # a subsystem's number
            (0x10DE, "a7a0", None),  # the next vendor's device
            (0x5333, "2684", None),
        ],
    )
    def test_names_in_the_list_of_ids(
        self, tmp_path: Path, vendor: int, device: str, name: str | None
    ) -> None:
        root = recorded_tree("linux-hybrid-laptop.txt", tmp_path)
        ids = (root / "usr/share/misc/pci.ids").read_text()
        assert name_of(ids, vendor, device) == name


class TestLinux:
    def test_a_card_in_both_reports_is_one(self, tmp_path: Path) -> None:
        root = recorded_tree("linux-hybrid-laptop.txt", tmp_path)
        found = linux(root, nvidia_smi=recorded("nvidia-smi-one.txt"))
        assert [(card.name, card.source) for card in found.value] == [
            ("NVIDIA GeForce RTX 4090", "nvidia-smi"),
            ("Intel Iris Xe Graphics", "PCI"),
        ]

    def test_a_card_that_the_driver_lost_stays_known(self, tmp_path: Path) -> None:
        root = recorded_tree("linux-no-driver.txt", tmp_path)
        found = linux(root, nvidia_smi=recorded("nvidia-smi-lost-card.txt"))
        names = [card.name for card in found.value]
        assert names[:2] == ["NVIDIA GeForce RTX 3090", "NVIDIA graphics 10de:20b2"]
        assert len(found.unread) == 1

    def test_cards_beyond_the_bus(self, tmp_path: Path) -> None:
        found = linux(tmp_path, nvidia_smi=recorded("nvidia-smi-two.txt"))
        assert len(found.value) == 2

    def test_a_driver_without_a_card_is_no_complaint(self, tmp_path: Path) -> None:
        answer = ToolOutput(recorded("nvidia-smi-no-devices.txt"), 6)
        assert linux(tmp_path / "none", nvidia_smi=answer) == Finding(())
        root = recorded_tree("linux-no-driver.txt", tmp_path)
        assert linux(root, nvidia_smi=answer).unread == ("nvidia-smi: No devices were found",)

    def test_a_broken_driver_leaves_the_card(self, tmp_path: Path) -> None:
        root = recorded_tree("linux-hybrid-laptop.txt", tmp_path)
        hangs = ToolFailed("nvidia-smi gave no answer within 3 s")
        found = linux(root, nvidia_smi=hangs)
        assert [card.vendor for card in found.value] == ["intel", "nvidia"]
        assert found.unread == ("nvidia-smi gave no answer within 3 s",)


class TestMacos:
    def macos(self, **answers: str | ToolOutput | ToolFailed) -> Finding[tuple[Graphics, ...]]:
        return read_graphics(run=tools(**answers), system="darwin")

    def test_apple_silicon(self) -> None:
        found = self.macos(system_profiler=recorded("system_profiler-m2-pro.json"))
        assert found == Finding(
            (
                Graphics(
                    vendor="apple",
                    name="Apple M2 Pro",
                    driver="Metal",
                    memory_bytes=None,
                    source="system_profiler",
                ),
            )
        )

    def test_an_intel_mac_with_two(self) -> None:
        found = self.macos(system_profiler=recorded("system_profiler-intel-macbook.json"))
        assert [(card.vendor, card.memory_bytes) for card in found.value] == [
            ("intel", None),
            ("amd", 4 << 30),
        ]

    def test_sysctl_knows_when_system_profiler_hangs(self) -> None:
        hangs = ToolFailed("system_profiler gave no answer within 3 s")
        found = self.macos(system_profiler=hangs, sysctl=recorded("sysctl-m2-pro.txt"))
        assert [(card.name, card.source) for card in found.value] == [("Apple M2 Pro", "sysctl")]
        assert found.unread == ()

    def test_nobody_knows(self) -> None:
        hangs = ToolFailed("system_profiler gave no answer within 3 s")
        found = self.macos(system_profiler=hangs, sysctl=recorded("sysctl-intel-macbook.txt"))
        assert found == Finding((), (str(hangs),))
        assert len(self.macos(system_profiler=hangs, sysctl="").unread) == 2

    def test_a_virtual_machine(self) -> None:
        display = {"sppci_model": "Apple Paravirtual device", "spdisplays_vendor": "x"}
        report = json.dumps({"SPDisplaysDataType": [display, {"_name": "no model"}]})
        assert graphics_macos.parse(report) == ()

    @pytest.mark.parametrize(
        "text",
        ["", "null", "{}", "[" * 100_000, '{"SPDisplaysDataType": [{"sppci_model": 5}]}', "��"],
    )
    def test_garbage(self, text: str) -> None:
        with pytest.raises(ToolFailed, match=r"^system_profiler printed something else than JSON$"):
            graphics_macos.parse(text)


class TestWindows:
    def windows(self, **answers: str | ToolOutput | ToolFailed) -> Finding[tuple[Graphics, ...]]:
        return read_graphics(run=tools(**answers), system="win32")

    def test_one_is_an_object(self) -> None:
        (card,) = self.windows(powershell=recorded("windows-one.json")).value
        assert (card.vendor, card.name, card.driver) == (
            ("nvidia", "NVIDIA GeForce RTX 4090", "NVIDIA")
        )
        assert card.memory_bytes == 25757220864
        assert card.driver_version == "31.0.15.5222"

    def test_several_are_a_list(self) -> None:
        found = self.windows(powershell="\ufeff" + recorded("windows-several.json"))
        assert [(card.vendor, card.memory_bytes, card.driver) for card in found.value] == [
            ("amd", 24 << 30, "Advanced Micro Devices, Inc."),
            ("intel", 2147479552, "Intel Corporation"),
            ("nvidia", None, None),  # Windows' own driver: the maker's is missing
            ("other", None, "Qualcomm Incorporated"),
        ]
        assert found.unread == ()

    def test_nvidia_smi_tells_more_of_the_same_card(self) -> None:
        answers = {name: recorded(name) for name in ("nvidia-smi-one.txt", "windows-one.json")}
        found = self.windows(
            nvidia_smi=answers["nvidia-smi-one.txt"], powershell=answers["windows-one.json"]
        )
        (card,) = found.value
        assert (card.source, card.driver_version) == ("nvidia-smi", "550.54.14")

    def test_memory_of_32_bits_is_not_believed_when_full(self) -> None:
        card = json.loads(recorded("windows-one.json"))
        for size in (None, [1, 2], [300] * 8):
            report = json.dumps({**card, "qwMemorySize": size})
            assert graphics_windows.parse(report)[0].graphics.memory_bytes is None

    def test_none(self) -> None:
        assert self.windows(powershell="\r\n") == Finding(())

    @pytest.mark.parametrize("text", ["{", "5", "[[]]", '{"Name": 5}', "[" * 100_000, "��"])
    def test_garbage(self, text: str) -> None:
        found = self.windows(powershell=text)
        assert found == Finding(
            (),
            (
                "the display adapters could not be read: "
                "PowerShell printed something else than JSON",
            ),
        )


def test_tools_run_beside_each_other(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)

    def meet(name: str, arguments: Sequence[str], seconds: float, /) -> ToolOutput:
        both.wait()
        return ToolOutput(recorded("windows-one.json") if name == "powershell" else "", 0)

    found = read_graphics(tmp_path, meet, system="win32")
    assert len(found.value) == 1
    assert found.unread == ()


if os.name == "posix":

    def test_a_real_tool_that_hangs_does_not_hide_the_card(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tool = tmp_path / "bin/nvidia-smi"
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\nsleep 60\n")
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
        root = recorded_tree("linux-no-driver.txt", tmp_path / "root")
        monkeypatch.setattr(nvidia_smi, "SLOW_SECONDS", 0.3)
        started = time.monotonic()
        found = read_graphics(root, system="linux")
        assert time.monotonic() - started < 30
        assert len(found.value) == 3
        assert found.unread == ("nvidia-smi gave no answer within 0.3 s",)
