"""`localr1 history` from outside: list, search, show, export, import, delete; bad input."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from localr1.cli.history import history
from localr1.errors import ExitCode
from tests.cli.command_line import LOCALR1, is_one_line_error, json_lines, localr1
from tests.cli.typing_at import typed_at

REASONING = {"type": "reasoning", "text": "6*7 is 42.\nSure.", "tokens": 7, "seconds": 12.0}


def message(parent: int | None, role: str, *parts: Any, **fields: Any) -> dict[str, Any]:
    said = [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    if role == "assistant":
        fields = {"finish_reason": "stop", "model": "demo", **fields}
    return {"parent": parent, "role": role, "parts": said, **fields}


def conversation(identity: str, title: str, *messages: Any, **fields: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "title": title,
        "model": "demo",
        "created_at": "2026-11-26T04:31:00.000+00:00",
        "messages": messages,
        **fields,
    }


SUMS = conversation(
    "261126-aaaaaa",
    "Six times seven",
    message(None, "user", {"type": "file", "name": "a.py", "text": "x = 6\n"}, "6*7? \x1b[2J"),
    message(0, "assistant", REASONING, "It is **42**."),
    message(0, "assistant", "It is 43.", model="other", finish_reason="length"),
    pinned=True,
    shown=1,
)
SEA = conversation(
    "261126-bbbbbb",
    "The sea",
    message(None, "user", "Write about the sea."),
    message(0, "assistant", "Waves roll."),
)


def write_export(path: Path, *conversations: Any) -> Path:
    path.write_text(json.dumps({"localr1_export": 1, "conversations": conversations}))
    return path


@pytest.fixture
def kept(tmp_path: Path) -> None:
    """A history with two conversations."""
    done = localr1("history", "import", write_export(tmp_path / "both.json", SUMS, SEA))
    assert done.returncode == ExitCode.OK
    assert done.stdout == b""
    assert done.stderr.endswith(b"both.json (localr1): 2 conversations taken.\n")


def out(*arguments: str | Path) -> str:
    done = localr1("history", *arguments)
    assert (done.returncode, done.stderr) == (ExitCode.OK, b"")
    return done.stdout.decode()


@pytest.mark.usefixtures("kept")
def test_listed_searched_and_shown() -> None:
    assert (
        out("list")
        == out()
        == (
            "261126-aaaaaa  2026-11-26  3  demo  * Six times seven\n"
            "261126-bbbbbb  2026-11-26  2  demo  The sea\n"
        )
    )
    first, second = json_lines(out("list", "--json").encode())
    assert (first["id"], first["message_count"], first["pinned"]) == ("261126-aaaaaa", 3, True)
    assert second["title"] == "The sea"
    limited = localr1("history", "list", "--limit", "1")
    assert limited.stdout.count(b"\n") == 1
    assert b"--limit 10" in limited.stderr

    assert out("search", "roll", "wav") == (
        "261126-bbbbbb  2026-11-26  The sea\n  answer     Waves roll.\n"
    )
    (hit,) = json_lines(out("search", "sure", "--json").encode())
    assert (hit["kind"], hit["position"]) == ("reasoning", 1)
    nothing = localr1("history", "search", "nowhere")
    assert (nothing.returncode, nothing.stdout) == (0, b"")
    assert nothing.stderr == b"Nothing was found.\n"

    assert out("show", "261126-a") == (
        "Six times seven\n"
        "261126-aaaaaa · demo · 2026-11-26 04:31 UTC\n"
        "\n"
        "Question\n"
        "[a.py, 1 line]\n"
        "6*7? ␛[2J\n"
        "\n"
        "Answer, 1 of 2\n"
        "Thought for 12 s, 7 tokens\n"
        "  6*7 is 42.\n"
        "  Sure.\n"
        "\n"
        "It is **42**.\n"
    )
    assert "6*7 is 42" not in out("show", "261126-a", "--reasoning", "hide")
    assert out("show", "261126-a", "--reasoning", "only") == "6*7 is 42.\nSure.\n\n"


@pytest.mark.usefixtures("kept")
def test_exported_to_files_and_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert out("export", "261126-a") == "2026-11-26-Six-times-seven.md\n"
    text = Path("2026-11-26-Six-times-seven.md").read_text(encoding="utf-8")
    assert text.startswith("# Six times seven\n")
    assert out("export", "261126-a", "-o", "-") == text
    again = localr1("history", "export", "261126-a")
    assert again.returncode == ExitCode.STORAGE
    assert is_one_line_error(again.stderr)
    assert b"--force" in again.stderr
    assert out("export", "261126-a", "--force") == "2026-11-26-Six-times-seven.md\n"

    page = out("export", "261126-b", "--format", "html", "-o", "new/").strip()
    assert page == os.path.join("new", "2026-11-26-The-sea.html")  # noqa: PTH118
    assert "<!DOCTYPE html>" in Path(page).read_text(encoding="utf-8")
    assert out("export", "--all", "-o", "all", "--format", "markdown").count("\n") == 2
    assert sorted(each.name for each in Path("all").iterdir()) == [
        "2026-11-26-Six-times-seven.md",
        "2026-11-26-The-sea.md",
    ]


@pytest.mark.usefixtures("kept")
def test_everything_goes_out_and_comes_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "backup.json"
    out("export", "--all", "--format", "json", "-o", backup)
    assert out("export", "--all", "--format", "json", "-o", "-") == backup.read_text("utf-8")
    again = localr1("history", "import", backup)
    assert again.stderr.endswith(b"0 conversations taken, 2 already there.\n")
    monkeypatch.setenv("LOCALR1_HOME", str(tmp_path / "other"))
    (report,) = json_lines(localr1("history", "import", backup, "--json").stdout)
    assert report["taken"] == ["261126-aaaaaa", "261126-bbbbbb"]
    assert out("export", "--all", "--format", "json", "-o", "-") == backup.read_text("utf-8")


@pytest.mark.usefixtures("kept")
def test_deleted_for_good(localr1_home: Path) -> None:
    state = localr1_home / "states" / "261126-aaaaaa.state"
    state.parent.mkdir()
    state.write_bytes(b"what the engine keeps")
    asked = localr1("history", "delete", "261126-a")
    assert asked.returncode == ExitCode.USAGE
    assert b"--yes" in asked.stderr
    assert state.exists()
    missing = localr1("history", "delete", "261126-b", "none", "--yes")
    assert missing.returncode == ExitCode.NOT_FOUND
    assert out("list").count("\n") == 2
    done = localr1("history", "delete", "261126-a", "--yes")
    assert done.stderr == b"Deleted 261126-aaaaaa, Six times seven: 3 messages.\n"
    assert not state.exists()
    assert out("list") == "261126-bbbbbb  2026-11-26  2  demo  The sea\n"
    with closing(sqlite3.connect(localr1_home / "history.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM part").fetchall() == [(2,)]


@pytest.mark.usefixtures("kept")
def test_on_a_terminal_hits_are_marked_and_deleting_is_asked() -> None:
    with typed_at("history", "search", "sea") as terminal:
        assert terminal.end() == ExitCode.OK
        assert b"The \x1b[1msea\x1b[0m" in terminal.screen
    with typed_at("history", "search", "sea", environment={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == ExitCode.OK
        assert b"\x1b[" not in terminal.screen
    for answer, left in ((b"n\n", 2), (b"y\n", 1)):
        with typed_at("history", "delete", "261126-b") as terminal:
            terminal.wait_for(b"Type y to delete: ")
            terminal.type(answer)
            assert terminal.end() == ExitCode.OK
        assert out("list").count("\n") == left


def test_every_program_s_export_is_taken(tmp_path: Path) -> None:
    chatgpt = {
        "title": "With ChatGPT",
        "create_time": 1700000000,
        "mapping": {
            "q": {"parent": None, "message": said("user", "hi")},
            "a": {"parent": "q", "message": said("assistant", "hello")},
        },
    }
    with zipfile.ZipFile(tmp_path / "chatgpt.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/conversations.json", json.dumps([chatgpt, {"mapping": {}}]))
    chat = {"title": "With Open WebUI", "chat": {"messages": [{"role": "user", "content": "hi"}]}}
    (tmp_path / "webui.json").write_text(json.dumps([chat]))
    write_oterm(tmp_path / "store.db")
    names = ("chatgpt.zip", "webui.json", "store.db")
    done = localr1("history", "import", *(tmp_path / name for name in names), "--json")
    assert done.returncode == ExitCode.OK
    reports = json_lines(done.stdout)
    assert [each["source"] for each in reports] == ["ChatGPT", "Open WebUI", "oterm"]
    assert [len(each["taken"]) for each in reports] == [1, 1, 1]
    assert reports[0]["left"] == [
        {"name": "conversation 2", "why": "nobody says anything in it"}
    ] or reports[0]["left"] == [["conversation 2", "nobody says anything in it"]]
    assert b"conversation 2: nobody says anything in it." in done.stderr
    titles = [line.partition("With ")[2] for line in out("list").splitlines()]
    assert titles == ["ChatGPT", "Open WebUI", "oterm"]


def said(role: str, text: str) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    return {"author": {"role": role}, "content": content, "metadata": {}}


def write_oterm(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE chat (id INTEGER PRIMARY KEY, name TEXT, model TEXT, system TEXT);
            CREATE TABLE message
                (id INTEGER PRIMARY KEY, chat_id INTEGER, author TEXT, text TEXT, images TEXT);
            INSERT INTO chat VALUES (1, 'With oterm', 'deepseek-r1', NULL);
            INSERT INTO message VALUES (1, 1, 'user', 'hi', '[]');
            INSERT INTO message VALUES (2, 1, 'assistant', '<think>hm</think>hello', '[]');
            """
        )


