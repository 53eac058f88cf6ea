"""Reasoning that is bounded, always ends in an answer, and can be steered; with real models.

    python -m benchmarks.reasoning_control [--replies 200] [--output docs/reasoning-control.md]

The demo thinks by itself. SmolLM2 does not: a reasoning block is opened for it. Replies are sampled
with a seed for each.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from localr1.chat.effort import CLOSING_SENTENCE, grace_tokens
from localr1.chat.messages import CLOSED_ENDS, user_message
from localr1.chat.prompt import ChatFormat, choose_format
from localr1.engine.client import EngineClient
from localr1.engine.protocol import (
    Answer,
    BegunReply,
    Command,
    Done,
    Event,
    Failed,
    Generate,
    Load,
    Ready,
    Reasoning,
    ReasoningRule,
)
from localr1.engine.sampling import Sampling
from localr1.gguf_header import read_header
from localr1.hardware.load_plan import LoadPlan
from localr1.models.reference import demo_path
from tests.models_on_disk import smollm2_path

BUDGETS = (0, 1, 16, 64, 256)
SECONDS = 1.0
ANSWER_TOKENS = 96
"""Room for the answer in the limit of a whole reply: it is only looked at whether there is one."""

QUESTIONS = (
    "Why is the sky blue? Explain in detail.",
    "写一首关于大海的诗，并解释它。",
    "Write ten emoji and say what each of them means. 🙂🌊🚀",
    "Tell a long story about a lighthouse keeper.",
    "Объясни, почему зимой холодно.",
)
"""For SmolLM2; several alphabets, so that a cut can fall into a character."""

_BOX = re.compile(r"\\boxed\{(\d+)\}")
_SUM_DIGIT = re.compile(r"(\d), write")
"""The last digit of a column's sum in the demo's working: "7+6=13, write 3"."""


class Talk:
    """A worker with one model.

    Args:
        path: the model.
        n_ctx: the context window, in tokens.
        logs: folder for the worker's log.
        force: open a reasoning block for a model that does not think.
        n_threads: of the worker.
    """

    def __init__(
        self, path: Path, n_ctx: int, logs: Path, *, force: bool = False, n_threads: int = 2
    ) -> None:
        self._path = path
        self._client = EngineClient(logs)
        self._force = force
        self._plan = LoadPlan(
            n_ctx=n_ctx,
            n_gpu_layers=0,
            n_threads=n_threads,
            n_threads_batch=n_threads,
            flash_attn="off",  # as localr1 plans it for a CPU
        )

    async def __aenter__(self) -> Talk:
        await self._client.start()
        chat = choose_format(read_header(self._path)).format
        if self._force:
            chat = msgspec.structs.replace(chat, thinks=True, force_thinking=True)
        self.chat: ChatFormat = chat
        path = os.fsencode(self._path)
        command = Load(self._client.new_id(), path, self._plan, chat, self._path.stem)
        events = [event async for event in self._client.ask(command)]
        assert isinstance(events[-1], Ready), events[-1]
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.close()

    def new_id(self) -> int:
        """An id for the next command."""
        return self._client.new_id()

    def ask(self, command: Command) -> AsyncIterator[Event]:
        """The events of a command."""
        return self._client.ask(command)

    async def reply(
        self,
        question: str,
        sampling: Sampling,
        rule: ReasoningRule | None = None,
        begun: BegunReply | None = None,
        max_tokens: int | None = None,
    ) -> Reply:
        """One reply, begun text included."""
        command = Generate(
            self._client.new_id(),
            (user_message(question),),
            sampling,
            max_tokens,
            reasoning=rule or ReasoningRule(closing_words=CLOSING_SENTENCE),
            begun=begun,
        )
        events = [event async for event in self._client.ask(command)]
        done = events[-1]
        if isinstance(done, Failed):
            raise SystemExit(done.message)
        assert isinstance(done, Done)
        before = begun or BegunReply()
        thought = before.reasoning + _text(events, Reasoning)
        return Reply(thought, before.answer + _text(events, Answer), done)


class Reply(NamedTuple):
    """What came of a question."""

    thought: str
    answer: str
    done: Done

    @property
    def is_closed(self) -> bool:
        """There was a block, and it is over."""
        return self.done.reasoning_ended_by in CLOSED_ENDS


class Bounded(NamedTuple):
    """Replies with one limit."""

    model: str
    limit: str
    most_allowed: int | None
    replies: int
    closed: int
    answered: int
    most_tokens: int
    broken_characters: int

    @property
    def is_sound(self) -> bool:
        """Every reply ended as it should."""
        within = self.most_allowed is None or self.most_tokens <= self.most_allowed
        all_good = self.closed == self.answered == self.replies
        return all_good and within and not self.broken_characters


def rules() -> list[tuple[str, ReasoningRule]]:
    """The limits that are tried, by name."""
    named = [
        (
            f"{budget} tokens",
            ReasoningRule(
                max_tokens=budget, grace_tokens=grace_tokens(budget), closing_words=CLOSING_SENTENCE
            ),
        )
        for budget in BUDGETS
    ]
    return [*named, ("1 s", ReasoningRule(max_seconds=SECONDS, closing_words=CLOSING_SENTENCE))]


async def bounded(talk: Talk, model: str, each: int) -> list[Bounded]:
    """So many replies with each limit."""
    rows = []
    for name, rule in rules():
        replies = []
        for seed in range(each):
            question = _sum(seed)[0] if model == "demo" else QUESTIONS[seed % len(QUESTIONS)]
            sampling = Sampling(temperature=0.8, seed=seed)
            limit = None if model == "demo" else (rule.max_tokens or 160) * 2 + ANSWER_TOKENS
            replies.append(await talk.reply(question, sampling, rule, max_tokens=limit))
        allowed = None if rule.max_tokens is None else rule.max_tokens + rule.grace_tokens
        rows.append(
            Bounded(
                model,
                name,
                allowed,
                len(replies),
                sum(reply.is_closed for reply in replies),
                sum(bool(reply.answer.strip()) for reply in replies),
                max(reply.done.reasoning_tokens for reply in replies),
                sum("\N{REPLACEMENT CHARACTER}" in reply.thought for reply in replies),
            )
        )
    return rows


async def small_window(logs: Path, runs: int, n_threads: int) -> tuple[int, int]:
    """A window of 512 tokens and a sum of forty numbers: answers, and thoughts that were ended."""
    numbers = random.Random(5)
    answers = ended = 0
    async with Talk(demo_path(), 512, logs, n_threads=n_threads) as talk:
        for seed in range(runs):
            listed = ", ".join(str(numbers.randint(10, 99)) for _ in range(40))
            question = f"What is the sum of {listed}?"
            reply = await talk.reply(question, Sampling(temperature=1.2, top_p=1.0, seed=seed))
            answers += bool(reply.answer.strip())
            ended += reply.done.reasoning_ended_by != "closed"
    return answers, ended


class Steered(NamedTuple):
    """What became of digits that were changed by hand."""

    problems: int
    followed: int
    """A wrong digit led to the answer that it implies."""
    returned: int
    """The right digit put back led to the right answer."""
    most_read: int
    """Tokens read to go on, at most, that were not in the cache."""
    most_new: int
    """Tokens in the words put in, at most, with the one that is always read again."""


async def steered(talk: Talk, problems: int) -> Steered:
    """Change a digit of the demo's working, let it go on; put the right one back likewise."""
    followed = returned = tried = most_read = 0
    seed = 1000
    greedy = Sampling(temperature=0, seed=1)
    while tried < problems:
        seed += 1
        question, total = _sum(seed)
        reply = await talk.reply(question, greedy)
        steps = list(_SUM_DIGIT.finditer(reply.thought))
        if _result(reply) != total or not steps:
            continue
        tried += 1
        place = random.Random(seed).randrange(len(steps))
        step, digit = steps[place], int(steps[place][1])
        wrong = (digit + random.Random(seed).randint(1, 9)) % 10
        for shown, expected in (
            (wrong, total + (wrong - digit) * 10**place),
            (digit, total),
        ):
            # with the comma, or the model may make a longer number of it
            begun = BegunReply(reasoning=f"{reply.thought[: step.start(1)]}{shown},")
            gone_on = await talk.reply(question, greedy, begun=begun)
            is_right = _result(gone_on) == expected
            followed += is_right and shown == wrong
            returned += is_right and shown == digit
            done = gone_on.done
            most_read = max(most_read, done.prompt_tokens - done.cached_tokens)
    return Steered(problems, followed, returned, most_read, 3)


