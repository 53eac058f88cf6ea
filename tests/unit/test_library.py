"""The models folder: what is listed, under which names, with which records."""

from __future__ import annotations

import datetime
import json
import os
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.models import last_used as uses
from localr1.models import library as library_module
from localr1.models.library import Library, LibraryModel
from localr1.models.records import FileRecord, read_record, record_path, write_record

SHA = "0123456789abcdef" * 4
RECORD = FileRecord(
    origin="hub",
    size_bytes=4,
    sha256=SHA,
    fetched_at="2026-11-26T08:00:00+00:00",
    repo="unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF",
    revision="a" * 40,
    hub_path="Q4/model.gguf",
    licence="mit",
    catalog_name="r1-qwen-7b",
)
NEEDS_LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"GGUF")


def named(folder: Path) -> dict[str, LibraryModel]:
    return {model.name: model for model in Library(folder).models()}


# ---- what is listed --------------------------------------------------------------------------


def test_a_library_that_is_not_there_is_empty(tmp_path: Path) -> None:
    library = Library(tmp_path / "models")
    assert library.models() == []
    assert library.unread == []
    assert library.find("x") is None
    assert not (tmp_path / "models").exists()


def test_models_are_found_at_any_depth_and_nothing_else(tmp_path: Path) -> None:
    put(
        tmp_path,
        *("made.gguf", "org/repo/Q4/deep.GGUF", "imported/b.gguf"),
        *(".parts/org/x.gguf", ".imports/y.gguf", "org/repo/.hidden.gguf", "org/readme.md"),
        *("made.gguf.json", "used.json"),
    )
    (tmp_path / "folder.gguf").mkdir()
    found = named(tmp_path)
    assert list(found) == ["b", "deep", "made"]
    assert found["deep"].path == tmp_path / "org/repo/Q4/deep.GGUF"
    assert found["deep"].size_bytes == 4
    assert found["made"].record is None
    assert found["made"].is_whole
    assert not found["made"].is_link


def test_a_model_in_several_files_is_one(tmp_path: Path) -> None:
    files = [f"org/repo/m-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    put(tmp_path, *files, "org/repo/other-00001-of-00002.gguf", "org/repo/m.gguf")
    found = named(tmp_path)
    whole, other = found["org/repo/m-00001-of-00003"], found["other"]
    assert [path.name for path in whole.shards] == [Path(each).name for each in files]
    assert (whole.path, whole.size_bytes, whole.missing) == (tmp_path / files[0], 12, ())
    assert other.missing == ("other-00002-of-00002.gguf",)
    assert not other.is_whole
    assert found["org/repo/m"].path == tmp_path / "org/repo/m.gguf"


def test_a_missing_first_file_is_told(tmp_path: Path) -> None:
    put(tmp_path, "m-00002-of-00002.gguf")
    (model,) = Library(tmp_path).models()
    assert model.path.name == "m-00001-of-00002.gguf"
    assert model.missing == ("m-00001-of-00002.gguf",)
    assert [path.name for path in model.shards] == ["m-00002-of-00002.gguf"]


def test_a_name_that_announces_very_many_files_costs_little(tmp_path: Path) -> None:
    put(tmp_path, "m-00001-of-99999.gguf", "n-00000-of-00000.gguf", "o-00007-of-00003.gguf")
    many, none, beyond = Library(tmp_path).models()
    assert 1000 <= len(many.missing) < 2000
    assert (none.name, none.is_whole) == ("n", True)
    assert len(beyond.missing) == 3


def test_equal_names_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    put(tmp_path, "a/r/M.gguf", "b/r/m.gguf", "c/r/z.gguf", "d/\x1b.gguf", "d/␛.gguf")
    library = Library(tmp_path)
    names = [model.name for model in library.models()]
    assert len(set(names)) == 5
    assert {"a/r/M", "b/r/m", "z"} < set(names)
    found = library.find("B/R/M.gguf")
    assert found is not None
    assert found.path == tmp_path / "b/r/m.gguf"
    assert library.model_at(tmp_path / "a/r/../r/M.gguf") == library.find("a/r/m")
    assert library.model_at(tmp_path / "nowhere.gguf") is None


def test_hostile_names_are_shown_harmless(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\x1b]52;c;x\x07\xff.gguf")
    path.write_bytes(b"GGUF")
    (model,) = Library(tmp_path).models()
    assert model.name == "␛]52;c;x␇\N{REPLACEMENT CHARACTER}"
    assert model.path == path


@NEEDS_LINKS
def test_links_are_listed_also_where_they_lead_nowhere(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "a.gguf")
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "a.gguf").symlink_to(tmp_path / "elsewhere/a.gguf")
    (folder / "gone.gguf").symlink_to(tmp_path / "elsewhere/gone.gguf")
    (folder / "circle").symlink_to(folder)
    found = named(folder)
    assert list(found) == ["a", "gone"]
    assert (found["a"].is_link, found["a"].is_whole, found["a"].size_bytes) == (True, True, 4)
    assert (found["gone"].is_link, found["gone"].missing) == (True, ("gone.gguf",))


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may read every folder"
)
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    put(tmp_path, "a.gguf", "closed/b.gguf")
    (tmp_path / "closed").chmod(0)
    library = Library(tmp_path)
    assert [model.name for model in library.models()] == ["a"]
    assert "closed" in library.unread[0]
    (tmp_path / "closed").chmod(0o700)


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    put(tmp_path, "models")
    library = Library(tmp_path / "models")
    assert library.models() == []
    assert "models" in library.unread[0]


