"""Memory and its limits: control groups of both versions, ulimit, and files that are odd."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from localr1.hardware.control_groups import Groups, control_groups
from localr1.hardware.machine import Memory
from localr1.hardware.memory_limits import Limit, bound, group_limits, read_memory
from tests.recorded_trees import write_tree

GIB = 1 << 30
NO_LIMIT_1 = 9_223_372_036_854_771_712  # version 1 writes this for "none"

MOUNT_2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
MOUNT_1 = "36 32 0:31 / /sys/fs/cgroup/memory rw shared:15 - cgroup cgroup rw,memory"


def version_2(root: Path, group: str, files: Mapping[str, object]) -> Path:
    """A computer whose process is in this group, with these files in /sys/fs/cgroup."""
    return write_tree(
        root,
        {
            "proc/self/cgroup": f"0::{group}",
            "proc/self/mountinfo": f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n{MOUNT_2}",
            **{f"sys/fs/cgroup/{name}": str(content) for name, content in files.items()},
        },
    )


def version_1(root: Path, group: str, files: Mapping[str, object]) -> Path:
    """The same with version 1, beside an empty hierarchy of version 2."""
    return write_tree(
        root,
        {
            "proc/self/cgroup": f"5:memory:{group}\n2:cpu,cpuacct:/elsewhere\n0::/",
            "proc/self/mountinfo": f"{MOUNT_2}/unified\n{MOUNT_1}",
            **{f"sys/fs/cgroup/memory/{name}": str(content) for name, content in files.items()},
        },
    )


def memory_under(root: Path, total: int = 64 * GIB, available: int = 48 * GIB) -> Memory:
    return bound(total, available, group_limits(root).value)


class TestVersion2:
    def test_a_container(self, tmp_path: Path) -> None:
        files = {
            "memory.max": 4 * GIB,
            "memory.high": "max",
            "memory.current": 3 * GIB,
            "memory.stat": f"anon {GIB}\nfile {2 * GIB}\ninactive_file {GIB}\nactive_file {GIB}\n",
        }
        memory = memory_under(version_2(tmp_path, "/", files))
        assert (memory.limit_bytes, memory.available_bytes) == (4 * GIB, 3 * GIB)
        assert memory.limit_source == "memory.max of a control group"
        assert memory.total_bytes == 64 * GIB

    def test_a_group_above_can_be_stricter(self, tmp_path: Path) -> None:
        files = {
            "user.slice/memory.max": 8 * GIB,
            "user.slice/memory.current": 7 * GIB,
            "user.slice/app.scope/memory.max": 6 * GIB,
            "user.slice/app.scope/memory.current": GIB,
        }
        memory = memory_under(version_2(tmp_path, "/user.slice/app.scope", files))
        assert (memory.limit_bytes, memory.available_bytes) == (8 * GIB, GIB)

    def test_memory_high_counts_too(self, tmp_path: Path) -> None:
        files = {"memory.max": 4 * GIB, "memory.high": 3 * GIB, "memory.current": 2 * GIB}
        memory = memory_under(version_2(tmp_path, "/", files))
        assert memory.limit_source == "memory.high of a control group"
        assert memory.available_bytes == GIB

    def test_a_full_group_leaves_nothing(self, tmp_path: Path) -> None:
        files = {"memory.max": GIB, "memory.current": 2 * GIB}
        assert memory_under(version_2(tmp_path, "/", files)).available_bytes == 0

    def test_no_limit(self, tmp_path: Path) -> None:
        files = {"memory.max": "max", "memory.high": "max", "memory.current": GIB}
        root = version_2(tmp_path, "/", files)
        assert group_limits(root).unread == ()
        assert memory_under(root) == Memory(total_bytes=64 * GIB, available_bytes=48 * GIB)

    @pytest.mark.parametrize("group", ["/../outside", "/no/such/../group"])
    def test_a_group_outside_of_what_can_be_seen(self, tmp_path: Path, group: str) -> None:
        root = version_2(tmp_path, group, {"memory.max": GIB, "memory.current": 0})
        assert memory_under(root).limit_bytes == GIB

    @pytest.mark.parametrize("content", ["", "-5", "1.5", "4G", "\x1b[2J", "9" * 400])
    def test_garbage_is_told(self, tmp_path: Path, content: str) -> None:
        found = group_limits(version_2(tmp_path, "/", {"memory.max": content}))
        assert found.value == ()
        (sentence,) = found.unread
        assert sentence.startswith("the memory limit in ")
        assert sentence.endswith("memory.max could not be read")


class TestVersion1:
    def test_a_container(self, tmp_path: Path) -> None:
        files = {
            "box/memory.limit_in_bytes": 2 * GIB,
            "box/memory.usage_in_bytes": GIB,
            "box/memory.stat": f"cache 0\ntotal_inactive_file {GIB // 2}\ntotal_active_file 0",
            "memory.limit_in_bytes": NO_LIMIT_1,
            "memory.usage_in_bytes": 30 * GIB,
        }
        memory = memory_under(version_1(tmp_path, "/box", files))
        assert (memory.limit_bytes, memory.available_bytes) == (2 * GIB, 3 * GIB // 2)
        assert memory.limit_source == "memory.limit_in_bytes of a control group"

    def test_the_number_that_means_none(self, tmp_path: Path) -> None:
        files = {"memory.limit_in_bytes": NO_LIMIT_1, "memory.usage_in_bytes": 30 * GIB}
        memory = memory_under(version_1(tmp_path, "/", files))
        assert memory == Memory(total_bytes=64 * GIB, available_bytes=48 * GIB)

    def test_only_a_part_of_the_tree_is_mounted(self, tmp_path: Path) -> None:
        mount = MOUNT_1.replace(" / /sys", r" /docker/a\040b /sys")
        root = write_tree(
            tmp_path,
            {
                "proc/self/cgroup": "5:memory:/docker/a b/inner",
                "proc/self/mountinfo": mount,
                "sys/fs/cgroup/memory/inner/memory.limit_in_bytes": str(GIB),
                "sys/fs/cgroup/memory/memory.limit_in_bytes": str(2 * GIB),
            },
        )
        folders = control_groups("memory", root).folders
        assert folders == (root / "sys/fs/cgroup/memory/inner", root / "sys/fs/cgroup/memory")
        assert [limit.limit_bytes for limit in group_limits(root).value] == [GIB, 2 * GIB]


class TestNoControlGroups:
    def test_nothing_mounted(self, tmp_path: Path) -> None:
        assert control_groups("memory", tmp_path).folders == ()
        assert group_limits(tmp_path).value == ()

    def test_not_mounted_where_the_process_is(self, tmp_path: Path) -> None:
        root = version_1(tmp_path, "/box", {})
        (root / "proc/self/mountinfo").write_text(MOUNT_2)
        assert control_groups("memory", root).folders == ()

    @pytest.mark.parametrize("line", ["", "-", "a b c", " - cgroup2", "1 2 3 4 - cgroup2 x rw"])
    def test_mounts_that_are_garbage(self, tmp_path: Path, line: str) -> None:
        root = version_2(tmp_path, "/", {"memory.max": GIB})
        (root / "proc/self/mountinfo").write_text(line)
        assert control_groups("memory", root) == Groups(2, ())


class TestLimits:
    def test_the_one_that_leaves_least_wins(self) -> None:
        limits = [Limit(8 * GIB, 5 * GIB, "a"), Limit(6 * GIB, 2 * GIB, "b")]
        memory = bound(16 * GIB, 12 * GIB, limits)
        assert (memory.limit_source, memory.available_bytes) == ("b", 2 * GIB)

    def test_the_computer_can_have_less_than_a_limit_leaves(self) -> None:
        memory = bound(16 * GIB, GIB, [Limit(8 * GIB, 5 * GIB, "a")])
        assert (memory.available_bytes, memory.limit_bytes) == (GIB, 8 * GIB)

    def test_one_beyond_the_computers_memory_is_none(self) -> None:
        assert bound(16 * GIB, 12 * GIB, [Limit(32 * GIB, 31 * GIB, "a")]).limit_bytes is None


def test_this_computer(tmp_path: Path) -> None:
    found = read_memory(version_2(tmp_path, "/", {"memory.max": 64 << 20, "memory.current": 0}))
    assert found.unread == ()
    assert found.value.total_bytes == psutil.virtual_memory().total
    if sys.platform == "linux":
        assert found.value.available_bytes == 64 << 20


if sys.platform == "linux":

    def test_ulimit_in_a_process_of_its_own(tmp_path: Path) -> None:
        program = (
            "import resource\n"
            "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
            "from localr1.hardware.memory_limits import read_memory\n"
            "memory = read_memory().value\n"
            "print(memory.limit_bytes, memory.available_bytes, memory.limit_source)\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, env=environment
        )
        limit, available, source = done.stdout.decode().strip().split(" ", 2)
        assert int(limit) == 3 * GIB
        assert 0 < int(available) < 3 * GIB
        assert source == "RLIMIT_AS (ulimit -v)"
