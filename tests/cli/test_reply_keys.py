"""A reply steered from the terminal while it is written: keys, lines, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localr1 import paths
from localr1.chat.messages import Message
from localr1.errors import ExitCode
from localr1.history.store import HistoryStore
from tests.cli.command_line import LOCALR1, json_lines, localr1, write_transcript
from tests.cli.typing_at import typed_at

THOUGHT = "Here we begin. " + "And on it goes. " * 400
ANSWER = "The answer is four."
CTRL_C, CTRL_D = b"\x03", b"\x04"


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Thinks for more than a minute unless it is told otherwise, then answers at once."""
    return write_transcript(tmp_path, f"{THOUGHT}</think>{ANSWER}", tokens_per_second=25.0)


def stored_message(role: str) -> Message:
    """The last one of this role in the history."""
    store = HistoryStore(paths.history_file(), paths.locks_folder())
    latest = store.latest()
    assert latest
    return [each for each in store.open(latest).messages if each.role == role][-1]


def stored_thought() -> str:
    thought = stored_message("assistant").reasoning
    return thought.text if thought else ""


def test_the_keys_are_told_on_a_terminal_only(slow: Path) -> None:
    with typed_at("run", slow, "x", "--max-tokens", "5") as typed:
        assert typed.end() == ExitCode.OK
        assert b"p Enter: pause" in typed.screen
    assert b"Enter" not in localr1("run", slow, "x", "--max-tokens", "5").stderr


