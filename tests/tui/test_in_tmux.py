"""The main job in a real terminal: ask, see it think before it answers, stop, quit."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import write_transcript
from tests.hub_server import HubServer

THOUGHT = "Seventeen and twenty-five. Seven and five is twelve, carry one. " * 6
PATIENCE_SECONDS = 30.0


class Terminal:
    """A terminal that localr1 runs in, seen and typed at from outside."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()

    def start(self, command: str, *, home: Path) -> None:
        environment = f"LOCALR1_HOME={shlex.quote(str(home))} TERM=xterm-256color"
        shell = f"{environment} {command}; stty -a | head -c 0; echo; echo ended with $?; read _"
        self.tmux("new-session", "-d", "-x", "100", "-y", "30", "sh", "-c", shell)

    def type(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def wait_for(self, seen: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            screen = self.screen()
            if seen(screen):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"not seen within {PATIENCE_SECONDS} s:\n{self.screen()}")

    def wait_for_text(self, text: str) -> str:
        return self.wait_for(lambda screen: text in screen)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    assert shutil.which("tmux"), "this test needs tmux"
    terminal = Terminal(tmp_path / "tmux")
    yield terminal
    subprocess.run(["tmux", "-S", str(tmp_path / "tmux"), "kill-server"], check=False)


def workers() -> set[int]:
    """Process ids of all engine workers."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if command[1:5] in ([b"-m", b"localr1", b"worker", b"scripted"],):
                found.add(int(entry.name))
    return found


def test_ask_think_answer_stop_quit(terminal: Terminal, tmp_path: Path) -> None:
    endless = "</think>" + "word " * 4000
    model = write_transcript(
        tmp_path, f"{THOUGHT}</think>\n\nIt is **42**.", endless, tokens_per_second=60.0
    )
    before = workers()
    terminal.start(
        f"{shlex.quote(sys.executable)} -m localr1 chat {shlex.quote(str(model))}", home=tmp_path
    )
    terminal.wait_for_text("Ask something")

    terminal.type("What is 17 + 25?", "Enter")
    thinking = terminal.wait_for_text("Thinking…")
    assert "Seventeen" in terminal.wait_for_text("Seventeen")
    assert "It is 42." not in thinking
    answered = terminal.wait_for_text("It is 42.")
    assert "Thought for" in answered
    assert "Seventeen" not in answered  # folded away when the answer started

    terminal.type("C-t")
    terminal.wait_for_text("carry one")

    terminal.wait_for_text("Ready")
    terminal.type("Go on", "Enter")
    terminal.wait_for_text("word word")
    assert workers() - before
    terminal.type("Escape")
    terminal.wait_for(lambda screen: "topped" in screen and "Ready" in screen)

    terminal.type("C-q")
    terminal.wait_for_text("ended with 0")
    assert not workers() - before

    kept = subprocess.run(
        [sys.executable, "-m", "localr1", "run", str(model), "x", "--continue", "--json"],
        env={**os.environ, "LOCALR1_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert b'"prompt_tokens":' in kept.stdout


def test_the_first_run_with_the_demo(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("temperature = 0.0\n")
    terminal.start(f"{shlex.quote(sys.executable)} -m localr1", home=tmp_path)
    assert "toy" in terminal.wait_for_text("Which model?")
    terminal.type("Enter")
    assert "toy" in terminal.wait_for_text("Enter asks: What is 347 + 586?")

    terminal.type("Enter")
    answered = terminal.wait_for(lambda screen: "933" in screen and "Ready" in screen)
    assert "Thought for" in answered
    terminal.type("C-t")
    terminal.wait_for_text("7+6=13, write 3, carry 1.")

    terminal.type("and double that?", "Enter")
    terminal.wait_for_text("1866")
    terminal.type("C-q")
    terminal.wait_for_text("ended with 0")


def test_from_the_first_start_to_a_fetched_model(
    terminal: Terminal, tmp_path: Path, demo: Path
) -> None:
    """In a real terminal, with the real `localr1 pull` and a hub that speaks the hub's protocol."""
    (tmp_path / "settings.toml").write_text("temperature = 0.0\nn_ctx = 2048\n")
    repo, file = "someone/Small-GGUF", "Small-Q8_0.gguf"
    with HubServer() as hub:
        hub.add(repo, {file: demo.read_bytes()})
        hub.manners.bytes_per_second = 400_000
        command = f"HF_ENDPOINT={hub.url} {shlex.quote(sys.executable)} -m localr1"
        terminal.start(command, home=tmp_path)
        terminal.wait_for_text("Which model?")
        terminal.type("Enter")
        terminal.wait_for_text("Enter asks: What is 347 + 586?")
        terminal.type("M-m")
        terminal.wait_for_text("On this computer")
        terminal.type("C-a")
        terminal.wait_for_text("Add a model")
        terminal.type(f"hf:{repo}", "Enter")
        terminal.wait_for_text("kB/s")
        terminal.type(*"small")
        terminal.wait_for_text("Ctrl+S stops it")
        terminal.type("C-s")
        terminal.wait_for_text("stopped; Enter goes on")
        terminal.type("Enter")
        terminal.wait_for_text("kB/s")
        terminal.type("Escape")
        terminal.wait_for(lambda screen: "Models" not in screen and "fetching" in screen)
        terminal.type("Enter")
        terminal.wait_for(lambda screen: "933" in screen and "Ready" in screen)
        hub.manners.bytes_per_second = 0
        terminal.wait_for_text("Small-Q8_0 is here. Alt+U uses it.")
        requests = [each for each in hub.of("storage") if each.is_whole or each.sent_bytes]
        assert any(each.start for each in requests), "it went on where it had stopped"
        terminal.type("M-u")
        terminal.wait_for(lambda screen: "Ready" in screen and "is here" in screen)
        terminal.type("M-m")
        terminal.wait_for(lambda screen: "● Small" in screen)
        terminal.type("Escape")
        terminal.wait_for(lambda screen: "● Small" not in screen)
        terminal.type("C-q")
        terminal.wait_for_text("ended with 0")
    assert (tmp_path / "models" / repo / file).read_bytes() == demo.read_bytes()


def test_the_keys_for_thinking_arrive(terminal: Terminal, tmp_path: Path) -> None:
    model = write_transcript(tmp_path, f"{THOUGHT}</think>\n\nIt is **42**.", tokens_per_second=8.0)
    terminal.start(
        f"{shlex.quote(sys.executable)} -m localr1 chat {shlex.quote(str(model))}", home=tmp_path
    )
    terminal.wait_for_text("Ask something")
    terminal.type("What is 17 + 25?", "Enter")
    terminal.wait_for_text("Seventeen")
    terminal.type("C-s")
    terminal.wait_for_text("Paused")
    terminal.type("Check it twice.", "Enter")
    terminal.wait_for(lambda screen: "Thinking…" in screen and "Check it twice." in screen)
    terminal.type("C-g")
    terminal.wait_for_text("you asked for the answer")
    seen = {
        "C-r": "There is no unfinished reply",
        "F3": "Write a question",
        "F4": "Enter goes on from this",
        "Escape": "Ready",
        "F8": "Carried along",
        "F9": "F9 again deletes",
        "C-l": "effort low",
        "F7": "no thinking next",
    }
    for key, words in seen.items():
        terminal.type(key)
        terminal.wait_for_text(words)
    terminal.type("C-q")
    terminal.wait_for_text("ended with 0")


def test_to_the_shell_and_back_without_colour(terminal: Terminal, tmp_path: Path) -> None:
    model = write_transcript(
        tmp_path, f"{THOUGHT}</think>\n\nIt is **42**.", "Hm.</think>7", tokens_per_second=30.0
    )
    home = f"LOCALR1_HOME={shlex.quote(str(tmp_path))} NO_COLOR=1 TERM=xterm-256color PS1='$ '"
    # a shell with jobs, to which a stopped process can be left
    terminal.tmux(
        *("new-session", "-d", "-x", "80", "-y", "24", "sh", "-c"),
        f"{home} exec bash --norc --noprofile -i",
    )

    def told(what: str) -> str:
        return terminal.tmux("display-message", "-p", f"#{{{what}}}").strip()

    terminal.wait_for_text("$")
    usual_title = told("pane_title")
    command = f"{shlex.quote(sys.executable)} -m localr1 chat {shlex.quote(str(model))}"
    terminal.type(command, "Enter")
    terminal.wait_for_text("Ask something")
    assert told("mouse_any_flag") == "1"
    terminal.type("What is 17 + 25?", "Enter")
    terminal.wait_for_text("Seventeen")
    assert told("pane_title") == "* What is 17 + 25?"
    coloured = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)[;m]")
    assert not coloured.findall(terminal.tmux("capture-pane", "-p", "-e"))

    terminal.type("C-z")
    stopped = terminal.wait_for_text("Stopped")
    assert "Ask something" not in stopped
    terminal.type("echo 6''6", "Enter")
    terminal.wait_for_text("66")
    assert (told("pane_title"), told("mouse_any_flag")) == (usual_title, "0")

    terminal.type("fg", "Enter")
    answered = terminal.wait_for(lambda screen: "It is 42." in screen and "Ready" in screen)
    assert "66" not in answered
    assert (told("pane_title"), told("mouse_any_flag")) == ("What is 17 + 25?", "1")
    terminal.type("and then?", "Enter")
    terminal.wait_for(lambda screen: "7" in screen.partition("and then?")[2])

    terminal.type("C-q")
    terminal.wait_for_text("66")
    terminal.wait_for(lambda _: told("pane_title") == usual_title)
    assert told("mouse_any_flag") == "0"


