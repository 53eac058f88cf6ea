"""Problems about numbers: sums, lists, sequences, each with its working and its answer."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import steps
import wordings
from wordings import Wordings


@dataclass(frozen=True)
class Problem:
    """One exchange to learn: what is asked, how it is worked out, what is answered."""

    kind: str
    key: str
    """What makes it this problem and no other; decides between training and evaluation."""
    question: str
    working: tuple[str, ...]
    answer: str
    expected: str | None = None
    """What the box in the answer holds; None where there is no box."""
    result: int | None = None
    """The number a follow-up question can build on."""
    history: tuple[tuple[str, str], ...] = ()
    """Earlier turns: question and answer, without reasoning."""


Maker = Callable[[Random, bool], Problem]


def is_held_out(key: str) -> bool:
    """Is this problem kept for evaluation? One in twenty is, by a checksum of its key."""
    return zlib.crc32(key.encode()) % 20 == 0


def draw(maker: Maker, rng: Random, *, held_out: bool) -> Problem:
    """A problem of this maker that belongs to the wanted side."""
    while True:
        problem = maker(rng, held_out)
        if is_held_out(problem.key) == held_out:
            return problem


def boxed(statement: str, result: str) -> str:
    """The answer's form: a sentence with the result in bold, then the box."""
    return f"{statement}\n\n\\boxed{{{result}}}"


def ask(rng: Random, choice: Wordings, held_out: bool, **fields: object) -> str:
    """Fill one of the wordings, with the small variations in which people type."""
    return _typed(rng, rng.choice(choice.of(held_out=held_out)).format(**fields))


def ask_operation(rng: Random, sign: str, held_out: bool, a: object, b: object) -> str:
    """As `ask`; training mixes its own sentences with composed ones."""
    texts = wordings.OPERATIONS[sign].of(held_out=held_out)
    if not held_out and rng.random() < 0.5:
        texts = wordings.COMPOSED[sign]
    return _typed(rng, rng.choice(texts).format(a=a, b=b))


def _typed(rng: Random, text: str) -> str:
    text = rng.choice(wordings.GREETED) + text + rng.choice(wordings.CLOSED)
    if rng.random() < 0.08:
        text = text[0].lower() + text[1:]
    if rng.random() < 0.08 and text[-1] in ".?":
        text = text[:-1]
    return text


def number(rng: Random, most_digits: int, least_digits: int = 1) -> int:
    """A number whose count of digits is evenly spread."""
    digits = rng.randint(least_digits, most_digits)
    return rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)


def shown(rng: Random, value: int) -> str:
    """Sometimes with a comma for thousands."""
    return f"{value:,}" if value > 999 and rng.random() < 0.03 else str(value)


def _checked(rng: Random, problem: Problem, check: list[str]) -> Problem:
    """Some problems ask for a check, and some are checked unasked."""
    asked = rng.random() < 0.06
    if not asked and rng.random() > 0.02:
        return problem
    question = problem.question.rstrip() + rng.choice(wordings.CHECK) if asked else problem.question
    working = (*problem.working, "Let me check.", *check, "That fits.")
    return replace(problem, question=question, working=working)


def _operation(
    kind: str, sign: str, a: int, b: int, question: str, working: list[str], result: str
) -> Problem:
    key = f"{kind} {a} {b}"
    answer = boxed(f"{a} {sign} {b} = **{result}**", result)
    value = int(result) if result.lstrip("-").isdigit() else None
    return Problem(kind, key, question, tuple(working), answer, result, value)


def add(rng: Random, held_out: bool) -> Problem:
    a, b = number(rng, 4), number(rng, 4)
    if rng.random() < 0.5:
        b = number(rng, len(str(a)), len(str(a)))
    question = ask_operation(rng, "+", held_out, a=shown(rng, a), b=shown(rng, b))
    problem = _operation("add", "+", a, b, question, steps.add(a, b), str(a + b))
    return _checked(rng, problem, steps.subtract(a + b, b))


def subtract(rng: Random, held_out: bool) -> Problem:
    a, b = number(rng, 4), number(rng, 4)
    if rng.random() < 0.5:
        b = number(rng, len(str(a)), len(str(a)))
    a, b = max(a, b), min(a, b)
    if rng.random() < (0.05 if held_out else 0.25):  # below zero, with small numbers
        a, b = sorted((number(rng, 2), number(rng, 2)))
        if not held_out and rng.random() < 0.4:
            b = a + rng.randint(1, 9)
    question = ask_operation(rng, "-", held_out, a=shown(rng, a), b=shown(rng, b))
    problem = _operation("subtract", "-", a, b, question, steps.subtract(a, b), str(a - b))
    return _checked(rng, problem, steps.add(a - b, b)) if a >= b else problem


def multiply(rng: Random, held_out: bool) -> Problem:
    a, b = number(rng, 3), number(rng, 2)
    if rng.random() < 0.4:
        a, b = number(rng, 3, 2), number(rng, 2, 2)
    question_pair = (a, b)
    a, b = max(a, b), min(a, b)
    first, second = question_pair
    question = ask_operation(rng, "×", held_out, a=first, b=second)
    return _operation("multiply", "×", a, b, question, steps.multiply(a, b), str(a * b))


