"""Keys as a person set them: checked as a whole, and shown wherever keys are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.errors import ExitCode, UsageError
from localr1.settings import load_settings
from localr1.terminal_text import clean
from localr1.tui import hints
from localr1.tui.actions import ACTIONS, NO_KEY
from localr1.tui.hints import Hint
from localr1.tui.keymap import USUAL, Keymap
from tests.cli.command_line import write_transcript
from tests.cli.typing_at import typed_at
from tests.tui.harness import chat
from tests.tui.scripted_session import ScriptedSession, reply

HINTS = [value for value in vars(hints).values() if isinstance(value, Hint)]


@pytest.mark.parametrize(
    ("written", "key", "shown"),
    [
        ("alt+s", "alt+s", "Alt+S"),
        ("Ctrl+X", "ctrl+x", "Ctrl+X"),
        ("Alt + Page Up", "alt+pageup", "Alt+Page Up"),
        ("ctrl+m", "enter", "Enter"),
        ("alt+?", "alt+question_mark", "Alt+?"),
        ("alt+s, alt+c", "alt+s,alt+c", "Alt+S, Alt+C"),
        ("", "", ""),
    ],
)
def test_a_key_is_written_as_people_do(written: str, key: str, shown: str) -> None:
    taken = dict.fromkeys(("send", "page_up"), "")
    keymap = Keymap({**taken, "copy_answer": written})
    assert keymap.keys("copy_answer") == key
    assert keymap.label("copy_answer", 2) == shown
    assert keymap.changes["copy_answer"] == (key or NO_KEY)


@pytest.mark.parametrize(
    ("chosen", "said", "hint"),
    [
        ({"copy_anser": "alt+s"}, "unknown action copy_anser in HERE", "did you mean copy_answer?"),
        ({"zzz": "alt+s"}, "unknown action zzz in HERE", "there are: send,"),
        ({"help": "ctrll+r"}, 'help = "ctrll+r" in HERE: there is no such key', "written as"),
        ({"help": "f40"}, "there is no such key", "written as"),
        ({"help": "\x1b]0;x\a"}, "there is no such key", "written as"),
        ({"help": "a"}, "that key is for writing", "ctrl or alt"),
        ({"help": "left"}, "that key is for writing", "ctrl or alt"),
        ({"help": "ctrl+r"}, "taken by go_on (Go on with the reply)", "give go_on another key"),
        (
            {"help": "alt+s", "stop": "alt+s"},
            'help = "alt+s" in HERE: that key is taken by stop',
            "give",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(chosen: dict[str, str], said: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        Keymap(chosen, "HERE")
    assert said in raised.value.message
    assert hint in (raised.value.hint or "")
    assert raised.value.message.isprintable()


@given(st.dictionaries(st.sampled_from([a.name for a in ACTIONS]), st.text(max_size=12)))
def test_any_text_is_keys_or_told(chosen: dict[str, str]) -> None:
    try:
        keymap = Keymap(chosen)
    except UsageError as error:
        assert clean(error.message) == error.message
    else:
        named = [key for action in ACTIONS for key in keymap.keys(action.name).split(",") if key]
        usual = [key for action in ACTIONS for key in action.keys.split(",")]
        # none is there more often than the table has it
        assert all(named.count(key) <= max(1, usual.count(key)) for key in named)


def test_an_action_without_a_key_can_have_one() -> None:
    assert Keymap({"rename": "alt+r"}).label("rename") == "Alt+R"
    assert USUAL.label("rename") == ""


def test_the_documents_list_every_action() -> None:
    text = (Path(__file__).parents[2] / "docs" / "interface.md").read_text(encoding="utf-8")
    for action in ACTIONS:
        keys = ", ".join(f"`{key}`" for key in action.keys.split(",") if key)
        assert f"| `{action.name}` | {keys} | {action.title} |" in text


def test_two_actions_can_change_places() -> None:
    keymap = Keymap({"copy_answer": "ctrl+r", "go_on": "ctrl+o"})
    assert (keymap.label("copy_answer"), keymap.label("go_on")) == ("Ctrl+R", "Ctrl+O")


def test_the_settings_hold_the_table(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('threads = 2\n[keys]\ncopy_answer = "f7"\nstop = ""\n')
    assert load_settings({}, {}, file).keys == {"copy_answer": "f7", "stop": ""}
    for wrong in ("keys = 1", "[keys]\ncopy_answer = 7", '[keys.copy_answer]\na = "b"'):
        file.write_text(wrong)
        with pytest.raises(UsageError, match="must be a table of texts"):
            load_settings({}, {}, file)


@pytest.mark.parametrize("hint", HINTS)
def test_hints_name_actions_and_are_cut_by_whole_phrases(hint: Hint) -> None:
    whole = hint.text(USUAL, 200)
    assert "{" not in whole
    for width in range(1, 120):
        text = hint.text(USUAL, width)
        wordings = [[USUAL.fill(phrase) for phrase in phrases] for phrases in hint.wordings]
        assert text.split(hints.GAP) in wordings
        assert len(text) <= max(width, 16)


def test_a_phrase_about_a_key_that_was_taken_away_is_left_out() -> None:
    keymap = Keymap({"pause": "", "answer_now": "alt+s"})
    assert hints.THINKING.text(keymap, 80) == "Esc stops   Alt+S answers now"


async def test_changed_keys_act_and_are_shown() -> None:
    keymap = Keymap(
        {
            "copy_answer": "ctrl+r",
            "go_on": "",
            "send": "alt+s",
            "settings": "alt+x",
            "help": "alt+h",
            "delete_thought": "alt+d",
        }
    )
    session = ScriptedSession(reply("Hm.\n", "It is 4."))
    async with chat(session, keymap=keymap) as running:
        assert "Alt+S sends" in running.seen
        assert "Alt+H all keys" in running.seen
        running.screen.composer.text = "Go"
        await running.pilot.press("enter")
        await running.settle()
        assert not session.sent  # the composer's own Enter, which breaks the line
        await running.pilot.press("alt+s")
        await running.settle()
        assert session.sent == ["Go"]
        await running.pilot.press("ctrl+r")
        assert "Copied the answer" in running.seen
        await running.pilot.press("alt+d")
        await running.settle()
        assert "Alt+D again deletes the thought" in running.seen
        await running.pilot.press("alt+x")  # an action that has no key of its own
        await running.settle()
        assert "Settings" in running.seen
        await running.pilot.press("escape", "f1")
        await running.pilot.press("alt+h")
        await running.settle()
        await running.pilot.press(*"copy the")
        await running.settle()
        rows = [row.split() for row in running.rows() if "Copy the answer" in row]
        assert [row[0].rstrip(",") for row in rows] == ["Ctrl+R"]
        await running.pilot.press("alt+h")
        await running.pilot.press("ctrl+p", *"copythe")
        await running.settle(0.5)
        assert "The last one, as Markdown · Ctrl+R" in running.seen


def test_a_mistake_in_the_file_is_one_line_before_the_chat(
    tmp_path: Path, localr1_home: Path
) -> None:
    localr1_home.mkdir()
    (localr1_home / "settings.toml").write_text('[keys]\ncopy_anser = "f7"\n')
    with typed_at("chat", write_transcript(tmp_path, "4")) as typed:
        assert typed.end() == ExitCode.USAGE
    said = typed.screen.decode().strip()
    assert said.startswith("localr1: unknown action copy_anser in [keys] of ")
    assert said.endswith("did you mean copy_answer?")
    assert "\n" not in said
