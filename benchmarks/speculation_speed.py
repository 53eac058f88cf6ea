"""Generation with looked-up guesses beside plain generation: a file to edit, and free text.

    python -m benchmarks.speculation_speed [--rounds 3]

The model has random weights in the shape of Qwen3-0.6B, which copies nothing. So what it writes is
given: after each draw, which is made and paid for, the next token of a known text is taken instead:
a module of the standard library with some names changed, as a model that was asked for it would
write, or Python's own help. The two ways are measured in turn; each figure is a median of the
rounds.

Then SmolLM2 writes at temperature 0 with and without guesses: the texts must be the same.
"""

from __future__ import annotations

import argparse
import io
import os
import pydoc
import random
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.draft_simulation import with_new_names
from benchmarks.random_model import QWEN3_0_6B, random_model
from localr1.chat.messages import user_message
from localr1.chat.prompt import choose_format
from localr1.engine import native
from localr1.engine.llama_backend import LlamaBackend
from localr1.engine.protocol import Done, Generate, Load, ReasoningRule, Speculation
from localr1.engine.rpc import RpcServers
from localr1.engine.sampling import Sampling
from localr1.gguf_header import read_header
from localr1.hardware.load_plan import LoadPlan
from tests.greedy_ties import GreedyWriter, assert_same_but_for_ties
from tests.models_on_disk import smollm2_path

GOAL_COPY, GOAL_FREE = 1.3, 0.97
NEW_TOKENS = 300
FILE_CHARACTERS = 3000
CHANGED_NAMES = 0.03
FILES = ("bisect", "shlex", "queue")
HELP = ("json", "argparse", "logging")
PROMPTS = (
    "Tell a long story about a lighthouse keeper and a storm.",
    "Explain in detail how rain forms and why it sometimes hails.",
    "Describe the history of the printing press.",
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


class Task(NamedTuple):
    """A question, and what is written."""

    name: str
    question: str
    reply: str


def files_to_edit() -> Iterator[Task]:
    """Modules with some names changed."""
    for name in FILES:
        source = Path(str(__import__(name).__file__)).read_text("utf-8")[:FILE_CHARACTERS]
        edited = with_new_names(source, CHANGED_NAMES, random.Random(name))
        question = f"Give some things in this file better names:\n```python\n{source}```\n"
        yield Task(name, question, f"```python\n{edited}")


def free_text() -> Iterator[Task]:
    """Help on modules."""
    for name in HELP:
        page = io.StringIO()
        pydoc.Helper(output=page).help(name)
        yield Task(name, f"What does Python's module {name} do?", page.getvalue())


class Replay:
    """Draws in the place of `native.Sampler`, with tokens that are known."""

    tokens: Sequence[int] = ()

    def __init__(self, sampling: Sampling, seed: int, model: object, context: object) -> None:
        self._sampler = _SAMPLER(sampling, seed, model, context)
        self._given = iter(Replay.tokens)
        self.seed = seed

    def draw(self, row: int = -1) -> int:
        """A draw that is paid for, and the token that is written."""
        self._sampler.draw(row)
        return next(self._given)

    def forbid(self, tokens: Sequence[int], row: int) -> None:
        """Nothing to forbid: the text is known."""

    def penalize_repetition(self, recent: Sequence[int]) -> None:
        """The text is known."""

    def close(self) -> None:
        """Free the sampler."""
        self._sampler.close()


_SAMPLER = native.Sampler


class Typist:
    """A model that writes what it is given."""

    def __init__(self, path: Path, n_threads: int) -> None:
        self.backend = LlamaBackend(native.NativeLog(), RpcServers())
        plan = LoadPlan(
            n_ctx=4096,
            n_gpu_layers=0,
            n_threads=n_threads,
            n_threads_batch=n_threads,
            flash_attn="off",
        )
        chat = choose_format(read_header(path)).format
        self.backend.load(Load(1, os.fsencode(path), plan, chat, "M"), lambda _event: None)

    def tps(self, task: Task, speculate: Speculation) -> Done:
        """Write the task's reply."""
        vocabulary = self.backend._vocabulary
        Replay.tokens = vocabulary.tokenize(task.reply.encode(), parse_special=False)
        native.Sampler = Replay  # type: ignore[assignment,misc]
        try:
            command = Generate(
                2,
                (user_message(task.question),),
                Sampling(seed=1),
                min(NEW_TOKENS, len(Replay.tokens)),
                reasoning=ReasoningRule(max_tokens=0),
                speculate=speculate,
            )
            return self.backend.generate(command, lambda _event: None)
        finally:
            native.Sampler = _SAMPLER  # type: ignore[misc]


def ratio(typist: Typist, task: Task, rounds: int) -> float:
    """Guessing over plain, in tokens a second."""
    plain, guessed, done = [], [], None
    for _ in range(rounds):
        plain.append(typist.tps(task, "off").generation_tps or 0.0)
        done = typist.tps(task, "lookup")
        guessed.append(done.generation_tps or 0.0)
    assert done is not None
    before, after = statistics.median(plain), statistics.median(guessed)
    print(
        f"  {task.name}: {before:.1f} -> {after:.1f} tokens/s ({after / before:.2f}), "
        f"{done.accepted_tokens} of {done.drafted_tokens} guesses right",
        flush=True,
    )
    return after / before


def check_texts() -> None:
    """Greedy texts are the same with and without, but for ties; stops with the place if not."""
    writer = GreedyWriter(smollm2_path())
    same = drafted = 0
    for question in PROMPTS:
        plain, guessed = writer.write(question, "off"), writer.write(question, "lookup")
        assert_same_but_for_ties(writer, plain, guessed)
        same += plain.tokens == guessed.tokens
        drafted += guessed.done.drafted_tokens
    print(
        f"greedy text: {same} of {len(PROMPTS)} the same with {drafted} guesses as without; any "
        "others part where the two best logits are nearer than rounding"
    )


def main() -> int:
    """Measure, print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    typist = Typist(random_model("0.6b", QWEN3_0_6B), arguments.threads)
    ratios = {}
    for kind, tasks in (("edit this file", files_to_edit()), ("free text", free_text())):
        print(f"{kind}:")
        ratios[kind] = statistics.median(ratio(typist, each, arguments.rounds) for each in tasks)
    copied, free = ratios.values()
    print(f"edit this file: {copied:.2f} (goal: at least {GOAL_COPY})")
    print(f"free text: {free:.2f} (goal: at least {GOAL_FREE})")
    check_texts()
    return 0 if copied >= GOAL_COPY and free >= GOAL_FREE else 1


if __name__ == "__main__":
    raise SystemExit(main())