def test_what_cannot_be_imported_does_not_stop_the_rest(tmp_path: Path) -> None:
    good = write_export(tmp_path / "good.json", SEA)
    broken = tmp_path / "broken.json"
    broken.write_text("[{")
    done = localr1("history", "import", broken, tmp_path / "none.json", tmp_path, good)
    assert done.returncode == ExitCode.STORAGE
    lines = done.stderr.decode().splitlines()
    assert [line.startswith("localr1: ") for line in lines] == [True, True, True, False]
    assert "it is cut off" in lines[0]
    assert "No such file" in lines[1]
    assert "it is not a file" in lines[2]
    assert out("list").endswith("The sea\n")
    empty = tmp_path / "empty.json"
    empty.write_text('[{"mapping": {}}]')
    refused = localr1("history", "import", empty)
    assert refused.returncode == ExitCode.REFUSED
    assert b"0 conversations taken, 1 left out" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "none"], ExitCode.NOT_FOUND),
        (["export", "none"], ExitCode.NOT_FOUND),
        (["export"], ExitCode.USAGE),
        (["export", "x", "--all"], ExitCode.USAGE),
        (["export", "--all"], ExitCode.USAGE),
        (["export", "--all", "-o", "-"], ExitCode.USAGE),
        (["export", "--all", "-o", "all.md"], ExitCode.USAGE),
        (["search"], ExitCode.USAGE),
        (["list", "--limit", "0"], ExitCode.USAGE),
        (["forget"], ExitCode.USAGE),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: list[str], code: ExitCode) -> None:
    done = localr1("history", *arguments)
    assert done.returncode == code
    assert is_one_line_error(done.stderr), done.stderr


