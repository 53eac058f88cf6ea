"""`localr1 pull` from outside, against a hub on this computer: whatever can go wrong with one."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pull_interruptions import AGAIN_AT_MOST_BYTES, interrupt
from localr1.errors import ExitCode
from localr1.models.records import read_record
from tests.cli.command_line import LOCALR1, is_one_line_error, json_lines
from tests.hub_server import Answer, HubServer, Side, listed_file

REPO = "org/model-GGUF"
Q4, Q8 = "model-Q4_K_M.gguf", "model-Q8_0.gguf"
MEGABYTE = 10**6

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and links of POSIX")


def model_of(size_bytes: int, seed: int = 1) -> bytes:
    return b"GGUF" + random.Random(seed).randbytes(size_bytes - 4)


CONTENT = model_of(3 * MEGABYTE)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    with HubServer() as hub:
        hub.add(REPO, {Q4: CONTENT, Q8: model_of(50_000), "README.md": b"# Model"})
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HOME", str(tmp_path / "person"))
        for name in ("HF_TOKEN", "HF_HOME", "HF_HUB_CACHE", "OLLAMA_MODELS", "LLAMA_CACHE"):
            monkeypatch.delenv(name, raising=False)
        yield hub


@pytest.fixture
def models(localr1_home: Path) -> Path:
    return localr1_home / "models"


def pull(
    *arguments: str | Path, environment: dict[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*LOCALR1, "pull", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, **(environment or {})},
        **more,
    )


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*LOCALR1, "pull", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def refused(done: subprocess.CompletedProcess[bytes], code: ExitCode, *words: str) -> None:
    assert done.returncode == code, done.stderr.decode()
    assert done.stdout == b""
    last = done.stderr.splitlines()[-1]
    assert is_one_line_error(last), done.stderr.decode()
    for word in words:
        assert word in last.decode()


def visible(models: Path) -> list[str]:
    """What the library would see."""
    found = models.rglob("*.gguf")
    return sorted(path.name for path in found if ".parts" not in path.parts)


def parts(models: Path) -> list[str]:
    found = (models / ".parts").rglob("*")
    return [path.name for path in found if path.is_file() and path.suffix != ".lock"]


def wait_until_sent(hub: HubServer, size_bytes: int) -> None:
    deadline = time.monotonic() + 30
    while sum(each.sent_bytes for each in hub.of("storage")) < size_bytes:
        assert time.monotonic() < deadline
        time.sleep(0.005)


# ---- what is fetched ---------------------------------------------------------------------------


def test_a_model_is_fetched_checked_and_recorded(hub: HubServer, models: Path) -> None:
    hub.manners.rows_a_page = 1
    done = pull(f"hf:{REPO}")
    target = models / REPO / Q4
    assert (done.returncode, done.stdout.decode()) == (0, f"{target}\n")
    assert b"its SHA-256 is right" in done.stderr
    assert target.read_bytes() == CONTENT
    assert not target.stat().st_mode & 0o222
    record = read_record(target)
    assert record is not None
    assert (record.origin, record.repo, record.hub_path) == ("hub", REPO, Q4)
    assert record.revision == hub.repositories[REPO].commit
    assert record.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (record.size_bytes, record.licence) == (len(CONTENT), "mit")
    assert parts(models) == []
    asked = len(hub.of("storage"))
    again = pull(f"hf:{REPO}")
    assert again.returncode == 0
    assert again.stdout == done.stdout
    assert b"is here already" in again.stderr
    assert len(hub.of("storage")) == asked


def test_json_lines(hub: HubServer, models: Path) -> None:
    hub.manners.bytes_per_second = 2 * MEGABYTE
    events = json_lines(pull(f"hf:{REPO}", "--json").stdout)
    plan, *progress, last = events
    assert plan["event"] == "plan"
    assert plan["files"] == [{"path": Q4, "size_bytes": len(CONTENT)}]
    assert (plan["total_bytes"], plan["have_bytes"]) == (len(CONTENT), 0)
    assert plan["folder"] == str(models / REPO)
    assert {each["event"] for each in progress} == {"progress"}
    assert {
        "state",
        "done_bytes",
        "total_bytes",
        "bytes_per_second",
        "seconds_left",
        "note",
    } <= set(progress[0])
    counts = [each["done_bytes"] for each in progress if each["state"] == "downloading"]
    assert counts == sorted(counts)
    assert any(each["bytes_per_second"] > 0 and each["seconds_left"] > 0 for each in progress[2:])
    assert last["event"] == "done"
    assert last["path"] == str(models / REPO / Q4)
    assert last["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    hub.repositories.clear()
    (failed,) = json_lines(pull("hf:no/thing", "--json").stdout)
    assert failed["event"] == "failed"
    assert failed["exit_code"] == ExitCode.NOT_FOUND
    assert failed["message"]
    assert failed["hint"]


def test_which_file_is_meant(hub: HubServer, models: Path) -> None:
    assert pull(f"hf:{REPO}:q8_0").returncode == 0
    assert visible(models) == [Q8]
    assert pull(f"hf:{REPO}/{Q8}").returncode == 0
    unknown = pull(f"hf:{REPO}:Q6_K")
    refused(unknown, ExitCode.NOT_FOUND, "has no Q6_K", "Q8_0 (50.0 kB), Q4_K_M (3.0 MB)")
    refused(pull("demo"), ExitCode.USAGE, "nothing to fetch")
    refused(pull("hf:org/none"), ExitCode.NOT_FOUND, "no repository org/none")
    refused(pull(f"hf:{REPO}", "--revision", "v9"), ExitCode.NOT_FOUND, "no such revision")
    commit = hub.repositories[REPO].commit
    assert pull(f"hf:{REPO}:Q8_0", "--revision", commit).returncode == 0


def test_a_split_model_is_one(hub: HubServer, models: Path) -> None:
    names = [f"Q4_K_M/big-Q4_K_M-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    contents = [model_of(100_000 + number, seed=number) for number in range(3)]
    hub.add("org/big", dict(zip(names, contents, strict=True)))
    done = pull("hf:org/big")
    assert done.stdout.decode() == f"{models / 'org/big' / names[0]}\n"
    for name, content in zip(names, contents, strict=True):
        path = models / "org/big" / name
        assert path.read_bytes() == content
        assert read_record(path) is not None
    del hub.repositories["org/big"].files[names[1]]
    refused(pull("hf:org/big"), ExitCode.REFUSED, "in 3 files, and the repository has 2")


def test_a_catalog_name_goes_through_its_repositories(hub: HubServer, models: Path) -> None:
    repo = "bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF"
    hub.add(repo, {"DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf": CONTENT})
    assert pull("r1-qwen-7b").returncode == 0
    record = read_record(models / repo / "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf")
    assert record is not None
    assert record.catalog_name == "r1-qwen-7b"


def test_several_at_once(hub: HubServer, models: Path) -> None:
    done = pull(f"hf:{REPO}:Q4_K_M", f"hf:{REPO}:Q8_0", "hf:org/none", "--json")
    assert done.returncode == ExitCode.NOT_FOUND
    ends = [each for each in json_lines(done.stdout) if each["event"] in ("done", "failed")]
    assert sorted(each["reference"] for each in ends) == [
        f"hf:{REPO}:Q4_K_M", f"hf:{REPO}:Q8_0", "hf:org/none",
    ]  # fmt: skip
    assert visible(models) == [Q4, Q8]


def test_offline_refuses_before_anything_is_asked(hub: HubServer) -> None:
    refused(pull(f"hf:{REPO}", "--offline"), ExitCode.OFFLINE, "offline")
    in_environment = {"LOCALR1_OFFLINE": "1"}
    refused(pull(f"hf:{REPO}", environment=in_environment), ExitCode.OFFLINE, "LOCALR1_OFFLINE")
    refused(pull(f"hf:{REPO}", environment={"HF_HUB_OFFLINE": "1"}), ExitCode.OFFLINE)
    assert hub.requests == []


def test_copies_of_other_programs_are_linked(hub: HubServer, models: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    person = tmp_path / "person"
    cached = person / f".cache/huggingface/hub/models--org--model-GGUF/blobs/{digest}"
    ollama = person / f".ollama/models/blobs/sha256-{digest}"
    studio = person / ".lmstudio/models" / REPO / Q4
    target = models / REPO / Q4
    wrong = CONTENT[:-1] + b"!"
    for path, name in ((studio, "LM Studio"), (cached, "Hugging Face"), (ollama, "ollama")):
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENT)
        done = pull(f"hf:{REPO}")
        assert name in done.stderr.decode()
        assert target.is_symlink()
        assert target.resolve() == path
        assert read_record(target) is not None
        assert hub.of("storage") == []
        target.unlink()
        path.write_bytes(wrong)  # of the same size
    assert pull(f"hf:{REPO}").returncode == 0
    assert not target.is_symlink()
    asked = len(hub.of("storage"))
    assert asked
    target.unlink()
    ollama.write_bytes(CONTENT)
    assert pull(f"hf:{REPO}", "--no-reuse").returncode == 0
    assert len(hub.of("storage")) > asked
    assert target.read_bytes() == CONTENT


# ---- tokens ------------------------------------------------------------------------------------


def test_a_token_goes_to_the_hub_alone(
    hub: HubServer, models: Path, localr1_home: Path, tmp_path: Path
) -> None:
    hub.repositories[REPO].token = "hf_secret"
    refused(
        pull(f"hf:{REPO}"), ExitCode.NETWORK, "is gated", f"huggingface.co/{REPO}", "hf auth login"
    )
    refused(pull(f"hf:{REPO}", "--token", "hf_other"), ExitCode.NETWORK, "has no access to it")
    assert pull(f"hf:{REPO}", "--token", "hf_secret").returncode == 0
    assert visible(models) == [Q4]
    stored = tmp_path / "person/.cache/huggingface/token"
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text("hf_secret")
    assert pull(f"hf:{REPO}:Q8_0").returncode == 0
    assert hub.of("storage")
    assert not any(request.has_token for request in hub.of("storage"))
    assert any(request.has_token for request in hub.of("resolve"))
    kept = [path for path in localr1_home.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"hf_secret" in path.read_bytes() for path in kept)


# ---- servers that behave badly -----------------------------------------------------------------


def test_busy_servers_are_asked_again_when_they_want(hub: HubServer) -> None:
    sides: tuple[Side, ...] = ("api", "resolve", "storage")
    for side in sides:
        hub.say(side, Answer(429, {"Retry-After": "1"}))
    hub.say("storage", Answer(503))
    assert pull(f"hf:{REPO}").returncode == 0
    for side in sides:
        first, second, *_ = hub.of(side)
        assert first.status == 429
        assert second.at_seconds - first.at_seconds >= 1


def test_a_server_that_never_works_is_given_up(hub: HubServer, models: Path) -> None:
    hub.say("storage", Answer(500), times=50)
    done = pull(f"hf:{REPO}", "--retries", "1")
    refused(done, ExitCode.NETWORK, "answers 500", "run the same command again")
    assert len(hub.of("storage")) == 2
    hub.say("api", Answer(500), times=50)
    refused(pull(f"hf:{REPO}", "--retries", "1"), ExitCode.NETWORK, "answers 500")
    gone = {"HF_ENDPOINT": "http://127.0.0.1:9"}
    refused(pull(f"hf:{REPO}", "--retries", "0", environment=gone), ExitCode.NETWORK, "127.0.0.1:9")
    assert visible(models) == []


def test_a_lost_connection_goes_on_where_it_was(hub: HubServer, models: Path) -> None:
    hub.manners.cut_after_bytes = [500_000, 700_000, 900_000]
    hub.manners.bytes_per_second = 8 * MEGABYTE
    assert pull(f"hf:{REPO}").returncode == 0
    assert (models / REPO / Q4).read_bytes() == CONTENT
    log = hub.of("storage")
    assert len(log) == 4
    for before, after in itertools.pairwise(log):
        assert 0 <= before.span[1] - after.start <= AGAIN_AT_MOST_BYTES
        assert after.headers["if-range"]


def test_a_large_file_comes_by_several_connections(hub: HubServer, models: Path) -> None:
    content = model_of(40 * MEGABYTE)
    hub.add("org/large", {"large.gguf": content})
    hub.manners.bytes_per_second = 20 * MEGABYTE
    assert pull("hf:org/large").returncode == 0
    assert (models / "org/large/large.gguf").read_bytes() == content
    log = hub.of("storage")
    assert log[0].start == 0
    assert len(log) > 1
    assert sum(request.sent_bytes for request in log) == len(content)


@pytest.mark.parametrize("added", [1000, -1000])
def test_a_wrong_length(hub: HubServer, models: Path, added: int) -> None:
    hub.manners.length_added = added
    done = pull(f"hf:{REPO}", "--retries", "2")
    if done.returncode == 0:  # what is missing was asked for again
        assert (models / REPO / Q4).read_bytes() == CONTENT
    else:
        refused(done, ExitCode.NETWORK)
        assert visible(models) == []


def test_a_wrong_byte_is_noticed(hub: HubServer, models: Path) -> None:
    hub.manners.flipped_byte = 2_000_000
    refused(pull(f"hf:{REPO}"), ExitCode.REFUSED, "another SHA-256", "thrown away", "again")
    assert visible(models) == parts(models) == []
    hub.manners.flipped_byte = -1
    assert pull(f"hf:{REPO}").returncode == 0


def test_a_web_page_instead_of_a_model(hub: HubServer, models: Path) -> None:
    page = b"<!DOCTYPE html><html><body>Please sign in" + b" " * 5000
    hub.say("storage", Answer(200, {"Content-Type": "text/html"}, page))
    refused(pull(f"hf:{REPO}"), ExitCode.NETWORK, "sent a web page", "sign in")
    length = {"Content-Range": f"bytes 0-{len(page) - 1}/{len(CONTENT)}"}
    hub.say("storage", Answer(206, length, page))
    refused(pull(f"hf:{REPO}"), ExitCode.REFUSED, "is a web page (HTML), not a GGUF model")
    hub.say("api", Answer(200, {"Content-Type": "text/html"}, page))
    refused(pull(f"hf:{REPO}"), ExitCode.NETWORK, "sent a web page")
    hub.say("api", Answer(200, {"Content-Type": "application/json"}, b"[1]"))
    refused(pull(f"hf:{REPO}"), ExitCode.NETWORK, "is not a hub")
    assert visible(models) == parts(models) == []


def test_hostile_names(hub: HubServer, models: Path, tmp_path: Path) -> None:
    repository = hub.repositories[REPO]
    # more of them: tests/unit/test_pull_choosing.py
    for name in ("../../../evil-Q5_K_M.gguf", "evil\x1b]0;x\x07-Q5_K_M.gguf"):
        repository.listed = [listed_file(name, 1000, "1" * 64)]
        done = pull(f"hf:{REPO}:Q5_K_M")
        refused(done, ExitCode.REFUSED, "which is not safe")
        assert b"\x1b" not in done.stderr
    assert hub.of("storage") == []
    assert list(tmp_path.rglob("*evil*")) == []
    assert pull(f"hf:{REPO}:Q8_0").returncode == 0
    repository.listed = [
        {"type": "file", "path": 5, "size": "x", "oid": "y"},
        {"type": "file", "path": "negative-Q5_K_M.gguf", "size": -1, "oid": "y"},
        {"type": "file", "path": "no-sum-Q5_K_M.gguf", "size": 100, "oid": "y"},
    ]
    refused(pull(f"hf:{REPO}:Q5_K_M"), ExitCode.REFUSED, "no SHA-256")


# ---- files that change -------------------------------------------------------------------------


def test_a_file_that_changed_between_two_starts(hub: HubServer, models: Path) -> None:
    hub.manners.bytes_per_second = 4 * MEGABYTE
    with start(f"hf:{REPO}") as process:
        wait_until_sent(hub, 1_000_000)
        process.send_signal(signal.SIGKILL)
    other = model_of(500_000, seed=9)  # shorter than what is here of the old one
    hub.change(REPO, Q4, other)
    asked = len(hub.of("storage"))
    done = pull(f"hf:{REPO}")
    assert b"the file changed on the server; starting again" in done.stderr
    assert hub.of("storage")[asked].start == 0
    assert (models / REPO / Q4).read_bytes() == other
    hub.change(REPO, Q4, CONTENT)  # a newer version takes the place of the old one
    assert pull(f"hf:{REPO}").returncode == 0
    assert (models / REPO / Q4).read_bytes() == CONTENT


def test_a_file_that_changes_meanwhile(hub: HubServer, models: Path) -> None:
    other = model_of(1_200_000, seed=9)
    hub.manners.bytes_per_second = 4 * MEGABYTE
    with start(f"hf:{REPO}") as process:
        wait_until_sent(hub, 1_500_000)
        hub.change(REPO, Q4, other)
        hub.cut()
        _, talk = process.communicate(timeout=60)
    assert process.returncode == 0, talk
    assert b"the file changed on the server" in talk
    assert (models / REPO / Q4).read_bytes() == other


def test_a_range_that_is_not_there_is_a_changed_file(hub: HubServer, models: Path) -> None:
    hub.say("storage", Answer(416))
    done = pull(f"hf:{REPO}")
    assert done.returncode == 0
    assert b"the file changed on the server" in done.stderr
    assert (models / REPO / Q4).read_bytes() == CONTENT


# ---- interruptions, and two at once ------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_pull_goes_on(hub: HubServer, models: Path, number: signal.Signals) -> None:
    hub.manners.bytes_per_second = 2 * MEGABYTE
    with start(f"hf:{REPO}") as process:
        wait_until_sent(hub, 1_000_000)
        process.send_signal(number)
        out, talk = process.communicate(timeout=20)
    assert process.returncode == ExitCode.INTERRUPTED
    assert out == b""
    assert b"are kept; run the same command again to go on" in talk
    assert b"Traceback" not in talk
    assert visible(models) == []
    (before,) = hub.of("storage")
    hub.manners.bytes_per_second = 0
    done = pull(f"hf:{REPO}")
    assert b"are here already" in done.stderr
    after = hub.of("storage")[1]
    assert 0 < before.span[1] - after.start <= AGAIN_AT_MOST_BYTES
    assert (models / REPO / Q4).read_bytes() == CONTENT


def test_six_interruptions(hub: HubServer) -> None:
    outcome = interrupt(6 * MEGABYTE, 6, seed=3, speed=6e6)
    assert outcome.is_right
    assert outcome.left_over == []
    assert [each.exit_code for each in outcome.interruptions] == [None, -9, 130] * 2
    assert all(each.again_bytes <= AGAIN_AT_MOST_BYTES for each in outcome.interruptions)


def test_two_processes_are_one_transfer(hub: HubServer, models: Path) -> None:
    hub.manners.bytes_per_second = 1 * MEGABYTE
    with start(f"hf:{REPO}", "--json") as first:
        wait_until_sent(hub, 100_000)
        with start(f"hf:{REPO}", "--json") as second:
            told, _ = second.communicate(timeout=60)
        first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert sum(request.sent_bytes for request in hub.of("storage")) == len(CONTENT)
    notes = {each.get("note") for each in json_lines(told) if each.get("state") == "waiting"}
    assert notes == {f"process {first.pid} is fetching it already"}
    assert visible(models) == [Q4]


def test_a_lock_of_a_dead_process_does_not_block(hub: HubServer, models: Path) -> None:
    hub.manners.bytes_per_second = 1 * MEGABYTE
    with start(f"hf:{REPO}") as first:
        wait_until_sent(hub, 500_000)
        with start(f"hf:{REPO}", "--json") as second:
            assert second.stdout is not None
            while b"is fetching it already" not in second.stdout.readline():
                assert second.poll() is None
            hub.manners.bytes_per_second = 0
            first.kill()
            second.communicate(timeout=60)
    assert second.returncode == 0
    assert hub.of("storage")[-1].start > 0
    assert (models / REPO / Q4).read_bytes() == CONTENT
    # a lock file, and the name of a process that is gone
    owner = models / ".parts" / REPO / f"{Q8}.owner"
    owner.write_text(f"{first.pid}\n")
    owner.with_name(f"{Q8}.lock").touch()
    assert pull(f"hf:{REPO}:Q8_0").returncode == 0


# ---- disks -------------------------------------------------------------------------------------


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system; skips the test where none can be made."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    is_root = os.name == "posix" and os.geteuid() == 0 and shutil.which("mount")
    if not is_root or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_before_the_start(hub: HubServer, localr1_home: Path) -> None:
    with mounted(localr1_home, "size=2m"):
        done = pull(f"hf:{REPO}")
        refused(done, ExitCode.STORAGE, "too little room", "3.0 MB are to come", "2.1 MB are free")
        assert hub.of("storage") == []


def test_a_disk_that_becomes_full(hub: HubServer, localr1_home: Path, models: Path) -> None:
    hub.add("org/large", {"large.gguf": model_of(20 * MEGABYTE)})
    hub.manners.bytes_per_second = 8 * MEGABYTE
    with mounted(localr1_home, "size=40m"):
        with start("hf:org/large") as process:
            wait_until_sent(hub, 5 * MEGABYTE)
            filler = localr1_home / "filler"
            with contextlib.suppress(OSError), filler.open("wb") as file:
                while True:
                    file.write(bytes(1 << 20))
            _, talk = process.communicate(timeout=60)
        assert process.returncode == ExitCode.STORAGE, talk
        last = talk.splitlines()[-1].decode()
        assert "what is here is kept" in last
        assert "run the same command again" in last
        assert visible(models) == []
        filler.unlink()
        before = len(hub.of("storage"))
        assert pull("hf:org/large").returncode == 0
        assert hub.of("storage")[before].start > 4 * MEGABYTE
        assert visible(models) == ["large.gguf"]


def test_a_file_system_that_takes_no_large_files(hub: HubServer, models: Path) -> None:
    import resource  # not on Windows

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = pull(f"hf:{REPO}", preexec_fn=limit)
    refused(done, ExitCode.STORAGE, "does not take a file this large")
    assert visible(models) == []
    assert pull(f"hf:{REPO}").returncode == 0
    assert hub.of("storage")[-1].start > 500_000


def test_a_folder_that_cannot_be_written(hub: HubServer, localr1_home: Path) -> None:
    localr1_home.write_text("a file in its place")
    refused(pull(f"hf:{REPO}"), ExitCode.STORAGE, "cannot", "LOCALR1_HOME")
    localr1_home.unlink()
    if os.geteuid():  # nothing is closed to root, but a file system that is read-only
        localr1_home.mkdir(mode=0o500)
        refused(pull(f"hf:{REPO}"), ExitCode.STORAGE, "cannot", "LOCALR1_HOME")
    else:
        with mounted(localr1_home, "ro"):
            refused(pull(f"hf:{REPO}"), ExitCode.STORAGE, "Read-only", "LOCALR1_HOME")
    assert hub.of("storage") == []


# ---- the way there -----------------------------------------------------------------------------


def test_proxies_are_respected(hub: HubServer) -> None:
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    refused(pull(f"hf:{REPO}", "--retries", "0", environment=proxy), ExitCode.NETWORK, "127.0.0.1")
    assert hub.requests == []
    assert pull(f"hf:{REPO}", environment={**proxy, "NO_PROXY": "127.0.0.1"}).returncode == 0


def test_a_reader_that_goes_away_ends_it(hub: HubServer, models: Path) -> None:
    hub.manners.bytes_per_second = 1 * MEGABYTE
    with start(f"hf:{REPO}", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "plan"
        process.stdout.close()
        process.stdout = None
        process.communicate(timeout=20)
    assert process.returncode == ExitCode.OUTPUT_CLOSED
    assert visible(models) == []
