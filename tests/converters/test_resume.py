"""A conversion that is stopped at any point continues, and gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from localr1_convert import job
from localr1_convert.child_client import Child
from localr1_convert.journal import Journal

from localr1.errors import EngineStopped, StorageError, UsageError
from tests.converters import make_checkpoints
from tests.converters.converting import converted, open_source, planned

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills are POSIX signals")

KILLS = 4
"""The long form, benchmarks/convert_kills.py, uses 20."""


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large enough that a kill meets the writing."""
    return make_checkpoints.tiny(
        tmp_path_factory.mktemp("resume") / "checkpoint", num_hidden_layers=40,
        intermediate_size=1024,
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """SHA-256 of a conversion that nobody stopped."""
    output = tmp_path_factory.mktemp("whole") / "out.gguf"
    return converted(open_source(checkpoint), output, quant="Q2_K").sha256[0]


def _start(checkpoint: Path, output: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "localr1", "convert", str(checkpoint), "-o", str(output)]
    environment = {**os.environ, "LOCALR1_HOME": str(output.parent / "home")}
    path = [str(Path(__file__).parents[2] / part) for part in ("", "converters")]
    environment["PYTHONPATH"] = os.pathsep.join([*path, environment.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [*command, "-q", "Q2_K", "--no-check"], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def _journal(output: Path) -> Path:
    return output.with_name(output.name + ".partial.journal")


def _wait_for_lines(output: Path, lines: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if _journal(output).exists() and _journal(output).read_bytes().count(b"\n") > lines:
            return
        time.sleep(0.005)


def test_kill_9_and_again(checkpoint: Path, undisturbed: str, tmp_path: Path) -> None:
    output = tmp_path / "out.gguf"
    chance = random.Random(4)
    for _ in range(KILLS):
        process = _start(checkpoint, output)
        _wait_for_lines(output, chance.randrange(60), process)
        process.kill()
        process.communicate()
        assert not output.exists()
    last = _start(checkpoint, output)
    _, said = last.communicate(timeout=120)
    assert last.returncode == 0, said
    assert _sha256(output) == undisturbed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.gguf"]


def test_the_child_ends_with_its_parent(checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.gguf"
    process = _start(checkpoint, output)
    _wait_for_lines(output, 3, process)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    size = -1
    while time.monotonic() < deadline:
        now = _journal(output).stat().st_size
        if now == size:
            break
        size = now
        time.sleep(0.5)
    assert _journal(output).stat().st_size == size


def test_ctrl_c_says_how_to_continue(checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.gguf"
    process = _start(checkpoint, output)
    _wait_for_lines(output, 5, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"run the same command again to continue" in said
    assert b"Traceback" not in said
    assert not output.exists()
    assert output.with_name("out.gguf.partial").exists()


def _stopped(checkpoint: Path, output: Path, tensors: int) -> None:
    """Convert, and stop the child after so many tensors."""
    source = open_source(checkpoint)
    with pytest.raises(EngineStopped), Child() as child:
        plan = planned(source, output, child, quant="Q2_K")

        def kill_later(progress: object) -> None:
            if getattr(progress, "tensors", 0) >= tensors:
                os.kill(child.pid, signal.SIGKILL)

        job.run(plan, child, 1, kill_later)


def test_finished_tensors_are_not_written_again(
    checkpoint: Path, undisturbed: str, tmp_path: Path
) -> None:
    output = tmp_path / "out.gguf"
    _stopped(checkpoint, output, 20)
    result = converted(open_source(checkpoint), output, quant="Q2_K")
    assert result.resumed >= 20
    assert result.sha256 == (undisturbed,)


def test_damage_in_the_partial_file_is_found(
    checkpoint: Path, undisturbed: str, tmp_path: Path
) -> None:
    output = tmp_path / "out.gguf"
    _stopped(checkpoint, output, 20)
    with output.with_name("out.gguf.partial").open("r+b") as file:
        file.seek(200_000)
        file.write(bytes(64))
    result = converted(open_source(checkpoint), output, quant="Q2_K")
    assert result.resumed >= 1
    assert result.sha256 == (undisturbed,)


def test_another_job_starts_anew(checkpoint: Path, undisturbed: str, tmp_path: Path) -> None:
    output = tmp_path / "out.gguf"
    _stopped(checkpoint, output, 20)
    result = converted(open_source(checkpoint), output, quant="Q8_0")
    assert result.resumed == 0
    assert result.sha256 != (undisturbed,)
    assert converted(open_source(checkpoint), output, quant="Q2_K").sha256 == (undisturbed,)


def test_a_changed_source_starts_anew(tmp_path: Path) -> None:
    folder = make_checkpoints.tiny(tmp_path / "checkpoint", num_hidden_layers=24)
    output = tmp_path / "out.gguf"
    _stopped(folder, output, 10)
    os.utime(folder / "model.safetensors", (1, 1))
    assert converted(open_source(folder), output, quant="Q2_K").resumed == 0


def test_a_stop_between_two_renames_is_mended(tmp_path: Path) -> None:
    folder = make_checkpoints.tiny(tmp_path / "checkpoint")
    source, output = open_source(folder), tmp_path / "out.gguf"
    with Child() as child:
        plan = planned(source, output, child, quant="Q8_0", split_bytes=1_000_000)
        assert len(plan.files) > 1
        job.check_output(plan, force=False)
        job.run(plan, child, 2, lambda _: None)
        plan.files[0].partial.rename(plan.files[0].path)
    result = converted(source, output, quant="Q8_0", split_bytes=1_000_000)
    assert result.resumed == len(plan.tensors)
    assert all(file.path.exists() and not file.partial.exists() for file in plan.files)


@pytest.mark.parametrize("size", [0, 100_000])
def test_a_source_that_shrinks_is_told(tmp_path: Path, size: int) -> None:
    folder = make_checkpoints.tiny(tmp_path / "checkpoint", num_hidden_layers=24)
    source, output = open_source(folder), tmp_path / "out.gguf"
    with Child() as child:
        plan = planned(source, output, child, quant="Q2_K")
        os.truncate(folder / "model.safetensors", size)
        with pytest.raises((EngineStopped, StorageError), match="became shorter"):
            job.run(plan, child, 1, lambda _: None)
    assert not output.exists()


def test_a_source_that_shrinks_in_the_middle_is_told(checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(checkpoint, folder)
    source, output = open_source(folder), tmp_path / "out.gguf"

    def shrink(_: object) -> None:
        os.truncate(folder / "model.safetensors", 1000)

    with Child() as child:
        plan = planned(source, output, child, quant="Q2_K")
        with pytest.raises(EngineStopped, match="became shorter while it was read"):
            job.run(plan, child, 1, shrink)
    assert not output.exists()


def test_two_conversions_of_one_file(checkpoint: Path, tmp_path: Path) -> None:
    source, output = open_source(checkpoint), tmp_path / "out.gguf"
    with Child() as first, Child() as second:
        plan = planned(source, output, first, quant="Q2_K")
        refused: list[str] = []

        def try_too(_: object) -> None:
            if not refused:
                with pytest.raises(StorageError) as caught:
                    job.run(plan, second, 1, lambda _: None)
                refused.append(caught.value.message)

        job.run(plan, first, 1, try_too)
    assert refused == ["another conversion is writing this file"]


def test_a_torn_journal_line_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, "job")
    journal.add(3, 77)
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"tensor": 4, "cr')
    again = Journal(path, "job")
    assert again.finished == {3: 77}
    again.add(5, 78)
    again.close()
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line.get("tensor") for line in lines] == [None, 3, 5]


def test_an_existing_output_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.gguf"
    output.write_bytes(b"mine")
    with Child() as child:
        plan = planned(open_source(checkpoint), output, child)
        with pytest.raises(UsageError, match="already exists"):
            job.check_output(plan, force=False)
        job.check_output(plan, force=True)
    assert output.read_bytes() == b"mine"