def _sum(seed: int) -> tuple[str, int]:
    draw = random.Random(seed)
    a, b = draw.randint(100, 999), draw.randint(100, 999)
    return f"What is {a} + {b}?", a + b


def _result(reply: Reply) -> int | None:
    found = _BOX.search(reply.answer)
    return int(found[1]) if found else None


def _text(events: list[Event], kind: type[Reasoning] | type[Answer]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


def bounded_table(rows: list[Bounded]) -> str:
    """As Markdown."""
    lines = [
        "| model | limit | replies | block closed | answer | most tokens | allowed with grace "
        "| broken characters |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.model} | {row.limit} | {row.replies} | {row.closed} | {row.answered} "
        f"| {row.most_tokens} | {row.most_allowed if row.most_allowed is not None else '-'} "
        f"| {row.broken_characters} |"
        for row in rows
    ]
    return "\n".join(lines)


PAGE = """# Reasoning under control

Measured by `python -m benchmarks.reasoning_control` (part of `make acceptance`; a short form is a
test).

## Limits

Each reply has to close its block and to answer; its reasoning tokens never exceed the limit and its
grace.

{bounded}

In all {closed} of {replies} blocks closed, {answered} answers.

## A small window

A window of 512 tokens, a sum of forty numbers, temperature 1.2: {small_answers} answers in
{small_runs} replies; {small_ended} thoughts were ended to leave room for them.

## Steering

A digit of the demo's written addition was changed by hand, the rest cut off, and the model went on;
then the right digit was put back in the same way.

| | of {problems} |
|---|---:|
| follows the wrong digit to the answer that it implies | {followed} |
| comes back to the right answer | {returned} |

Going on read at most {most_read} tokens that were not in the cache.
"""


async def measure(replies: int, runs: int, problems: int, n_threads: int) -> tuple[str, bool]:
    """The page, and whether all goals hold."""
    each = -(-replies // (2 * len(rules())))
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        async with Talk(demo_path(), 1024, logs, n_threads=n_threads) as demo:
            rows = await bounded(demo, "demo", each)
            steering = await steered(demo, problems)
        smollm2 = smollm2_path()
        async with Talk(smollm2, 1024, logs, force=True, n_threads=n_threads) as talk:
            rows += await bounded(talk, "SmolLM2", each)
        answers, ended = await small_window(logs, runs, n_threads)
    page = PAGE.format(
        bounded=bounded_table(rows),
        replies=sum(row.replies for row in rows),
        closed=sum(row.closed for row in rows),
        answered=sum(row.answered for row in rows),
        small_answers=answers,
        small_runs=runs,
        small_ended=ended,
        problems=steering.problems,
        followed=steering.followed,
        returned=steering.returned,
        most_read=steering.most_read,
    )
    is_sound = (
        all(row.is_sound for row in rows)
        and answers == runs
        and min(steering.followed, steering.returned) >= 0.9 * problems
        and steering.most_read <= steering.most_new
    )
    return page, is_sound


def main() -> int:
    """Run all three, print the page; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--replies", type=int, default=204)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--problems", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="write the page here as well")
    chosen = parser.parse_args()
    page, is_sound = asyncio.run(
        measure(chosen.replies, chosen.runs, chosen.problems, chosen.threads)
    )
    print(page)
    if chosen.output:
        chosen.output.write_text(page, encoding="utf-8")
    return 0 if is_sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
