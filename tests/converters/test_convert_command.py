"""`localr1 convert` as a person meets it: output, exit codes, refusals before and after."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from localr1.cli.main import run_command_line
from localr1.errors import ExitCode
from tests.cli.command_line import localr1
from tests.converters import make_checkpoints


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """localr1's own folder."""
    monkeypatch.setenv("LOCALR1_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint that nobody changes."""
    return make_checkpoints.tiny(tmp_path_factory.mktemp("command") / "Small-Test")


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Convert = Callable[..., Answer]


@pytest.fixture
def convert(capsys: pytest.CaptureFixture[str]) -> Convert:
    """Run `localr1 convert` in this process."""

    def run(*arguments: object) -> Answer:
        code = run_command_line(["convert", *map(str, arguments)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Answer(code, captured.out, captured.err)

    return run


def test_into_the_models_folder(checkpoint: Path, convert: Convert, home: Path) -> None:
    answer = convert(checkpoint)
    assert answer.code == ExitCode.OK, answer.err
    (path,) = (home / "models").iterdir()
    assert path.name.startswith("Small-Test-")
    assert path.name.endswith("-Q4_K_M.gguf")
    assert answer.out == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}\n"
    assert "check: loaded, one token produced" in answer.err
    assert "text is cut like llama-bpe's" in answer.err


def test_into_a_folder_and_as_json(checkpoint: Path, convert: Convert, tmp_path: Path) -> None:
    answer = convert(checkpoint, "-o", tmp_path, "-q", "q8_0", "--json", "--no-check")
    facts = json.loads(answer.out)
    (path,) = map(Path, facts["paths"])
    assert path.parent == tmp_path
    assert facts["quant"] == "Q8_0"
    assert facts["check"] == "not checked"
    assert facts["size_bytes"] == path.stat().st_size
    assert facts["sha256"] == [hashlib.sha256(path.read_bytes()).hexdigest()]
    assert 0 < facts["peak_anonymous_bytes"] < 600_000_000 or sys.platform != "linux"


def test_dry_run(checkpoint: Path, convert: Convert, home: Path) -> None:
    answer = convert(checkpoint, "--dry-run")
    assert answer.code == ExitCode.OK
    lines = answer.out.splitlines()
    assert any(
        line.split()[:5] == ["blk.1.ffn_down.weight", "256×512", "BF16", "->", "Q6_K"]
        for line in lines
    )
    assert "bits per weight; needs" in lines[-1]
    assert not (home / "models").exists()


def test_dry_run_as_json(checkpoint: Path, convert: Convert, tmp_path: Path) -> None:
    facts = json.loads(convert(checkpoint, "--dry-run", "--json", "-o", tmp_path / "x.gguf").out)
    done = json.loads(convert(checkpoint, "--json", "--no-check", "-o", tmp_path / "x.gguf").out)
    assert facts["size_bytes"] == done["size_bytes"] == (tmp_path / "x.gguf").stat().st_size
    assert facts["estimated_seconds"] >= 0
    assert {tensor["to"] for tensor in facts["tensors"]} == {"F32", "Q4_K", "Q6_K"}


def test_the_kernels_are_told(checkpoint: Path, convert: Convert, tmp_path: Path) -> None:
    asked = ("--kernels", "ggml")
    output = ("-o", tmp_path / "x.gguf", "--no-check", "--force")
    assert (
        "kernels: ggml's, because they were asked for" in convert(checkpoint, *output, *asked).err
    )
    assert "they were asked for" in convert(checkpoint, "--dry-run", *asked).err
    theirs = (tmp_path / "x.gguf").read_bytes()
    facts = json.loads(convert(checkpoint, *output, "--json").out)["kernels"]
    assert facts["reason"]
    assert set(facts["types"]) in (set(), {"Q4_K", "Q6_K"})
    assert bool(facts["instructions"]) == bool(facts["types"])
    assert (tmp_path / "x.gguf").read_bytes() == theirs


def test_an_existing_file_is_kept(checkpoint: Path, convert: Convert, tmp_path: Path) -> None:
    output = tmp_path / "out.gguf"
    output.write_bytes(b"mine")
    answer = convert(checkpoint, "-o", output)
    assert answer.code == ExitCode.USAGE
    assert "already exists" in answer.err
    assert output.read_bytes() == b"mine"
    assert convert(checkpoint, "-o", output, "--force", "--no-check").code == ExitCode.OK
    assert output.read_bytes()[:4] == b"GGUF"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-q", "Q7"], ExitCode.USAGE, "there is no quant 'Q7'"),
        (["-q", "IQ2_XXS"], ExitCode.USAGE, "IQ2_XXS needs an importance matrix"),
        (["--tensor-type", "attn_v"], ExitCode.USAGE, "--tensor-type takes NAME=TYPE"),
        (["--tensor-type", "attn_v=q99"], ExitCode.USAGE, "there is no tensor type 'q99'"),
        (["--split-max-size", "lots"], ExitCode.USAGE, "a number with M or G, not 'lots'"),
        (["--split-max-size", "500"], ExitCode.USAGE, "--split-max-size is too small for"),
        (["--imatrix", "/nowhere.gguf"], ExitCode.NOT_FOUND, "there is no importance matrix"),
        (["--threads", "0"], ExitCode.USAGE, "--threads"),
    ],
)
def test_unusable_options(
    checkpoint: Path, convert: Convert, arguments: list[str], code: int, words: str
) -> None:
    answer = convert(checkpoint, *arguments)
    assert (answer.code, words in answer.err) == (code, True), answer.err
    assert len([line for line in answer.err.splitlines() if line.startswith("localr1:")]) == 1


