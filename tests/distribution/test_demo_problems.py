"""The demo's training problems are right, and what it is measured on is not among them."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice, permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "packaging" / "demo_model"
MODULES = ("calendar_problems", "mix", "problems", "steps", "stories", "talk", "wordings")
CALCULATION = re.compile(r"(?<![\d.])(\d+(?:[+×-]\d+)+)=(-?\d+)")
COUNT = 3000


@pytest.fixture(scope="module", autouse=True)
def folder_on_path() -> Iterator[None]:
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))
    for name in MODULES:
        sys.modules.pop(name, None)


def _module(name: str) -> Any:
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def training(folder_on_path: None) -> list[Any]:
    return list(islice(_module("mix").training_problems(11), COUNT))


@pytest.fixture(scope="module")
def held_out(folder_on_path: None) -> list[Any]:
    mix = _module("mix")
    found: list[Any] = mix.held_out_problems(12, tuple(mix.MAKERS), COUNT // 10)
    return found


def _of_kind(found: list[Any], kind: str) -> list[Any]:
    chosen = [problem for problem in found if problem.kind == kind]
    assert len(chosen) > 5
    return chosen


def _value(expression: str) -> int:
    total = 0
    for sign, term in re.findall(r"([+-]?)(\d+(?:×\d+)*)", expression):
        product = 1
        for factor in term.split("×"):
            product *= int(factor)
        total += -product if sign == "-" else product
    return total


def test_every_written_calculation_is_true(training: list[Any], held_out: list[Any]) -> None:
    checked = 0
    for problem in (*training, *held_out):
        for line in problem.working:
            for expression, result in CALCULATION.findall(line):
                assert _value(expression) == int(result), line
                checked += 1
    assert checked > 2 * COUNT


@pytest.mark.parametrize(
    ("kind", "sign"), [("add", "+"), ("subtract", "-"), ("multiply", "*"), ("divide", "/")]
)
def test_an_operation_has_the_result_of_its_operands(
    training: list[Any], kind: str, sign: str
) -> None:
    for problem in _of_kind(training, kind):
        a, b = map(int, problem.key.split()[1:])
        times, left = divmod(a, b) if sign == "/" else (0, 0)
        divided = f"{times} remainder {left}" if left else str(times)
        results = {"+": str(a + b), "-": str(a - b), "*": str(a * b), "/": divided}
        assert problem.expected == results[sign]
        digits = re.sub(r"(\d),(\d)", r"\1\2", problem.question)
        assert {str(a), str(b)} <= set(re.findall(r"\d+", digits))


def test_a_comparison_names_the_larger_or_the_smaller(training: list[Any]) -> None:
    for problem in _of_kind(training, "compare"):
        a, b = problem.key.split()[1:]
        smaller = re.search(r"smaller|lower", problem.question, re.IGNORECASE)
        assert problem.expected == (min if smaller else max)(a, b, key=float)


def test_lists_are_sorted_and_summed(training: list[Any]) -> None:
    for problem in _of_kind(training, "sort"):
        numbers = list(map(int, re.findall(r"\d+", problem.key)))
        question = problem.question.lower()
        down = re.search(r"(largest|biggest) to|high to|largest first", question) is not None
        result = sorted(numbers, reverse=down)
        assert problem.expected == ", ".join(map(str, result))
    for problem in _of_kind(training, "sum of a list"):
        assert problem.expected == str(sum(map(int, re.findall(r"\d+", problem.key))))


def test_a_sequence_goes_on_by_its_rule(training: list[Any]) -> None:
    for problem in _of_kind(training, "sequence"):
        numbers = list(map(int, re.findall(r"\d+", problem.key)))
        before, (first, second), last = numbers[:-1], numbers[:2], numbers[-1]
        rules: tuple[Callable[[int, int], int], ...] = (
            lambda _x, y: y + second - first,  # noqa: B023 - used at once
            lambda x, y: x + y,
            lambda _x, y: y * (second // first),  # noqa: B023
        )
        fitting = {
            rule(numbers[-2], last)
            for rule in rules
            if all(
                rule(x, y) == z for x, y, z in zip(before, numbers[1:], numbers[2:], strict=False)
            )
        }
        assert fitting == {int(problem.expected)}, problem.key


def test_times_are_right(training: list[Any]) -> None:
    for problem in _of_kind(training, "time"):
        _, shape, *numbers = problem.key.split()
        start, span = (*map(int, numbers), 0)[:2]
        if shape == "convert":
            assert _minutes(problem.expected) == start
        elif shape == "between":
            assert _minutes(problem.expected) == span - start
        else:
            at = (start + (span if shape == "after" else -span)) % (24 * 60)
            assert problem.expected == f"{at // 60:02}:{at % 60:02}"


def _minutes(said: str) -> int:
    units = {"hour": 60, "minute": 1}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+) (hour|minute)", said))


def test_dates_are_right(training: list[Any]) -> None:
    months = [name for name, _ in _module("calendar_problems").MONTHS]
    weekdays = _module("calendar_problems").WEEKDAYS
    for problem in _of_kind(training, "date"):
        shape, first, *rest = problem.key.split()
        if shape == "weekday":
            days = int(rest[0]) * (1 if rest[1] == "on" else -1)
            assert problem.expected == weekdays[(int(first) + days) % 7]
        elif shape == "date":
            day = date(2027, months.index(first) + 1, int(rest[0])) + timedelta(int(rest[1]))
            assert problem.expected == f"{months[day.month - 1]} {day.day}"
        else:
            assert problem.expected.split()[0] == rest[1]


def test_orders_follow_from_what_was_told(training: list[Any]) -> None:
    orders = _module("stories").ORDERS
    names = _module("wordings").NAMES
    for problem in _of_kind(training, "logic"):
        told = re.findall(
            r"(?<!if )(?<!whether )\b(\w+) is (\w+) than (\w+)(?:\.| and)", problem.key
        )
        more = next(o for o in orders if re.search(rf"\b({'|'.join(o)})\b", problem.key))
        people = sorted({n for n in names if re.search(rf"\b{n}\b", problem.key)})
        facts = [(x, y) if word == more[0] else (y, x) for x, word, y in told]
        fitting = [
            order
            for order in permutations(people)
            if all(order.index(x) < order.index(y) for x, y in facts)
        ]
        assert len(fitting) == 1, problem.key
        if problem.expected in names:
            at = 0 if re.search(rf"\b{more[2]}\b", problem.key) else -1
            assert problem.expected == fitting[0][at]


FORMULAS: dict[str, Callable[[int, int, int], int]] = {
    "gain": lambda a, b, c: a + b,
    "loss": lambda a, b, c: a - b,
    "gain and loss": lambda a, b, c: a + b - c,
    "groups": lambda a, b, c: a * b,
    "groups and more": lambda a, b, c: a * b + c,
    "groups and less": lambda a, b, c: a * b - c,
    "sharing": lambda a, b, c: a // b,
    "change": lambda a, b, c: c - a * b,
    "twice": lambda a, b, c: a + a * b,
    "older": lambda a, b, c: 2 * a + b,
    "travel": lambda a, b, c: a * b,
}


def test_word_problems_have_the_result_of_their_story(training: list[Any]) -> None:
    seen = set()
    for problem in _of_kind(training, "word problem"):
        found = re.fullmatch(r"story ([a-z ]+) (\{.*\})", problem.key)
        assert found is not None
        numbers = {name: int(n) for name, n in re.findall(r"'(\w)': (\d+)", found[2])}
        formula = FORMULAS[found[1]]
        assert problem.expected == str(formula(numbers["a"], numbers["b"], numbers.get("c", 0)))
        assert all(re.search(rf"\b{n}\b", problem.question) for n in numbers.values())
        seen.add(found[1])
    assert seen == set(FORMULAS)


def test_a_follow_up_builds_on_the_answer_before(training: list[Any]) -> None:
    for problem in _of_kind(training, "follow-up"):
        _, answer = problem.history[-1]
        boxes = re.findall(r"\\boxed\{(\d+)\}", answer)
        assert len(boxes) == 1
        if problem.working[0].startswith("The last result"):
            assert problem.working[0] == f"The last result was {boxes[0]}."


def test_the_box_holds_what_is_expected_and_the_bold_text_says_it(training: list[Any]) -> None:
    for problem in training:
        if problem.expected is None:
            assert "boxed" not in problem.answer
        else:
            assert problem.answer.endswith(f"\\boxed{{{problem.expected}}}")
            assert f"**{problem.expected}**".lower() in problem.answer.lower()


def test_no_problem_is_on_both_sides(training: list[Any], held_out: list[Any]) -> None:
    assert not {problem.key for problem in training} & {problem.key for problem in held_out}
    is_held_out = _module("problems").is_held_out
    assert not any(is_held_out(problem.key) for problem in training)
    assert all(is_held_out(problem.key) for problem in held_out)


def test_no_wording_is_on_both_sides() -> None:
    pairs = [
        wording
        for name in ("wordings", "stories", "talk")
        for wording in vars(_module(name)).values()
        if type(wording).__name__ == "Wordings"
    ]
    pairs += [story.texts for story in _module("stories").STORIES]
    pairs += [choice for choice, _, _ in _module("talk").SMALL_TALK]
    assert len(pairs) > 40
    for wording in pairs:
        assert not set(wording.seen) & set(wording.held_out)
        assert wording.held_out


def test_the_same_seed_gives_the_same_problems() -> None:
    mix = _module("mix")
    first = list(islice(mix.training_problems(5), 50))
    assert first == list(islice(mix.training_problems(5), 50))
    assert first != list(islice(mix.training_problems(6), 50))


def test_requests_outside_the_domain_come_in_many_lengths() -> None:
    outside = _module("talk").outside
    rng = Random(3)
    lengths = {len(outside(rng, False).question.encode()) for _ in range(500)}
    assert max(lengths) > 500
    assert min(lengths) <= 1
