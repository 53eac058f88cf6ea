"""What a person does with an answer: copy and save its code, open its links, see its LaTeX."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.geometry import Offset
from textual.pilot import Pilot

from localr1.tui.app import Localr1App
from localr1.tui.links import place_of
from localr1.tui.markdown.pressable import CodeBlock
from localr1.tui.saving import suggested_name
from localr1.tui.screens.code_list import CodeList
from localr1.tui.screens.line_question import LineQuestion
from localr1.tui.screens.link import LinkScreen
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import ScriptedSession, reply

ANSWER = """\
With \\(x = \\frac{1}{2}\\):

```python
def half(x):
    return x / 2
```

and

```sh
echo "two"
```

See [the manual](https://example.org/manual?a=1&b=2).
"""
ONE_BLOCK = "```python\nprint(1)\n```\n"


MATHS = r"""To solve \(ax^2 + bx + c = 0\) we complete the square; the book costs $5, not $6.

\[
x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}, \qquad \sum_{k=1}^{n} k = \frac{n(n+1)}{2}
\]

1. With $A = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$ we have $\det A = -2$.
2. The cases are
   \[ |x| = \begin{cases} x & \text{if } x \ge 0 \\ -x & \text{if } x < 0 \end{cases} \]

| $f$ | $f'$ | 说明 |
|---|---|---|
| $x^2$ | $2x$ | 求导 |
| $\frac{1}{x}$ | $-\frac{1}{x^2}$ | 倒数的导数是负的平方倒数 |

**Answer:** \boxed{x = 3}