def test_no_checkpoint(convert: Convert, tmp_path: Path) -> None:
    assert convert().code == ExitCode.USAGE
    assert convert(tmp_path / "nothing").code == ExitCode.NOT_FOUND
    assert "no config.json" in convert(tmp_path).err


def test_a_model_is_no_importance_matrix(
    checkpoint: Path, convert: Convert, tmp_path: Path
) -> None:
    convert(checkpoint, "-o", tmp_path / "q8.gguf", "-q", "Q8_0", "--no-check")
    answer = convert(checkpoint, "--imatrix", tmp_path / "q8.gguf")
    assert answer.code == ExitCode.REFUSED
    assert "is a model, not an importance matrix" in answer.err


def test_a_lossy_source_needs_a_word(checkpoint: Path, convert: Convert, tmp_path: Path) -> None:
    source = tmp_path / "model-Q8_0.gguf"
    convert(checkpoint, "-o", source, "-q", "Q8_0", "--no-check")
    answer = convert(source, "-o", tmp_path)
    assert answer.code == ExitCode.REFUSED
    assert "--allow-requantize" in answer.err
    assert convert(source, "-o", tmp_path, "--allow-requantize").code == ExitCode.OK
    assert (tmp_path / "model-Q4_K_M.gguf").exists()
    assert "overwrite its own source" in convert(source, "-o", source, "--allow-requantize").err


def test_parts_load_too(checkpoint: Path, convert: Convert, tmp_path: Path) -> None:
    answer = convert(checkpoint, "-o", tmp_path / "m.gguf", "--split-max-size", "500K")
    assert answer.code == ExitCode.OK, answer.err
    assert "check: loaded" in answer.err
    names = sorted(path.name for path in tmp_path.glob("m-*.gguf"))
    assert names[0].startswith("m-00001-of-")
    assert len(answer.out.splitlines()) == len(names) > 1


def test_odd_weights_are_named(checkpoint: Path, convert: Convert, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    shutil.copytree(checkpoint, folder)
    with (folder / "model.safetensors").open("r+b") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(length))["model.layers.1.mlp.up_proj.weight"]
        file.seek(8 + length + entry["data_offsets"][0])
        file.write(b"\xc0\x7f")  # a NaN in bf16
    answer = convert(folder, "-o", tmp_path / "out.gguf", "--no-check")
    assert answer.code == ExitCode.OK
    assert "warning: blk.1.ffn_up.weight holds values that are not finite" in answer.err


