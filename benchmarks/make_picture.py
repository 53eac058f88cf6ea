"""The README's pictures of the chat, made by the chat itself from a scripted session.

    python -m benchmarks.make_picture [FOLDER]

The SVG files load nothing from the network: Textual's web font is taken out of them.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from localr1.engine.protocol import Prompt, Reasoning
from localr1.tui.app import Localr1App
from localr1.tui.widgets.composer import Composer
from tests.tui.scripted_session import ScriptedSession, Step, reply

FOLDER = Path("docs/pictures")
SIZE = (100, 30)

FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"

QUESTION = "A bat and a ball cost 1.10 together. The bat costs 1.00 more. What does the ball cost?"

THOUGHT = """\
The quick answer would be 10 cents, since 1.10 minus 1.00 is 0.10. Let me check that: then the \
bat costs 1.10, and together that makes 1.20. That is too much, so the quick answer is wrong.

Let me call the ball b. The bat is b + 1.00, and both together are 1.10:

b + (b + 1.00) = 1.10, so 2b = 0.10, and b = 0.05.

Check: the ball is 0.05, the bat is 1.05, the sum is 1.10, and the difference is 1.00. Good.

Wait, I should also say why the first guess fails, since most people make it.
"""

ANSWER = """\
The ball costs **5 cents**.

1. Call the ball *b*; the bat is then *b* + 1.00.
2. Together: `b + (b + 1.00) = 1.10`, so `2b = 0.10`.

| | price | difference | sum |
|---|---|---|---|
| ball, the quick guess | 0.10 | 1.00 | 1.20 |
| ball, correct | **0.05** | 1.00 | **1.10** |

```python
ball = (1.10 - 1.00) / 2  # 0.05
assert round(ball + (ball + 1.00), 2) == 1.10
```
"""


def main() -> None:
    """Write chat.svg and thinking.svg."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    words = re.findall(r"\S*\s+", THOUGHT)
    thinking: list[Step] = [
        Prompt(processed=41, total=41, cached=0),
        *(Reasoning(text=word, tokens=1) for word in words),
        asyncio.Event(),
    ]
    for name, steps in {"chat": reply(THOUGHT, ANSWER), "thinking": thinking}.items():
        svg = asyncio.run(_picture(steps))
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(folder / f"{name}.svg")


async def _picture(steps: list[Step]) -> str:
    app = Localr1App(ScriptedSession(steps), clock=_Clock())  # type: ignore[arg-type]
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.3)
        app.query_one(Composer).cursor_blink = False
        await pilot.press(*QUESTION)
        await pilot.press("enter")
        await pilot.pause(1.0)
        return self_contained(app.export_screenshot(title="localr1"))


def self_contained(svg: str) -> str:
    """The picture without the font that it would load from the network, its last row unclipped."""
    svg = re.sub(r'(clip-terminal">\s*<rect[^>]*height=")[\d.]+', r"\g<1>9999", svg)
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: *[^;]*Fira Code[^;]*;", f"font-family: {FONTS};", svg)


class _Clock:
    """Every look at it is a little later: the counters show a usual speed."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 2.1
        return self._now


if __name__ == "__main__":
    main()
