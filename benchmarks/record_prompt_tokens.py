"""Write tests/data/r1_prompt_tokens.json: what llama.cpp itself makes of R1's prompts.

The strings come from the real template through Jinja; the ids from llama.cpp's own
`llama-tokenize` on a file with the R1 Qwen distills' vocabulary. Nothing of localr1's prompt or
tokenizing code takes part.

    python -m benchmarks.record_prompt_tokens PATH/TO/llama-tokenize
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.tiny_models import write_r1_qwen_vocabulary_model

REPOSITORY = Path(__file__).parent.parent
TEMPLATE = REPOSITORY / "tests/data/templates/deepseek-r1-distill-qwen-32b.jinja"
OUTPUT = REPOSITORY / "tests/data/r1_prompt_tokens.json"

CONVERSATIONS = {
    "one question": [["user", "What is 1 + 1?"]],
    "system text": [["system", "Answer in French."], ["user", "Hello"]],
    "old reasoning is dropped": [
        ["user", "Hi"],
        ["assistant", "<think>\nGreet.\n</think>Hello!"],
        ["user", "2,345 * 17 = ?"],
    ],
    "scripts, emoji, white space": [
        [
            "user",
            "  你好，世界  \n\n\tdef f(x):\n    return x**2\r\n"
            "🙂👩‍👩‍👧 é e\u0301 ﬁ \u00a0 1234567890",
        ],
    ],
    "empty question": [["user", ""]],
}


def main() -> None:
    """Render, tokenize, write."""
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
        TEMPLATE.read_text(encoding="utf-8")
    )
    with tempfile.TemporaryDirectory() as folder:
        model = write_r1_qwen_vocabulary_model(Path(folder) / "vocabulary.gguf")
        rows = {}
        for name, turns in CONVERSATIONS.items():
            rendered = template.render(
                messages=[{"role": role, "content": content} for role, content in turns],
                bos_token="<｜begin▁of▁sentence｜>",
                add_generation_prompt=True,
                enable_thinking=True,
            )
            rows[name] = {
                "turns": turns,
                "rendered": rendered,
                "ids": tokenize(sys.argv[1], model, rendered),
            }
    OUTPUT.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def tokenize(program: str, model: Path, text: str) -> list[int]:
    """Token ids by llama-tokenize; BOS comes from the text, as the template prints it."""
    command = [program, "-m", str(model), "--stdin", "--ids", "--no-bos", "--log-disable"]
    result = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    ids: list[int] = json.loads(result.stdout)
    return ids


if __name__ == "__main__":
    main()