\[ \boxed{\int_0^1 x^2 \, dx = \frac{1}{3}} \]
"""


async def act(running: Chat, name: str) -> None:
    """Run an action of an answer, as the palette does."""
    await running.app.run_action(f"screen.control('answer', '{name}')")
    await running.settle()


async def click_on(running: Chat, words: str, selector: str = "#transcript") -> None:
    """Click on the first place where these words are seen."""
    rows = running.rows()
    y = next(y for y, row in enumerate(rows) if words in row)
    x = rows[y].index(words)
    await running.pilot.click(offset=Offset(x + 1, y))
    await running.settle()


async def test_a_code_block_is_copied_chosen_and_clicked() -> None:
    replies = [reply("", ONE_BLOCK), reply("Hm.\n", ANSWER), reply("", "No code.")]
    async with chat(ScriptedSession(*replies), size=(80, 40)) as running:
        await act(running, "copy_code")
        assert "There is no code in this answer." in running.rows()[-1]
        await running.ask("One")
        await act(running, "copy_code")
        assert running.app.clipboard == "print(1)"
        assert "Copied the code, 1 line." in running.rows()[-1]

        await running.ask("Two")
        await act(running, "copy_code")
        assert isinstance(running.app.screen, CodeList)
        assert "1  def half(x):" in running.seen
        assert 'echo "two"   sh, 1 line' in running.seen
        await running.pilot.press("up", "enter")
        await running.settle()
        assert running.app.clipboard == "def half(x):\n    return x / 2"
        assert "Copied the code, 2 lines." in running.rows()[-1]
        await act(running, "copy_code")
        await running.pilot.press("2")
        await running.settle()
        assert running.app.clipboard == 'echo "two"'
        await act(running, "copy_code")
        await running.pilot.press("9", "escape")
        await running.settle()
        assert not isinstance(running.app.screen, CodeList)
        assert running.app.clipboard == 'echo "two"'

        await click_on(running, " sh")
        await click_on(running, " python")
        assert running.app.clipboard == "print(1)"

        await running.ask("Three")
        await act(running, "copy_code")
        assert "There is no code in this answer." in running.rows()[-1]


async def test_the_whole_turn_is_copied_as_markdown() -> None:
    async with chat(ScriptedSession(reply("Let me\nthink.\n", ANSWER))) as running:
        await act(running, "copy_turn")
        assert "There is nothing to copy yet." in running.rows()[-1]
        await running.ask("What is a half?")
        await running.pilot.press("tab", "w")
        await running.settle()
        copied = running.app.clipboard
        assert copied.startswith("## You\n\nWhat is a half?\n\n## Reply\n\n<details>")
        assert "> Let me\n> think.\n\n</details>\n\nWith \\(x" in copied
        assert copied.endswith("a=1&b=2).\n")


async def test_formulas_are_shown_as_latex_and_as_text_again() -> None:
    async with chat(ScriptedSession(reply("", ANSWER)), size=(80, 30)) as running:
        await act(running, "maths_source")
        assert "There is no answer yet." in running.rows()[-1]
        await running.ask("Go")
        assert "With x = 1/2:" in running.seen
        await act(running, "maths_source")
        assert "With \\(x = \\frac{1}{2}\\):" in running.seen
        assert "shown as LaTeX" in running.rows()[-1]
        await act(running, "maths_source")
        assert "With x = 1/2:" in running.seen
        await running.pilot.press("ctrl+o")
        assert running.app.clipboard == ANSWER


@pytest.mark.parametrize("size", [(80, 44), (40, 54)], ids=["80", "40"])
def test_view_of_maths(
    size: tuple[int, int], snapshot: SnapshotAssertion, snap_compare: Callable[..., bool]
) -> None:
    session, clock = ScriptedSession(reply("", MATHS)), Clock()
    app = Localr1App(session, None, clock)  # type: ignore[arg-type]  # the contract
    seen: list[str] = []

    async def reach(pilot: Pilot[None]) -> None:
        running = Chat(app, pilot, clock)
        running.hold_still()
        await running.settle()
        await running.ask("Solve it.")
        await running.settle(0.2)
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=size, run_before=reach)
    assert seen[0] == snapshot
    assert same_picture


async def test_a_code_block_is_saved_and_nothing_is_replaced_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with chat(ScriptedSession(reply("", ONE_BLOCK))) as running:
        await running.ask("Go")
        await act(running, "save_code")
        assert isinstance(running.app.screen, LineQuestion)
        assert "code.py" in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert list(tmp_path.iterdir()) == []

        await act(running, "save_code")
        await running.pilot.press("enter")
        await running.settle(0.3)
        assert (tmp_path / "code.py").read_text() == "print(1)\n"
        assert "Saved" in running.seen

        (tmp_path / "code.py").write_text("mine")
        await act(running, "save_code")
        await running.pilot.press("enter")
        await running.settle(0.3)
        assert "That file is there already" in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert (tmp_path / "code.py").read_text() == "mine"
        await act(running, "save_code")
        await running.pilot.press("enter")
        await running.settle(0.3)
        await running.pilot.press("enter")
        await running.settle(0.3)
        assert (tmp_path / "code.py").read_text() == "print(1)\n"

        for name, problem in [
            ("none/code.py", "There is no such folder"),
            (str(tmp_path), "That is a folder"),
            ("~nobody-of-this-name/x", "That is no name for a file"),
        ]:
            await act(running, "save_code")
            running.app.screen.query_one("Input").value = name  # type: ignore[attr-defined]
            await running.pilot.press("enter")
            await running.settle(0.3)
            assert problem in running.seen
            await running.pilot.press("escape")
            await running.settle()
        assert [path.name for path in tmp_path.iterdir()] == ["code.py"]


async def test_a_link_opens_only_after_its_address_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []

    class Browser(webbrowser.BaseBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            opened.append(url)
            return True

    monkeypatch.setattr(webbrowser, "get", Browser)
    words = "[a](javascript:alert(1)) and [good](https://pаypal.com/x) and https"
    async with chat(ScriptedSession(reply("", ANSWER), reply("", words)), (80, 40)) as running:
        await running.ask("Go")
        await click_on(running, "the manual")
        assert isinstance(running.app.screen, LinkScreen)
        assert "https://example.org/manual?a=1&b=2" in running.rows()[19]
        await running.pilot.press("escape")
        await running.settle()
        assert opened == []
        await click_on(running, "the manual")
        await running.pilot.press("c")
        await running.settle()
        assert running.app.clipboard == "https://example.org/manual?a=1&b=2"
        assert opened == []
        await click_on(running, "(https://example.org")
        await running.pilot.press("enter")
        await running.settle(0.2)
        assert opened == ["https://example.org/manual?a=1&b=2"]
        assert "Opened in the browser." in running.rows()[-1]

        monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("lynx"))
        await click_on(running, "the manual")
        await running.pilot.press("enter")
        await running.settle(0.2)
        assert "No browser with a window of its own" in running.rows()[-1]

        await running.ask("More")
        await click_on(running, "good")
        assert "https://xn--pypal-4ve.com/x" in running.seen
        assert "several scripts" in running.seen
        await running.pilot.press("escape")
        await running.settle()
        assert len(opened) == 1


async def test_copying_more_than_terminals_take_offers_a_file(tmp_path: Path) -> None:
    long = "word " * 30_000
    async with chat(ScriptedSession(reply("", long))) as running:
        await running.ask("Go")
        await running.settle(0.3)
        await running.pilot.press("ctrl+o")
        await running.settle()
        assert "which the terminal may cut" in running.seen
        running.app.screen.query_one("Input").value = str(tmp_path / "a.md")  # type: ignore[attr-defined]
        await running.pilot.press("enter")
        await running.settle(0.3)
        assert (tmp_path / "a.md").read_text() == long


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("python", "x", "code.py"),
        ("Python", "# app.py\nx", "app.py"),
        ("rust", "// ../../etc/passwd\n", "code.rs"),
        ("sh", "#!/bin/sh", "code.sh"),
        ("html", "<!-- index.html -->", "index.html"),
        ("", "x", "code.txt"),
        ("no-such", "x", "code.txt"),
        ("../../x", "# .bashrc", "code.txt"),
    ],
)
def test_suggested_names_are_plain(language: str, code: str, name: str) -> None:
    assert suggested_name(CodeBlock(language, code)) == name


@pytest.mark.parametrize(
    ("address", "shown", "remark"),
    [
        ("https://a.org/x?y#z", "https://a.org/x?y#z", ""),
        ("HTTP://a.org", "http://a.org", ""),
        ("https://b\xfccher.de/\xfc", "https://xn--bcher-kva.de/%C3%BC", "outside of ASCII"),
        ("https://\u0430pple.com", "https://xn--pple-43d.com", "several scripts"),
        ("https://xn--pple-43d.com:8080/", "https://xn--pple-43d.com:8080/", "several scripts"),
        ("https://bank.com@evil.org/", "https://bank.com@evil.org/", "the host is evil.org"),
        ("javascript:alert(1)", None, ""),
        ("file:///etc/passwd", None, ""),
        ("https://", None, ""),
        ("https://a b", None, ""),
        ("https://a/\u202ex", None, ""),
        ("https://a/\x1b]0;t\x07", None, ""),
        ("https://" + "\xfc" * 80, None, ""),
        ("https://a/" + "x" * 3_000, None, ""),
    ],
)
def test_addresses(address: str, shown: str | None, remark: str) -> None:
    place = place_of(address)
    assert (place.address if place else None) == shown
    assert remark in (place.remark if place else "")
