"""Measure the demo model as it ships: the GGUF, through localr1's own worker, sampled as R1 is.

    python evaluate.py MODEL.gguf [--problems 1000] [--follow-ups 100] [--outside 200]
        [--closed 200] [--seed N]

Prints Markdown tables for the model card. Problems and wordings are those kept from training; the
default seed draws those of the card. Whoever changes the training looks at other draws meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import mix
import msgspec
import talk
from problems import Problem

from localr1.chat.messages import Message, TextPart, user_message
from localr1.chat.prompt import ChatFormat
from localr1.engine.client import EngineClient
from localr1.engine.protocol import Answer, Done, Failed, Generate, Load, Ready, Reasoning
from localr1.engine.sampling import choose_sampling
from localr1.errors import Localr1Error
from localr1.hardware.load_plan import LoadPlan
from localr1.settings import Settings

CHAT = ChatFormat(style="r1", thinks=True)
SAMPLING = choose_sampling(CHAT, Settings())
KINDS = (
    "add",
    "subtract",
    "add",
    "subtract",
    "multiply",
    "divide",
    "compare",
    "sort",
    "sum of a list",
    "sequence",
    "word problem",
    "word problem",
    "time",
    "weekday",
    "date",
    "logic",
)
N_CTX = 8192
CARD_SEED = 20261126
"""Draws the problems of the card; FOLLOW_UPS and OUTSIDE after it draw the other questions."""
FOLLOW_UPS, OUTSIDE = 1, 2
BOX = re.compile(r"\\boxed\{([^{}]*)\}")


@dataclass(frozen=True)
class Reply:
    reasoning: str
    answer: str
    done: Done

    @property
    def boxed(self) -> str | None:
        found = BOX.findall(self.answer)
        return found[-1] if found else None

    @property
    def is_well_formed(self) -> bool:
        """A closed reasoning block, then an answer, then its own end."""
        return (
            self.done.reasoning_ended_by == "closed"
            and bool(self.answer.strip())
            and self.done.finish_reason == "stop"
        )


class Model:
    """The GGUF in a worker."""

    def __init__(self, file: Path, logs: Path) -> None:
        self._file = file
        self._client = EngineClient(logs)

    async def __aenter__(self) -> Model:
        await self._client.start()
        plan = LoadPlan(n_ctx=N_CTX, n_gpu_layers=0, n_threads=1, n_threads_batch=1)
        load = Load(self._client.new_id(), os.fsencode(self._file.absolute()), plan, CHAT, "demo")
        async for event in self._client.ask(load):
            if isinstance(event, Failed):
                await self._client.close()
                raise Localr1Error(event.message)
            if isinstance(event, Ready):
                print(f"{event.model.quant_type}, {event.model.parameters:,} parameters\n")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def reply(self, problem: Problem, seed: int) -> Reply:
        messages: list[Message] = []
        for question, answer in problem.history:
            messages += [user_message(question), Message("assistant", (TextPart(answer),))]
        messages.append(user_message(problem.question))
        sampling = msgspec.structs.replace(SAMPLING, seed=seed)
        command = Generate(self._client.new_id(), tuple(messages), sampling)
        reasoning = answer = ""
        async for event in self._client.ask(command):
            if isinstance(event, Reasoning):
                reasoning += event.text
            elif isinstance(event, Answer):
                answer += event.text
            elif isinstance(event, Done):
                return Reply(reasoning, answer, event)
            elif isinstance(event, Failed):
                raise Localr1Error(event.message)
        raise Localr1Error("the worker ended without a reply")


def table(title: str, right: Counter[str], asked: Counter[str]) -> None:
    """Right answers by kind."""
    print(f"| {title} | right | of | % |\n|---|---:|---:|---:|")
    for kind in sorted(asked):
        print(f"| {kind} | {right[kind]} | {asked[kind]} | {100 * right[kind] / asked[kind]:.1f} |")
    total, count = right.total(), asked.total()
    print(f"| **all** | **{total}** | **{count}** | **{100 * total / count:.1f}** |\n", flush=True)


async def measure(model: Model, title: str, found: list[Problem], *, show: bool) -> int:
    """Ask every problem, print the table, return how many replies were well formed."""
    right, asked, formed = Counter[str](), Counter[str](), 0
    for seed, problem in enumerate(found):
        reply = await model.reply(problem, seed)
        asked[problem.kind] += 1
        formed += reply.is_well_formed
        if reply.boxed == problem.expected:
            right[problem.kind] += 1
        elif show:
            print(f"{problem.question!r} -> {reply.boxed!r}, not {problem.expected!r}")
            print(f"    {reply.reasoning.strip()!r}", flush=True)
    table(title, right, asked)
    return formed


def long_noise(rng: Random) -> Problem:
    """2,000 characters that mean nothing here."""
    text = ""
    while len(text) < 2000:
        text += draw_outside(rng).question + " "
    return Problem("outside", "", text[:2000], (), "")


def draw_outside(rng: Random) -> Problem:
    return talk.outside(rng, True)


async def measure_outside(model: Model, count: int, drawn_by: int) -> tuple[int, int]:
    """How many replies outside the domain ended by themselves, and how many were well formed."""
    rng = Random(drawn_by)
    ended = formed = 0
    for seed in range(count):
        problem = long_noise(rng) if seed % 5 == 0 else draw_outside(rng)
        reply = await model.reply(problem, seed)
        ended += reply.done.finish_reason == "stop"
        formed += reply.is_well_formed
    return ended, formed


def measure_closed(file: Path, found: list[Problem]) -> Counter[str]:
    """Right answers when the reasoning block is closed at once."""
    from llama_cpp import Llama  # the raw prompt is needed here, which the worker does not take

    llama = Llama(str(file), n_ctx=2048, n_threads=1, verbose=False)
    right = Counter[str]()
    for seed, problem in enumerate(found):
        opened = "".join(
            f"<｜User｜>{question}<｜Assistant｜>{answer}<｜end▁of▁sentence｜>"
            for question, answer in problem.history
        )
        prompt = (
            f"<｜begin▁of▁sentence｜>{opened}<｜User｜>{problem.question}"
            "<｜Assistant｜><think>\n</think>\n\n"
        )
        tokens = llama.tokenize(prompt.encode(), add_bos=False, special=True)
        result = llama.create_completion(
            tokens,
            max_tokens=100,
            temperature=SAMPLING.temperature,
            top_k=SAMPLING.top_k,
            top_p=SAMPLING.top_p,
            min_p=SAMPLING.min_p,
            repeat_penalty=1.0,
            seed=seed,
        )
        boxes = BOX.findall(result["choices"][0]["text"])
        right[problem.kind] += bool(boxes) and boxes[-1] == problem.expected
    return right


async def run(options: argparse.Namespace) -> None:
    found = mix.held_out_problems(options.seed, KINDS, options.problems)
    turns = mix.held_out_problems(options.seed + FOLLOW_UPS, ("follow-up",), options.follow_ups)
    print(
        f"Seed {options.seed}: {options.problems} questions, {len({p.key for p in found})} problems"
    )
    with tempfile.TemporaryDirectory() as logs:
        async with Model(options.file, Path(logs)) as model:
            formed = await measure(model, "held-out problems", found, show=options.show)
            formed += await measure(model, "held-out follow-up turns", turns, show=options.show)
            outside = await measure_outside(model, options.outside, options.seed + OUTSIDE)
    asked = options.problems + options.follow_ups
    print(f"Replies with a closed block and an answer: {formed} of {asked}.")
    print(f"Outside the domain: {outside[0]} of {options.outside} ended by themselves,")
    print(f"{outside[1]} with a closed block and an answer.\n")
    if options.closed:
        some = found[: options.closed]
        right = measure_closed(options.file, some)
        table("reasoning closed at once", right, Counter(problem.kind for problem in some))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--follow-ups", type=int, default=100)
    parser.add_argument("--outside", type=int, default=200)
    parser.add_argument("--closed", type=int, default=200)
    parser.add_argument("--seed", type=int, default=CARD_SEED, help="of the questions")
    parser.add_argument("--show", action="store_true", help="print what went wrong")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
