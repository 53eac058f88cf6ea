"""Model files taken into the library, and removed from it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

import pytest

from localr1.errors import StorageError, UsageError
from localr1.gguf_header import GgufHeader, read_header
from localr1.models import staging
from localr1.models.checksum import expected_sha256, sha256_of
from localr1.models.import_names import asked_name, is_usable, own_name
from localr1.models.importing import import_model
from localr1.models.in_use import InUse, is_loaded
from localr1.models.last_used import note_use, read_uses
from localr1.models.library import Library
from localr1.models.records import FileRecord, read_record, record_path, write_record
from localr1.models.removal import removal_of, remove
from tests.split_models import write_split_model
from tests.tiny_models import write_tiny_model

if sys.platform == "win32":
    pytest.skip("links need rights there", allow_module_level=True)

How = Literal["copy", "move", "link"]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path / "downloads.gguf", name="Tiny")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(folder: Path) -> set[str]:
    """All files below a folder, but for the lock that imports share."""
    every = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return every - {".imports/lock"}


def stop(_: int) -> NoReturn:
    raise KeyboardInterrupt


# ---- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "R1 Distill (7B)", "Q4_K_M+x@1.0", "模型-7b", "é"])
def test_names_that_can_be_used(name: str) -> None:
    assert asked_name(f"{name}.gguf") == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "a/b", "a\\b", "-x", ".x", "a ", "a.", "a\n", "a:b", "a*"),
        *("con", "NUL.x", "lpt1", "a\x1b", "a$(x)", "a\0", "x" * 181, "é" * 91, "\udcff"),
    ],
)
def test_names_that_cannot(name: str) -> None:
    assert not is_usable(name)
    with pytest.raises(UsageError):
        asked_name(name)


def test_a_blob_is_called_as_its_model(tmp_path: Path) -> None:
    blob = tmp_path / f"sha256-{'0' * 64}"
    header = read_header(write_tiny_model(tmp_path / "m.gguf", name="Tiny: R1/\x1b[2J 7B"))
    assert own_name(blob, header) == "Tiny-R1-2J-7B-F16"
    assert own_name(tmp_path / "good-00001-of-00002.gguf", header) == "good"
    nameless = read_header(write_tiny_model(tmp_path / "n.gguf", name="///"))
    assert is_usable(own_name(tmp_path / "..gguf", nameless))


# ---- imports ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["copy", "move", "link"])
def test_a_file_becomes_a_model_of_the_library(library: Library, source: Path, how: How) -> None:
    expected, size_bytes = sha256(source), source.stat().st_size
    seen: list[int] = []
    model, is_new = import_model(library, read_header(source), how, name="r1", advance=seen.append)
    assert is_new
    assert model.path == library.folder / "imported/r1.gguf"
    assert sha256(model.path) == expected
    assert sum(seen) == size_bytes
    assert source.exists() == (how != "move")
    assert model.is_link == (how == "link")
    record = model.record
    assert record is not None
    assert (record.origin, record.sha256, record.size_bytes) == ("import", expected, size_bytes)
    assert record.source_path == str(source)
    assert files(library.folder) == {"imported/r1.gguf", "imported/r1.gguf.json"}
    writable = model.path.stat().st_mode & 0o222
    assert bool(writable) == (how == "link")


def test_a_model_of_the_catalog_is_known_by_its_own_name(library: Library, tmp_path: Path) -> None:
    name = "DeepSeek R1 Distill Qwen 1.5B"
    file = write_tiny_model(tmp_path / "downloaded (2).gguf", name=name)
    model, _ = import_model(library, read_header(file), "copy")
    assert model.name == "downloaded (2)"
    assert model.record is not None
    assert model.record.catalog_name == "r1-qwen-1.5b"


def test_a_move_to_another_disk_is_a_copy(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = read_header(source)
    elsewhere = tuple((0, *each[1:]) for each in header.fingerprint)
    object.__setattr__(header, "fingerprint", elsewhere)
    model, is_new = import_model(library, header, "move")
    assert is_new
    assert not model.is_link
    assert not source.exists()
    assert model.path.stat().st_size == header.size_bytes


def test_a_model_in_several_files(library: Library, tmp_path: Path) -> None:
    parts = write_split_model(tmp_path / "from")
    model, _ = import_model(library, read_header(parts[0]), "copy", name="split")
    assert [path.name for path in model.shards] == [
        f"split-0000{number}-of-00003.gguf" for number in (1, 2, 3)
    ]
    for part, shard in zip(parts, model.shards, strict=True):
        record = read_record(shard)
        assert record is not None
        assert record.sha256 == sha256(part) == sha256(shard)
    assert len(read_header(model.path).parts) == 3
    again = import_model(library, read_header(parts[0]), "link", name="other")
    assert again == (model, False)


def test_the_same_bytes_are_taken_once(library: Library, source: Path, tmp_path: Path) -> None:
    first, _ = import_model(library, read_header(source), "copy", name="first")
    other = Path(shutil.copy(source, tmp_path / "other.gguf"))
    assert import_model(library, read_header(other), "copy", name="second") == (first, False)
    assert import_model(library, read_header(first.path), "move", name="third") == (first, False)
    assert first.path.exists()
    assert len(library.models()) == 1


def test_a_file_that_is_linked_already(library: Library, source: Path) -> None:
    linked, _ = import_model(library, read_header(source), "link")
    assert import_model(library, read_header(source), "copy", name="x") == (linked, False)


def test_a_name_that_is_taken_is_refused(library: Library, source: Path, tmp_path: Path) -> None:
    import_model(library, read_header(source), "copy", name="r1")
    other = read_header(write_tiny_model(tmp_path / "other.gguf", seed=2))
    with pytest.raises(UsageError, match=r"another r1\.gguf"):
        import_model(library, other, "copy", name="r1")
    (library.folder / "imported/dead.gguf").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError):
        import_model(library, other, "copy", name="dead")
    assert len(library.models()) == 2


@pytest.mark.parametrize("how", ["copy", "move", "link"])
def test_what_is_stopped_leaves_nothing(library: Library, source: Path, how: How) -> None:
    with pytest.raises(KeyboardInterrupt):
        import_model(library, read_header(source), how, advance=stop)
    assert files(library.folder) == set()
    assert source.exists()


def test_what_a_crash_left_is_cleared(library: Library, source: Path) -> None:
    left = library.folder / ".imports/half.gguf"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    import_model(library, read_header(source), "link", name="r1")
    assert files(library.folder) == {"imported/r1.gguf", "imported/r1.gguf.json"}


def test_a_full_disk(library: Library, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000))
    with pytest.raises(StorageError, match=r"1\.0 kB are free"):
        import_model(library, read_header(source), "copy")
    import_model(library, read_header(source), "link", name="linked")
    assert [model.name for model in library.models()] == ["linked"]


def test_a_disk_that_fills_meanwhile(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        import_model(library, read_header(source), "copy")
    assert files(library.folder) == set()


def test_an_error_at_the_last_step_is_taken_back(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = write_split_model(tmp_path / "from")
    before = {path: sha256(path) for path in parts}
    rename = Path.rename

    def fails_at_first(path: Path, target: Path) -> Path:
        if target.name == "x-00001-of-00003.gguf":
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails_at_first)
    with pytest.raises(StorageError, match="Input/output"):
        import_model(library, read_header(parts[0]), "move", name="x")
    monkeypatch.undo()
    assert {path: sha256(path) for path in parts} == before
    assert files(library.folder) == set()


def test_a_file_that_changes_meanwhile(library: Library, source: Path) -> None:
    def grow(_: int) -> None:
        with source.open("ab") as file:
            file.write(b"x")

    with pytest.raises(StorageError, match="was changed"):
        import_model(library, read_header(source), "copy", advance=grow)
    with pytest.raises(StorageError, match="was changed"):
        import_model(library, read_header(source), "link", advance=lambda _: source.unlink())
    assert files(library.folder) == set()


def test_a_link_is_not_moved(library: Library, source: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.gguf"
    link.symlink_to(source)
    with pytest.raises(UsageError, match="is a link"):
        import_model(library, read_header(link), "move")
    model, _ = import_model(library, read_header(link), "link")
    assert model.path.readlink() == source


WAITER = """
import sys
from pathlib import Path
from localr1.gguf_header import read_header
from localr1.models.importing import import_model
from localr1.models.library import Library
result = import_model(Library(Path(sys.argv[1])), read_header(Path(sys.argv[2])), "copy", name="r1",
    waiting=lambda: print("waiting", flush=True))
