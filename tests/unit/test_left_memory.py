"""What a draft model can be planned with, and what is said of one that does not serve."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from localr1.engine.protocol import DraftLoad
from localr1.errors import DoesNotFit, ModelNotFound, ModelRefused, UsageError
from localr1.hardware.left_memory import left_by
from localr1.hardware.machine import Device
from localr1.hardware.plan import make_plan, plan_for
from localr1.models.reference import ModelReference
from localr1.session.draft_file import draft_load
from localr1.session.model_file import ModelFile, read_model_file
from localr1.session.setting_effects import check_draft
from localr1.settings import Settings, load_settings
from tests.simulated import CPU_DEVICE, GIB, MACHINES, gpu, machine, r1_model
from tests.tiny_models import write_tiny_model


def asked(**flags: object) -> Settings:
    return load_settings(flags, environment={})


LARGE, SMALL = r1_model("R1-Distill-Qwen-7B"), r1_model("R1-Distill-Qwen-1.5B")


@pytest.mark.parametrize("where", MACHINES)
def test_both_together_take_no_more_than_there_is(where: str) -> None:
    computer, devices = MACHINES[where]
    settings = asked(n_ctx=8192)
    try:
        large = plan_for(LARGE, settings, computer, devices)
        left = left_by(large, LARGE, computer, devices)
        small = plan_for(SMALL, settings, left.machine, left.devices)
    except DoesNotFit:
        return
    free = computer.memory.available_bytes
    own = sum(each.free_bytes for each in devices if each.kind == "gpu")
    assert large.memory_bytes + small.memory_bytes <= free + own
    taken = free - left.machine.memory.available_bytes
    taken += sum(
        before.free_bytes - after.free_bytes
        for before, after in zip(devices, left.devices, strict=True)
        if before.kind == "gpu" and not before.name.startswith("Metal")
    )
    assert taken == large.memory_bytes


def test_a_gpu_that_the_model_fills_leaves_the_draft_model_to_the_cpu() -> None:
    computer, devices = machine(64), (CPU_DEVICE, gpu("CUDA0", 6))
    settings = asked(n_ctx=8192)
    large = plan_for(LARGE, settings, computer, devices)
    left = left_by(large, LARGE, computer, devices)
    assert plan_for(SMALL, settings, computer, devices).n_gpu_layers == SMALL.n_layer + 1
    assert plan_for(SMALL, settings, left.machine, left.devices).n_gpu_layers < SMALL.n_layer + 1


# ---- the file ------------------------------------------------------------------------------

COMPUTER, DEVICES = machine(16), (CPU_DEVICE,)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "large.gguf", n_layer=4, name="Large")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "small.gguf", n_layer=1, name="Small")


def file_with(path: Path, **flags: object) -> ModelFile:
    return read_model_file(ModelReference(path, path.name, "gguf"), asked(**flags))


def drafted(
    path: Path, file: ModelFile, devices: tuple[Device, ...] = DEVICES, available: int = 8 * GIB
) -> DraftLoad | None:
    assert file.header
    plan = make_plan(file.header, file.settings, COMPUTER, devices)
    left = machine(available / GIB)
    return draft_load(path, file, plan, machine=left, devices=devices)


def test_the_draft_model_gets_a_window_as_long(large: Path, small: Path) -> None:
    file = file_with(large, draft=str(small), n_ctx=1536)
    found = drafted(large, file)
    assert found
    assert (found.path, found.name, found.plan.n_ctx) == (bytes(small), "Small", 1536)
    assert file.notices == file_with(large).notices


def test_layers_asked_for_are_the_large_models(large: Path, small: Path) -> None:
    devices = (CPU_DEVICE, gpu("CUDA0", 8))
    for layers, expected, on_gpu in ((0, 0, False), (3, 2, True)):
        file = file_with(large, draft=str(small), n_gpu_layers=layers)
        found = drafted(large, file, devices)
        assert found
        assert (found.plan.n_gpu_layers, found.on_gpu) == (expected, on_gpu)


def test_guesses_do_not_go_over_a_network(large: Path, small: Path) -> None:
    found = drafted(large, file_with(large, draft=str(small)), (CPU_DEVICE, gpu("RPC0", 8)))
    assert found
    assert found.plan.n_gpu_layers == 0


@pytest.mark.parametrize("choice", ["off", "lookup"])
def test_no_draft_model_is_loaded_where_none_would_guess(
    large: Path, small: Path, choice: str
) -> None:
    assert drafted(large, file_with(large, draft=str(small), speculate=choice)) is None
    assert drafted(large, file_with(large)) is None


def test_the_model_itself_and_a_larger_one_are_told_and_not_used(large: Path, small: Path) -> None:
    same = large.with_name("link.gguf")
    same.symlink_to(large)
    twin = Path(shutil.copy(large, large.with_name("twin.gguf")))
    for path, draft, words in (
        (large, same, "itself"),
        (large, twin, "not smaller"),
        (small, large, "not smaller"),
    ):
        file = file_with(path, draft=str(draft))
        assert drafted(path, file) is None
        assert [words in text for kind, text in file.notices if kind == "draft"] == [True]


def test_no_memory_is_said_in_a_sentence(large: Path, small: Path) -> None:
    with pytest.raises(DoesNotFit, match=r"^Small does not fit into memory") as caught:
        drafted(large, file_with(large, draft=str(small)), available=100 << 20)
    assert caught.value.hint.startswith("leave out --draft")


def test_damaged_and_missing_files_are_refused(large: Path, small: Path, tmp_path: Path) -> None:
    small.write_bytes(small.read_bytes()[:5000])
    with pytest.raises(ModelRefused):
        drafted(large, file_with(large, draft=str(small)))
    with pytest.raises(ModelNotFound):
        drafted(large, file_with(large, draft=str(tmp_path / "none.gguf")))


def test_a_draft_by_name_needs_a_file() -> None:
    with pytest.raises(UsageError, match=r"^--speculate draft needs --draft FILE$"):
        check_draft(asked(speculate="draft"))
    check_draft(asked(speculate="draft", draft="x.gguf"))
    check_draft(asked(speculate="auto"))
    check_draft(dataclasses.replace(asked(), speculate=None))