def test_nothing_kept_yet() -> None:
    done = localr1("history")
    assert (done.returncode, done.stdout) == (ExitCode.OK, b"")
    assert done.stderr == b"No conversations are kept yet.\n"
    assert localr1("history", "search", '"').returncode == ExitCode.OK


def test_a_closed_pipe_ends_it(tmp_path: Path) -> None:
    long = conversation("261126-cccccc", "Long", message(None, "user", "word " * 200_000))
    localr1("history", "import", write_export(tmp_path / "long.json", long))
    command = " ".join(f"'{part}'" for part in LOCALR1)
    for what in ("show 261126-c", "export 261126-c -o -"):
        done = subprocess.run(
            ["bash", "-c", f"{command} history {what} | head -c 9; echo ${{PIPESTATUS[0]}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.endswith(f"{int(ExitCode.OUTPUT_CLOSED)}\n".encode())
        assert is_one_line_error(done.stderr)


def test_every_command_and_option_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    section = text.partition("## `localr1 history`")[2].partition("\n## ")[0]
    for name, command in history.commands.items():
        assert f"`localr1 history {name}" in section
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                rows = [row for row in section.splitlines() if f"`{parameter.opts[0]}" in row]
                assert any(f"`{name}`" in row for row in rows), (name, parameter.opts)
