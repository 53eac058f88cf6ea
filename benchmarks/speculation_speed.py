"""Generation with looked-up guesses beside plain generation: a file to edit, and free text.

    python -m benchmarks.speculation_speed [--rounds 3]

SmolLM2 at temperature 0, so that both ways write the same. "Edit this file" holds a module of the
standard library; the reply is begun with its first lines, since so small a model would rather talk
about the file. The two ways are measured in turn; each figure is a median of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import statistics
import tempfile
from pathlib import Path

from benchmarks.reasoning_control import Talk
from localr1.chat.messages import user_message
from localr1.engine.protocol import BegunReply, Done, Generate, Speculation
from localr1.engine.sampling import Sampling
from tests.greedy_ties import GreedyWriter, assert_same_but_for_ties
from tests.models_on_disk import smollm2_path

GOAL_COPY, GOAL_FREE = 1.3, 0.97
_NEW_TOKENS = 400
_FILE_LINES, _BEGUN_LINES = 90, 12
FILES = ("bisect", "sched", "queue")
FREE = (
    "Tell a long story about a lighthouse keeper and a storm.",
    "Explain in detail how rain forms and why it sometimes hails.",
    "Describe the history of the printing press.",
)
PROMPTS = (
    *FREE,
    "Count from one to forty in words.",
    "Repeat this sentence five times: The ship sails at dawn.",
    "Write a list of twenty animals.",
    "Write a Python function that adds two numbers, then explain it.",
    "What is the capital of France?",
    "Translate 'good morning' into five languages.",
    "Write a short poem about the sea.",
    "Give ten reasons to read books.",
    "Summarize: The cat sat on the mat. The cat sat on the mat. The cat was happy.",
    "Write the alphabet three times.",
    "What is gravity?",
    "Write a letter to a friend about a journey.",
    "List the days of the week, then list them backwards.",
    "Explain what a function is in mathematics.",
    "Write a dialogue between two sailors.",
    "Name the planets and say one thing about each.",
    "Write the numbers 1 to 30 separated by commas.",
)


def edit_question(module: str) -> tuple[str, str]:
    """A question that holds a file, and the beginning of the reply."""
    lines = inspect.getsource(importlib.import_module(module)).splitlines()[:_FILE_LINES]
    text = "\n".join(lines)
    question = (
        f"Here is a file:\n\n{text}\n\nWrite the whole file again and correct its typing errors."
    )
    return question, "\n".join(lines[:_BEGUN_LINES]) + "\n"


async def tps(talk: Talk, question: str, begun: str, speculate: Speculation) -> tuple[float, Done]:
    """Tokens a second of one reply."""
    command = Generate(
        talk.new_id(),
        (user_message(question),),
        Sampling(temperature=0, seed=1),
        _NEW_TOKENS,
        begun=BegunReply(is_closed=True, answer=begun) if begun else None,
        speculate=speculate,
    )
    done = None
    async for event in talk.ask(command):
        done = event
    assert isinstance(done, Done), done
    return done.generation_tps or 0.0, done


async def ratios(talk: Talk, questions: list[tuple[str, str]], rounds: int) -> list[float]:
    """Guessing over plain, of each question."""
    found = []
    for question, begun in questions:
        plain, guessed = [], []
        for _ in range(rounds):
            plain.append((await tps(talk, question, begun, "off"))[0])
            speed, done = await tps(talk, question, begun, "lookup")
            guessed.append(speed)
        found.append(statistics.median(guessed) / statistics.median(plain))
        print(
            f"  {statistics.median(plain):.1f} -> {statistics.median(guessed):.1f} tokens/s "
            f"({found[-1]:.2f}), {done.accepted_tokens} of {done.drafted_tokens} guesses right, "
            f"{done.answer_tokens} tokens: {question[:40]!r}",
            flush=True,
        )
    return found


async def measure(rounds: int, n_threads: int) -> tuple[float, float]:
    """Median ratios: files to edit, free text."""
    with tempfile.TemporaryDirectory() as logs:
        async with Talk(smollm2_path(), 4096, Path(logs), n_threads=n_threads) as talk:
            print("edit this file:")
            copied = await ratios(talk, [edit_question(name) for name in FILES], rounds)
            print("free text:")
            free = await ratios(talk, [(question, "") for question in FREE], rounds)
    return statistics.median(copied), statistics.median(free)


def check_texts() -> None:
    """Greedy texts are the same with and without, but for ties; stops with the place if not."""
    writer = GreedyWriter(smollm2_path())
    same = 0
    for question in PROMPTS:
        plain, guessed = writer.write(question, "off"), writer.write(question, "lookup")
        assert_same_but_for_ties(writer, plain, guessed)
        same += plain.tokens == guessed.tokens
    print(
        f"greedy text: {same} of {len(PROMPTS)} the same with and without guesses, the others part "
        "where the two best logits are nearer than rounding"
    )


def main() -> int:
    """Measure, print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    copied, free = asyncio.run(measure(arguments.rounds, arguments.threads))
    print(f"edit this file: {copied:.2f} (goal: at least {GOAL_COPY})")
    print(f"free text: {free:.2f} (goal: at least {GOAL_FREE})")
    check_texts()
    return 0 if copied >= GOAL_COPY and free >= GOAL_FREE else 1


if __name__ == "__main__":
    raise SystemExit(main())
