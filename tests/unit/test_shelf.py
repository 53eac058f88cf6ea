"""What the models screen finds on this computer and in the catalog."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from localr1.advice.computer import Computer
from localr1.advice.doctor import Loaded
from localr1.advice.file_speed import speed_of_file
from localr1.advice.freed_memory import as_if_unloaded
from localr1.advice.model_facts import FileFacts, Fit
from localr1.advice.recommend import recommend
from localr1.advice.report import DeviceReport, Engine, Report
from localr1.engine.protocol import ModelFacts
from localr1.hardware.load_plan import DeviceShare, LoadPlan
from localr1.hardware.machine import Power
from localr1.models.catalog import load_catalog
from localr1.models.last_used import note_use
from localr1.models.library import Library
from localr1.models.local_files import Place
from localr1.models.records import FileRecord, write_record
from localr1.settings import Settings
from localr1.tui.model_list.files_here import (
    models_elsewhere,
    other_places,
    own_models,
    with_facts,
)
from localr1.tui.model_list.offers import bare_offers, offers, without_those_here
from localr1.tui.model_list.rows import ModelHere
from tests.simulated import GIB, MACHINES, machine

RECORD = FileRecord(
    origin="hub",
    size_bytes=8,
    sha256="0" * 64,
    fetched_at="2026-11-26T00:00:00+00:00",
    repo="unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF",
    licence="mit",
    catalog_name="r1-qwen-7b",
)


def here(library: Library, places: list[Place]) -> dict[str, ModelHere]:
    own = library.models()
    found = [*own_models(library, own), *models_elsewhere(library, own, places)]
    return {each.name: each for each in found}


def test_own_models_come_first_and_others_once(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "models", tmp_path / "lmstudio"
    (folder / "imported").mkdir(parents=True)
    elsewhere.mkdir()
    (folder / "own-Q4_K_M.gguf").write_bytes(b"GGUF" * 2)
    write_record(folder / "own-Q4_K_M.gguf", RECORD)
    (elsewhere / "linked.gguf").write_bytes(b"GGUF" * 3)
    (elsewhere / "other-Q8_0.gguf").write_bytes(b"GGUF" * 4)
    (folder / "imported" / "linked.gguf").symlink_to(elsewhere / "linked.gguf")
    (folder / "imported" / "gone.gguf").symlink_to(tmp_path / "gone.gguf")
    (folder / "half-00001-of-00002.gguf").write_bytes(b"GGUF")
    note_use(folder, folder / "own-Q4_K_M.gguf")
    found = here(Library(folder), [Place("LM Studio", elsewhere, 1)])
    assert list(found) == ["gone", "half", "linked", "own-Q4_K_M", "demo", "other-Q8_0"]
    own = found["own-Q4_K_M"]
    assert (own.quant, own.place, own.size_bytes) == ("Q4_K_M", "", 8)
    assert own.freed_bytes is not None
    assert own.freed_bytes > 8, "its record goes as well"
    assert own.used_at
    assert dict(own.facts)["From"] == f"huggingface.co/{RECORD.repo}"
    assert found["linked"].freed_bytes == 0
    assert dict(found["linked"].facts)["Link to"] == str(elsewhere / "linked.gguf")
    assert found["gone"].problem == "what it links to is gone: gone.gguf"
    assert found["half"].problem == "files are missing: half-00002-of-00002.gguf"
    other = found["other-Q8_0"]
    assert (other.place, other.quant, other.freed_bytes) == ("LM Studio", "Q8_0", None)
    assert found["demo"].freed_bytes is None
    assert list(here(Library(tmp_path / "none"), [])) == ["demo"]


def test_a_person_without_a_home_has_no_other_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(place.folder != tmp_path for place in other_places(tmp_path))

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert other_places(tmp_path) == []


def test_what_the_header_says_goes_before_the_name() -> None:
    model = ModelHere(Path("/m"), "m", 1, quant="Q4_K_M")
    facts = FileFacts(quant_type="Q8_0", n_ctx_train=99, fit=Fit(fits=True, n_ctx=64))
    told = with_facts(model, facts, 3.5)
    assert (told.quant, told.n_ctx_train) == ("Q8_0", 99)
    assert told.fit is not None
    assert (told.fit.fits, told.fit.n_ctx, told.fit.tps) == (True, 64, 3.5)
    assert with_facts(model, FileFacts(problem="cut off"), None).problem == "cut off"


def test_the_catalog_is_offered_with_one_quant_each_and_one_pick(tmp_path: Path) -> None:
    catalog = load_catalog()
    computer, devices = MACHINES["24 GB RTX"]
    rows = recommend(catalog, Computer(computer, devices, 40e9), Settings())
    found = offers(catalog, rows)
    usual = [offer for offer in found if offer.is_usual]
    assert len(found) == len(rows)
    assert [offer.name for offer in usual] == [entry.full_name for entry in catalog]
    (pick,) = [offer for offer in found if offer.reason]
    assert pick in usual
    assert pick.fit is not None
    assert pick.fit.fits
    large = next(each for each in found if each.reference == "r1-llama-70b:Q8_0")
    assert large.fit is not None
    assert "GiB of memory" in large.fit.why
    facts = dict(large.facts)
    assert "GPQA Diamond 65.2" in facts["Published"]
    assert "Llama" in facts["Licence"]
    bare = bare_offers(catalog)
    assert [offer.quant for offer in bare] == ["Q4_K_M"] * len(catalog)
    own = tmp_path / "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf"
    own.write_bytes(b"GGUF")
    left = without_those_here(bare, catalog, Library(tmp_path).models(), tmp_path)
    assert {each.reference for each in bare} - {each.reference for each in left} == {
        "r1-qwen-7b:Q4_K_M"
    }


def test_the_speed_of_a_file_is_estimated_where_it_can_be_loaded(
    demo: Path, tmp_path: Path
) -> None:
    computer = Computer(machine(8), (), 40e9)
    assert (speed_of_file(demo, computer, Settings()) or 0) > 1
    assert speed_of_file(demo, computer._replace(host_bandwidth=None), Settings()) is None
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    assert speed_of_file(broken, computer, Settings()) is None


def test_a_loaded_model_counts_as_free() -> None:
    computer = machine(8)
    card = DeviceReport(
        name="CUDA0", kind="gpu", description="", total_bytes=8 * GIB, free_bytes=GIB,
        usable=True, why="",
    )  # fmt: skip
    report = Report(
        version="", engine=Engine(version=None, works=True, instruction_sets=()), cpu=computer.cpu,
        memory=computer.memory, disks=(), power=Power(), devices=(card,), model=None, plan=None,
        problems=(), unread=(),
    )  # fmt: skip
    model = ModelFacts(
        name="", path="", architecture="", quant_type="", parameters=0, size_bytes=0,
        n_layer=9, n_ctx_train=0, n_vocab=0,
    )  # fmt: skip
    plan = LoadPlan(
        n_ctx=8, n_gpu_layers=0, n_threads=1, n_threads_batch=1,
        weights_bytes=GIB // 2, memory_bytes=GIB,
    )  # fmt: skip

    def freed(plan: LoadPlan) -> tuple[float, float]:
        then = as_if_unloaded(report, Loaded(model, plan))
        more = then.memory.available_bytes - report.memory.available_bytes
        return more / GIB, (then.devices[0].free_bytes or 0) / GIB

    assert freed(plan) == (0.5, 1.0), "a mapped file's pages count as available already"
    replaced = msgspec.structs.replace
    assert freed(replaced(plan, use_mmap=False)) == (1.0, 1.0)
    assert freed(replaced(plan, devices=(DeviceShare("CUDA0", 10),))) == (0.0, 2.0)
    half = freed(replaced(plan, use_mmap=False, devices=(DeviceShare("CUDA0", 5),)))
    assert half == (0.5, 1.5)
    huge = replaced(plan, memory_bytes=100 * GIB, devices=(DeviceShare("CUDA0", 10),))
    assert freed(huge)[1] == 8.0, "never more than there is"