print(result.is_new)
"""


def test_two_imports_one_after_the_other(library: Library, source: Path) -> None:
    command = [sys.executable, "-c", WAITER, str(library.folder), str(source)]
    with staging.alone(library.folder, lambda: None) as folder:
        other = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert other.stdout is not None
        assert other.stdout.readline() == b"waiting\n"
        assert folder.is_dir()
    assert other.communicate(timeout=30)[0] == b"True\n"
    assert [model.name for model in library.models()] == ["r1"]


# ---- removal ---------------------------------------------------------------------------------


def imported(library: Library, source: Path, how: How = "copy") -> GgufHeader:
    return read_header(import_model(library, read_header(source), how, name="r1").model.path)


def test_what_is_said_is_what_becomes_free(library: Library, source: Path) -> None:
    imported(library, source)
    note_use(library.folder, library.models()[0].path)
    removal = removal_of(library.models()[0])
    assert {path.name for path in removal.files} == {"r1.gguf", "r1.gguf.json"}
    assert removal.freed_bytes == sum(path.stat().st_size for path in removal.files)
    assert removal.stay == ()
    remove(removal, library)
    assert files(library.folder) == {"used.json"}
    assert read_uses(library.folder) == {}
    assert not (library.folder / "imported").exists()
    assert library.folder.exists()
    remove(removal, library)  # somebody else was quicker


def test_of_a_link_only_the_link_goes(library: Library, source: Path) -> None:
    imported(library, source, "link")
    (model,) = library.models()
    removal = removal_of(model)
    assert removal.stay == (source,)
    assert removal.freed_bytes == record_path(model.path).stat().st_size
    remove(removal, library)
    assert source.exists()
    assert library.models() == []


def test_a_file_with_a_second_name_frees_nothing(library: Library, source: Path) -> None:
    library.folder.mkdir()
    os.link(source, library.folder / "hard.gguf")
    removal = removal_of(library.models()[0])
    assert removal.freed_bytes == 0
    remove(removal, library)
    assert source.exists()


def test_a_dead_link_and_a_model_with_missing_files(library: Library, tmp_path: Path) -> None:
    library.folder.mkdir()
    (library.folder / "dead.gguf").symlink_to(tmp_path / "nowhere")
    (library.folder / "m-00002-of-00002.gguf").write_bytes(b"GGUF")
    record = FileRecord(origin="import", size_bytes=4, sha256="0" * 64, fetched_at="2026-11-26")
    write_record(library.folder / "m-00002-of-00002.gguf", record)
    for model in library.models():
        remove(removal_of(model), library)
    assert files(library.folder) == set()


def test_a_folder_that_is_not_empty_stays(library: Library, source: Path) -> None:
    imported(library, source)
    (library.folder / "imported/notes.txt").write_text("mine")
    remove(removal_of(library.models()[0]), library)
    assert files(library.folder) == {"imported/notes.txt"}


def test_what_cannot_be_removed_is_told(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(library, source)
    removal = removal_of(library.models()[0])

    def denied(path: Path, missing_ok: bool = False) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", denied)
    with pytest.raises(StorageError, match="Permission denied"):
        remove(removal, library)
    monkeypatch.undo()
    assert len(library.models()) == 1


# ---- checksums, and who has a model open -------------------------------------------------------


def test_checksums_that_files_should_have(library: Library, source: Path, tmp_path: Path) -> None:
    imported(library, source)
    (model,) = library.models()
    assert expected_sha256(model.path, model.record) == sha256_of(source, lambda _: None)
    assert expected_sha256(source, None) == ""
    digest = "a" * 64
    assert expected_sha256(tmp_path / f"sha256-{digest}", None) == digest
    (tmp_path / "snapshot.gguf").symlink_to(tmp_path / digest)
    assert expected_sha256(tmp_path / "snapshot.gguf", None) == digest
    with pytest.raises(StorageError, match="cannot read"):
        sha256_of(tmp_path / "nowhere", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        sha256_of(source, stop)


HOLDER = """
import sys
from pathlib import Path
from localr1.models.in_use import InUse
mark = InUse(Path(sys.argv[1]))
mark.mark(Path(sys.argv[2]))
print("marked", flush=True)
sys.stdin.read()
"""


def test_a_model_that_another_process_has_loaded(tmp_path: Path, source: Path) -> None:
    locks = tmp_path / "locks"
    link = tmp_path / "link.gguf"
    link.symlink_to(source)
    assert not is_loaded(locks, source)
    command = [sys.executable, "-c", HOLDER, str(locks), str(link)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"marked\n"
        assert is_loaded(locks, source)
        assert is_loaded(locks, link)
        assert not is_loaded(locks, tmp_path / "other.gguf")
        holder.kill()
        holder.wait()
        assert not is_loaded(locks, source)
    assert list((locks / "models").iterdir()) == []


def test_a_mark_moves_with_the_model(tmp_path: Path, source: Path) -> None:
    mark = InUse(tmp_path / "locks")
    mark.mark(source)
    assert is_loaded(tmp_path / "locks", source)
    mark.mark(tmp_path / "other.gguf")
    assert not is_loaded(tmp_path / "locks", source)
    mark.release()
    mark.release()
    assert not is_loaded(tmp_path / "locks", tmp_path / "other.gguf")
    (tmp_path / "file").write_text("no folder")
    InUse(tmp_path / "file").mark(source)
