"""Model files that are here already, found within limits."""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path

import pytest

from localr1.models import local_files
from localr1.models.local_files import Place, local_models, usual_places
from localr1.models.path_completion import completed_path


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"GGUF {name}".encode())


def names(*places: Place) -> list[str]:
    return [model.reference.name for model in local_models(places)]


def test_files_of_a_folder_are_found_as_deep_as_is_said(tmp_path: Path) -> None:
    make(tmp_path, "b.gguf", "A.GGUF", "x/c.gguf", "x/y/d.gguf", "a.gguf.partial", "readme.md")
    assert names(Place("here", tmp_path, 0)) == ["A.GGUF", "b.gguf"]
    assert names(Place("here", tmp_path, 1)) == ["A.GGUF", "b.gguf", "c.gguf"]
    assert names(Place("nowhere", tmp_path / "none", 3)) == []
    assert names(Place("a file", tmp_path / "b.gguf", 3)) == []


def test_parts_of_models_are_no_models(tmp_path: Path) -> None:
    make(tmp_path, "m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "mmproj-m.gguf")
    assert names(Place("here", tmp_path, 0)) == ["m-00001-of-00002.gguf"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_each_file_once_and_no_circles(tmp_path: Path) -> None:
    make(tmp_path / "blobs", "abc")
    snapshot = tmp_path / "models--x" / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    (snapshot / "model.gguf").symlink_to(tmp_path / "blobs" / "abc")
    (snapshot / "again.gguf").symlink_to(tmp_path / "blobs" / "abc")
    (snapshot / "gone.gguf").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path)
    found = list(local_models([Place("Hugging Face", tmp_path, 9)]))
    assert [(each.reference.name, each.place) for each in found] == [("again.gguf", "Hugging Face")]
    assert found[0].size_bytes == len("GGUF abc")


def test_ollamas_models_have_their_names(tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64
    make(tmp_path / "blobs", digest.replace(":", "-"))
    library = tmp_path / "manifests/registry.ollama.ai/library"
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:1"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": digest},
    ]
    for name, text in {
        "deepseek-r1/7b": json.dumps({"layers": layers}),
        "evil/up": json.dumps({"layers": [layers[1] | {"digest": "../../etc/passwd"}]}),
        "evil/list": "[]",
        "evil/deep": "[" * 50_000,
        "evil/empty": "",
        "evil/none": json.dumps({"layers": []}),
        "evil/number": json.dumps({"layers": [layers[1] | {"digest": 3}]}),
    }.items():
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_text(text)
    found = list(local_models([Place("ollama", tmp_path, 5, is_ollama=True)]))
    assert [each.reference.name for each in found] == ["deepseek-r1:7b"]
    assert found[0].reference.path.name == digest.replace(":", "-")


def test_time_and_number_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, *(f"{number:03}.gguf" for number in range(50)))
    place = Place("here", tmp_path, 0)
    monkeypatch.setattr(local_files, "FILES_AT_MOST", 7)
    assert len(names(place)) == 7
    monkeypatch.setattr(local_files, "ENTRIES_AT_MOST", 5)
    assert len(names(place)) == 5
    seconds = itertools.count(0, 10)
    assert list(local_models([place], lambda: next(seconds))) == []


def test_other_programs_may_keep_theirs_elsewhere() -> None:
    home = Path("/home/ada")
    usual = usual_places(home / "m", home / "here", home, {}, "linux")
    folders = {place.name: place.folder for place in usual}
    assert folders["Hugging Face"] == home / ".cache/huggingface/hub"
    assert folders["llama.cpp"] == home / ".cache/llama.cpp"
    environment = {"HF_HOME": "/hf", "OLLAMA_MODELS": "/ollama", "LLAMA_CACHE": "/llama"}
    told = usual_places(home / "m", home / "here", home, environment, "darwin")
    folders = {place.name: place.folder for place in told}
    assert folders["Hugging Face"] == Path("/hf/hub")
    assert (folders["ollama"], folders["llama.cpp"]) == (Path("/ollama"), Path("/llama"))


def test_a_path_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "models/r1.gguf", "models/readme.md", "model.gguf", ".hidden/x.gguf")
    start = str(tmp_path) + os.sep
    assert completed_path(start + "models") == start + "models" + os.sep
    assert completed_path(start + "models" + os.sep) == start + f"models{os.sep}r1.gguf"
    assert completed_path(start + ".h") == start + ".hidden" + os.sep
    assert completed_path(start + "mo") == start + "models" + os.sep
    assert completed_path(start + "nothing") is None
    assert completed_path("\0") is None
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert completed_path("~/model.") == "~/model.gguf"