def test_copied_code_arrives_in_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    answer = "So\n\n\\[ x = \\frac{84}{2} \\]\n\n```python\nprint(84 // 2)\n```\n"
    model = write_transcript(tmp_path, f"{THOUGHT}</think>\n\n{answer}", tokens_per_second=200.0)
    terminal.start(
        f"{shlex.quote(sys.executable)} -m localr1 chat {shlex.quote(str(model))}", home=tmp_path
    )
    terminal.tmux("set", "-g", "set-clipboard", "on")
    terminal.wait_for_text("Ask something")
    terminal.type("Halve 84", "Enter")
    shown = terminal.wait_for(lambda screen: "print(84 // 2)" in screen and "Ready" in screen)
    assert "x = ──" in shown
    terminal.type("/code", "Enter")
    terminal.wait_for_text("Copied the code, 1 line.")
    assert terminal.tmux("show-buffer") == "print(84 // 2)"
    terminal.type("C-q")
    terminal.wait_for_text("ended with 0")


def test_the_lost_terminal_ends_it_and_frees_the_conversation(
    terminal: Terminal, tmp_path: Path
) -> None:
    model = write_transcript(tmp_path, "Hm.</think>Yes.", tokens_per_second=60.0)
    pid_file = tmp_path / "pid"
    command = f"{shlex.quote(sys.executable)} -m localr1 chat {shlex.quote(str(model))}"
    # A shell with jobs, as people have: the chat is in the foreground's group and is told
    started = f"sh -c 'echo $$ > {pid_file}; exec {command}'"
    terminal.tmux("new-session", "-d", "-x", "100", "-y", "30", "bash", "--norc", "-i")
    terminal.type(f"LOCALR1_HOME={tmp_path} {started}", "Enter")
    terminal.wait_for_text("Ask something")
    terminal.type("Is it?", "Enter")
    terminal.wait_for_text("Yes.")
    terminal.type("a draft")
    terminal.wait_for_text("a draft")
    chat = Path("/proc") / pid_file.read_text().strip()
    assert chat.exists()

    terminal.tmux("kill-server")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while chat.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not chat.exists()