def test_e_answers_now(slow: Path) -> None:
    with typed_at("run", slow, "x") as typed:
        typed.wait_for(b"begin.")
        typed.type(b"e\n")
        assert typed.end() == ExitCode.OK
        assert ANSWER.encode() in typed.screen
        assert b"ended when asked" in typed.screen


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_sigusr1_answers_now_without_a_terminal(slow: Path) -> None:
    with subprocess.Popen(
        [*LOCALR1, "run", slow, "x"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        shown = b""
        while b"begin." not in shown:
            shown += os.read(process.stderr.fileno(), 65536)
        process.send_signal(signal.SIGUSR1)
        answer, _ = process.communicate(timeout=60)
    assert (process.returncode, answer) == (ExitCode.OK, f"{ANSWER}\n".encode())


def test_sigusr1_at_the_prompt_does_nothing(slow: Path) -> None:
    with typed_at("run", slow, "--max-tokens", "5") as typed:
        typed.wait_for(b"> ")
        typed.process.send_signal(signal.SIGUSR1)
        typed.type(b"x\n")
        typed.wait_for(b"> ", 2)
        typed.type(CTRL_D)
        assert typed.end() == ExitCode.OK


def test_words_go_into_the_thought(slow: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    with typed_at("run", slow, "x", "--json", stdout=events) as typed:
        typed.wait_for(b"Enter")
        typed.type(b"p\n")
        typed.wait_for(b"Paused.")
        typed.type("Is it fünf?\n".encode())
        wait_for_events(events, '"thought"')
        typed.type(b"e\n")
        assert typed.end() == ExitCode.OK
    listed = json_lines(events.read_bytes())
    assert [event["finish_reason"] for event in listed if event["type"] == "done"] == [
        "cancelled",
        "stop",
    ]
    thought = next(event["text"] for event in listed if event["type"] == "thought")
    assert thought.startswith("Here we")
    assert thought.endswith("\nIs it fünf?\n")
    later = listed[next(i for i, event in enumerate(listed) if event["type"] == "thought") :]
    authors = {event["author"] for event in later if event["type"] == "reasoning"}
    # the model may not have come to a word before its thought was ended
    assert authors - {"model"} == {"localr1"}
    assert thought.strip() in stored_thought()


def wait_for_events(path: Path, text: str) -> None:
    """Until the file has this."""
    deadline = time.monotonic() + 60
    while text not in path.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_signs_take_sentences_back(slow: Path) -> None:
    with typed_at("run", slow, "x") as typed:
        typed.wait_for(b"goes.", 2)
        typed.type(b"p\n")
        typed.wait_for(b"Paused.")
        typed.type(b"<\n")
        typed.wait_for(b"Here we begin.", 2)
        typed.type(b"<" * 900 + b"\n")
        typed.wait_for(b"The thought is empty.")
        typed.type(b"Only this.\n")
        typed.wait_for(b"goes.", 4)
        typed.type(b"e\n")
        assert typed.end() == ExitCode.OK
    assert stored_thought().startswith("Only this.\n")


def test_a_hidden_thought_shows_its_end_at_a_pause(slow: Path) -> None:
    with typed_at("run", slow, "x", "--reasoning", "hide") as typed:
        typed.wait_for("Thinking… ".encode())
        typed.type(b"p\n")
        typed.wait_for(b"Paused.")
        assert b"Here" in typed.screen
        typed.type(CTRL_C)
        assert typed.end() == ExitCode.INTERRUPTED


def test_an_empty_line_goes_on(slow: Path) -> None:
    with typed_at("run", slow, "x") as typed:
        typed.wait_for(b"begin.")
        typed.type(b"p\n")
        typed.wait_for(b"Paused.")
        typed.type(b"\n")
        seen = typed.screen.count(b"goes.")
        typed.wait_for(b"goes.", seen + 3)
        typed.type(b"e\n")
        assert typed.end() == ExitCode.OK
    assert stored_thought().startswith("Here we begin. And on it goes. And on")


def test_a_pause_in_the_answer_goes_on_with_the_answer(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, f"Yes.</think> {'word ' * 60}end.", tokens_per_second=15.0)
    with typed_at("run", model, "x") as typed:
        typed.wait_for(b"word")
        typed.type(b"p\n")
        typed.wait_for(b"Paused. Enter goes on with the answer")
        typed.type(b"these are no words for an answer\n")
        typed.wait_for(b"Paused. Enter goes on with the answer", 2)
        typed.type(b"\n")
        typed.wait_for(b"end.")
        assert typed.end() == ExitCode.OK
    assert stored_message("assistant").text == f"{'word ' * 60}end."


@pytest.mark.parametrize("keys", [CTRL_C, CTRL_D], ids=["ctrl-c", "ctrl-d"])
def test_a_pause_that_is_left_keeps_the_reply(keys: bytes, slow: Path) -> None:
    with typed_at("run", slow, "x") as typed:
        typed.wait_for(b"begin.")
        typed.type(b"p\n")
        typed.wait_for(b"Paused.")
        typed.type(keys)
        assert typed.end() == ExitCode.INTERRUPTED
        assert b"stopped" in typed.screen
        assert b"Traceback" not in typed.screen
    assert stored_thought().startswith("Here we begin.")


def test_any_other_line_is_answered_with_the_keys(slow: Path) -> None:
    with typed_at("run", slow, "x") as typed:
        typed.wait_for(b"begin.")
        typed.type(b"what\n")
        typed.wait_for(b"p Enter: pause", 2)
        typed.type(CTRL_C)
        assert typed.end() == ExitCode.INTERRUPTED


HOSTILE = [b"\x1b]0;owned\x07\x1b[2J", b"\xff\xfe\xc3", "\u202ertl".encode(), b"x" * (1 << 20)]


@pytest.mark.parametrize("line", HOSTILE, ids=["escapes", "not UTF-8", "reordering", "a megabyte"])
def test_hostile_lines_are_only_text(line: bytes, slow: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    with typed_at("run", slow, "x", "--json", stdout=events) as typed:
        typed.wait_for(b"Enter")
        typed.type(line + b"\n")
        typed.type(b"p\n")
        typed.wait_for(b"Paused.")
        typed.type(line + b"\n")
        wait_for_events(events, '"thought"')
        typed.type(b"e\n")
        assert typed.end() == ExitCode.OK
    output = events.read_text(encoding="utf-8")
    assert "\\u001b" not in output
    assert "\x1b" not in output
    assert "\\u202e" not in output
    assert "\u202e" not in output
    thought = next(e["text"] for e in json_lines(output.encode()) if e["type"] == "thought")
    assert len(thought.splitlines()) >= 2
    assert b"\x1b]0;" not in typed.screen.replace(b"^[", b"")


def test_without_a_terminal_lines_are_no_keys(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, "One.</think>First.", "Two.</think>Second.")
    done = localr1("run", model, "-i", stdin=b"p\ne\n")
    assert done.stdout == b"First.\nSecond.\n"


def test_lines_for_the_next_prompt_are_not_lost(tmp_path: Path) -> None:
    model = write_transcript(
        tmp_path, f"{THOUGHT}</think>{ANSWER}", "Then.</think>Second.", tokens_per_second=25.0
    )
    with typed_at("run", model, "--reasoning", "hide") as typed:
        typed.wait_for(b"> ")
        typed.type(b"one\n")
        typed.wait_for(b"p Enter: pause")
        typed.type(b"a whole line\n")
        typed.wait_for(b"Kept for your next message.")
        typed.type(b"e\nand half")
        typed.wait_for(ANSWER.encode())
        typed.wait_for(b"> a whole line")
        typed.type(b"\n")
        typed.wait_for(b"> ", 3)
        typed.type(CTRL_D)
        assert typed.end() == ExitCode.OK
    assert stored_message("user").text == "a whole lineand half"
