"""`localr1 list`, `show`, `import`, `rm`, `verify`, `where`: for a person and for a script."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from localr1 import paths
from localr1.cli.library import removing
from localr1.cli.main import run_command_line
from localr1.errors import ExitCode
from localr1.models.in_use import InUse
from localr1.models.last_used import note_use
from localr1.models.library import Library
from localr1.models.records import record_path
from localr1.models.reference import ModelReference
from localr1.session.model_use import ModelUse
from tests.cli.command_line import LOCALR1
from tests.split_models import write_split_model
from tests.tiny_models import write_tiny_model

if sys.platform == "win32":
    pytest.skip("links need rights there", allow_module_level=True)


class Done(NamedTuple):
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    """Runs commands in this process, with a home of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Done:
        code = run_command_line([str(each) for each in arguments])
        out, err = self._capsys.readouterr()
        return Done(code, out, err)


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Shell:
    person = tmp_path / "person"
    person.mkdir()
    for name in ("HF_HOME", "HF_HUB_CACHE", "OLLAMA_MODELS", "LLAMA_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: person)
    return Shell(capsys)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_tiny_model(
        tmp_path / "R1-Tiny.gguf",
        name="Tiny \x1b[2J R1",
        r1_tokens=True,
        template="{{ x }}<｜Assistant｜>\x07",
    )


def put_into_ollama(person: Path, source: Path) -> Path:
    """The file as ollama would keep it, under the name of its checksum."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    blob = person / f".ollama/models/blobs/sha256-{digest}"
    blob.parent.mkdir(parents=True)
    source.rename(blob)
    manifest = person / ".ollama/models/manifests/registry/library/tiny/7b"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"layers": [layer]}))
    return blob


# ---- list -------------------------------------------------------------------------------------


def test_an_empty_library_says_what_to_do(shell: Shell) -> None:
    told = shell("list")
    assert (told.code, told.out) == (0, "")
    assert "localr1 pull" in told.err
    assert shell("list", "--json").out == ""
    assert shell("verify") == (0, "", "The library is empty.\n")
    assert shell("where").out == f"{paths.models_folder()}\n"


def test_what_is_listed(shell: Shell, source: Path, tmp_path: Path) -> None:
    other = write_tiny_model(tmp_path / "big.gguf", seed=3, n_ctx_train=4096)
    shell("import", source)
    shell("import", other, "--link", "--name", "linked")
    folder = paths.models_folder()
    (folder / "broken.gguf").write_text("<html>")
    (folder / "half-00001-of-00002.gguf").write_bytes(b"GGUF")
    (folder / "gone.gguf").symlink_to(tmp_path / "nowhere.gguf")
    (folder / os.fsdecode(b"evil\x1b]0;x\x07\xff.gguf")).write_bytes(b"")
    put_into_ollama(Path.home(), write_tiny_model(tmp_path / "o.gguf", seed=4))
    note_use(folder, folder / "imported/R1-Tiny.gguf")

    table = shell("list")
    assert "\x1b" not in table.out
    lines = {line.split("  ")[0]: line for line in table.out.splitlines()}
    headings = table.out.splitlines()[0].split("  ")
    assert [each.strip() for each in headings if each] == [
        *("NAME", "QUANT", "SIZE", "CONTEXT", "LAST USED", "FITS")
    ]
    assert "yes, window 2,048" in lines["R1-Tiny"]
    assert "F16" in lines["R1-Tiny"]
    assert "kB" in lines["linked (link)"]
    assert "web page" in lines["broken"]
    assert "files are missing: half-00002-of-00002.gguf" in lines["half"]
    assert "what it links to is gone" in lines["gone (link)"]
    assert "is empty" in lines["evil␛]0;x␇\N{REPLACEMENT CHARACTER}"]
    assert "Kept by ollama" in lines
    assert "tiny:7b" in lines

    rows = {row["name"]: row for row in shell("list", "--json").rows}
    tiny = rows["R1-Tiny"]
    assert tiny["path"] == str(folder / "imported/R1-Tiny.gguf")
    assert (tiny["place"], tiny["quant_type"], tiny["n_ctx_train"]) == ("localr1", "F16", 2048)
    assert tiny["fit"]["fits"]
    assert tiny["fit"]["n_ctx"] == 2048
    assert tiny["last_used"].endswith("+00:00")
    assert tiny["record"]["origin"] == "import"
    assert rows["linked"]["is_link"]
    assert rows["linked"]["last_used"] is None
    assert rows["broken"]["problem"]
    assert rows["tiny:7b"]["place"] == "ollama"
    evil = rows["evil␛]0;x␇\N{REPLACEMENT CHARACTER}"]["path"]
    assert os.fsencode(evil).endswith(b"evil\x1b]0;x\x07\xff.gguf")


def test_what_does_not_fit_is_listed_all_the_same(
    shell: Shell, smollm2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.models_folder().mkdir(parents=True)
    (paths.models_folder() / "smollm2.gguf").symlink_to(smollm2)
    monkeypatch.setenv("LOCALR1_N_CTX", "16000000")
    assert "not into memory now" in shell("list").out
    (row,) = shell("list", "--json").rows
    assert not row["fit"]["fits"]
    assert "what works" in row["fit"]["why"]
    shown = shell("show", "smollm2")
    assert shown.code == 0
    assert "Does not fit" in shown.out


# ---- show, where ------------------------------------------------------------------------------


def test_everything_about_a_model(shell: Shell, source: Path) -> None:
    shell("import", source)
    text = shell("show", "r1-tiny").out
    rows = {line[:13].strip(): line[13:] for line in text.splitlines() if line[:13].strip()}
    assert rows["Model"] == "Tiny ␛[2J R1, F16"
    assert rows["Listed as"] == "R1-Tiny"
    assert rows["Template"].startswith(
        "the file's own, different from the ones known for R1; it is"
    )
    assert rows["Tokenizer"].startswith("gpt2, ")
    assert rows["Licence"] == "not named"
    assert rows["Tensors"].startswith("F16 ")
    assert rows["Origin"].startswith("imported ")
    assert rows["SHA-256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert "what the model was trained for" in text
    assert "\x1b" not in text

    told = json.loads(shell("show", "R1-Tiny", "--json").out)
    assert told["plan"]["reasons"]["n_ctx"]
    assert told["template"]["kind"] == "own"
    assert not told["template"]["is_used"]
    assert told["tokenizer"]["model"] == "gpt2"
    assert sum(row["size_bytes"] for row in told["tensor_types"].values()) < told["size_bytes"]
    assert told["record"]["source_path"] == str(source)
    assert told["metadata"]["general.architecture"] == "qwen2"
    assert told["metadata"]["tokenizer.ggml.tokens"] == {"count": told["n_vocab"]}

    assert shell("show", "R1-Tiny", "--template").out == "{{ x }}<｜Assistant｜>␇\n"
    metadata = shell("show", "R1-Tiny", "--metadata").out
    assert "general.name = Tiny ␛[2J R1\n" in metadata
    assert f"tokenizer.ggml.tokens = [{told['n_vocab']} values]" in metadata


def test_the_demo_and_a_file_can_be_shown_too(shell: Shell, demo: Path, tmp_path: Path) -> None:
    told = shell("show", "demo").out
    assert "official; localr1 writes its format" in told
    assert "no record" in told
    assert shell("where", "demo").out == f"{demo}\n"
    plain = write_tiny_model(tmp_path / "plain.gguf")
    assert "none; localr1 uses a plain question-and-answer form" in shell("show", plain).out
    refused = shell("show", plain, "--template")
    assert (refused.code, refused.out) == (ExitCode.REFUSED, "")
    both = shell("show", plain, "--template", "--json")
    assert both.code == ExitCode.USAGE


def test_where_a_model_is(shell: Shell, source: Path, tmp_path: Path) -> None:
    shell("import", source)
    path = paths.models_folder() / "imported/R1-Tiny.gguf"
    assert shell("where", "R1-Tiny") == (0, f"{path}\n", "")
    assert shell("where", "r1-tiny.gguf").out == f"{path}\n"
    assert shell("where", path).out == f"{path}\n"
    assert json.loads(shell("where", "R1-Tiny", "--json").out) == {
        "name": "R1-Tiny",
        "path": str(path),
    }
    blob = put_into_ollama(Path.home(), write_tiny_model(tmp_path / "o.gguf", seed=4))
    assert shell("where", "TINY:7b").out == f"{blob}\n"
    evil = paths.models_folder() / os.fsdecode(b"a\n\xff.gguf")
    evil.write_bytes(b"")
    refused = shell("where", evil)
    assert refused.code == ExitCode.USAGE
    assert "--json" in refused.err
    assert json.loads(shell("where", evil, "--json").out)["path"] == str(evil)


@pytest.mark.parametrize("command", ["show", "where", "rm", "verify", "import"])
@pytest.mark.parametrize("reference", ["nosuch", "./nosuch.gguf", "\x1b[2J", "a\0b", "x" * 5000])
def test_what_is_not_there(shell: Shell, command: str, reference: str) -> None:
    done = shell(command, reference)
    assert done.code in (ExitCode.NOT_FOUND, ExitCode.USAGE)
    assert done.out == ""
    assert done.err.startswith("localr1: ")
    assert "this should not have happened" not in done.err
    assert done.err.count("\n") == 1
    assert "\x1b" not in done.err


# ---- import -----------------------------------------------------------------------------------


def test_an_import_says_what_became_of_it(shell: Shell, source: Path) -> None:
    size = source.stat().st_size
    done = shell("import", source)
    assert done.out == ""
    assert done.err == f"Copied: R1-Tiny, {size / 1000:.1f} kB.\n"
    again = shell("import", source)
    assert again.err == "The library has it already, as R1-Tiny.\n"
    assert again.code == 0
    told = json.loads(shell("import", source, "--name", "x", "--json").out)
    assert (told["name"], told["is_new"], told["size_bytes"]) == ("R1-Tiny", False, size)
    assert len(told["sha256"]) == 64


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--move", "--link"], 2, "--move cannot go with --link"),
        (["--name", ""], 2, "--name is empty"),
        (["--name", "../x"], 2, "cannot be called"),
    ],
)
def test_imports_that_are_refused(
    shell: Shell, source: Path, arguments: list[str], code: int, words: str
) -> None:
    done = shell("import", source, *arguments)
    assert done.code == code
    assert words in done.err
    assert Library(paths.models_folder()).models() == []


def test_no_model_is_refused_before_a_byte_is_copied(shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "model.gguf"
    page.write_text("<!doctype html>")
    done = shell("import", page)
    assert done.code == ExitCode.REFUSED
    assert "web page" in done.err
    parts = write_split_model(tmp_path / "split")
    parts[1].unlink()
    done = shell("import", parts[0])
    assert done.code == ExitCode.REFUSED
    assert "is missing" in done.err
    assert not paths.models_folder().exists()


def test_other_programs_models_are_taken_by_their_names(shell: Shell, source: Path) -> None:
    blob = put_into_ollama(Path.home(), source)
    refused = shell("import", "tiny:7b", "--move")
    assert refused.code == ExitCode.USAGE
    assert "ollama" in refused.err
    refused = shell("import", blob, "--move")
    assert "is kept by ollama, which would miss it" in refused.err
    assert "kept by ollama" in shell("show", blob).out
    done = shell("import", "tiny:7b", "--link")
    assert done.code == 0
    (model,) = Library(paths.models_folder()).models()
    assert model.path.resolve() == blob
    assert model.name == "Tiny-2J-R1-F16"
    assert "Kept by" not in shell("list").out
    assert shell("rm", model.name, "--yes").code == 0
    assert blob.exists()
    kept = shell("rm", "tiny:7b", "--yes")
    assert kept.code == ExitCode.USAGE
    assert "kept by ollama" in kept.err
    assert blob.exists()


SLOW_IMPORT = """
import sys, time
import localr1.models.checksum as checksum
from localr1.cli.main import main
checksum.PIECE_BYTES = 4096
import localr1.cli.library.progress as progress
show = progress.ByteProgress.__call__
def slow(self, size_bytes):
    show(self, size_bytes)
    print("piece", flush=True)
    time.sleep(0.05)
progress.ByteProgress.__call__ = slow
main(["import", sys.argv[1]])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_interrupted_leaves_nothing(
    source: Path, localr1_home: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", SLOW_IMPORT, str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"piece\n"
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    left = [path for path in localr1_home.rglob("*") if path.is_file() and path.name != "lock"]
    assert left == []


# ---- rm ---------------------------------------------------------------------------------------


def test_rm_frees_what_it_says(shell: Shell, tmp_path: Path) -> None:
    parts = write_split_model(tmp_path / "from")
    shell("import", parts[0], "--name", "split")
    before = sum(path.stat().st_size for path in paths.models_folder().rglob("*"))
    refused = shell("rm", "split")
    assert refused.code == ExitCode.USAGE
    assert "--yes" in refused.err
    done = shell("rm", "split", "--yes", "--json")
    after = sum(path.stat().st_size for path in paths.models_folder().rglob("*"))
    (row,) = done.rows
    assert len(row["removed"]) == 6
    folders = before - after - row["freed_bytes"]
    assert folders in (0, 4096)  # the folder itself
    assert "split (3 files), which frees" in done.err
    assert shell("list").out == ""


def test_a_name_of_several_quants_removes_none(shell: Shell, source: Path) -> None:
    folder = paths.models_folder()
    folder.mkdir(parents=True)
    for quant in ("Q4_K_M", "Q8_0"):
        (folder / f"DeepSeek-R1-Distill-Qwen-7B-{quant}.gguf").write_bytes(source.read_bytes())
    done = shell("rm", "r1-qwen-7b", "--yes")
    assert done.code == ExitCode.USAGE
    assert "-Q4_K_M, DeepSeek-R1-Distill-Qwen-7B-Q8_0; name the one" in done.err
    assert shell("rm", "r1-qwen-7b:Q8_0", "--yes").code == 0
    assert shell("rm", "r1-qwen-7b", "--yes").code == 0
    assert shell("rm", "r1-qwen-7b", "--yes").code == ExitCode.NOT_FOUND


def test_a_person_is_asked(shell: Shell, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("import", source)
    asked: list[str] = []

    def answer(printer: object, verb: str, said: str) -> bool:
        asked.append(said)
        return len(asked) > 1

    monkeypatch.setattr(removing, "agreed", answer)
    assert shell("rm", "R1-Tiny").err == "R1-Tiny stays.\n"
    assert "Removed R1-Tiny, which frees" in shell("rm", "R1-Tiny").err
    assert asked[0].startswith("R1-Tiny, which frees")


def test_a_model_that_is_open_is_told_and_links_leave_their_files(
    shell: Shell, source: Path
) -> None:
    shell("import", source, "--link")
    mark = InUse(paths.locks_folder())
    mark.mark(source)
    done = shell("rm", "R1-Tiny", "--yes")
    mark.release()
    assert done.err.splitlines() == [
        "R1-Tiny is open in another window now.",
        f"Removed the link R1-Tiny ({source} stays).",
    ]
    assert source.exists()


def test_files_of_a_person_are_never_removed(shell: Shell, source: Path) -> None:
    done = shell("rm", source, "--yes")
    assert done.code == ExitCode.USAGE
    assert "not in the library" in done.err
    assert shell("rm", "demo", "--yes").code == ExitCode.USAGE
    assert source.exists()


# ---- verify -----------------------------------------------------------------------------------


def test_sound_damaged_and_unknown_files(shell: Shell, source: Path, tmp_path: Path) -> None:
    shell("import", source)
    path = paths.models_folder() / "imported/R1-Tiny.gguf"
    made = write_tiny_model(paths.models_folder() / "made.gguf", seed=5)
    assert shell("verify") == (
        0,
        "unknown  made.gguf: its structure is sound; no checksum of it is kept\n"
        "ok       R1-Tiny.gguf\n",
        "",
    )
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    done = shell("verify", "R1-Tiny")
    assert done.code == ExitCode.REFUSED
    assert done.out == (
        "damaged  R1-Tiny.gguf: its bytes are not those that were recorded; get it again\n"
    )
    rows = {row["path"]: row for row in shell("verify", "--json").rows}
    row = rows[str(path)]
    assert row["state"] == "damaged"
    assert row["sha256"] != row["expected_sha256"]
    path.write_bytes(content + b"x")
    assert "bytes instead of" in shell("verify", "R1-Tiny").out
    made.write_bytes(b"")
    assert "damaged  made.gguf is empty" in shell("verify").out
    record_path(path).write_text("{")
    path.write_bytes(content)
    assert shell("verify", "R1-Tiny").out.startswith("unknown")


def test_models_in_parts_links_and_blobs(shell: Shell, source: Path, tmp_path: Path) -> None:
    parts = write_split_model(tmp_path / "from")
    shell("import", parts[0], "--name", "split")
    assert shell("verify", "split").out.count("ok ") == 3
    folder = paths.models_folder() / "imported"
    (folder / "split-00002-of-00003.gguf").unlink()
    done = shell("verify", "split")
    assert done.code == ExitCode.REFUSED
    assert "damaged  split-00002-of-00003.gguf: it is missing; get it again" in done.out
    assert done.out.count("ok ") == 2

    linked = write_tiny_model(tmp_path / "linked.gguf", seed=8)
    shell("import", linked, "--link")
    assert shell("verify", "linked").out == "ok       linked.gguf\n"
    linked.unlink()
    assert "what it links to is gone" in shell("verify", "linked").out

    blob = put_into_ollama(Path.home(), source)
    assert shell("verify", "tiny:7b").out.startswith("ok ")
    with blob.open("ab") as file:
        file.write(b"x")
    assert shell("verify", "tiny:7b").code == ExitCode.REFUSED


def test_a_model_that_is_loaded_is_known_to_others(
    shell: Shell, source: Path, localr1_home: Path
) -> None:
    shell("import", source)
    command = [*LOCALR1, "run", "R1-Tiny", "-i", "--json", "--max-tokens", "1", "--no-history"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as chat:
        assert chat.stdin is not None
        assert chat.stdout is not None
        chat.stdin.write(b"x\n")
        chat.stdin.flush()
        assert any(json.loads(line)["type"] == "done" for line in chat.stdout)
        used = json.loads((localr1_home / "models/used.json").read_text())
        done = shell("rm", "R1-Tiny", "--yes")
        chat.communicate(timeout=30)
    assert chat.returncode == 0
    assert list(used) == ["imported/R1-Tiny.gguf"]
    assert done.err.startswith("R1-Tiny is open in another window now.\nRemoved R1-Tiny")
    assert list((localr1_home / "locks/models").iterdir()) == []


async def test_the_demo_and_transcripts_leave_no_trace(demo: Path, localr1_home: Path) -> None:
    use = ModelUse()
    await use.begin(ModelReference(demo, "demo", "gguf"))
    await use.begin(ModelReference(demo, "show", "transcript"))
    await use.end()
    assert not (localr1_home / "models").exists()
    assert not (localr1_home / "locks").exists()
