"""`localr1 bench` from outside: the table, the JSON line, tuning, interruption, bad values."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from localr1.cli.bench_report import shown_speed, table_head, table_row
from localr1.errors import ExitCode
from localr1.gguf_header import read_header
from localr1.hardware.bound import bound_tps, weight_bytes_per_token
from tests.cli.command_line import (
    LOCALR1,
    is_one_line_error,
    json_lines,
    localr1,
    write_transcript,
)

SMALL = ("--prompt-tokens", "16", "--generated-tokens", "4", "--repetitions", "2")
CLI_DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
ONE_THREAD = (*SMALL, "--threads", "1", "--n-gpu-layers", "0")
"""On the CPU, whose memory can be measured, wherever the tests run."""


def cells(line: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_a_table_and_a_last_line_of_json(demo: Path) -> None:
    done = localr1("bench", demo, *ONE_THREAD, "--depths", "0,64,9000")
    assert done.returncode == ExitCode.OK, done.stderr
    *table, last = done.stdout.decode().splitlines()
    document = json.loads(last)
    tests = document["tests"]
    assert cells(table[0]) == ["model", "size", "threads", "test", "t/s", "of bound"]
    assert len({len(line) for line in table}) == 1
    assert [cells(line)[3] for line in table[2:]] == ["pp16", "tg4", "pp16 @ d64", "tg4 @ d64"]
    for line, test in zip(table[2:], tests, strict=True):
        shown = cells(line)
        assert shown[2:4] == ["1", test["test"]]
        assert shown[4] == shown_speed(test["mean_tps"], test["stddev_tps"])
        assert bool(shown[5]) == bool(test["generated_tokens"])
    talk = done.stderr.decode()
    assert "pp16 @ d9000 is left out" in talk
    assert "GB/s" in talk


def test_the_document_holds_everything(demo: Path) -> None:
    done = localr1("bench", demo, *ONE_THREAD, "--depths", "0", "--json", "--type-k", "q8_0")
    (document,) = json_lines(done.stdout)
    assert set(document) == {
        *("type", "model", "plan", "cpu", "devices", "bandwidth", "weight_bytes_per_token"),
        *("tests", "notes", "cancelled", "tuned"),
    }
    section = CLI_DOCUMENT.partition("### The JSON line")[2].partition("\n## ")[0]
    names = {*document, *document["tests"][0], *document["bandwidth"][0], *document["cpu"]}
    assert not [name for name in names if f"`{name}`" not in section]
    assert document["type"] == "bench"
    assert (document["plan"]["type_k"], document["tuned"]) == ("q8_0", None)
    (bandwidth,) = document["bandwidth"]
    generation = document["tests"][1]
    weight_bytes = weight_bytes_per_token(read_header(demo))
    assert document["weight_bytes_per_token"] == weight_bytes
    expected = bound_tps(bandwidth["bytes_per_second"], weight_bytes, generation["kv_bytes"])
    assert generation["bound_tps"] == pytest.approx(expected, rel=1e-6)
    assert document["tests"][0]["bound_tps"] is None
    assert len(generation["samples_tps"]) == 2


def test_every_option_is_documented() -> None:
    section = CLI_DOCUMENT.partition("## `localr1 bench`")[2].partition("###")[0]
    help_ = localr1("bench", "--help").stdout.decode()
    own, loading = help_.partition("--json")[0], help_.partition("--json")[2]
    assert not [name for name in re.findall(r"--[a-z-]+", own) if f"`{name}" not in section]
    names = re.findall(r"^ +(--[a-z-]+)", loading, re.MULTILINE)
    assert {"--n-ctx", "--flash-attn"} <= set(names)
    assert not [name for name in names if f"`{name}" not in CLI_DOCUMENT and name != "--help"]


def test_rows_of_a_table_line_up() -> None:
    head = table_head(12).splitlines()
    row = table_row(("a model name", "1.0 GiB", "4", "pp512 @ d4096", "9.5 ± 0.1", "50%"), 12)
    assert len({len(line) for line in [*head, row.rstrip("\n")]}) == 1
    assert all(line.startswith("| ") and line.endswith(" |") for line in head)


def test_tuning_saves_and_says_where(demo: Path, localr1_home: Path) -> None:
    done = localr1("bench", demo, *SMALL, "--depths", "0", "--tune", "--threads", "1,2")
    assert done.returncode == ExitCode.OK
    document = json_lines(done.stdout.splitlines()[-1])[0]
    file = localr1_home / "tuning.json"
    assert document["tuned"]["file"] == str(file)
    assert document["tuned"]["n_threads"] in (1, 2)
    assert str(file) in done.stderr.decode()
    (entry,) = json.loads(file.read_bytes())["tunings"]
    assert {**entry["threads"], "file": str(file)} == document["tuned"]
    assert entry["key"]["cpu"] == document["cpu"]["model"]
    assert [test["n_threads"] for test in document["tests"]] == [1, 2, 1, 2]


def test_tuning_replaces_a_damaged_file_and_says_so(demo: Path, localr1_home: Path) -> None:
    localr1_home.mkdir()
    (localr1_home / "tuning.json").write_text("{")
    done = localr1("bench", demo, *ONE_THREAD, "--depths", "0", "--tune", "--json")
    assert done.returncode == ExitCode.OK
    assert "is ignored (it is damaged)" in done.stderr.decode()
    assert len(json.loads((localr1_home / "tuning.json").read_bytes())["tunings"]) == 1


def test_tuning_that_cannot_be_saved_still_shows_the_result(demo: Path, localr1_home: Path) -> None:
    (localr1_home / "tuning.json").mkdir(parents=True)
    done = localr1("bench", demo, *ONE_THREAD, "--depths", "0", "--tune", "--json")
    assert done.returncode == ExitCode.STORAGE
    (document,) = json_lines(done.stdout)
    assert (len(document["tests"]), document["tuned"]) == (2, None)


def start(*arguments: str | os.PathLike[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*LOCALR1, "bench", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_ctrl_c_shows_what_was_measured(demo: Path, localr1_home: Path) -> None:
    long = ("--prompt-tokens", "16", "--generated-tokens", "4000", "--repetitions", "1000")
    with start(demo, *long, "--threads", "1", "--tune") as process:
        assert process.stdout
        table = process.stdout.readline() + process.stdout.readline() + process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        rest, talk = process.communicate(timeout=20)
    assert process.returncode == ExitCode.INTERRUPTED
    assert b"pp16" in table
    document: dict[str, Any] = json.loads(rest.splitlines()[-1])
    assert document["cancelled"]
    assert document["tests"][0]["test"] == "pp16"
    assert document["tuned"] is None
    assert b"No numbers of threads were saved" in talk
    assert b"Traceback" not in talk
    assert not (localr1_home / "tuning.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--depths", "0,x"),
        ("--depths", "-1"),
        ("--depths", ""),
        ("--threads", "0"),
        ("--threads", "1,,2"),
        ("--threads", "513"),
        ("--repetitions", "0"),
        ("--prompt-tokens", "-5"),
        ("--prompt-tokens", "0", "--generated-tokens", "0"),
        ("--tune", "--generated-tokens", "0"),
        ("--n-ctx", "100"),
        ("--temp", "0.5"),
    ],
    ids=" ".join,
)
def test_values_that_cannot_be_used(arguments: tuple[str, ...], demo: Path) -> None:
    done = localr1("bench", demo, *arguments)
    assert done.returncode == ExitCode.USAGE
    assert is_one_line_error(done.stderr)
    assert not done.stdout


def test_what_cannot_be_measured(demo: Path, tmp_path: Path) -> None:
    missing = localr1("bench", tmp_path / "none.gguf")
    assert (missing.returncode, is_one_line_error(missing.stderr)) == (ExitCode.NOT_FOUND, True)
    scripted = localr1("bench", write_transcript(tmp_path, "x"), "--tune")
    assert (scripted.returncode, is_one_line_error(scripted.stderr)) == (ExitCode.USAGE, True)
    deep = localr1("bench", demo, "--depths", "100000", "--json")
    assert (deep.returncode, is_one_line_error(deep.stderr)) == (ExitCode.DOES_NOT_FIT, True)
    (failed,) = json_lines(deep.stdout)
    assert (failed["type"], failed["exit_code"]) == ("failed", ExitCode.DOES_NOT_FIT)


@pytest.mark.parametrize("tps", [0.5, 999.99, 9_064.85, 23_588.5, 141_592.41])
def test_speeds_of_any_card_fit_their_column(tps: float) -> None:
    row = table_row(("model", "1 GiB", "4", "pp512", shown_speed(tps, tps / 2), ""), 5)
    assert len(row) == len(table_head(5).splitlines()[0]) + 1
