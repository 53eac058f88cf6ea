"""`localr1 run` from outside: streams, pipes, JSON, interruption, conversations, bad input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localr1.errors import ExitCode
from tests.cli.command_line import (
    LOCALR1,
    is_one_line_error,
    json_lines,
    localr1,
    write_transcript,
)
from tests.engine.talk import process_exists
from tests.tiny_models import write_tiny_model

REPLY = "Two and two is four.</think>\n\nIt is **4**."


@pytest.fixture
def scripted(tmp_path: Path) -> Path:
    return write_transcript(tmp_path, REPLY, "Again.</think>Still 4.")


def test_answer_to_stdout_reasoning_to_stderr(scripted: Path) -> None:
    done = localr1("run", scripted, "What is 2 + 2?")
    assert done.returncode == ExitCode.OK
    assert done.stdout == b"It is **4**.\n"
    assert b"Two and two is four." in done.stderr


def test_reasoning_hidden_or_alone(scripted: Path) -> None:
    hidden = localr1("run", scripted, "x", "--reasoning", "hide")
    assert (hidden.stdout, hidden.stderr) == (b"It is **4**.\n", b"")
    alone = localr1("run", scripted, "x", "--reasoning", "only")
    assert (alone.stdout, alone.stderr) == (b"Two and two is four.\n", b"")


def test_prompt_from_words_stdin_and_both(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, REPLY)

    def prompt_tokens(*words: str, stdin: bytes = b"") -> int:
        done = localr1("run", model, *words, "--json", stdin=stdin)
        return int(json_lines(done.stdout)[-1]["prompt_tokens"])

    assert prompt_tokens("one", "two", "three") == 3
    assert prompt_tokens(stdin=b"one two") == 2
    assert prompt_tokens("one two", stdin=b"three four five") == 5


def test_json_lines_have_the_documented_shape(scripted: Path) -> None:
    events = json_lines(localr1("run", scripted, "x", "--json").stdout)
    kinds = [event["type"] for event in events]
    assert set(kinds) <= {"loading", "ready", "prompt", "reasoning", "answer", "notice", "done"}
    order = [kinds.index(kind) for kind in ("loading", "ready", "prompt", "reasoning", "answer")]
    assert order == sorted(order)
    ready = events[kinds.index("ready")]
    assert {"model", "plan", "sampling", "conversation"} <= set(ready)
    assert "".join(e["text"] for e in events if e["type"] == "answer") == "It is **4**."
    assert events[-1] | {"type": "done", "finish_reason": "stop"} == events[-1]
    assert {
        *("reasoning_ended_by", "prompt_tokens", "cached_tokens", "reasoning_tokens"),
        *("answer_tokens", "prompt_tps", "generation_tps", "ttft_seconds", "reasoning_seconds"),
    } <= set(events[-1])


def test_a_real_model_streams_and_a_seed_repeats(smollm2: Path) -> None:
    question = ["run", str(smollm2), "Write one sentence about the sea.", "--seed", "3"]
    question += ["--max-tokens", "40", "--n-ctx", "1024"]
    first, again = localr1(*question), localr1(*question)
    assert first.returncode == ExitCode.OK
    assert re.search("sea|ocean|wave|water", first.stdout.decode())
    assert first.stdout == again.stdout
    events = json_lines(localr1(*question, "--json").stdout)
    text = "".join(event["text"] for event in events if event["type"] == "answer")
    assert text.strip() == first.stdout.decode().strip()
    assert sum(event["type"] == "answer" for event in events) > 2


def test_the_demo_reasons_and_answers() -> None:
    done = localr1("run", "demo", "What is 347 + 586?", "--temp", "0")
    assert done.returncode == ExitCode.OK
    assert "933" in done.stdout.decode()
    assert "Ones: 7+6=13, write 3, carry 1." in done.stderr.decode()
    assert "carry" not in done.stdout.decode()
    hidden = localr1("run", "demo", "What is 347 + 586?", "--temp", "0", "--reasoning", "hide")
    assert hidden.stdout == done.stdout
    assert b"carry" not in hidden.stderr


def test_the_demo_goes_on_from_its_last_answer() -> None:
    assert b"44" in localr1("run", "demo", "What is 15 + 29?", "--temp", "0").stdout
    again = localr1("run", "demo", "and double that?", "--continue", "--temp", "0")
    assert b"88" in again.stdout


def test_interactive_when_piped_is_a_message_a_line(scripted: Path) -> None:
    done = localr1("run", scripted, "--interactive", stdin=b"first\n\nsecond\n")
    assert done.stdout == b"It is **4**.\nStill 4.\n"
    events = json_lines(localr1("run", scripted, "-i", "--json", stdin=b"one\ntwo\n").stdout)
    assert [event["type"] for event in events].count("done") == 2


def test_conversations_go_on(scripted: Path) -> None:
    first = json_lines(localr1("run", scripted, "one two", "--json").stdout)
    identity = next(event["conversation"] for event in first if event["type"] == "ready")
    latest = json_lines(localr1("run", scripted, "three", "--continue", "--json").stdout)
    # the question, its stored answer without the reasoning, and the new question
    assert latest[-1]["prompt_tokens"] == 2 + 3 + 1
    named = localr1("run", scripted, "four", "--conversation", identity, "--json")
    assert json_lines(named.stdout)[-1]["prompt_tokens"] == 6 + 3 + 1
    unknown = localr1("run", scripted, "x", "--conversation", "nosuch")
    assert unknown.returncode == ExitCode.NOT_FOUND
    assert is_one_line_error(unknown.stderr)


def test_nothing_is_kept_without_history(scripted: Path, localr1_home: Path) -> None:
    localr1("run", scripted, "x", "--no-history")
    assert not list(localr1_home.glob("history*"))
    assert localr1("run", scripted, "x", "--continue").returncode == ExitCode.NOT_FOUND


# ---- interruption ------------------------------------------------------------------------------


def wait_for_output(process: subprocess.Popen[bytes], content: bytes) -> bytes:
    assert process.stdout
    shown = b""
    while content not in shown:
        piece = os.read(process.stdout.fileno(), 65536)
        assert piece, shown
        shown += piece
    return shown


def slow_model(tmp_path: Path) -> Path:
    return write_transcript(tmp_path, "</think>" + "word " * 2000, tokens_per_second=30.0)


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*LOCALR1, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_ctrl_c_keeps_what_was_said(tmp_path: Path) -> None:
    with start("run", slow_model(tmp_path), "x") as process:
        shown = wait_for_output(process, b"word word")
        process.send_signal(signal.SIGINT)
        rest, talk = process.communicate(timeout=20)
    assert process.returncode == ExitCode.INTERRUPTED
    assert (shown + rest).endswith(b"word\n")
    assert b"Traceback" not in talk


def test_an_interrupted_reply_is_in_the_history(tmp_path: Path) -> None:
    with start("run", slow_model(tmp_path), "x") as process:
        wait_for_output(process, b"word word word")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    quick = write_transcript(tmp_path, REPLY)
    events = json_lines(localr1("run", quick, "y", "--continue", "--json").stdout)
    assert events[-1]["prompt_tokens"] >= 5


def test_a_closed_pipe_ends_the_run(tmp_path: Path) -> None:
    command = " ".join(f"'{part}'" for part in [*LOCALR1, "run", slow_model(tmp_path), "x"])
    script = f"{command} | head -c 20; code=${{PIPESTATUS[0]}}; echo; echo code $code"
    done = subprocess.run(
        ["bash", "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == f"code {int(ExitCode.OUTPUT_CLOSED)}".encode()
    assert is_one_line_error(done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk made by Linux")
@pytest.mark.parametrize("options", [[], ["--json"], ["--samples", "2"]])
def test_a_full_disk_below_standard_output_is_a_clear_error(
    tmp_path: Path, options: list[str]
) -> None:
    command = [*LOCALR1, "run", str(write_transcript(tmp_path, REPLY)), "x", *options]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == ExitCode.STORAGE
    assert is_one_line_error(done.stderr.splitlines()[-1])
    assert b"should not" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors by a POSIX shell")
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams_are_empty_ones(tmp_path: Path, closed: str) -> None:
    command = " ".join(f"'{part}'" for part in [*LOCALR1, "run", write_transcript(tmp_path, REPLY)])
    done = subprocess.run(
        ["bash", "-c", f"{command} x {closed} && {command} -i {closed}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ExitCode.OK
    assert b"localr1:" not in done.stderr


def test_a_worker_killed_in_mid_reply_is_a_clear_error(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, {"text": "</think>half of it", "ends": "killed"})
    done = localr1("run", model, "x")
    assert done.returncode == ExitCode.ENGINE
    assert done.stdout == b"half of it\n"
    assert is_one_line_error(done.stderr)
    assert b"lack of memory" in done.stderr


def test_interactive_starts_the_engine_again_after_a_crash(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, {"text": "</think>half", "ends": "killed"})
    done = localr1("run", model, "-i", stdin=b"one\ntwo\n")
    assert done.stdout == b"half\nhalf\n"
    assert done.stderr.count(b"lack of memory") == 2


def children_of(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listing.read_text().split()]


@pytest.mark.parametrize("victim", ["parent", "worker"])
def test_kill_9_leaves_no_process(victim: str, smollm2: Path) -> None:
    arguments = ("run", smollm2, "Tell a long story.", "--json", "--n-ctx", "2048")
    with start(*arguments) as process:
        wait_for_output(process, b'"answer"')
        (worker,) = children_of(process.pid)
        os.kill(process.pid if victim == "parent" else worker, signal.SIGKILL)
        process.communicate(timeout=20)
    deadline = time.monotonic() + 5
    while process_exists(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not process_exists(worker)
    assert process.returncode == (-signal.SIGKILL if victim == "parent" else ExitCode.ENGINE)


# ---- bad input ---------------------------------------------------------------------------------


def checkpoint_folder(folder: Path) -> Path:
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"\0" * 64)
    return folder


def truncated(folder: Path) -> Path:
    path = write_tiny_model(folder / "whole.gguf")
    cut = folder / "cut.gguf"
    cut.write_bytes(path.read_bytes()[:-1000])
    return cut


def file_of(content: bytes) -> object:
    def make(folder: Path) -> Path:
        path = folder / "model.gguf"
        path.write_bytes(content)
        return path

    return make


BAD_MODELS = {
    "no such file": (lambda folder: folder / "none.gguf", ExitCode.NOT_FOUND, "no file"),
    "a folder": (lambda folder: folder, ExitCode.REFUSED, "folder"),
    "a checkpoint": (checkpoint_folder, ExitCode.REFUSED, "localr1 convert"),
    "empty": (file_of(b""), ExitCode.REFUSED, "empty"),
    "text": (file_of(b"Hello, this is a text.\n" * 40), ExitCode.REFUSED, "GGUF"),
    "a web page": (file_of(b"<!DOCTYPE html><html>" + b" " * 900), ExitCode.REFUSED, "web page"),
    "truncated": (truncated, ExitCode.REFUSED, "missing"),
    "an embedding model": (
        lambda folder: write_tiny_model(
            folder / "bert.gguf", metadata={"general.architecture": "bert"}
        ),
        ExitCode.REFUSED,
        "embed",
    ),
    "an unknown architecture": (
        lambda folder: write_tiny_model(
            folder / "odd.gguf", metadata={"general.architecture": "nonsense"}
        ),
        ExitCode.ENGINE,
        "nonsense",
    ),
}


@pytest.mark.parametrize("name", BAD_MODELS)
def test_what_is_not_a_model_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    make, code, word = BAD_MODELS[name]
    done = localr1("run", make(tmp_path), "x")  # type: ignore[operator]  # each makes a path
    assert done.returncode == code, done.stderr
    assert is_one_line_error(done.stderr), done.stderr
    assert word in done.stderr.decode()
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--n-ctx", "-5"], "n_ctx"),
        (["--temp", "hot"], "temp"),
        (["--type-k", "q9"], "q9"),
        (["--nonsense"], "nonsense"),
        (["--continue", "--no-history"], "--no-history"),
        (["--conversation"], "argument"),
    ],
)
def test_bad_flags(arguments: list[str], word: str, scripted: Path) -> None:
    done = localr1("run", scripted, "x", *arguments)
    assert done.returncode == ExitCode.USAGE
    assert is_one_line_error(done.stderr), done.stderr
    assert word in done.stderr.decode()


def test_a_window_far_beyond_memory(smollm2: Path) -> None:
    done = localr1("run", smollm2, "x", "--n-ctx", str(1 << 24))
    assert done.returncode == ExitCode.DOES_NOT_FIT
    assert is_one_line_error(done.stderr), done.stderr
    assert b"--n-ctx" in done.stderr


def test_a_prompt_longer_than_the_window(smollm2: Path) -> None:
    done = localr1("run", smollm2, "--n-ctx", "512", stdin=b"sea and ship " * 2000)
    assert done.returncode == ExitCode.DOES_NOT_FIT
    assert is_one_line_error(done.stderr), done.stderr


def test_stdin_that_is_not_utf8_is_said_and_used(scripted: Path) -> None:
    done = localr1("run", scripted, "--reasoning", "hide", stdin=b"caf\xe9 \xff")
    assert done.returncode == ExitCode.OK
    assert done.stdout == b"It is **4**.\n"
    assert b"UTF-8" in done.stderr


def test_no_question_at_all(scripted: Path) -> None:
    done = localr1("run", scripted, stdin=b" \n")
    assert done.returncode == ExitCode.USAGE
    assert is_one_line_error(done.stderr)


def test_a_terminal_without_unicode_is_no_error(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, "</think>é 你")
    done = localr1("run", model, "x", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stdout) == (ExitCode.OK, b"? ?\n")


def test_escapes_in_a_file_name_are_shown_not_obeyed(tmp_path: Path) -> None:
    done = localr1("run", tmp_path / "a\x1b]0;owned\x07.gguf", "x")
    assert done.returncode == ExitCode.NOT_FOUND
    assert b"\x1b" not in done.stderr
    assert b"\x07" not in done.stderr


def test_a_home_that_cannot_be_written_only_costs_the_history(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    model = write_transcript(tmp_path, REPLY)
    done = localr1("run", model, "x", "--reasoning", "hide", LOCALR1_HOME=str(blocked / "home"))
    assert done.returncode == ExitCode.OK
    assert done.stdout == b"It is **4**.\n"
    assert b"not stored" in done.stderr


def test_a_fault_of_our_own_is_one_line_and_debug_shows_more(
    scripted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import localr1.models.reference as r\n"
        "def broken(_): raise RuntimeError('boom \\x1b[2J')\n"
        "r.find_model = broken\n"
    )
    plain = localr1("run", scripted, "x", PYTHONPATH=str(site))
    assert plain.returncode == ExitCode.UNEXPECTED
    assert is_one_line_error(plain.stderr), plain.stderr
    assert b"\x1b" not in plain.stderr
    shown = localr1("--debug", "run", scripted, "x", PYTHONPATH=str(site))
    assert b"Traceback" in shown.stderr


def test_help_documents_every_flag() -> None:
    text = localr1("run", "--help").stdout.decode()
    document = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    flags = {word.strip(",/") for word in text.split() if word.startswith("--")}
    flags = {flag for whole in flags for flag in whole.split("/") if flag.startswith("--")}
    assert "--reasoning" in flags
    assert not [flag for flag in flags if f"`{flag}" not in document]


def test_json_failure_is_an_event(smollm2: Path, tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "odd.gguf", metadata={"general.architecture": "nonsense"})
    done = localr1("run", path, "x", "--json")
    last = json_lines(done.stdout)[-1]
    assert (last["type"], last["exit_code"]) == ("failed", done.returncode)
    assert json.dumps(last)


def test_a_pipe_that_stays_silent_is_explained(scripted: Path) -> None:
    with subprocess.Popen(
        [*LOCALR1, "run", scripted, "x"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        assert b"Waiting for standard input" in process.stderr.readline()
        out, _ = process.communicate(timeout=20)
    assert out == b"It is **4**.\n"


def test_ctrl_c_while_it_loads(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, REPLY, load_seconds=20.0)
    with start("run", model, "x", "--json") as process:
        wait_for_output(process, b"loading")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == ExitCode.INTERRUPTED


def test_the_line_chat_reads_ahead_while_it_waits_for_a_line() -> None:
    arguments = ("run", "demo", "-i", "--json", "--threads", "1", "--temp", "0", "--no-history")
    command = [*LOCALR1, *arguments, "--read-ahead"]
    done = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for question in ("What is 347 + 586?", "Add 7 to that."):
            process.stdin.write(f"{question}\n".encode())
            process.stdin.flush()
            events = map(json.loads, process.stdout)
            done.append(next(event for event in events if event["type"] == "done"))
            time.sleep(2)  # a person reads
        process.stdin.close()
    assert process.returncode == 0
    first, second = done
    assert second["cached_tokens"] > first["prompt_tokens"] + first["answer_tokens"] // 2


def test_files_are_attached_and_what_cannot_be_is_an_error(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, REPLY)
    (tmp_path / "a b.txt").write_bytes("one zwölf".encode("latin-1"))
    (tmp_path / "c.py").write_text("two three")
    files = ("--file", tmp_path / "a b.txt", "--file", tmp_path / "c.py")
    done = localr1("run", model, "Which?", *files, "--json", "--history")
    # R1's form: [file name]: NAME, [file content begin], the words, [file content end]
    words = 4 + 3 + 2 + 3 + 3 + 3 + 2 + 3 + 1
    assert json_lines(done.stdout)[-1]["prompt_tokens"] == words
    assert b"a b.txt: not UTF-8, read as Latin-1" in done.stderr
    alone = localr1("run", model, *files, "--json")
    # the line feed at the end counts where nothing follows it
    assert json_lines(alone.stdout)[-1]["prompt_tokens"] == words
    missing = localr1("run", model, "x", "--file", tmp_path / "gone")
    assert missing.returncode == ExitCode.NOT_FOUND
    refused = localr1("run", model, "x", "--file", tmp_path)
    assert refused.returncode == ExitCode.USAGE
    assert is_one_line_error(missing.stderr)
    assert is_one_line_error(refused.stderr)