def test_the_walk_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"{n:02}.gguf" for n in range(20)), "/".join("abcdefghijkl") + "/deep.gguf")
    assert len(Library(tmp_path).models()) == 20
    monkeypatch.setattr(library_module, "ENTRIES_AT_MOST", 7)
    assert len(Library(tmp_path).models()) <= 7


# ---- records ---------------------------------------------------------------------------------


def test_a_record_comes_back(tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    assert read_record(model) is None
    write_record(model, RECORD)
    assert record_path(model) == tmp_path / "m.gguf.json"
    assert read_record(model) == RECORD
    put(tmp_path, "m.gguf")
    assert Library(tmp_path).models()[0].record == RECORD


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": SHA.upper()},
        {"sha256": SHA[:-1]},
        {"size_bytes": -1},
        {"size_bytes": "4"},
        {"origin": "elsewhere"},
        {"fetched_at": None},
        {"repo": 7},
    ],
)
def test_a_record_with_wrong_values_is_as_none(tmp_path: Path, change: dict[str, object]) -> None:
    told = {**msgspec.to_builtins(RECORD), **change}
    record_path(tmp_path / "m.gguf").write_text(json.dumps(told))
    assert read_record(tmp_path / "m.gguf") is None


@given(st.binary(max_size=200))
def test_any_bytes_in_a_records_place_do_no_harm(tmp_path_factory: object, content: bytes) -> None:
    assert isinstance(tmp_path_factory, pytest.TempPathFactory)
    model = tmp_path_factory.getbasetemp() / "m.gguf"
    record_path(model).write_bytes(content)
    assert read_record(model) is None


def test_records_that_are_no_files_or_too_large(tmp_path: Path) -> None:
    record_path(tmp_path / "folder.gguf").mkdir()
    assert read_record(tmp_path / "folder.gguf") is None
    record_path(tmp_path / "deep.gguf").write_text("[" * 60_000)
    assert read_record(tmp_path / "deep.gguf") is None
    text = msgspec.json.encode(RECORD).decode()
    record_path(tmp_path / "long.gguf").write_text(text + " " * 70_000)
    assert read_record(tmp_path / "long.gguf") is None
    if sys.platform != "win32":
        os.mkfifo(record_path(tmp_path / "pipe.gguf"))
        assert read_record(tmp_path / "pipe.gguf") is None


def test_a_later_versions_record_can_be_read(tmp_path: Path) -> None:
    told = {**msgspec.to_builtins(RECORD), "new": [1]}
    record_path(tmp_path / "m.gguf").write_text(json.dumps(told))
    assert read_record(tmp_path / "m.gguf") == RECORD


# ---- when a model was last used ----------------------------------------------------------------

NOON = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.timezone.utc)


def test_uses_are_remembered_by_place(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    inside, outside = folder / "org/m.gguf", tmp_path / "n.gguf"
    uses.note_use(folder, inside, NOON)
    uses.note_use(folder, outside, NOON + datetime.timedelta(hours=1))
    told = uses.read_uses(folder)
    assert told == {"org/m.gguf": NOON.isoformat(), str(outside): "2026-11-26T13:00:00+00:00"}
    assert uses.last_used(told, folder, inside) == NOON.isoformat()
    assert uses.last_used(told, folder, tmp_path / "never.gguf") == ""
    uses.forget_use(folder, inside)
    uses.forget_use(folder, inside)
    assert list(uses.read_uses(folder)) == [str(outside)]


def test_the_longest_unused_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "MODELS_AT_MOST", 2)
    for hour, name in enumerate(("a", "b", "c")):
        uses.note_use(tmp_path, tmp_path / name, NOON + datetime.timedelta(hours=hour))
    uses.note_use(tmp_path, tmp_path / "b", NOON + datetime.timedelta(hours=5))
    assert list(uses.read_uses(tmp_path)) == ["c", "b"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1]",
        b"{",
        b"\xff\xfe",
        b'{"a": 3, "b": "soon", "c": "2026-11-26T12:00:00"}',
        b"[" * 9000,
    ],
)
def test_a_damaged_list_of_uses_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / uses.FILE_NAME).write_bytes(content)
    assert uses.read_uses(tmp_path) == {}
    uses.note_use(tmp_path, tmp_path / "m.gguf", NOON)
    assert uses.read_uses(tmp_path) == {"m.gguf": NOON.isoformat()}


def test_what_cannot_be_remembered_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    uses.note_use(tmp_path / "models", tmp_path / "m.gguf", NOON)
    uses.forget_use(tmp_path / "models", tmp_path / "m.gguf")
    hostile = tmp_path / os.fsdecode(b"\xff\n.gguf")
    uses.note_use(tmp_path / "ok", hostile, NOON)
    assert uses.last_used(uses.read_uses(tmp_path / "ok"), tmp_path / "ok", hostile)
