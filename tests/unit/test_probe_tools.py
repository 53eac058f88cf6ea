"""Tools of the system that are missing, broken or without end cannot hold the probe up."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from localr1.errors import UsageError
from localr1.hardware import system_tool
from localr1.hardware.finding import Background, Finding
from localr1.hardware.system_tool import (
    OUTPUT_LIMIT_BYTES,
    ToolFailed,
    ToolMissing,
    ToolOutput,
    find_tool,
    run_tool,
)


@pytest.fixture
def python_is_the_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tool's name, the Python that runs this is started."""
    monkeypatch.setattr(system_tool, "find_tool", lambda name: sys.executable)


def play(program: str, seconds: float = 30) -> ToolOutput:
    """What comes of a tool that does as this Python program."""
    return run_tool("gpu-tool", ["-c", program], seconds)


@pytest.mark.usefixtures("python_is_the_tool")
class TestRunning:
    def test_the_answer_and_how_it_ended(self) -> None:
        assert play("print('a card'); raise SystemExit(9)").exit_code == 9
        assert play("print('a card')") == ToolOutput(f"a card{os.linesep}", 0)

    def test_nothing_but_standard_output_counts(self) -> None:
        program = "import sys; print('noise', file=sys.stderr); print(sys.stdin.read() or 'empty')"
        assert play(program).text.split() == ["empty"]

    def test_messages_are_in_english(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
        assert play("import os; print(os.environ['LC_ALL'])").text.strip() == "C"

    def test_bytes_that_are_no_text(self) -> None:
        told = play(r"import sys; sys.stdout.buffer.write(b'RTX\xff\xfe4090')")
        assert told.text == "RTX��4090"

    def test_one_that_hangs(self) -> None:
        started = time.monotonic()
        with pytest.raises(ToolFailed, match=r"^gpu-tool gave no answer within 0\.3 s$"):
            play("import time; time.sleep(60)", 0.3)
        assert time.monotonic() - started < 10

    def test_one_that_closes_its_output_and_goes_on(self) -> None:
        with pytest.raises(ToolFailed, match="no answer within 1 s"):
            play("import os, time; os.close(1); time.sleep(60)", 1)

    def test_one_that_never_stops_printing(self) -> None:
        started = time.monotonic()
        with pytest.raises(ToolFailed, match=r"^gpu-tool printed more than 1 MiB$"):
            play("while True: print('x' * 65536)")
        assert time.monotonic() - started < 20

    def test_as_much_as_is_allowed(self) -> None:
        assert len(play(f"print('x' * {OUTPUT_LIMIT_BYTES - 2})").text.strip()) > 1 << 19

    def test_its_children_go_with_it(self, tmp_path: Path) -> None:
        note = tmp_path / "child"
        child = f"[{sys.executable!r}, '-c', 'import time; time.sleep(60)']"
        program = (
            "import pathlib, subprocess\n"
            f"child = subprocess.Popen({child})\n"
            f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
        )
        with pytest.raises(ToolFailed, match="no answer within 3 s"):
            play(program, 3)
        child_id = int(note.read_text())
        deadline = time.monotonic() + 10
        while _runs(child_id) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _runs(child_id)


def _runs(process_id: int) -> bool:
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class TestFinding:
    def test_one_that_is_not_there(self) -> None:
        with pytest.raises(ToolMissing, match=r"^no-such-tool is not installed$"):
            run_tool("no-such-tool", [], 1)

    def test_one_that_cannot_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        broken = tmp_path / "gpu-tool"
        broken.write_bytes(b"\x7fELF, but no program")
        broken.chmod(0o755)
        monkeypatch.setattr(system_tool, "find_tool", lambda name: str(broken))
        with pytest.raises(ToolFailed, match=r"^gpu-tool does not start: "):
            run_tool("gpu-tool", [], 1)

    def test_a_file_in_the_current_folder_is_no_tool(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        planted = tmp_path / "gpu-tool"
        planted.write_text("#!/bin/sh\necho planted\n")
        planted.chmod(0o755)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "bin"]))
        assert find_tool("gpu-tool") is None

    def test_a_plain_file_is_no_tool(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tool = tmp_path / "gpu-tool"
        tool.write_text("#!/bin/sh\n")
        tool.chmod(0o644)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_tool("gpu-tool") is None

    def test_a_frozen_program_lets_tools_load_the_systems_libraries(
        self, python_is_the_tool: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = "import os; print(os.environ.get('LD_LIBRARY_PATH'))"
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle")
        assert play(program).text.strip() == "None"
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/usr/local/lib")
        assert play(program).text.strip() == "/usr/local/lib"


class TestBackground:
    def test_what_was_found(self) -> None:
        part = Background("the disk", lambda: Finding(5, ("a note",)), 0)
        assert part.finding(time.monotonic() + 30) == Finding(5, ("a note",))

    def test_one_that_blocks_is_left_behind(self) -> None:
        release = threading.Event()

        def read() -> Finding[int]:
            release.wait(60)
            return Finding(5)

        part = Background("the disk", read, 0)
        started = time.monotonic()
        found = part.finding(started + 0.1)
        release.set()
        assert found == Finding(0, ("the disk could not be read: no answer in time",))
        assert time.monotonic() - started < 10

    @pytest.mark.parametrize(
        ("error", "why"),
        [
            (PermissionError(13, "Permission denied"), "Permission denied"),
            (UsageError("LOCALR1_HOME is \x1b[2Jodd"), "LOCALR1_HOME is ␛[2Jodd"),
            (KeyError("flags"), "KeyError: 'flags'"),
        ],
    )
    def test_one_that_fails_says_why(self, error: Exception, why: str) -> None:
        def read() -> Finding[int]:
            raise error

        found = Background("the disk", read, 0).finding(time.monotonic() + 30)
        assert found == Finding(0, (f"the disk could not be read: {why}",))
