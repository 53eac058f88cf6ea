"""What a shell offers at the Tab key."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localr1 import paths
from localr1.cli.library import verifying
from localr1.cli.main import COMPLETE_VARIABLE, run_command_line

HEAVY = {"textual", "llama_cpp", "numpy", "huggingface_hub", "httpx2", "asyncio", "jinja2", "gguf"}


class Tab:
    """Presses Tab in bash, as its script asks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, line: str, *, breaks: str = " :=") -> list[str]:
        with self._monkeypatch.context() as patch:
            patch.setenv(COMPLETE_VARIABLE, "bash_complete")
            patch.setenv("COMP_LINE", line)
            patch.setenv("COMP_WORDBREAKS", breaks)
            run_command_line([])
        out, err = self._capsys.readouterr()
        assert err == ""
        return [each for each in out.splitlines() if each]


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tab:
    return Tab(monkeypatch, capsys)


@pytest.fixture
def models(localr1_home: Path) -> Path:
    folder = paths.models_folder()
    folder.mkdir(parents=True)
    names = ("R1-7B-Q4_K_M", "r1-mine", "other", "$(touch x)", "with space", "-rf", "a;b", "`id`")
    for name in names:
        (folder / f"{name}.gguf").write_bytes(b"GGUF")
    (folder / os.fsdecode(b"evil\n\x1b]0;x\x07\xff.gguf")).write_bytes(b"GGUF")
    return folder


def plain(*values: str) -> list[str]:
    return [f"plain,{value}" for value in values]


def test_commands_and_options(tab: Tab) -> None:
    offered = tab("localr1 ")
    assert {"plain,chat", "plain,pull", "plain,rm", "plain,completion"} <= set(offered)
    assert not {"plain,worker", "plain,render-template"} & set(offered)
    assert tab("localr1 verif") == plain("verify")
    assert tab("localr1 --off") == plain("--offline")
    assert tab("localr1 --offline verif") == plain("verify")
    assert tab("localr1 run demo --eff") == plain("--effort")
    assert tab("localr1 run demo --effort ") == plain("low", "medium", "high", "unlimited")
    assert tab("localr1 run demo --effort=h") == plain("high")
    assert tab("localr1 history ex") == plain("export")
    assert tab("localr1 completion ") == plain("bash", "zsh", "fish")


def test_names_of_models(tab: Tab, models: Path) -> None:
    assert tab("localr1 run r1") == plain("R1-7B-Q4_K_M", "r1-mine")
    assert tab("localr1 rm o") == plain("other")
    assert tab("localr1 show ") == plain("other", "R1-7B-Q4_K_M", "r1-mine", "demo")
    assert tab("localr1 chat de") == plain("demo")
    assert tab("localr1 rm nosuch") == []
    assert tab("localr1 run ./x") == ["file,./x"]
    assert tab("localr1 run nosuch") == ["file,nosuch"]
    for line in ("import", "history import", "history export -o", "run demo --draft", "convert"):
        assert tab(f"localr1 {line} R1") == ["file,R1"]


def test_names_of_the_catalog_and_their_quants(tab: Tab) -> None:
    assert tab("localr1 pull r1-qwen-7") == plain("r1-qwen-7b")
    assert tab("localr1 pull r1-qwen-7b:Q4_K_") == plain("Q4_K_S", "Q4_K_M")
    assert "plain,r1-qwen-7b:Q8_0" in tab("localr1 pull r1-qwen-7b:Q8", breaks=" =")
    assert tab("localr1 pull nosuch:Q") == []


@pytest.mark.parametrize(
    "line", ["localr1 run 'r1", 'localr1 run "', "localr1 nosuch ", "localr1 run \\", "", "localr1"]
)
def test_lines_that_make_no_sense(tab: Tab, line: str, models: Path) -> None:
    assert all(each.startswith(("plain,", "file,")) for each in tab(line))


def test_what_fails_says_nothing(
    tab: Tab, models: Path, localr1_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (localr1_home / "catalog.toml").write_bytes(b"\xff[")
    assert tab("localr1 pull r1-qwen-7") == plain("r1-qwen-7b")
    (localr1_home / "settings.toml").write_text("what is this")
    assert tab("localr1 rm oth") == plain("other")
    monkeypatch.delattr(verifying, "verify")
    assert tab("localr1 verify ") == []
    monkeypatch.setenv(COMPLETE_VARIABLE, "nosuchshell_complete")
    assert run_command_line([]) == 1


@pytest.mark.parametrize("line", ["localr1 ", "localr1 run d", "localr1 pull r", "localr1 chat --"])
def test_nothing_heavy_is_loaded(line: str) -> None:
    program = (
        "import atexit, sys\n"
        "from localr1.cli.main import run_command_line\n"
        "run_command_line([])\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    environment = {**os.environ, COMPLETE_VARIABLE: "bash_complete", "COMP_LINE": line}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True
    )
    assert b"plain," in done.stdout
    loaded = set(done.stderr.decode().split())
    assert "click" in loaded
    assert not loaded & HEAVY


# ---- the scripts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"{COMPLETE_VARIABLE}={shell}_complete" in script
    assert "%(" not in script
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=script.encode(), check=True)


IN_BASH = """
source /dev/stdin <<< "$SCRIPT"
press() {
    COMP_LINE="$1"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
    compopt() { printf 'compopt %s %s\\n' "$@"; }
    _localr1_completion localr1
    printf '[%s]' "${COMPREPLY[@]}"; echo
}
press 'localr1 rm r1'
press 'localr1 pull r1-qwen-7b:Q4_K_'
press 'localr1 import x'
press 'localr1 rm '
"""


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_the_script_in_bash(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command_line(["completion", "bash"])
    script = capsys.readouterr().out
    program = tmp_path / "bin/localr1"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m localr1 "$@"\n')
    program.chmod(0o700)
    environment = {
        **os.environ,
        "SCRIPT": script,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "--norc", "-c", IN_BASH], env=environment, capture_output=True, check=True
    )
    assert done.stderr == b""
    assert done.stdout.decode().splitlines() == [
        "[R1-7B-Q4_K_M][r1-mine]",
        "[Q4_K_S][Q4_K_M]",
        "compopt -o default",
        "[]",
        "[other][R1-7B-Q4_K_M][r1-mine]",
    ]
    assert not Path("x").exists()
