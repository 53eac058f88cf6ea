"""The chat in words: what a screen reader gets, line by line, and nothing drawn again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from localr1.cli.chat import wants_plain
from localr1.cli.output import Printer
from localr1.cli.plain_chat import choose_plainly
from localr1.cli.plain_events import PROGRESS_SECONDS, PlainEvents
from localr1.engine.protocol import Answer, Event, Failed, Loading, Notice, Prompt, Reasoning
from localr1.errors import ExitCode
from localr1.models.reference import ModelReference
from localr1.settings import Settings
from tests.cli.command_line import is_one_line_error, localr1, write_transcript
from tests.cli.typing_at import typed_at
from tests.tui.harness import Clock
from tests.tui.scripted_session import DONE, READY, ScriptedSession

THOUGHT = "Two and two is four."


@pytest.fixture
def scripted(tmp_path: Path) -> Path:
    return write_transcript(tmp_path, f"{THOUGHT}</think>\n\nIt is **4**.", "Hm.</think>Still 4.")


class Said:
    """What is said of events, both streams in one."""

    def __init__(self, reasoning: str | None = None) -> None:
        self.out = io.StringIO()
        self.clock = Clock()
        printer = Printer(self.out, self.out, is_plain=True)
        session = ScriptedSession()
        self.events = PlainEvents(printer, session, reasoning, self.clock)  # type: ignore[arg-type]
        self.events.begin()

    def of(self, *events: Event) -> list[str]:
        for event in events:
            self.events.show(event)
            self.clock.now += 10
        return self.out.getvalue().splitlines()


def test_every_line_says_what_it_is() -> None:
    said = Said().of(
        *(Loading(progress=0.1), Loading(progress=0.9), READY),
        *(Prompt(processed=300, total=900, cached=0), Prompt(processed=900, total=900, cached=0)),
        *(Reasoning(text="Hm. ", tokens=5) for _ in range(4)),
        Notice(kind="length", text="Long\x1b[2J."),
        *(Answer(text="It is "), Answer(text="4."), DONE),
    )
    assert said == [
        "Loading the model.",
        "Thinking.",
        "Still thinking (20 s, 15 tokens).",
        "Thought for 40 s, 20 tokens.",
        "Note: Long␛[2J.",
        "Answer:",
        "It is 4.",
    ]
    assert PROGRESS_SECONDS == 15.0


def test_thoughts_are_spoken_where_that_is_chosen() -> None:
    said = Said("show").of(Reasoning(text=THOUGHT, tokens=5), Answer(text="4"), DONE)
    assert said == ["Thinking:", THOUGHT, "", "Thought for 10 s, 5 tokens.", "Answer:", "4"]


def test_a_reply_without_a_thought_and_one_that_fails() -> None:
    assert Said().of(Answer(text="4"), DONE) == ["Answer:", "4"]
    failed = Said().of(Reasoning(text="Hm."), Failed(message="It failed.", hint="try again"))
    assert failed[-1] == "localr1: It failed; try again"


def test_a_chat_with_its_words_and_none_of_a_terminals_tricks(scripted: Path) -> None:
    with typed_at("chat", scripted, "--plain") as typed:
        typed.wait_for(b"You: ")
        typed.type(b"What is 2 + 2?\n")
        typed.wait_for(b"It is **4**.")
        typed.wait_for(b"You: ", times=2)
        typed.type(b"/thinking\n")
        typed.wait_for(THOUGHT.encode())
        typed.type(b"/answer\n")
        typed.wait_for(b"It is **4**.", times=2)
        typed.type(b"/help\n")
        typed.wait_for(b"/effort low|medium")
        typed.type(b"/quit\n")
        assert typed.end() == ExitCode.OK
        screen = typed.screen.decode()
    order = ["You: ", "Thinking.", "Thought for", "Answer:", "It is **4**.", "Thinking:", THOUGHT]
    places = [screen.index(words) for words in order]
    assert places == sorted(places)
    # line editing, which readers know, may say of a paste; nothing moves or colours
    assert not [piece for piece in screen.split("\x1b[")[1:] if not piece.startswith("?2004")]
    assert "\r\x1b" not in screen


def test_it_goes_on_with_a_conversation_and_works_in_a_pipe(scripted: Path) -> None:
    localr1("chat", scripted, "--plain", stdin=b"What is 2 + 2?\n")
    done = localr1("chat", scripted, "--plain", "--continue", stdin=b"/answer\n/nothing\n")
    talk = done.stderr.decode()
    assert "Going on with: What is 2 + 2?\n1 question so far." in talk
    assert done.stdout == b"It is **4**.\n"
    assert "there is no /nothing" in talk


def test_a_dumb_terminal_gets_it_unasked(scripted: Path) -> None:
    done = localr1("chat", scripted, stdin=b"/quit\n", TERM="dumb")
    assert done.returncode == ExitCode.OK
    refused = localr1("chat", scripted, "--no-plain", TERM="dumb")
    assert refused.returncode == ExitCode.USAGE
    assert is_one_line_error(refused.stderr)
    assert localr1("chat", scripted, stdin=b"", TERM="xterm").returncode == ExitCode.USAGE


@pytest.mark.parametrize(
    ("settings", "term", "wanted"),
    [
        (Settings(), "xterm", False),
        (Settings(), "dumb", True),
        (Settings(plain=True), "xterm", True),
        (Settings(plain=False), "dumb", False),
    ],
)
def test_who_wants_it(settings: Settings, term: str, wanted: bool) -> None:
    assert wants_plain(settings, {"TERM": term}) is wanted


def test_a_model_is_chosen_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.gguf"
    file.write_bytes(b"x" * 2000)
    found = [
        ModelReference(file, "a.gguf", "gguf"),
        ModelReference(tmp_path / "gone.gguf", "gone.gguf", "gguf"),
    ]
    lines = iter([b"7\n", b"\xff\x1b[2J\n", "٣".encode(), b"2\n", b"\n", b""])

    def choose() -> ModelReference | None:
        return choose_plainly(found, Printer(is_plain=True), lambda: next(lines))

    chosen = [choose() for _ in range(4)]
    assert [model and model.name for model in chosen] == ["demo", "gone.gguf", None, None]
    talk = capsys.readouterr().err
    assert "1. a.gguf, 2.0 kB" in talk
    assert "2. gone.gguf, which cannot be read" in talk
    assert "3. demo, a toy" in talk
    assert "There is no 7; type a number from 1 to 3." in talk
    assert "\x1b" not in talk


def test_a_conversation_knows_its_model() -> None:
    localr1("run", "demo", "What is 2 + 2?", "--temp", "0")
    done = localr1("chat", "--plain", "--continue", stdin=b"/quit\n")
    assert done.returncode == ExitCode.OK
    assert "Going on with: What is 2 + 2?" in done.stderr.decode()
