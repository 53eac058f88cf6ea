"""The processor: recorded machines of each kind, and what a process may use of them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from localr1.hardware import cpu_linux, cpu_macos, cpu_windows
from localr1.hardware.control_groups import cpu_quota
from localr1.hardware.cores import Core
from localr1.hardware.cpu import describe, unknown_cpu
from localr1.hardware.system_files import cpu_list
from localr1.hardware.system_tool import ToolFailed, ToolOutput
from tests.recorded_trees import recorded, recorded_tree, write_tree

EPYC = (
    "processor\t: {}\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC 9355 32-Core Processor\n"
    "flags\t\t: fpu sse2 fma f16c avx avx2 {} vaes\n\n"
)


def threads(count: int, fast: int) -> list[Core]:
    """Cores of two hyperthreads each, the first ones fast."""
    return [Core(frozenset({2 * i, 2 * i + 1}), fast=i < fast) for i in range(count)]


class TestLinux:
    def test_a_hybrid_laptop(self, tmp_path: Path) -> None:
        cores = cpu_linux.cores(recorded_tree("linux-hybrid-laptop.txt", tmp_path))
        cpu = describe("Core i7", cores, ())
        assert (cpu.physical_cores, cpu.performance_cores, cpu.logical_cores) == (14, 6, 20)
        assert cpu.allowed_cores == 6

    def test_favoured_cores_of_a_desktop_are_no_kind_of_their_own(self, tmp_path: Path) -> None:
        cores = cpu_linux.cores(recorded_tree("linux-amd-desktop.txt", tmp_path))
        cpu = describe("Ryzen", cores, ())
        assert (cpu.physical_cores, cpu.performance_cores, cpu.logical_cores) == (8, 8, 16)

    def test_an_arm_board_with_big_and_little_cores(self, tmp_path: Path) -> None:
        root = recorded_tree("linux-arm-board.txt", tmp_path)
        cpuinfo = cpu_linux.read_cpuinfo(root)
        sets = cpu_linux.instruction_sets(cpuinfo)
        cpu = describe(cpu_linux.model(cpuinfo), cpu_linux.cores(root), sets)
        assert cpu.model == "Cortex-A55 + Cortex-A76"
        assert (cpu.physical_cores, cpu.performance_cores, cpu.logical_cores) == (8, 4, 8)
        assert cpu.instruction_sets == ("neon", "dotprod")

    def test_instruction_sets_that_llama_cpp_uses_and_every_core_has(self, tmp_path: Path) -> None:
        text = EPYC.format(0, "avx512f avx512_vnni") + EPYC.format(1, "avx512f")
        cpuinfo = cpu_linux.read_cpuinfo(write_tree(tmp_path, {"proc/cpuinfo": text}))
        assert cpu_linux.model(cpuinfo) == "AMD EPYC 9355 32-Core Processor"
        assert cpu_linux.instruction_sets(cpuinfo) == ("avx", "avx2", "fma", "f16c", "avx512f")

    def test_switched_off_cpus_do_not_count(self, tmp_path: Path) -> None:
        topology = "sys/devices/system/cpu/cpu{}/topology/core_cpus_list"
        files = {topology.format(cpu): "0-3" for cpu in range(4)}
        root = write_tree(tmp_path, {"sys/devices/system/cpu/online": "0-1", **files})
        assert cpu_linux.cores(root) == (Core(frozenset({0, 1}), fast=True),)

    @pytest.mark.parametrize(
        ("speeds", "fast"),
        [
            ({0: 160, 1: 160, 2: 498, 3: 1024}, {2, 3}),  # three kinds, as in Google Tensor
            ({0: 690, 1: 690, 2: 1024}, {0, 1, 2}),  # full cores at a lower clock
            ({0: 3_300_000, 1: 5_400_000}, {0, 1}),  # compact cores of AMD
            ({0: 300, 1: 306, 2: 1024}, {2}),
            ({0: 1500000}, {0}),
        ],
    )
    def test_which_cores_are_fast(self, speeds: dict[int, int], fast: set[int]) -> None:
        assert cpu_linux.fast_ones(speeds) == fast

    @pytest.mark.parametrize("content", ["", "garbage\x1b[2J", "\n\n::\n"])
    def test_garbage_tells_nothing(self, tmp_path: Path, content: str) -> None:
        files = dict.fromkeys(("proc/cpuinfo", "sys/devices/system/cpu/online"), content)
        root = write_tree(tmp_path, files)
        cpuinfo = cpu_linux.read_cpuinfo(root)
        assert cpu_linux.model(cpuinfo) == ""
        assert cpu_linux.instruction_sets(cpuinfo) == ()
        assert cpu_linux.cores(root) == ()

    def test_a_name_is_made_harmless(self) -> None:
        assert describe("AMD\x1b]0;owned\x07 \u202eEPYC", [], ()).model == "AMD␛]0;owned␇ EPYC"

    @pytest.mark.parametrize(
        ("text", "cpus"),
        [
            ("0-3,8\n", {0, 1, 2, 3, 8}),
            ("5", {5}),
            ("", set()),
            (None, set()),
            ("3-1,x,-,1-2-3,7", {7}),
            ("0-99999999999999999999999", set()),
            ("0-4000000000", set()),
        ],
    )
    def test_the_kernels_list_format(self, text: str | None, cpus: set[int]) -> None:
        assert cpu_list(text) == cpus


class TestWhatIsAllowed:
    def test_affinity_counts_cores_not_threads(self) -> None:
        cores = threads(count=8, fast=8)
        assert describe("", cores, (), allowed=frozenset({0, 1, 2})).allowed_cores == 2

    def test_performance_cores_when_there_are_any(self) -> None:
        cores = threads(count=8, fast=2)
        assert describe("", cores, (), allowed=frozenset({2, 8, 10})).allowed_cores == 1
        assert describe("", cores, (), allowed=frozenset({8, 10})).allowed_cores == 2

    @pytest.mark.parametrize(("quota", "count"), [(0.5, 1), (1.99, 1), (3.0, 3), (64.0, 8)])
    def test_a_quota_in_whole_cores(self, quota: float, count: int) -> None:
        assert describe("", threads(8, 8), (), quota=quota).allowed_cores == count

    def test_there_is_always_one(self) -> None:
        assert describe("", threads(8, 8), (), allowed=frozenset({99})).allowed_cores == 1
        assert unknown_cpu().allowed_cores >= 1


class TestQuota:
    def mounts(self, kind: str, options: str, point: str = "/sys/fs/cgroup") -> str:
        return f"31 23 0:28 / {point} rw,nosuid shared:9 - {kind} cgroup rw,{options}"

    def test_version_2_the_strictest_group_counts(self, tmp_path: Path) -> None:
        root = write_tree(
            tmp_path,
            {
                "proc/self/cgroup": "0::/user.slice/app.scope",
                "proc/self/mountinfo": self.mounts("cgroup2", "nsdelegate"),
                "sys/fs/cgroup/user.slice/cpu.max": "150000 100000",
                "sys/fs/cgroup/user.slice/app.scope/cpu.max": "max 100000",
            },
        )
        assert cpu_quota(root) == 1.5

    def test_version_1(self, tmp_path: Path) -> None:
        root = write_tree(
            tmp_path,
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/box\n1:name=systemd:/\n0::/",
                "proc/self/mountinfo": self.mounts("cgroup", "cpu,cpuacct", "/cg/cpu,cpuacct"),
                "cg/cpu,cpuacct/box/cpu.cfs_quota_us": "250000",
                "cg/cpu,cpuacct/box/cpu.cfs_period_us": "100000",
                "cg/cpu,cpuacct/cpu.cfs_quota_us": "-1",
                "cg/cpu,cpuacct/cpu.cfs_period_us": "100000",
            },
        )
        assert cpu_quota(root) == 2.5

    @pytest.mark.parametrize("limit", ["max 100000", "0 0", "5", "", "x y", "100000 0"])
    def test_no_limit_or_garbage(self, tmp_path: Path, limit: str) -> None:
        root = write_tree(
            tmp_path,
            {
                "proc/self/cgroup": "0::/",
                "proc/self/mountinfo": self.mounts("cgroup2", "nsdelegate"),
                "sys/fs/cgroup/cpu.max": limit,
            },
        )
        assert cpu_quota(root) is None


class TestMacos:
    def facts(self, name: str) -> dict[str, str]:
        return cpu_macos.read_sysctl(lambda *_: ToolOutput(recorded(name), 0))

    def test_apple_silicon(self) -> None:
        facts = self.facts("sysctl-m2-pro.txt")
        cpu = describe("", cpu_macos.cores(facts), cpu_macos.instruction_sets(facts))
        assert (cpu.physical_cores, cpu.performance_cores, cpu.logical_cores) == (10, 6, 10)
        assert cpu.instruction_sets == ("neon", "dotprod", "i8mm")
        assert cpu_macos.is_apple_silicon(facts)

    def test_an_intel_mac(self) -> None:
        facts = self.facts("sysctl-intel-macbook.txt")
        cpu = describe("", cpu_macos.cores(facts), cpu_macos.instruction_sets(facts))
        assert (cpu.physical_cores, cpu.performance_cores, cpu.logical_cores) == (6, 6, 12)
        assert cpu.instruction_sets == ("avx", "avx2", "fma", "f16c")
        assert not cpu_macos.is_apple_silicon(facts)

    @pytest.mark.parametrize("text", ["", "sysctl: unknown oid", "hw.physicalcpu: many"])
    def test_garbage(self, text: str) -> None:
        with pytest.raises(ToolFailed, match="tells nothing about the processor"):
            cpu_macos.read_sysctl(lambda *_: ToolOutput(text, 1))

    def test_absurd_counts_stay_bounded(self) -> None:
        facts = {"hw.physicalcpu": "9" * 20, "hw.logicalcpu": "9" * 20}
        assert len(cpu_macos.cores(facts)) == 4096


class TestWindows:
    def record(self, mask: int, efficiency: int, group: int = 0) -> bytes:
        """A SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX of one core."""
        return struct.pack("<IIBB20xHQH6x", 0, 48, 1, efficiency, 1, mask, group)

    def test_a_hybrid_processor(self) -> None:
        records = [self.record(3 << 2 * i, 1) for i in range(6)]
        records += [self.record(1 << 12 + i, 0) for i in range(8)]
        cpu = describe("", cpu_windows.parse_cores(b"".join(records)), ())
        assert (cpu.physical_cores, cpu.performance_cores, cpu.logical_cores) == (14, 6, 20)

    def test_one_kind_of_core_and_a_second_group(self) -> None:
        cores = cpu_windows.parse_cores(self.record(3, 0) + self.record(1, 0, group=1))
        assert cores == (Core(frozenset({0, 1}), True), Core(frozenset({64}), True))

    def test_other_records_are_passed_over(self) -> None:
        package = struct.pack("<II40x", 3, 48)
        assert len(cpu_windows.parse_cores(package + self.record(1, 0))) == 1

    @pytest.mark.parametrize("size", [0, 8, 31, 49, 1 << 31])
    def test_a_size_that_cannot_be(self, size: int) -> None:
        garbage = struct.pack("<II40x", 0, size)
        assert cpu_windows.parse_cores(garbage) == ()

    def test_cut_off(self) -> None:
        whole = self.record(1, 0) + self.record(2, 0)
        counts = [len(cpu_windows.parse_cores(whole[:end])) for end in range(len(whole) + 1)]
        assert counts == [0] * 48 + [1] * 48 + [2]