def test_too_little_disk(
    checkpoint: Path, convert: Convert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    answer = convert(checkpoint, "-o", tmp_path / "out.gguf")
    assert answer.code == ExitCode.STORAGE
    assert "the result needs 787.5 kB" in answer.err
    assert list(tmp_path.glob("out*")) == []


def test_a_folder_that_cannot_be_written(
    checkpoint: Path, convert: Convert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: Any, **named: Any) -> Any:
        if named.get("dir") == tmp_path:
            raise OSError(errno.EROFS, "Read-only file system")
        return real(*_, **named)

    real = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    answer = convert(checkpoint, "-o", tmp_path / "out.gguf")
    assert answer.code == ExitCode.STORAGE
    assert f"cannot write to {tmp_path}: Read-only file system" in answer.err


def test_a_file_where_the_folder_should_be(
    checkpoint: Path, convert: Convert, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    answer = convert(checkpoint, "-o", tmp_path / "file" / "out.gguf")
    assert answer.code == ExitCode.STORAGE


def test_too_little_memory(
    checkpoint: Path, convert: Convert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = psutil.virtual_memory()._replace(available=10 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    answer = convert(checkpoint, "-o", tmp_path / "out.gguf")
    assert answer.code == ExitCode.DOES_NOT_FIT
    assert "of memory, 10.0 MiB are available" in answer.err


def test_a_check_without_memory_to_load(
    checkpoint: Path, convert: Convert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = psutil.virtual_memory()._replace(available=300 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    answer = convert(checkpoint, "-o", tmp_path / "out.gguf", "--threads", 1)
    assert answer.code == ExitCode.OK
    assert "check: header and sizes only: loading needs" in answer.err


def test_a_failed_check_keeps_the_temporary_name(
    checkpoint: Path, convert: Convert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: Path) -> str:
        return "The engine says no"

    monkeypatch.setattr("localr1.cli.convert_check._failure", refuse)
    answer = convert(checkpoint, "-o", tmp_path / "out.gguf")
    assert answer.code == ExitCode.REFUSED
    assert "the self-check failed: The engine says no" in answer.err
    assert f"the file was left as {tmp_path / 'out.gguf.partial'}" in answer.err
    assert not (tmp_path / "out.gguf").exists()
    assert (tmp_path / "out.gguf.partial").exists()


@pytest.mark.skipif(os.name == "nt", reason="file size limits are POSIX")
def test_a_full_disk_in_the_middle(checkpoint: Path, tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    root = Path(__file__).parents[2]
    path = [str(root), str(root / "converters"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    command = [sys.executable, "-m", "localr1", "convert", str(checkpoint), "--no-check"]
    output = ["-o", str(tmp_path / "out.gguf")]
    done = subprocess.run(
        [*command, *output], env=environment, preexec_fn=limit, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == ExitCode.STORAGE, done.stderr
    assert "the disk is full" in done.stderr
    assert "run the same command again to continue" in done.stderr
    assert not (tmp_path / "out.gguf").exists()
    again = subprocess.run([*command, *output], env=environment, capture_output=True, check=False)
    assert again.returncode == ExitCode.OK
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.gguf"]


def test_a_converted_demo_reasons(convert: Convert, tmp_path: Path) -> None:
    output = tmp_path / "demo-Q6_K.gguf"
    assert convert(make_checkpoints.DEMO_CHECKPOINT, "-q", "Q6_K", "-o", output).code == ExitCode.OK
    done = localr1("run", output, "What is 347 + 586?", "--temp", "0")
    assert "\\boxed{933}" in done.stdout.decode()
    assert "7+6=13, write 3, carry 1." in done.stderr.decode()


@pytest.mark.model
def test_a_converted_smollm2_chats(convert: Convert, tmp_path: Path) -> None:
    checkpoint = make_checkpoints.smollm2(tmp_path / "SmolLM2-135M")
    output = tmp_path / "smollm2.gguf"
    assert convert(checkpoint, "-q", "Q4_K_M", "-o", output).code == ExitCode.OK
    question = ("Write one sentence about the sea.", "--seed", "3", "--max-tokens", "40")
    done = localr1("run", output, *question, "--n-ctx", "1024")
    assert done.returncode == ExitCode.OK
    assert re.search("sea|ocean|wave|water", done.stdout.decode())
