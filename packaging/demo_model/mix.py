"""Which kinds of problem there are and how often each is drawn for training."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import calendar_problems
import problems
import stories
import talk
from problems import Maker, Problem

MAKERS: dict[str, tuple[Maker, float]] = {
    "add": (problems.add, 14),
    "subtract": (problems.subtract, 24),
    "multiply": (problems.multiply, 7),
    "divide": (problems.divide, 9),
    "compare": (problems.compare, 9),
    "sort": (problems.sort, 11),
    "sum of a list": (problems.sum_list, 4),
    "sequence": (problems.sequence, 16),
    "word problem": (stories.word_problem, 15),
    "time": (calendar_problems.time_of_day, 14),
    "weekday": (calendar_problems.weekday, 6),
    "date": (calendar_problems.date, 7),
    "logic": (stories.logic, 60),
    "follow-up": (talk.follow_up, 10),
    "conversation": (talk.small_talk, 2),
    "repeating": (talk.echo, 3),
    "outside": (talk.outside, 4),
}


def training_problems(seed: int) -> Iterator[Problem]:
    """An endless stream of problems to train on; none of them is kept for evaluation."""
    rng = Random(seed)
    names = list(MAKERS)
    weights = [MAKERS[name][1] for name in names]
    while True:
        yield problems.draw(MAKERS[rng.choices(names, weights)[0]][0], rng, held_out=False)


def held_out_problems(seed: int, kinds: tuple[str, ...], count: int) -> list[Problem]:
    """Different problems, or the same in other words, that are kept for evaluation."""
    rng = Random(seed)
    found: dict[str, Problem] = {}
    while len(found) < count:
        maker, _ = MAKERS[kinds[len(found) % len(kinds)]]
        problem = problems.draw(maker, rng, held_out=True)
        found[f"{problem.key} {problem.question}"] = problem
    return list(found.values())
