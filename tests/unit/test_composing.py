"""What is typed: mentions, slash words, drafts, dropped paths, earlier questions, pastes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.tui.actions import ACTIONS
from localr1.tui.composing.drafts import draft_of, split_draft
from localr1.tui.composing.dropped import dropped_file, dropped_path
from localr1.tui.composing.mentions import Mention, is_escape, mention_before, mention_of
from localr1.tui.composing.near_files import NearFile, near_files
from localr1.tui.composing.pasted import PastedTexts, is_long
from localr1.tui.composing.sent import SentQuestions
from localr1.tui.composing.slash import (
    Command,
    NotUnderstood,
    action_of,
    matching,
    read_slash,
    without_mark,
)

# ---- mentions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "mention"),
    [
        ("@", Mention(1, "", False)),
        ("see @src/ma", Mention(7, "src/ma", False)),
        ("\t@x", Mention(2, "x", False)),
        ('look at @"my fi', Mention(7, "my fi", True)),
        ("@a @b", Mention(2, "b", False)),
        ("mail@host", None),
        ("\\@x", None),
        ("@x y", None),
        ('@"my file" ', None),
        ("a@b@c", None),
        ("", None),
    ],
)
def test_a_mention_begins_at_a_word(before: str, mention: Mention | None) -> None:
    assert mention_before(before) == mention


@given(st.text(st.characters(exclude_categories=["C"], exclude_characters='"'), max_size=40))
def test_what_is_typed_for_a_path_names_it_again(path: str) -> None:
    typed = mention_of(path, is_open=True)
    assert mention_before(f"see {typed}") == Mention(len(typed), path, '"' in typed)


def test_a_backslash_before_the_sign_means_the_sign() -> None:
    assert is_escape("\\")
    assert is_escape("a \\")
    assert not is_escape("C:\\")
    assert not is_escape("")


def test_a_very_long_line_is_looked_at_near_its_end_only() -> None:
    assert mention_before("x" * 5000 + " @y") == Mention(2, "y", False)
    assert mention_before("@" + "y" * 5000) is None


# ---- files nearby --------------------------------------------------------------------------


def always() -> bool:
    return True


def typed(found: list[NearFile]) -> list[str]:
    return [f"{near.typed}{' quiet' if near.is_quiet else ''}" for near in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    for name in ("main.py", "notes.md", "image.png", "my file.txt", ".hidden", "src/map.py"):
        (tmp_path / name).write_text("x")
    return tmp_path


def test_files_come_before_folders_and_what_is_no_text_last(folder: Path) -> None:
    assert typed(near_files("", folder, always)) == [
        "main.py",
        "my file.txt",
        "notes.md",
        "src/",
        "image.png quiet",
    ]
    assert typed(near_files("MA", folder, always)) == ["main.py", "image.png quiet"]
    assert typed(near_files("src/", folder, always)) == ["src/map.py", "src/deep/"]
    assert typed(near_files(".", folder, always)) == [".hidden"]
    assert typed(near_files("src/../no", folder, always)) == ["src/../notes.md"]
    assert typed(near_files(f"{folder}/no", Path("/"), always)) == [f"{folder}/notes.md"]
    for nothing in ("gone/", "main.py/", "~nobody-at-all/", "nul\0/", "x" * 5000 + "/"):
        assert near_files(nothing, folder, always) == []


def test_ignored_files_are_quiet_by_the_nearest_rule(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("*.md\n/src/deep/\n!main.py\n" + "*a" * 20 + "\n")
    (folder / "src" / ".gitignore").write_text("!kept.md\n")
    for name in ("kept.md", "lost.md"):
        (folder / "src" / name).write_text("x")
    assert "notes.md quiet" in typed(near_files("n", folder, always))
    assert typed(near_files("src/", folder, always)) == [
        "src/kept.md",
        "src/map.py",
        "src/lost.md quiet",
        "src/deep/ quiet",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="names and kinds that only POSIX has")
def test_hostile_entries_are_not_offered(folder: Path) -> None:
    os.mkfifo(folder / "m-pipe")
    (folder / "m-loop").symlink_to("m-loop")
    (folder / "m\x1b[2J").write_text("x")
    (folder / 'm"quote').write_text("x")
    (folder / os.fsdecode(b"m\xff")).write_text("x")
    assert typed(near_files("m", folder, always)) == [
        "main.py",
        "my file.txt",
        "notes.md",
        "image.png quiet",
    ]


def test_a_folder_that_is_not_wanted_any_more_is_left_after_a_step(tmp_path: Path) -> None:
    for number in range(450):
        (tmp_path / f"f{number:03}").touch()
    assert len(near_files("f", tmp_path, always)) == 100
    asked: list[None] = []

    def once() -> bool:
        asked.append(None)
        return False

    near_files("f", tmp_path, once)
    assert len(asked) == 1


# ---- slash words ---------------------------------------------------------------------------


def test_every_word_is_short_and_its_own() -> None:
    words = [action.word for action in ACTIONS if action.word]
    assert len(set(words)) == len(words)
    assert all(word.isalpha() and word.islower() and len(word) <= 12 for word in words)
    assert {"stop", "effort", "quit", "help", "new", "attach"} <= set(words)
    assert all(action.word for action in ACTIONS if action.takes)


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/help", "help", ""),
        (" /HELP ", "help", ""),
        ("/effort", "change_effort", ""),
        ("/effort 512 tokens and 30 seconds", "change_effort", "512 tokens and 30 seconds"),
        ("/try What is 2 + 2?", "try_several", "What is 2 + 2?"),
    ],
)
def test_commands(text: str, name: str, argument: str) -> None:
    command = read_slash(text)
    assert isinstance(command, Command)
    assert (command.action.name, command.argument) == (name, argument)


@pytest.mark.parametrize(
    "text",
    [
        "/etc/hosts is what?",
        "/",
        "/ x",
        "//help",
        "a /help",
        "/help\nme",
        "/s marks sarcasm, does it?",
        "/help me with this sum",
        "/unknown one two three four",
    ],
)
def test_words_that_only_begin_with_a_slash(text: str) -> None:
    assert read_slash(text) is None


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("/hlep", "No command /hlep; // sends it as text."),
        ("/etc is what?", "No command /etc; // sends it as text."),
        ("/help me", "/help takes nothing after it; // sends it as text."),
    ],
)
def test_what_is_not_understood_is_said(text: str, remark: str) -> None:
    assert read_slash(text) == NotUnderstood(remark)


def test_two_slashes_send_one() -> None:
    assert without_mark("//help") == "/help"
    assert without_mark("/help") == "/help"


def test_words_are_found_by_their_beginning_first() -> None:
    found = [action.word for action in matching("eff")]
    assert found[0] == "effort"
    assert action_of("Effort") is not None
    assert action_of("") is None
    assert [action.word for action in matching("thinking")][:1] == ["thinking"]


# ---- drafts and dropped files --------------------------------------------------------------


@given(st.lists(st.sampled_from(["/a/b.py", "/my file.txt"])), st.text())
def test_a_draft_comes_apart_as_it_was_put_together(paths: list[str], text: str) -> None:
    files = [Path(path).absolute() for path in paths]
    if not text.startswith('@"'):
        assert split_draft(draft_of(files, text)) == (files, text)


def test_a_path_that_cannot_be_written_down_is_left_out_of_the_draft() -> None:
    assert draft_of([Path("/a\nb"), Path('/a"b')], "x") == "x"
    assert split_draft('@"relative"\nx') == ([], '@"relative"\nx')


@pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
@pytest.mark.parametrize(
    ("pasted", "path"),
    [
        ("/tmp/a.txt", "/tmp/a.txt"),
        ("/tmp/my\\ file.txt ", "/tmp/my file.txt"),
        ("'/tmp/my file.txt'", "/tmp/my file.txt"),
        ("'/tmp/it'\\''s.txt'", "/tmp/it's.txt"),
        ('"/tmp/a.txt"\n', "/tmp/a.txt"),
        ("file:///tmp/my%20file%C3%A4.txt", "/tmp/my fileä.txt"),
        ("file://localhost/tmp/a", "/tmp/a"),
        ("file:///tmp/a%00b", "/tmp/ab"),
        ("file://elsewhere/tmp/a", None),
        ("/tmp/a\n/tmp/b", None),
        ("some words", None),
        ("'", None),
        ("~nobody-at-all/x", None),
        ("/" + "x" * 5000, None),
    ],
)
def test_dropped_paths(pasted: str, path: str | None) -> None:
    assert dropped_path(pasted) == (None if path is None else Path(path))


async def test_only_a_file_that_is_there_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "my file.txt"
    path.write_text("x")
    assert await dropped_file(f"'{path}'") == path
    assert await dropped_file(str(tmp_path)) is None
    assert await dropped_file(f"{path}x") is None
    assert await dropped_file("/" + "x" * 4000) is None


# ---- earlier questions ---------------------------------------------------------------------


def test_walking_back_and_forth_keeps_the_draft() -> None:
    sent = SentQuestions()
    sent.start(["one", "two", "two", " "])
    sent.remember_earlier(["long ago", "ago"])
    assert [sent.older("draft"), sent.older("two")] == ["two", "one"]
    assert [sent.older("one"), sent.older("ago"), sent.older("long ago")] == [
        "ago",
        "long ago",
        None,
    ]
    assert [sent.newer("long ago"), sent.newer("ago"), sent.newer("one")] == ["ago", "one", "two"]
    assert sent.newer("two") == "draft"
    assert sent.newer("draft") is None


def test_a_recalled_question_that_was_changed_is_a_draft() -> None:
    sent = SentQuestions()
    sent.start(["one", "two"])
    sent.older("")
    assert sent.older("two, changed") == "one"
    assert sent.newer("one") == "two"
    assert sent.newer("two") == "two, changed"
    sent.add("three")
    assert sent.older("") == "three"
    assert not sent.is_empty


# ---- pastes --------------------------------------------------------------------------------


def test_what_is_long() -> None:
    assert not is_long("line\n" * 19 + "line")
    assert is_long("line\n" * 20 + "line")
    assert not is_long("x" * 2000)
    assert is_long("x" * 2001)


def test_marks_stand_for_pastes() -> None:
    pasted = PastedTexts()
    first, second = pasted.fold("one [pasted text 2]"), pasted.fold("two\\1\n" * 214)
    text = f"a {second.mark} b {first.mark} [pasted text 9]"
    assert [each.number for each in pasted.marked_in(text)] == [2, 1]
    # what a paste says is not looked at again
    assert pasted.unfold(text) == f"a {second.text} b one [pasted text 2] [pasted text 9]"
    assert second.facts == "215 lines, 1.3 kB, ~321 tokens"
    assert pasted.ends_with_mark(f"x{first.mark}") == first.mark
    assert pasted.ends_with_mark(f"{first.mark} ") == ""
    assert pasted.size_bytes(text) == first.size_bytes + second.size_bytes
