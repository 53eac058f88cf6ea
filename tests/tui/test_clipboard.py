"""Which program takes the clipboard's text, and that it is waited for only so long."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from localr1.tui import clipboard
from localr1.tui.clipboard import SystemClipboard

WAYLAND, X11 = {"WAYLAND_DISPLAY": "wayland-0"}, {"DISPLAY": ":0"}
SSH = {"SSH_CONNECTION": "1 2 3 4"}


@pytest.mark.parametrize(
    ("environment", "platform", "there", "command"),
    [
        ({}, "darwin", ["pbcopy"], ["pbcopy"]),
        ({}, "win32", ["clip.exe"], ["clip.exe"]),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", ["clip.exe"], ["clip.exe"]),
        ({**WAYLAND, **X11}, "linux", ["wl-copy", "xclip"], ["wl-copy"]),
        ({**WAYLAND, **X11}, "linux", ["xsel"], ["xsel", "--clipboard", "--input"]),
        (X11, "linux", ["wl-copy", "xclip"], ["xclip", "-selection", "clipboard"]),
        ({}, "linux", ["wl-copy", "xclip"], []),
        ({**X11, **SSH}, "linux", ["xclip"], []),
        (SSH, "darwin", ["pbcopy"], []),
        (X11, "linux", [], []),
    ],
)
def test_program(
    environment: Mapping[str, str], platform: str, there: list[str], command: list[str]
) -> None:
    found = SystemClipboard(environment, platform, {name: name for name in there}.get)
    assert list(found._command) == command
    assert found.is_there == bool(command)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_text_reaches_the_program_and_only_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "wl-copy"
    program.write_text(f'#!/bin/sh\ncat > "{tmp_path}/taken"\n')
    program.chmod(0o755)
    system = SystemClipboard(WAYLAND, "linux", {"wl-copy": str(program)}.get)
    first, second = system.announce(), system.announce()
    assert system.put("second \u6c34", second)
    assert not system.put("first", first)
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "second \u6c34"

    program.write_text("#!/bin/sh\nexit 1\n")
    assert not system.put("x", system.announce())
    monkeypatch.setattr(clipboard, "TIME_LIMIT_SECONDS", 0.2)
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    assert not system.put("x", system.announce())
    program.unlink()
    assert not system.put("x", system.announce())


def test_windows_gets_its_own_encoding() -> None:
    assert clipboard._encoded("\u6c34", "/mnt/c/clip.exe") == b"\xff\xfe\x34\x6c"
    assert clipboard._encoded("\ud800x", "wl-copy") == b"?x"
