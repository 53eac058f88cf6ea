"""Damaged model files through `localr1 run`: no crash, no hang, no traceback, one line each.

What the gate refuses is refused before any process starts, so all of those are tried. Of the
others, which the engine then runs or refuses itself, every eighth is; all of them with
LOCALR1_ALL_VARIANTS=1, as `make acceptance` does it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from localr1.cli.main import run_command_line
from localr1.errors import ExitCode, ModelRefused
from localr1.gguf_header import read_header
from tests.damaged_models import variants

ANSWERS = {ExitCode.OK, ExitCode.REFUSED, ExitCode.ENGINE, ExitCode.DOES_NOT_FIT}
WORKER_SAMPLE = 1 if os.environ.get("LOCALR1_ALL_VARIANTS") else 8


@pytest.fixture(autouse=True)
def no_stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`run` reads standard input where it is not a terminal."""
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield


def passes_gate(path: Path) -> bool:
    try:
        read_header(path)
    except ModelRefused:
        return False
    return True


def run_model(path: Path) -> int:
    """Ask a model file for one token."""
    arguments = ["run", str(path), "Hi", "--max-tokens", "1", "--n-ctx", "256", "--no-history"]
    return run_command_line([*arguments, "--json"])


def complaint(code: int, out: str, err: str) -> str | None:
    """What is wrong with an outcome, if anything."""
    if code not in ANSWERS:
        return f"exit code {code}"
    if "Traceback" in err + out:
        return "a traceback"
    if any(ord(character) < 32 and character != "\n" for character in err + out):
        return "a control character"
    lines = err.splitlines()
    if code == ExitCode.OK:
        return None if '"type":"done"' in out else "success without a reply"
    failed = '"type":"failed"' in out
    return None if failed or (len(lines) == 1 and lines[0].startswith("localr1: ")) else err


def test_every_refusal_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.gguf"
    complaints, refused = {}, 0
    for name, content in variants():
        path.write_bytes(content)
        if passes_gate(path):
            continue
        refused += 1
        code = run_model(path)
        captured = capsys.readouterr()
        if wrong := complaint(code, captured.out, captured.err):
            complaints[name] = wrong
    assert not complaints
    assert refused > 900


def test_what_passes_the_gate_runs_or_fails_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.gguf"
    complaints, tried = {}, 0
    for number, (name, content) in enumerate(variants()):
        path.write_bytes(content)
        is_control = name.startswith("control/")
        if not is_control and (number % WORKER_SAMPLE or not passes_gate(path)):
            continue
        tried += 1
        code = run_model(path)
        captured = capsys.readouterr()
        if wrong := complaint(code, captured.out, captured.err):
            complaints[name] = wrong
        if is_control and code != ExitCode.OK:
            complaints[name] = captured.out + captured.err
    assert not complaints
    assert tried > 25
