"""`localr1 doctor` on the computer that runs the tests."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import psutil
import pytest

from localr1.advice.report import Report
from localr1.errors import ExitCode
from tests.cli.command_line import is_one_line_error, localr1


def test_the_report_is_right() -> None:
    done = localr1("doctor", "--json")
    assert done.returncode == ExitCode.OK
    assert done.stderr == b""
    report = msgspec.json.decode(done.stdout, type=Report)
    assert report.cpu.physical_cores == psutil.cpu_count(logical=False)
    assert report.memory.total_bytes == psutil.virtual_memory().total
    assert report.engine.works
    assert report.engine.instruction_sets
    cpu = next(each for each in report.devices if each.kind == "cpu")
    assert cpu.usable
    assert report.plan is None


def test_a_plan_has_its_reasons(demo: Path) -> None:
    report = json.loads(localr1("doctor", demo, "--json", "--n-ctx", "2048").stdout)
    plan = report["plan"]
    assert plan["n_ctx"] == 2048
    assert plan["reasons"]["n_ctx"] == "asked for (flag)"
    assert {
        *("n_ctx", "n_gpu_layers", "type_k", "type_v", "n_threads", "n_threads_batch", "n_batch"),
        *("n_ubatch", "weights_bytes", "kv_cache_bytes", "compute_bytes", "memory_bytes"),
    } <= set(plan)
    assert report["model"]["n_layer"] == 5


def test_text_for_a_person(demo: Path) -> None:
    text = localr1("doctor", demo).stdout.decode()
    names = [line[:12].strip() for line in text.splitlines()]
    for name in ("localr1", "Engine", "Processor", "Memory", "Disk", "Power", "Model", "Needs"):
        assert name in names
    assert "8,192  what the model was trained for" in text
    assert max(len(line) for line in text.splitlines()) <= 140


@pytest.mark.parametrize("text", [True, False])
def test_what_does_not_fit(smollm2: Path, text: bool) -> None:
    form = [] if text else ["--json"]
    done = localr1("doctor", smollm2, "--n-ctx", "16000000", *form)
    assert done.returncode == ExitCode.DOES_NOT_FIT
    assert b"what works: --n-ctx" in done.stdout


def test_bad_input(tmp_path: Path) -> None:
    missing = localr1("doctor", tmp_path / "no.gguf")
    assert missing.returncode == ExitCode.NOT_FOUND
    assert is_one_line_error(missing.stderr)
    page = tmp_path / "page.gguf"
    page.write_text("<!DOCTYPE html>")
    assert localr1("doctor", page).returncode == ExitCode.REFUSED
    wrong = localr1("doctor", "--n-ctx", "many")
    assert wrong.returncode == ExitCode.USAGE
    assert is_one_line_error(wrong.stderr)


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    package = tmp_path / "llama_cpp"
    package.mkdir()
    (package / "__init__.py").write_text("raise OSError('libllama.so: not found')")
    done = localr1("doctor", "--json", PYTHONPATH=str(tmp_path))
    assert done.returncode == ExitCode.OK
    report = json.loads(done.stdout)
    assert not report["engine"]["works"]
    assert "pip install" in report["problems"][0]["command"]
