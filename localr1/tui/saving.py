"""Text saved to a file that a person names."""

from __future__ import annotations

import asyncio
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import StorageError
from localr1.files import write_atomically
from localr1.tui.markdown.pressable import CodeBlock
from localr1.tui.marks import one_line

if TYPE_CHECKING:
    from localr1.tui.screens.chat_view import ChatView

_NAMED_IN_CODE = re.compile(r"(?:#|//|--|/\*|<!--|;|%)\s*([A-Za-z0-9_-][\w-]{0,40}\.[a-z]{1,6})\b")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,60}")


def suggested_name(block: CodeBlock) -> str:
    """A file name for this code: the one in its first line, or else one by its language."""
    named = _NAMED_IN_CODE.match(block.code)
    return named[1] if named else _file_name(block.language)


@functools.lru_cache(maxsize=32)
def _file_name(language: str) -> str:
    # Imported late, as for the colours of code
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        patterns = get_lexer_by_name(language).filenames if language else []
    except ClassNotFound:
        patterns = []
    for pattern in patterns:
        name = f"code{pattern[1:]}" if pattern.startswith("*.") else pattern
        if _PLAIN_NAME.fullmatch(name):
            return str(name)
    return "code.txt"


class Saving:
    """Asks for a name, and again before another file is replaced."""

    def __init__(self, screen: ChatView) -> None:
        self._screen = screen

    def ask(self, text: str, name: str, question: str = "Save as") -> None:
        """Ask where this text goes, with a suggestion; nothing is written before that."""
        # Imported when first wanted
        from localr1.tui.screens.line_question import LineQuestion

        self._screen.app.push_screen(
            LineQuestion(question, name), functools.partial(self._answered, text, "")
        )

    def _answered(self, text: str, may_replace: str, name: str | None) -> None:
        if name:
            self._screen.run_worker(self._save(text, name, may_replace == name))

    async def _save(self, text: str, name: str, may_replace: bool) -> None:
        path, problem = await asyncio.to_thread(_place, name)
        if path is None:
            self._ask_again(text, name, problem, "")
        elif problem and not may_replace:
            self._ask_again(text, name, problem, name)
        else:
            await self._write(path, text)

    def _ask_again(self, text: str, name: str, words: str, may_replace: str) -> None:
        from localr1.tui.screens.line_question import LineQuestion

        self._screen.app.push_screen(
            LineQuestion(words, name), functools.partial(self._answered, text, may_replace)
        )

    async def _write(self, path: Path, text: str) -> None:
        try:
            await asyncio.to_thread(write_atomically, path, text.encode(errors="replace"))
        except StorageError as error:
            self._screen.say(error.message)
        else:
            self._screen.say(f"Saved {one_line(str(path), 200)}")


def _place(name: str) -> tuple[Path | None, str]:
    """Where it goes, or None, and what is to be said about that."""
    try:
        path = Path(name).expanduser().absolute()
        if path.is_dir():
            return None, "That is a folder; add a file name"
        if not path.parent.is_dir():
            return None, "There is no such folder"
        if path.exists() and not path.is_file():
            return None, "That is no ordinary file"
        return path, "That file is there already; Enter again replaces it" * path.exists()
    except (OSError, ValueError, RuntimeError):
        return None, "That is no name for a file"
