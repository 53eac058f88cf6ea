"""Models under a memory limit: in a control group where one can be made, and under `ulimit -v`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localr1.errors import ExitCode
from localr1.hardware.control_groups import control_groups
from tests.cli.command_line import LOCALR1, is_one_line_error, json_lines
from tests.gpu_engine import skip_with_gpu_engine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")

MIB = 1 << 20


class Group:
    """A control group with a memory limit; processes join it by their shell."""

    def __init__(self, folder: Path, limit_file: str, peak_file: str) -> None:
        self.folder = folder
        self._limit, self._peak = folder / limit_file, folder / peak_file

    def limit(self, size_bytes: int) -> None:
        self._limit.write_text(str(size_bytes))

    def peak_bytes(self) -> int | None:
        """The most memory it held, where the kernel counts that."""
        return int(self._peak.read_text()) if self._peak.exists() else None

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        return _shell(f"echo $$ > {self.folder}/cgroup.procs", arguments)


def _shell(first: str, arguments: tuple[str | Path, ...]) -> subprocess.CompletedProcess[bytes]:
    """Run localr1 in a shell that has done something first."""
    command = ["sh", "-c", f'{first} && exec "$@"', "sh", *LOCALR1, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, stdin=subprocess.DEVNULL, timeout=180, check=False
    )


def make_group() -> Group | None:
    """A group below this process's own, or None where that is not allowed."""
    version, folders = control_groups("memory", Path("/"))
    names = {1: ("memory.limit_in_bytes", "memory.max_usage_in_bytes")}
    limit, peak = names.get(version, ("memory.max", "memory.peak"))
    for own in folders[:1]:
        folder = own / f"localr1-test-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            return None
        if (folder / limit).exists():
            return Group(folder, limit, peak)
        folder.rmdir()
    return None


@pytest.fixture
def group() -> Iterator[Group]:
    made = make_group()
    if made is None:
        pytest.skip("no control group can be made here; the next tests use ulimit -v")
    yield made
    made.folder.rmdir()


def ways_out(stderr: bytes) -> list[str]:
    return stderr.decode().partition("what works: ")[2].split(", or ")


def test_a_group_too_small_for_the_model(group: Group, smollm2: Path) -> None:
    group.limit(220 * MIB)
    done = group.run("run", smollm2, "hi", "--no-history", "--json")
    assert done.returncode == ExitCode.DOES_NOT_FIT
    events = json_lines(done.stdout)
    assert [event["type"] for event in events] == ["failed"]
    assert "control group" in events[0]["message"]
    assert len(events[0]["hint"].split(", or ")) == 2
    peak = group.peak_bytes()
    assert peak is None or peak < 220 * MIB


def test_a_group_with_room_for_a_short_window(group: Group, smollm2: Path) -> None:
    group.limit(400 * MIB)
    done = group.run("run", smollm2, "Say hello.", "--no-history", "--json", "--max-tokens", "12")
    assert done.returncode == ExitCode.OK, done.stderr.decode()
    events = json_lines(done.stdout)
    ready = next(event for event in events if event["type"] == "ready")
    assert 2048 <= ready["plan"]["n_ctx"] < 8192
    notice = next(event for event in events if event.get("kind") == "memory")
    assert f"{ready['plan']['n_ctx']:,} tokens" in notice["text"]
    assert events[-1]["type"] == "done"


def under_ulimit(mebibytes: int, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return _shell(f"ulimit -v {mebibytes << 10}", arguments)


def test_an_address_limit_too_small_for_the_model(smollm2: Path) -> None:
    skip_with_gpu_engine()
    done = under_ulimit(500, "run", smollm2, "hi", "--no-history")
    assert done.returncode == ExitCode.DOES_NOT_FIT
    assert done.stdout == b""
    assert is_one_line_error(done.stderr)
    assert b"ulimit -v" in done.stderr
    assert len(ways_out(done.stderr)) == 2


def test_what_is_named_fits(smollm2: Path) -> None:
    """A window that is too long is refused, and the one that is named instead is loaded."""
    skip_with_gpu_engine()
    asked = ("run", smollm2, "Say hello.", "--no-history", "--max-tokens", "4")
    refused = under_ulimit(1500, *asked, "--n-ctx", "200000")
    assert refused.returncode == ExitCode.DOES_NOT_FIT
    shorter = re.match(r"--n-ctx (\d+)", ways_out(refused.stderr)[0])
    assert shorter
    done = under_ulimit(1500, *asked, "--n-ctx", shorter[1])
    assert done.returncode == ExitCode.OK, done.stderr.decode()