def divide(rng: Random, held_out: bool) -> Problem:
    d = rng.randint(2, 9)
    a = number(rng, 3, rng.choice((1, 2, 3)))
    if rng.random() < 0.3:
        a = max(a // d, 1) * d
    question = ask_operation(rng, "÷", held_out, a=a, b=d)
    problem = _operation("divide", "÷", a, d, question, steps.divide(a, d), steps.quotient(a, d))
    times, left = divmod(a, d)
    check = [*steps.times(times, d), *(steps.plus(times * d, left) if left else [])]
    return _checked(rng, problem, check) if times and a < 1000 else problem


def compare(rng: Random, held_out: bool) -> Problem:
    if rng.random() < 0.25:
        return _compare_decimals(rng, held_out)
    a = number(rng, 4, 2)
    b = number(rng, 4, 2) if rng.random() < 0.25 else number(rng, len(str(a)), len(str(a)))
    if rng.random() < 0.4:
        keep = rng.randint(1, len(str(a)) - 1)
        b = int(str(a)[:keep] + str(rng.randint(0, 10 ** (len(str(a)) - keep) - 1)))
    if a == b:
        b += 1
    larger = rng.random() < 0.6
    word = rng.choice(("larger", "bigger", "greater") if larger else ("smaller", "lower"))
    result = max(a, b) if larger else min(a, b)
    working = [*steps.compare(a, b)]
    if not larger:
        working.append(f"The smaller one is {result}.")
    question = ask(rng, wordings.COMPARE, held_out, a=a, b=b, larger=word)
    key = f"compare {a} {b}"
    answer = boxed(f"**{result}** is {'larger' if larger else 'smaller'}.", str(result))
    return Problem("compare", key, question, tuple(working), answer, str(result), result)


def _compare_decimals(rng: Random, held_out: bool) -> Problem:
    whole = rng.randint(0, 12)
    a = f"{whole}.{rng.randint(1, 9)}"
    b = f"{whole}.{rng.randint(0, 9)}{rng.randint(1, 9)}"
    if rng.random() < 0.3:
        b = f"{rng.randint(0, 12)}.{rng.randint(1, 9)}"
    if float(a) == float(b):
        b = f"{whole + 1}.5"
    if rng.random() < 0.5:
        a, b = b, a
    result = a if float(a) > float(b) else b
    word = rng.choice(("larger", "bigger", "greater"))
    question = ask(rng, wordings.COMPARE, held_out, a=a, b=b, larger=word)
    answer = boxed(f"**{result}** is larger.", result)
    working = tuple(steps.compare_decimals(a, b))
    return Problem("compare", f"compare {a} {b}", question, working, answer, result)


def sort(rng: Random, held_out: bool) -> Problem:
    most = rng.choice((20, 100, 100, 100))
    numbers = rng.sample(range(1, most), rng.choice((3, 3, 4, 4, 5)))
    descending = rng.random() < 0.4
    order = rng.choice(
        ("largest to smallest", "high to low", "biggest to smallest", "largest first")
        if descending
        else ("smallest to largest", "low to high", "smallest to biggest", "smallest first")
    )
    joined = steps.listed(numbers)
    if rng.random() < 0.2:
        joined = f"{steps.listed(numbers[:-1])} and {numbers[-1]}"
    result = steps.listed(sorted(numbers, reverse=descending))
    question = ask(rng, wordings.SORT, held_out, numbers=joined, order=order)
    question = question.replace("from largest first", "largest first")
    question = question.replace("from smallest first", "smallest first")
    word = "largest" if descending else "smallest"
    answer = boxed(f"In order, {word} first: **{result}**", result)
    working = tuple(steps.sort(numbers, descending=descending))
    return Problem("sort", f"sort {steps.listed(numbers)}", question, working, answer, result)


def sum_list(rng: Random, held_out: bool) -> Problem:
    most = rng.choice((20, 100, 100))
    count = rng.choice((3, 3, 3, 4))
    numbers = [rng.randint(1, most - 1) for _ in range(count)]
    joined = steps.listed(numbers)
    if rng.random() < 0.5:
        joined = f"{steps.listed(numbers[:-1])} and {numbers[-1]}"
    sign = rng.choice((" + ", "+"))
    question = ask(
        rng, wordings.SUM_LIST, held_out, numbers=joined, sum=sign.join(map(str, numbers))
    )
    total = sum(numbers)
    answer = boxed(f"{' + '.join(map(str, numbers))} = **{total}**", str(total))
    working = tuple(steps.add_all(numbers))
    key = f"sum {steps.listed(numbers)}"
    return Problem("sum of a list", key, question, working, answer, str(total), total)


def sequence(rng: Random, held_out: bool) -> Problem:
    shapes = ("up", "up", "up", "down", "down", "times", "sums")
    if not held_out:  # what is learnt least easily is met more often
        shapes += ("down", "times", "sums", "sums", "sums")
    shape = rng.choice(shapes)
    length = rng.randint(4, 5)
    sign = -1 if shape == "down" else 1
    if shape == "times":
        factor = rng.randint(2, 3)
        numbers = [rng.randint(1, 8 if factor == 3 else 20)]
        while len(numbers) < 4:
            numbers.append(numbers[-1] * factor)
    elif shape == "sums":
        most = 20 if held_out else rng.choice((8, 20, 20))
        numbers = [rng.randint(1, most), rng.randint(1, most)]
        while len(numbers) < 5:
            numbers.append(numbers[-1] + numbers[-2])
    else:
        step = rng.randint(1, 10)
        start = rng.randint(1, 60) if shape == "up" else rng.randint(step * length, 99)
        numbers = [start + sign * step * index for index in range(length)]
    working, result = steps.sequence(numbers)
    question = ask(rng, wordings.SEQUENCE, held_out, numbers=steps.listed(numbers))
    answer = boxed(f"The next number is **{result}**.", str(result))
    key = f"sequence {steps.listed(numbers)}"
    return Problem("sequence", key, question, tuple(working), answer, str(result), result)
