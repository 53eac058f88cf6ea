"""What a person calls a model: every way there is, and every way to get it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localr1 import paths
from localr1.errors import ModelNotFound
from localr1.models.catalog import load_catalog
from localr1.models.records import FileRecord, write_record
from localr1.models.reference import (
    CatalogName,
    Demo,
    HubName,
    LocalPath,
    Reference,
    demo_path,
    find_model,
    parse_reference,
)
from localr1.terminal_text import clean

CATALOG = load_catalog()
QWEN_7B = CATALOG.get("r1-qwen-7b")
assert QWEN_7B is not None


def parsed(text: str) -> Reference:
    return parse_reference(text, CATALOG)


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(ModelNotFound) as caught:
        parse_reference(text, CATALOG)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("demo", Demo()),
        (" Demo ", Demo()),
        ("r1-qwen-7b", CatalogName(QWEN_7B)),
        ("R1-Qwen-7B:q4_k_m", CatalogName(QWEN_7B, "Q4_K_M")),
        ("r1-qwen-7b:Q4_K", CatalogName(QWEN_7B, "Q4_K_M")),
        ("DeepSeek-R1-Distill-Qwen-7B:Q8_0", CatalogName(QWEN_7B, "Q8_0")),
        ("hf:org/repo", HubName("org/repo")),
        ("HF:org/Repo.x_1:q5_k_m", HubName("org/Repo.x_1", "Q5_K_M")),
        ("hf:org/repo:UD-Q4_K_XL", HubName("org/repo", "UD-Q4_K_XL")),
        ("hf:org/repo/a b/file.gguf", HubName("org/repo", None, "a b/file.gguf")),
        ("hf.co/org/repo", HubName("org/repo")),
        ("https://huggingface.co/org/repo/", HubName("org/repo")),
        ("https://huggingface.co/org/repo/tree/main", HubName("org/repo")),
        (
            "https://huggingface.co/org/repo/resolve/main/a/b.gguf?download=true",
            HubName("org/repo", None, "a/b.gguf"),
        ),
        ("model.gguf", LocalPath(Path("model.gguf"))),
        ("./r1-qwen-7b", LocalPath(Path("r1-qwen-7b"))),
        ("~/x.GGUF", LocalPath(Path.home() / "x.GGUF")),
        ("a/b", LocalPath(Path("a/b"))),
        ("show.transcript.json", LocalPath(Path("show.transcript.json"))),
    ],
)
def test_every_way_to_name_a_model(text: str, meant: Reference) -> None:
    assert parsed(text) == meant


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("r1-qwen", "several models", "r1-qwen-1.5b, r1-qwen-7b, r1-qwen-14b or r1-qwen-32b"),
        ("r1-qven-7b", "no model r1-qven-7b", "did you mean r1-qwen-7b"),
        ("r1-qven-7b:Q4_K_M", "no model r1-qven-7b:Q4_K_M", "did you mean r1-qwen-7b"),
        ("qwen-7b", "no model", "did you mean r1-qwen-7b?"),
        ("dmeo", "no model dmeo", "did you mean demo?"),
        ("gpt-9", "no model gpt-9", "localr1 recommend"),
        ("", "no model was named", "localr1 recommend"),
        ("r1-qwen-7b:Q4", "no quant Q4", "Q4_K_M"),
        ("r1-qwen-7b:", "no quant", "Q4_K_M"),
        ("r1-qwen-7b:Q4_K_M:x", "no quant", "Q4_K_M"),
        ("hf:org/repo:nonsense!", "no quant nonsense!", "Q4_K_M is usual"),
        ("hf:repo", "hf:repo names no repository", "hf:ORG/REPO"),
        ("hf:../..", "names no repository", "hf:ORG/REPO"),
        ("hf:org/..", "names no repository", "hf:ORG/REPO"),
        ("hf:org/repo/../../x.gguf", "names no GGUF file", "hf:org/repo"),
        ("hf:org/repo//x.gguf", "names no GGUF file", "hf:org/repo"),
        ("hf:org/repo/a\\..\\x.gguf", "names no GGUF file", "hf:org/repo"),
        ("hf:org/repo/\x1b[2J.gguf", "names no GGUF file", "hf:org/repo"),
        ("hf:org/repo/model.bin", "names no GGUF file", "hf:org/repo"),
        ("https://hf.co/o/r/blob/v2/x.gguf", "a revision of o/r", "pull hf:o/r --revision v2"),
    ],
)
def test_what_is_mistyped_or_ambiguous(text: str, message: str, hint: str) -> None:
    said, advice = refused(text)
    assert message in said
    assert hint in advice
    assert (said + advice).isprintable()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("deepseek-r1:1.5b", ["DeepSeek-R1-Distill-Qwen-1.5B", "say r1-qwen-1.5b"]),
        ("deepseek-r1:7b", ["DeepSeek-R1-Distill-Qwen-7B", "say r1-qwen-7b"]),
        ("DeepSeek-R1:8B", ["DeepSeek-R1-Distill-Llama-8B", "DeepSeek-R1-0528-Qwen3-8B",
                            "say r1-llama-8b or r1-0528-qwen3-8b"]),
        ("deepseek-r1", ["DeepSeek-R1-0528-Qwen3-8B"]),
        ("deepseek-r1:14b-qwen-distill-q4_K_M", ["DeepSeek-R1-Distill-Qwen-14B"]),
        ("deepseek-r1:70b", ["DeepSeek-R1-Distill-Llama-70B", "say r1-llama-70b"]),
        ("deepseek-r1:671b", ["the whole model", "localr1 recommend"]),
    ],
)  # fmt: skip
def test_names_of_ollama_are_explained(text: str, names: list[str]) -> None:
    said = " ".join(refused(text))
    assert all(name in said for name in names)
    assert "distill" in said


def test_other_names_are_offered_too() -> None:
    with pytest.raises(ModelNotFound, match="no model my-modell") as caught:
        parse_reference("my-modell", CATALOG, ["my-model"])
    assert caught.value.hint == "did you mean my-model?"


NAMES = st.sampled_from([entry.name for entry in CATALOG])
PIECES = st.sampled_from(["hf:", "demo", ":", "/", "..", "~", "~x", "\0", "\ud800", ".gguf", "\\",
                          "https://huggingface.co/", "resolve/main", "Q4_K_M", "deepseek-r1:8b",
                          "\x1b]0;x\x07", " ", "org", "C:", "\u202e"])  # fmt: skip


@given(st.text() | st.lists(NAMES | PIECES | st.text(max_size=3), max_size=6).map("".join))
@example("~nobody-here/x")
@example("x" * 5000)
@example("/" + "x" * 5000)
def test_any_text_is_a_reference_or_not_found(text: str) -> None:
    try:
        meant = parsed(text)
    except ModelNotFound as error:
        assert error.message
        said = error.message + error.hint
        assert clean(said) == said
        return
    assert isinstance(meant, (Demo, LocalPath, CatalogName, HubName))
    if isinstance(meant, HubName):
        whole = f"{meant.repo}/{meant.path or ''}"
        assert ".." not in whole.split("/")
        assert "\\" not in whole


@given(st.text())
@example("a" * 400 + "/b.gguf")
@example("\ud800/x.gguf")
def test_any_text_is_found_or_not(text: str) -> None:
    try:
        found = find_model(text)
    except ModelNotFound:
        return
    assert found.path.exists()


# ---- the library -----------------------------------------------------------------------------


def in_library(place: str, content: bytes = b"GGUF") -> Path:
    path = paths.models_folder() / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def not_found(text: str) -> tuple[str, str]:
    with pytest.raises(ModelNotFound) as caught:
        find_model(text)
    return caught.value.message, caught.value.hint


UNSLOTH = "unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF"


def test_what_is_not_here_can_be_fetched() -> None:
    said, hint = not_found("r1-qwen-7b")
    assert said == "r1-qwen-7b is not on this computer"
    assert hint == "`localr1 pull r1-qwen-7b` fetches it (4.7 GB)"
    assert "pull r1-qwen-7b:Q8_0` fetches it (8.1 GB)" in not_found("r1-qwen-7b:q8_0")[1]
    assert not_found("hf:a/b:Q4_0")[1] == "`localr1 pull hf:a/b:Q4_0` fetches it"
    assert "hf:unsloth/X-GGUF" in not_found("unsloth/X-GGUF")[1]
    assert "path of a .gguf file" in not_found("missing.gguf")[1]


def test_a_model_of_the_catalog_is_found_by_its_repository() -> None:
    small = in_library(f"{UNSLOTH}/DeepSeek-R1-Distill-Qwen-7B-Q2_K.gguf")
    assert find_model("r1-qwen-7b").path == small
    assert find_model("R1-QWEN-7B:q2_k").path == small
    assert find_model(f"hf:{UNSLOTH}").path == small
    assert find_model(f"hf:{UNSLOTH}/{small.name}").path == small
    assert find_model(small.stem.lower()).path == small
    said, hint = not_found("r1-qwen-7b:Q8_0")
    assert "Q2_K is here" in said
    assert "pull r1-qwen-7b:Q8_0" in hint
    assert "not on this computer" in not_found("r1-qwen-14b")[0]
    assert "not on this computer" in not_found(f"hf:{UNSLOTH}/other.gguf")[0]


def test_of_several_quants_the_usual_one_is_taken_then_the_largest() -> None:
    in_library(f"{UNSLOTH}/x-Q2_K.gguf", b"GGUF" * 2)
    large = in_library(f"{UNSLOTH}/x-Q8_0.gguf", b"GGUF" * 9)
    assert find_model("r1-qwen-7b").path == large
    usual = in_library(f"{UNSLOTH}/x-Q4_K_M.gguf", b"GGUF" * 3)
    assert find_model("r1-qwen-7b").path == usual


def test_an_imported_model_is_found_by_its_record_or_its_name() -> None:
    renamed = in_library("imported/mine.gguf")
    assert "not on this computer" in not_found("r1-llama-8b")[0]
    record = FileRecord(
        origin="import", size_bytes=4, sha256="0" * 64, fetched_at="2026-11-26T00:00:00+00:00",
        catalog_name="r1-llama-8b",
    )  # fmt: skip
    write_record(renamed, record)
    assert find_model("r1-llama-8b").path == renamed
    assert find_model("mine").path == renamed
    named = in_library("imported/DeepSeek-R1-Distill-Qwen-14B-IQ4_XS.gguf")
    assert find_model("r1-qwen-14b:iq4_xs").path == named
    assert "did you mean mine" in not_found("minee")[1]


def test_a_model_in_several_files_is_found_when_all_are_here() -> None:
    folder = "unsloth/DeepSeek-R1-Distill-Llama-70B-GGUF/Q8_0"
    first = in_library(f"{folder}/x-Q8_0-00001-of-00002.gguf")
    assert "not on this computer" in not_found("r1-llama-70b:Q8_0")[0]
    in_library(f"{folder}/x-Q8_0-00002-of-00002.gguf")
    assert find_model("r1-llama-70b:Q8_0").path == first


def test_a_model_of_ones_own_is_found(tmp_path: Path) -> None:
    paths.home().mkdir(parents=True, exist_ok=True)
    paths.catalog_file().write_text('[models.r1-qwen-7b]\ngguf_repos = ["me/mirror"]')
    mine = in_library("me/mirror/x-Q4_K_M.gguf")
    assert find_model("r1-qwen-7b").path == mine
    paths.catalog_file().write_text("[models.other]\nfull_name = 3")
    assert "not on this computer" in not_found("r1-qwen-7b")[0]
    assert "line 2, models.other.full_name" in not_found("other")[1]


def test_paths_and_the_demo_need_no_library(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    assert find_model(str(path)).path == path
    assert find_model("demo").path == find_model("DEMO").path == demo_path()
    assert find_model(str(tmp_path / "m.gguf")).kind == "gguf"
