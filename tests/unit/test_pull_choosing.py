"""Which files of a repository are meant, where they go, and what the line of progress says."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.cli.pull_report import progress_line
from localr1.errors import AccessRefused, ModelNotFound, ModelRefused, NetworkError
from localr1.models.hub.choosing import choose, models_of
from localr1.models.hub.faults import Interruption, check_busy, refusal
from localr1.models.hub.hub_paths import library_path, part_path
from localr1.models.hub.meter import Reading
from localr1.models.hub.repository import RemoteFile, Repository

SUM = "d" * 64


def repository(*paths: str) -> Repository:
    files = tuple(RemoteFile(path, 1000 + number, SUM) for number, path in enumerate(paths))
    return Repository("org/repo", "c" * 40, "mit", files)


BOTH = ("m-Q4_K_M.gguf", "m-Q8_0.gguf", "m-UD-Q4_K_XL.gguf", "README.md", "mmproj-F16.gguf")


@pytest.mark.parametrize(
    ("quant", "path", "chosen"),
    [
        (None, None, "m-Q4_K_M.gguf"),
        ("q8_0", None, "m-Q8_0.gguf"),
        ("UD-Q4_K_XL", None, "m-UD-Q4_K_XL.gguf"),
        (None, "m-Q8_0.gguf", "m-Q8_0.gguf"),
    ],
)
def test_the_right_file(quant: str | None, path: str | None, chosen: str) -> None:
    assert choose(repository(*BOTH), quant, path).path == chosen


def test_one_model_is_taken_whatever_its_quant() -> None:
    assert choose(repository("only-F16.gguf", "x.txt"), None, None).quant == "F16"
    assert choose(repository("strange.gguf"), None, None).quant == ""


def test_split_models_in_their_order() -> None:
    names = ["Q4_K_M/m-Q4_K_M-00002-of-00002.gguf", "Q4_K_M/m-Q4_K_M-00001-of-00002.gguf"]
    (model,) = models_of(repository(*names, "imatrix.gguf").files)
    assert [file.path for file in model.files] == sorted(names)
    assert (model.quant, model.expected) == ("Q4_K_M", 2)
    assert choose(repository(*names), None, names[0]).files == model.files


@pytest.mark.parametrize(
    ("paths", "quant", "path", "words"),
    [
        (("README.md",), None, None, "has no GGUF files"),
        (("a-Q5_K_M.gguf", "b-Q6_K.gguf"), None, None, "has no Q4_K_M; say which one"),
        (BOTH, "Q2_K", None, "has no Q2_K"),
        (("a/m-Q4_K_M.gguf", "b/m-Q4_K_M.gguf"), "Q4_K_M", None, "has 2 files that are Q4_K_M"),
        (BOTH, None, "other.gguf", "has no GGUF file other.gguf"),
    ],
)
def test_what_is_not_there(
    paths: tuple[str, ...], quant: str | None, path: str | None, words: str
) -> None:
    with pytest.raises(ModelNotFound) as raised:
        choose(repository(*paths), quant, path)
    assert words in raised.value.message
    assert raised.value.hint


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(ModelRefused, match="in 3 files, and the repository has 1"):
        choose(repository("m-00001-of-00003.gguf"), None, None)
    without = Repository("o/r", "c" * 40, "", (RemoteFile("m.gguf", 1000, ""),))
    with pytest.raises(ModelRefused, match="no SHA-256"):
        choose(without, None, None)
    empty = Repository("o/r", "c" * 40, "", (RemoteFile("m.gguf", 3, SUM),))
    with pytest.raises(ModelRefused, match="only 3 bytes"):
        choose(empty, None, None)


@pytest.mark.parametrize(
    "path",
    [
        *("../evil.gguf", "a/../../evil.gguf", "/etc/evil.gguf", "a//b.gguf", "./a.gguf", ""),
        *("a\\b.gguf", "C:evil.gguf", "nul", "CON.gguf", "com1.x.gguf", "a/aux/b.gguf", "a?.gguf"),
        *("a\x00.gguf", "a\x1b[31m.gguf", "a\n.gguf", "a\u202e.gguf", "a\x9b.gguf", "a\ud800.gguf"),
        *(".hidden.gguf", "a/.git/b.gguf", "end.", "end ", "x" * 250, "a/b/c/d/e/f/g/h.gguf"),
    ],
)
def test_a_name_that_is_not_safe(path: str) -> None:
    with pytest.raises(ModelRefused, match="not safe"):
        library_path(Path("/models"), "org/repo", path)


@given(st.text(max_size=60))
def test_no_name_leads_out_of_its_folder(path: str) -> None:
    folder = Path("/models")
    try:
        target = library_path(folder, "org/repo", path)
    except ModelRefused:
        return
    assert PurePosixPath(*target.parts[:4]) == PurePosixPath("/models/org/repo")
    assert ".." not in target.parts
    assert target.relative_to(folder / "org/repo").as_posix() == path
    assert part_path(folder, target).parts[2] == ".parts"


def test_usual_names_stay() -> None:
    path = "Q4_K_M/DeepSeek-R1-Distill-Qwen-32B-Q4_K_M-00001-of-00002.gguf"
    assert library_path(Path("/m"), "a/b", path) == Path("/m/a/b") / path
    assert library_path(Path("/m"), "a/b", "modèle (v2) Q4.gguf").name == "modèle (v2) Q4.gguf"


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (401, "GatedRepo", AccessRefused, "needs a token"),
        (403, "GatedRepo", AccessRefused, "no access to it yet"),
        (403, "", AccessRefused, "does not let you"),
        (401, "", ModelNotFound, "or it is private"),
        (404, "RepoNotFound", ModelNotFound, "no repository"),
        (404, "RevisionNotFound", ModelNotFound, "no such revision"),
        (404, "EntryNotFound", ModelNotFound, "no file m.gguf"),
        (418, "", NetworkError, "answered 418"),
    ],
)
def test_refusals_of_the_hub(status: int, code: str, kind: type, words: str) -> None:
    error = refusal(status, {"x-error-code": code} if code else {}, "o/r", "m.gguf")
    assert type(error) is kind
    assert words in error.message
    assert error.hint


def test_busy_servers_may_say_when() -> None:
    check_busy(200, {}, "http://host/")
    with pytest.raises(Interruption) as raised:
        check_busy(429, {"retry-after": "7"}, "https://user:pw@host:1/x")
    assert raised.value.retry_after_seconds == 7
    assert raised.value.reason == "host:1 has too many requests"


def reading(**changes: Any) -> Reading:
    plain = Reading("downloading", 1_200_000_000, 4_700_000_000, 12_000_000.0, 290.0, "")
    return plain._replace(**changes)


def test_the_line_of_progress_fits() -> None:
    line = progress_line([reading()])
    assert line == "████░░░░░░░░░░░░ 26%, 1.2 of 4.7 GB, 12.0 MB/s, 4 min 50 s left"
    assert progress_line([reading()], 50).startswith("26%, 1.2 of")
    assert progress_line([reading()], 39) == "26%, 12.0 MB/s, 4 min 50 s left"
    assert progress_line([reading()], 78, "#.").startswith("####....")
    almost = reading(done_bytes=4_699_999_999, bytes_per_second=0.0, seconds_left=None)
    assert "99%" in progress_line([almost])
    both = progress_line([reading(), reading(done_bytes=0, seconds_left=600.0)])
    assert "1.2 of 9.4 GB, 24.0 MB/s, 10 min left" in both
    waiting = reading(state="waiting", note="process 7 is fetching it already")
    assert progress_line([waiting]).endswith("4.7 GB, process 7 is fetching it already")
    assert "checking" in progress_line([reading(state="checking")])
    assert progress_line([reading(done_bytes=0, total_bytes=0)]).count("0%") == 1
