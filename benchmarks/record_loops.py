"""Record replies of small real models, most of which end in a loop.

    python -m benchmarks.record_loops [--seconds 150]     # writes tests/data/loops.json.xz

Greedy choice and low temperatures make small models loop. Each reply ends by itself, at
1,500 tokens, or when the loop has gone on for 600; where the loop begins is found afterwards by
benchmarks.loop_truth. What is recorded already is kept: run it again until it says that all are.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.loop_truth import find_loop
from localr1.chat.messages import user_message
from localr1.chat.prompt import choose_format
from localr1.engine import native
from localr1.engine.fitting import PromptMaker
from localr1.engine.sampling import Sampling
from localr1.gguf_header import read_header
from localr1.hardware.load_plan import LoadPlan
from tests.models_on_disk import smollm2_path

OUTPUT = Path(__file__).parents[1] / "tests" / "data" / "loops.json.xz"
DEMO = Path(__file__).parents[1] / "localr1" / "demo" / "localr1-demo.gguf"
LONGEST_TOKENS = 1500
LOOP_TOKENS = 600
"""So much of a loop is enough."""
CHECK_TOKENS = 100

QUESTIONS = (
    "Why is the sky blue? Explain it in every detail.",
    "Write a long story about a lighthouse keeper who finds a letter.",
    "List one hundred ideas for a small garden.",
    "What is the meaning of life? Think about it for a long time.",
    "Prove that the square root of 2 is irrational, step by step.",
    "How many prime numbers are there between 1 and 200? List them and check each one.",
    "Write a very long poem about the sea.",
    "Describe the history of the Roman Empire, century by century.",
    "Explain how a computer works, from the transistor to the web browser.",
    "Write a Python program that plays chess.",
    "Compute 17 times 23 step by step and check the result three times.",
    "Write down the steps to bake bread, at least fifty of them.",
    "What are the differences between all kinds of trees?",
    "Write a dialogue between two philosophers about time that does not end.",
    "Give me a table of all countries with capital and population.",
    "Explain general relativity to a child, then to a student, then to a professor.",
    "Write a letter to my landlord about a broken window. Make it as long as possible.",
    "Solve x^2 - 5x + 6 = 0, then solve x^2 - 7x + 12 = 0, and so on.",
    "Tell me everything about coffee.",
    "Is it better to live in a city or in the country? Weigh all arguments.",
    "Write an HTML page with a form of thirty fields.",
    "Erzähle mir ein langes Märchen von einem Fuchs.",
    "Raconte l'histoire de Paris en détail.",
    "Write the rules of an invented board game.",
    "Think step by step: a farmer has 17 sheep and all but 9 die. How many are left? Check twice.",
    "Write a travel diary of sixty days in Norway, day by day.",
    "Make a study plan for learning mathematics in a year, week by week.",
    "Explain the stock market and name the hundred most important words.",
    "Write song lyrics about rain with many verses.",
    "Continue: one, two, three, four,",
    "What should a young person know about money? Give all the advice that you have.",
    "Explain every rule of chess, one after the other, with examples.",
    "Write a screenplay about two robots that wait for a train.",
    "How are mountains formed? Go through all kinds of them.",
    "Name a hundred animals and say a sentence about each of them.",
    "Write the minutes of a very long meeting.",
    "Explain why 0.999... is equal to 1, in ten different ways.",
    "Write a recipe for every day of the month.",
    "Describe a walk through a forest, minute by minute.",
    "What would happen if the moon vanished? Think about all consequences.",
    "Write SQL statements that create the tables of a library and fill them with books.",
    "Explain the human body, organ by organ.",
    "Write a sermon about patience.",
    "Compare all the programming languages that you know.",
    "Escribe un cuento largo sobre un gato que vive en una biblioteca.",
)
DEMO_QUESTIONS = (
    "What is 17 + 25?",
    "Tell me a long story about the sea.",
    "Anna has 12 apples and buys 30 more, then gives away 7. How many are left?",
    "Add 1234 and 4321 and 1111 and 9 and 80.",
    "Why is the sky blue?",
    "What is 5 + 5 + 5 + 5 + 5 + 5 + 5 + 5 + 5 + 5 + 5 + 5?",
    "What is the meaning of life?",
    "List the numbers from 1 to 100.",
)


class Case(NamedTuple):
    """What is asked of which model, and how."""

    model: str
    question: str
    temperature: float


class Speaker:
    """One loaded model that replies token by token, on one thread."""

    def __init__(self, path: Path) -> None:
        native.load_backends()
        plan = LoadPlan(n_ctx=2048, n_gpu_layers=0, n_threads=1, n_threads_batch=1)
        self._model = native.load_model(os.fsencode(path), plan, lambda _progress: True)
        self._context = native.Context(self._model, plan, native.AbortFlag())
        self.vocabulary = native.Vocabulary(self._model)
        chat = choose_format(read_header(path)).format
        self._prompts = PromptMaker(self.vocabulary, chat, plan.n_ctx)

    def reply(self, question: str, temperature: float) -> Iterator[int]:
        """Token ids, until the reply ends by itself or the window is full."""
        self._context.clear()
        prompt = self._prompts.make((user_message(question),)).tokens
        for start in range(0, len(prompt), self._context.n_ubatch):
            self._context.decode(prompt[start : start + self._context.n_ubatch])
        sampling, handle = Sampling(temperature=temperature, min_p=0.0), self._context.handle
        sampler = native.Sampler(sampling, 1, self._model, handle)
        for _ in range(self._context.n_ctx - len(prompt)):
            token = sampler.draw()
            if self.vocabulary.ends_reply(token):
                break
            yield token
            self._context.decode_one(token)
        sampler.close()

    def text(self, token: int) -> str:
        """Its text; U+FFFD stands for a part of a character."""
        return self.vocabulary.piece(token, special=True).decode("utf-8", "replace")


def cases() -> Iterator[Case]:
    """All that is recorded."""
    for question in QUESTIONS:
        yield Case("smollm2", question, 0.0)
    for question in DEMO_QUESTIONS:
        yield Case("demo", question, 0.0)
    for question in QUESTIONS[:30:2]:
        yield Case("smollm2", question, 0.3)


def record(speaker: Speaker, case: Case) -> list[int]:
    """The token ids of one reply."""
    tokens: list[int] = []
    for token in speaker.reply(case.question, case.temperature):
        tokens.append(token)
        if len(tokens) >= LONGEST_TOKENS or _loops_long(speaker, tokens):
            break
    return tokens


def _loops_long(speaker: Speaker, tokens: list[int]) -> bool:
    if len(tokens) % CHECK_TOKENS:
        return False
    texts = [speaker.text(token) for token in tokens]
    truth = find_loop(texts)
    # loops without a word are given more time by the detector, so they go on to the limit
    has_words = any(map(str.isalpha, "".join(texts[-LOOP_TOKENS // 2 :])))
    return truth is not None and has_words and len(tokens) - truth.begins >= LOOP_TOKENS


def main() -> None:
    """Record what is missing, for so many seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=150.0)
    ends = time.monotonic() + parser.parse_args().seconds
    stored: dict[str, Any] = {"pieces": {}, "replies": []}
    if OUTPUT.exists():
        stored = json.loads(lzma.decompress(OUTPUT.read_bytes()))
    known = {(r["model"], r["question"], r["temperature"]) for r in stored["replies"]}
    missing = [case for case in cases() if case not in known]
    speakers: dict[str, Speaker] = {}
    for case in missing:
        if time.monotonic() > ends:
            break
        if case.model not in speakers:
            speakers[case.model] = Speaker(DEMO if case.model == "demo" else smollm2_path())
        _store(stored, case, record(speakers[case.model], case), speakers[case.model])
    n_loops = _find_loops(stored)
    OUTPUT.write_bytes(lzma.compress(json.dumps(stored, ensure_ascii=False).encode(), preset=9))
    print(f"{len(stored['replies'])} of {len(list(cases()))} replies, {n_loops} in a loop")


def _store(stored: dict[str, Any], case: Case, tokens: list[int], speaker: Speaker) -> None:
    pieces = stored["pieces"].setdefault(case.model, {})
    for token in tokens:
        pieces[str(token)] = speaker.text(token)
    stored["replies"].append({**case._asdict(), "tokens": tokens})
    print(len(tokens), case, flush=True)


def _find_loops(stored: dict[str, Any]) -> int:
    """Note in each reply where its loop begins, and the period; answers how many loop."""
    for reply in stored["replies"]:
        pieces = stored["pieces"][reply["model"]]
        reply["loop"] = find_loop([pieces[str(token)] for token in reply["tokens"]])
    return sum(reply["loop"] is not None for reply in stored["replies"])


if __name__ == "__main__":
    main()
