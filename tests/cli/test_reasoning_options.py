"""How much is thought, and replies side by side: the options of `localr1 run` from outside."""

from __future__ import annotations

import os
import subprocess
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

QUESTION = "What is 347 + 586?"


def test_a_budget_ends_the_thought_and_the_answer_follows() -> None:
    done = localr1("run", "demo", QUESTION, "--reasoning-budget", "16", "--json", "--seed", "1")
    events = json_lines(done.stdout)
    last = events[-1]
    assert (last["reasoning_ended_by"], last["finish_reason"]) == ("tokens", "stop")
    assert 16 <= last["reasoning_tokens"] <= 16 + 4
    assert last["inserted_tokens"] > 0
    assert last["answer_tokens"] > 0
    inserted = "".join(e["text"] for e in events if e.get("author") == "localr1")
    assert "now I give the answer" in inserted


def test_the_closing_sentence_can_be_chosen_or_empty() -> None:
    def inserted(sentence: str) -> str:
        options = ["--reasoning-budget", "16", "--closing-sentence", sentence, "--json"]
        events = json_lines(localr1("run", "demo", QUESTION, *options).stdout)
        return "".join(e["text"] for e in events if e.get("author") == "localr1").strip()

    assert inserted("Enough of that.") == "Enough of that."
    assert inserted("") == ""


@pytest.mark.parametrize(
    "options",
    [
        ["--closing-sentence", "So</think>it is."],
        ["--closing-sentence", "so " * 500],
        ["--reasoning-tags", "<\x1b[31m>", "</think>"],
        ["--reasoning-tags", "a" * 150, "b" * 150],
    ],
)
def test_words_that_cannot_end_a_thought_are_refused(options: list[str]) -> None:
    done = localr1("run", "demo", QUESTION, *options)
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, b"")
    assert is_one_line_error(done.stderr)


def test_no_thinking_answers_at_once() -> None:
    done = localr1("run", "demo", QUESTION, "--no-thinking", "--json", "--temp", "0")
    events = json_lines(done.stdout)
    assert not [event for event in events if event["type"] == "reasoning"]
    assert events[-1]["reasoning_tokens"] == 0
    assert events[-1]["answer_tokens"] > 0


def test_an_effort_of_the_conversation_holds(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, "so " * 900 + "</think>Done.", tokens_per_second=100_000.0)
    done = localr1("run", model, "-i", "--json", stdin=b"/effort 5 tokens\nx\n/effort off\ny\n")
    ends = [e["reasoning_ended_by"] for e in json_lines(done.stdout) if e["type"] == "done"]
    assert ends == ["tokens", "off"]
    assert b"at most 5 tokens of thinking (this conversation)" in done.stderr


def test_a_cut_reply_goes_on(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, "</think>" + " ".join("abcdefgh"))
    done = localr1("run", model, "-i", "--max-tokens", "4", stdin=b"x\n/go\n")
    assert (done.returncode, done.stdout) == (ExitCode.OK, b"a b c\n d e f g\n")
    again = localr1("run", model, "-i", stdin=b"x\n/go\n")
    assert again.returncode == ExitCode.USAGE
    assert is_one_line_error(again.stderr)


def test_a_message_may_begin_with_a_slash(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, "</think>Yes.")
    sent = localr1("run", model, "-i", "--json", stdin=b"//etc hosts\n")
    assert json_lines(sent.stdout)[-1]["prompt_tokens"] == 2
    unknown = localr1("run", model, "-i", stdin=b"/etc hosts\n")
    assert (unknown.returncode, unknown.stdout) == (ExitCode.USAGE, b"")
    assert is_one_line_error(unknown.stderr)


# ---- side by side ------------------------------------------------------------------------------


def test_samples_end_with_the_reply_that_is_kept() -> None:
    done = localr1("run", "demo", QUESTION, "--samples", "3", "--seed", "1")
    assert done.returncode == ExitCode.OK
    text = done.stdout.decode()
    headings = [f"Reply {n} of 3: \\boxed{{" for n in (1, 2, 3)]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    kept = text.partition("\nKept: reply ")[2]
    number = int(kept[0])
    body = kept.partition("\n\n")[2].strip()
    assert "of 3 say" in kept.splitlines()[0]
    start = places[number - 1]
    assert text[start:].partition("\n\n")[2].startswith(body)
    assert "replies say" in done.stderr.decode().splitlines()[-1]
    assert b"Ones" not in done.stdout + done.stderr


def test_thoughts_of_samples_are_shown_when_asked_for() -> None:
    options = ["--samples", "2", "--seed", "1", "--reasoning"]
    shown = localr1("run", "demo", QUESTION, *options, "show")
    assert shown.stderr.count(b"Ones:") == 2
    assert b"Ones:" not in shown.stdout
    only = localr1("run", "demo", QUESTION, *options, "only")
    assert only.stdout.count(b"Ones:") == 3
    assert b"**" not in only.stdout


def test_samples_as_json_say_whose_they_are() -> None:
    done = localr1("run", "demo", QUESTION, "--samples", "3", "--json", "--seed", "1")
    events = json_lines(done.stdout)
    assert {event["sample"] for event in events if event["type"] == "answer"} == {0, 1, 2}
    last = events[-1]
    assert len(last["samples"]) == 3
    assert last["vote"]["replies"] == 3
    assert last["kept"] == last["vote"]["voters"][0]
    assert "vote" in {event["kind"] for event in events if event["type"] == "notice"}


def test_tail_shows_the_kept_answer() -> None:
    command = " ".join(f"'{part}'" for part in [*LOCALR1, "run", "demo", QUESTION])
    done = subprocess.run(
        ["bash", "-c", f"{command} --samples 2 --seed 1 2> {os.devnull} | tail -n 1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.startswith(b"\\boxed{")


def test_samples_that_were_written_are_shown_when_the_engine_dies(tmp_path: Path) -> None:
    model = write_transcript(tmp_path, {"text": "So.</think>half of it", "ends": "killed"})
    done = localr1("run", model, "x", "--samples", "2")
    assert done.returncode == ExitCode.ENGINE
    assert done.stdout.startswith(b"Reply 1 of 2\n\nhalf of it\n")
    assert b"Kept" not in done.stdout
    assert is_one_line_error(done.stderr)


# ---- what cannot be used -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--samples", "0"], "samples"),
        (["--samples", "17"], "samples"),
        (["--samples", "many"], "samples"),
        (["--effort", "huge"], "huge"),
        (["--reasoning-budget", "-1"], "reasoning_budget"),
        (["--reasoning-seconds", "nan"], "reasoning_seconds"),
        (["--reasoning-seconds", "1e9"], "reasoning_seconds"),
        (["--no-thinking", "--effort", "high"], "--effort"),
        (["--no-thinking", "--reasoning-budget", "5"], "--reasoning-budget"),
        (["--reasoning-tags", "<a b>", "</a>"], "white space"),
        (["--reasoning-tags", "", "</a>"], "white space"),
        (["--reasoning-tags", "<a>", "<a>"], "different"),
        (["--reasoning-tags", "<a>"], "reasoning-tags"),
        (["--speculate", "guess"], "guess"),
    ],
)
def test_bad_flags(arguments: list[str], word: str, tmp_path: Path) -> None:
    model = write_transcript(tmp_path, "</think>Yes.")
    done = localr1("run", model, *arguments, "--", "x")
    assert done.returncode == ExitCode.USAGE, done.stderr
    assert is_one_line_error(done.stderr), done.stderr
    assert word in done.stderr.decode()
    assert done.stdout == b""
