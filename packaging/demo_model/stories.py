# ruff: noqa: E501 - a sentence stays on its line
"""Word problems of one to three steps in everyday wording, and little logic puzzles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import steps
import wordings
from problems import Problem, boxed
from wordings import Wordings


@dataclass(frozen=True)
class Story:
    """A word problem's skeleton: numbers, calculation, and sentences in several wordings."""

    name: str
    plan: str
    """What has to be done, in a sentence."""
    numbers: Callable[[Random], dict[str, int]]
    work: Callable[[dict[str, int]], tuple[list[str], int]]
    texts: Wordings


def _chain(start: int, *moves: tuple[str, int]) -> tuple[list[str], int]:
    """Apply + - × moves one after another, in writing."""
    lines: list[str] = []
    value = start
    for sign, number in moves:
        if sign == "+":
            lines += steps.plus(value, number)
            value += number
        elif sign == "-":
            lines += steps.minus(value, number)
            value -= number
        else:
            lines += steps.times(value, number)
            value *= number
    return lines, value


def _three(rng: Random, most: int = 99) -> dict[str, int]:
    a, b = rng.randint(2, most), rng.randint(2, most)
    return {"a": a, "b": b, "c": rng.randint(1, a + b - 1)}


def _two_down(rng: Random) -> dict[str, int]:
    a = rng.randint(5, 150)
    return {"a": a, "b": rng.randint(1, a - 1)}


def _two(rng: Random) -> dict[str, int]:
    return {"a": rng.randint(2, 150), "b": rng.randint(2, 150)}


def _groups(rng: Random) -> dict[str, int]:
    a, b = rng.randint(2, 12), rng.randint(2, 12)
    return {"a": a, "b": b, "c": rng.randint(1, a * b - 1)}


def _pairs(rng: Random) -> dict[str, int]:
    return {"a": rng.randint(2, 12), "b": rng.randint(2, 12)}


def _shares(rng: Random) -> dict[str, int]:
    b = rng.randint(2, 10)
    return {"a": b * rng.randint(2, 20), "b": b}


def _price(rng: Random) -> dict[str, int]:
    a, b = rng.randint(2, 9), rng.randint(2, 12)
    bills = [bill for bill in (20, 50, 100, 200) if bill > a * b]
    return {"a": a, "b": b, "c": bills[0]}


def _travel(rng: Random) -> dict[str, int]:
    return {"a": rng.randint(3, 120), "b": rng.randint(2, 9)}


STORIES = (
    Story(
        "gain",
        "Both together: add.",
        _two,
        lambda n: _chain(n["a"], ("+", n["b"])),
        Wordings(
            (
                "{p} bakes {a} cakes in the morning and {b} cakes later. How many cakes is that in all?",
                "{p} bought {a} {items} and {q} bought {b}. How many {items} is that in total?",
                "{p} had {a} {items}. Then {p} brought {b} more home. How many {items} are there now?",
                "{p} has {a} {items}. {q} gives {p} {b} more. How many {items} does {p} have now?",
                "{p} has {a} {items} and buys {b} more. How many {items} does {p} have?",
                "There are {a} {items} on the table. {p} brings {b} more. How many are there now?",
                "{p} found {a} {items} in the morning and {b} in the evening. How many in all?",
                "{p} has {a} {items} and {q} has {b}. How many {items} do they have together?",
                "{p} collected {a} {items}. Then {p} got {b} {items} from {q}. How many {items} are that?",
                "If {p} has {a} {items} and gets {b} more, how many {items} does {p} have?",
                "{p} read {a} pages on Monday and {b} pages on Tuesday. How many pages in total?",
                "A school has {a} boys and {b} girls. How many children are there in all?",
                "A bus has {a} people in it. {b} more people get on. How many people are on the bus?",
            ),
            (
                "{p} has {a} {items}. Then {q} brings {b} more. How many {items} are there in total?",
                "{p} bought {a} {items} on Monday and {b} on Friday. How many {items} is that in all?",
            ),
        ),
    ),
    Story(
        "loss",
        "Some are gone: subtract.",
        _two_down,
        lambda n: _chain(n["a"], ("-", n["b"])),
        Wordings(
            (
                "If {p} had {a} {items} and gave {b} to {q}, how many {items} would be left?",
                "{p} had {a} {items}. {q} ate {b} of them. How many remain?",
                "{q} took {b} of the {a} {items} that {p} had. How many {items} are left?",
                "{p} has {a} {items}. {p} gives {b} to {q}. How many {items} does {p} have left?",
                "{p} had {a} {items} and lost {b}. How many {items} are left?",
                "There were {a} {items} in a box. {p} took {b} out. How many are left?",
                "{p} has {a} {items} and eats {b} of them. How many are left?",
                "{p} had {a} {items} and sold {b}. How many {items} remain?",
                "Of {a} {items}, {b} are broken. How many {items} are still good?",
                "{p} has {a} {items} and {q} has {b} fewer. How many {items} does {q} have?",
                "A book has {a} pages. {p} has read {b} pages. How many pages are left?",
                "A bus has {a} people in it. {b} people get off. How many people stay on the bus?",
                "{p} has {a} {items} and {q} has {b}. How many more {items} does {p} have than {q}?",
            ),
            (
                "{p} had {a} {items}. {q} took {b} of them. How many {items} are left?",
                "If {p} has {a} {items} and gives {b} away, how many {items} remain?",
            ),
        ),
    ),
    Story(
        "gain and loss",
        "First add, then subtract.",
        _three,
        lambda n: _chain(n["a"], ("+", n["b"]), ("-", n["c"])),
        Wordings(
            (
                "{p} had {a} {items}. {q} brought {b} more. Then {q} took {c} away. How many {items} remain?",
                "{p} found {a} {items}. Then {p} got {b} more and gave {c} away. How many {items} are left?",
                "{p} bought {a} {items} and {b} more. Then {p} ate {c}. How many {items} are left?",
                "{p} has {a} {items}. {p} buys {b} more and then gives {c} to {q}. How many {items} are left?",
                "{p} had {a} {items}, found {b} more and lost {c}. How many {items} does {p} have now?",
                "There are {a} {items} in a box. {p} puts in {b} more and {q} takes out {c}. How many are left?",
                "{p} collects {a} {items} on Monday and {b} on Tuesday. On Friday {p} sells {c}. How many remain?",
                "A bus has {a} people in it. {b} get on and {c} get off. How many people are on the bus now?",
                "{p} has {a} {items} and gets {b} from {q}. Then {p} uses {c}. How many {items} does {p} have?",
                "{p} starts with {a} {items}, then gets {b} more, then loses {c}. How many {items} are left?",
            ),
            (
                "{p} has {a} {items}. {q} gives {p} {b} more. Then {p} sells {c}. How many {items} are left?",
                "{p} found {a} {items} and bought {b} more. Then {p} lost {c}. How many {items} remain?",
            ),
        ),
    ),
    Story(
        "groups",
        "The same number again and again: multiply.",
        _pairs,
        lambda n: _chain(n["a"], ("×", n["b"])),
        Wordings(
            (
                "In every {box} there are {b} {items}. There are {a} {boxes}. How many {items} is that in total?",
                "{p} brings {b} {items} to each of {a} children. How many {items} are that?",
                "In one {box} there are {b} {items}. How many {items} are there in {a} {boxes}?",
                "{p} has {a} {boxes} with {b} {items} in each. How many {items} are there?",
                "There are {a} {boxes} with {b} {items} each. How many {items} is that in all?",
                "Each {box} holds {b} {items}. How many {items} are in {a} {boxes}?",
                "{p} buys {a} {boxes}. Every {box} has {b} {items}. How many {items} does {p} have?",
                "{p} puts {b} {items} on each of {a} plates. How many {items} are that?",
                "{p} reads {b} pages a day for {a} days. How many pages does {p} read?",
                "{a} friends have {b} {items} each. How many {items} do they have together?",
                "{p} saves {b} dollars every week. How many dollars does {p} have after {a} weeks?",
            ),
            (
                "In each {box} there are {b} {items}. {p} has {a} {boxes}. How many {items} is that?",
                "{p} gives {b} {items} to each of {a} friends. How many {items} are that in total?",
            ),
        ),
    ),
    Story(
        "groups and more",
        "First multiply, then add.",
        _groups,
        lambda n: _chain(n["a"], ("×", n["b"]), ("+", n["c"])),
        Wordings(
            (
                "{p} has {c} {items}. Then {p} gets {a} {boxes} of {b} {items}. How many are there in total?",
                "{p} packs {a} {boxes} with {b} {items} in each. {c} {items} are left. How many {items} were there in all?",
                "{p} fills {a} {boxes} with {b} {items} in each. {c} {items} are left over. How many {items} is that in total?",
                "{p} packs {a} {boxes} with {b} {items} each and has {c} {items} over. How many {items} in all?",
                "{q} had {c} {items}. {p} brings {a} {boxes} with {b} {items} in each. How many are there now?",
                "{p} has {a} {boxes} with {b} {items} in each and {c} more {items}. How many {items} are there?",
                "There are {a} {boxes} with {b} {items} each. {q} brings {c} more. How many {items} in all?",
                "{p} buys {a} {boxes} of {b} {items} and finds {c} {items} at home. How many {items} does {p} have?",
                "Each {box} holds {b} {items}. {p} has {a} {boxes} and {c} single {items}. How many {items} is that?",
                "{p} has {c} dollars and saves {b} dollars every week. How many dollars are that after {a} weeks?",
                "{p} has {c} {items} and buys {a} {boxes} with {b} {items} each. How many {items} does {p} have now?",
            ),
            (
                "{p} has {c} {items}. {q} brings {a} {boxes} with {b} {items} each. How many are there in all?",
                "{p} fills {a} {boxes} with {b} {items} each and has {c} {items} left. How many {items} in total?",
            ),
        ),
    ),
    Story(
        "groups and less",
        "First multiply, then subtract.",
        _groups,
        lambda n: _chain(n["a"], ("×", n["b"]), ("-", n["c"])),
        Wordings(
            (
                "Every {box} has {b} {items}. In {a} {boxes}, {c} {items} are bad. How many are good?",
                "Each {box} has {b} {items}. {p} takes {c} {items} from {a} {boxes}. How many are still there?",
                "Of {a} {boxes} with {b} {items} each, {c} {items} are broken. How many {items} are still good?",
                "{p} has {a} {boxes} of {b} {items}. {q} loses {c} of them. How many {items} are left?",
                "There are {b} {items} in each {box}. From {a} {boxes}, {p} takes {c}. How many remain?",
                "{p} has {a} {boxes} with {b} {items} in each. {p} gives away {c}. How many {items} are left?",
                "There are {a} {boxes} with {b} {items} each. {q} takes {c} {items}. How many remain?",
                "{p} buys {a} {boxes} of {b} {items} and loses {c} of them. How many {items} does {p} have?",
                "Each {box} holds {b} {items}. {p} has {a} {boxes} and sells {c} {items}. How many are left?",
                "{p} bakes {a} plates of {b} cakes. {c} cakes are eaten. How many cakes are left?",
            ),
            (
                "{p} has {a} {boxes} of {b} {items}. {q} eats {c} of them. How many {items} remain?",
                "Each {box} has {b} {items}. From {a} {boxes}, {c} {items} are broken. How many are still good?",
            ),
        ),
    ),
    Story(
        "sharing",
        "Equal parts: divide.",
        _shares,
        lambda n: (steps.divide(n["a"], n["b"]), n["a"] // n["b"]),
        Wordings(
            (
                "{p} packs {a} {items} into {boxes} of {b}. How many {boxes} is that?",
                "{b} children get {a} {items} together, each the same. How many {items} does each of them get?",
                "{p} shares {a} {items} equally among {b} friends. How many {items} does each friend get?",
                "{a} {items} are put into {b} {boxes} equally. How many {items} are in each {box}?",
                "{p} has {a} {items} and {b} {boxes}. Each {box} gets the same. How many go into each {box}?",
                "{b} children share {a} {items} equally. How many does each child get?",
                "{p} needs {a} {items}. They come in {boxes} of {b}. How many {boxes} does {p} need?",
                "{p} reads {b} pages a day. The book has {a} pages. How many days does {p} need?",
            ),
            (
                "{b} friends share {a} {items} equally. How many {items} does each of them get?",
                "{p} puts {a} {items} into {boxes} of {b}. How many {boxes} does {p} need?",
            ),
        ),
    ),
    Story(
        "change",
        "First multiply for the price, then subtract.",
        _price,
        lambda n: (
            [*steps.times(n["a"], n["b"]), *steps.minus(n["c"], n["a"] * n["b"])],
            n["c"] - n["a"] * n["b"],
        ),
        Wordings(
            (
                "{p} pays {c} dollars for {a} {items}. Each costs {b} dollars. What is the change?",
                "{p} has {c} dollars. One book costs {b} dollars. {p} takes {a} of them. How much money is left?",
                "{p} has {c} dollars and takes {a} cakes. One cake costs {b} dollars. How much money is left?",
                "{p} had {c} dollars. One pen costs {b} dollars, and {p} bought {a}. How much is left?",
                "With {c} dollars {p} buys {a} cakes at {b} dollars each. What is left?",
                "{p} buys {a} {items} for {b} dollars each and pays with {c} dollars. How much change is it?",
                "One ticket costs {b} dollars. {p} buys {a} tickets and pays {c} dollars. What is the change?",
                "{p} has {c} dollars and buys {a} {items} at {b} dollars each. How much money is left?",
                "{items} cost {b} dollars each. {p} buys {a} and pays with a {c} dollar bill. How much comes back?",
                "A cup costs {b} dollars. {p} takes {a} cups and gives {c} dollars. How much money does {p} get back?",
            ),
            (
                "{p} pays with {c} dollars for {a} tickets at {b} dollars each. What is the change?",
                "{p} has {c} dollars. One cake costs {b} dollars and {p} buys {a}. How much money is left?",
            ),
        ),
    ),
    Story(
        "twice",
        "First multiply, then add both.",
        lambda rng: {"a": rng.randint(2, 60), "b": rng.randint(2, 4)},
        lambda n: (
            [*steps.times(n["a"], n["b"]), *steps.plus(n["a"], n["a"] * n["b"])],
            n["a"] + n["a"] * n["b"],
        ),
        Wordings(
            (
                "{p} has {a} {items}. {q} has {b} times as many. What is the total?",
                "{p} collected {a} {items} and {q} collected {b} times as many. How many {items} are that in total?",
                "{p} has {a} {items}, {q} {b} times as many. How many is that together?",
                "{p} has {a} {items}. {q} has {b} times as many. How many {items} do they have together?",
                "{p} has {a} {items} and {q} has {b} times as many. How many do both have in all?",
                "{q} has {b} times as many {items} as {p}, who has {a}. How many {items} do they have in all?",
                "{p} found {a} {items}, {q} found {b} times as many. How many {items} did they find together?",
            ),
            (
                "{p} collected {a} {items}, {q} {b} times as many. How many {items} do both have together?",
                "{p} has {a} {items} and {q} has {b} times as many. What is the total?",
            ),
        ),
    ),
    Story(
        "older",
        "First add, then add both.",
        _two_down,
        lambda n: (
            [*steps.plus(n["a"], n["b"]), *steps.plus(n["a"], n["a"] + n["b"])],
            n["a"] + n["a"] + n["b"],
        ),
        Wordings(
            (
                "{p} collected {a} {items}. {q} collected {b} more than {p}. How many {items} is that together?",
                "{p} is {a} and {q} is {b} years older. How old are both together?",
                "{p} found {a} {items} and {q} {b} more than {p}. What is the total?",
                "{p} has {a} {items}. {q} has {b} more than {p}. How many {items} do they have together?",
                "{p} has {a} {items} and {q} has {b} more than {p}. How many do both have in all?",
                "{p} is {a} years old. {q} is {b} years older. How old are they together?",
                "{q} has {b} more {items} than {p}, who has {a}. How many {items} do they have in all?",
            ),
            (
                "{p} found {a} {items}. {q} found {b} more than {p}. How many did they find together?",
                "{p} is {a} and {q} is {b} years older than {p}. How old are they together?",
            ),
        ),
    ),
    Story(
        "travel",
        "The same way again and again: multiply.",
        _travel,
        lambda n: _chain(n["a"], ("×", n["b"])),
        Wordings(
            (
                "A bus drives {a} km every hour. How many km does it drive in {b} hours?",
                "{p} walks {a} km every day for {b} days. How many km is that?",
                "A plane flies {a} km per hour. How far is that in {b} hours?",
                "{p} drives {a} km a day. How far is that in {b} days?",
                "A car drives {a} km in one hour. How far does it go in {b} hours?",
                "A train goes {a} km an hour. How far does it go in {b} hours?",
                "{p} rides {a} km every day. How many km are that in {b} days?",
                "{p} walks {a} km a week. How many km does {p} walk in {b} weeks?",
                "A car drives at {a} km per hour for {b} hours. How many km is that?",
            ),
            (
                "A train drives at {a} km per hour. How many km does it go in {b} hours?",
                "{p} drives {a} km every day for {b} days. How far is that?",
            ),
        ),
    ),
)


ALIKE = (
    ("in all", "in total", "altogether"),
    ("are left?", "remain?", "are still there?"),
    (" buys ", " gets ", " finds ", " takes "),
    (" bought ", " got ", " found ", " took "),
    (" loses ", " sells ", " gives away ", " eats "),
    (" lost ", " sold ", " gave away ", " ate "),
    (" has ", " owns "),
    (" puts in ", " brings ", " adds "),
)
"""Words that can stand for each other in these stories."""


def _varied(rng: Random, question: str) -> str:
    """Some words replaced by others that mean the same here."""
    for group in ALIKE:
        for word in group:
            if word in question and rng.random() < 0.3:
                question = question.replace(word, rng.choice(group), 1)
                break
    return question


def word_problem(rng: Random, held_out: bool) -> Problem:
    story = rng.choice(STORIES)
    numbers = story.numbers(rng)
    p, q = rng.sample(wordings.NAMES, 2)
    items, box = rng.choice(wordings.ITEMS), rng.choice(wordings.BOXES)
    text = rng.choice(story.texts.of(held_out=held_out))
    boxes = wordings.PLURALS.get(box, f"{box}s")
    question = text.format(p=p, q=q, items=items, box=box, boxes=boxes, **numbers)
    if not held_out:
        question = _varied(rng, question)
    question = question[0].upper() + question[1:]
    working, result = story.work(numbers)
    key = f"story {story.name} {numbers}"
    answer = boxed(f"The answer is **{result}**.", str(result))
    kind = "word problem"
    return Problem(kind, key, question, (story.plan, *working), answer, str(result), result)


ORDERS = (
    ("taller", "shorter", "tallest", "shortest"),
    ("older", "younger", "oldest", "youngest"),
    ("faster", "slower", "fastest", "slowest"),
    ("heavier", "lighter", "heaviest", "lightest"),
    ("stronger", "weaker", "strongest", "weakest"),
    ("richer", "poorer", "richest", "poorest"),
)

WHO = Wordings(
    (
        "Who is the {most}?",
        "Who is {most}?",
        "Which of them is the {most}?",
        "Say who is the {most}.",
        "Tell me the {most} one.",
        "Can you tell me who is {most}?",
        "Tell me which of them is the {most}.",
        "I want to know who is the {most}.",
        "Name the {most} one.",
        "Who of them is {most}?",
    ),
    ("Which one is the {most}?", "Tell me who is the {most}."),
)
IS_MORE = Wordings(
    (
        "Say, is {x} {more} than {y}?",
        "Please say: is {x} {more} than {y}?",
        "I want to know: is {x} {more} than {y}?",
        "Now, is {x} {more} than {y}?",
        "Tell us, is {x} {more} than {y}?",
        "Tell me this, is {x} {more} than {y}?",
        "Tell me: is {x} {more} than {y}?",
        "Answer me, is {x} {more} than {y}?",
        "Well, is {x} {more} than {y}?",
        "Now tell me whether {x} is {more} than {y}.",
        "Do you know if {x} is {more} than {y}?",
        "Is {x} {more} than {y}?",
        "Is it true that {x} is {more} than {y}?",
        "So is {x} {more} than {y}?",
        "Say if {x} is {more} than {y}.",
        "Can you tell me if {x} is {more} than {y}?",
        "Tell me if {x} is {more} than {y}.",
        "I ask you, is {x} {more} than {y}?",
    ),
    ("Tell me, is {x} {more} than {y}?",),
)


def _told(rng: Random, people: list[str], more: str, less: str) -> tuple[list[str], list[str]]:
    """The order in pairs, each with one person of those before, and how it is put together."""
    told: list[str] = []
    working: list[str] = []
    start = rng.randrange(len(people) - 1)
    first, last = start, start
    while last - first < len(people) - 1:
        if first == last:
            at, last = start, start + 1
        elif last == len(people) - 1 or (first > 0 and rng.random() < 0.5):
            first -= 1
            at = first
        else:
            at, last = last, last + 1
        x, y = people[at], people[at + 1]
        ahead_first, behind_first = f"{x} is {more} than {y}", f"{y} is {less} than {x}"
        chain = ", ".join(people[first : last + 1])
        if rng.random() < 0.55:
            told.append(f"{ahead_first}.")
            working.append(f"{len(told)}: {ahead_first}: {chain}.")
        else:
            told.append(f"{behind_first}.")
            working.append(f"{len(told)}: {behind_first}, so {ahead_first}: {chain}.")
    return told, working


def logic(rng: Random, held_out: bool) -> Problem:
    """People in an order, told in pairs: who is first, last, or is one ahead of another?"""
    more, less, most, least = rng.choice(ORDERS)
    counts = (2, 2, 3, 3, 3, 3, 3, 4)
    if not held_out:  # what is learnt least easily is met more often
        counts += (4, 4)
    people = rng.sample(wordings.NAMES, rng.choice(counts))
    told, working = _told(rng, people, more, less)
    facts = " ".join(told)
    if len(told) == 2 and rng.random() < 0.3:
        facts = f"{told[0][:-1]} and {told[1]}"
    working.append(f"So from {most} to {least}: {', '.join(people)}.")
    if rng.random() < (0.7 if held_out else 0.55):
        top = rng.random() < 0.5
        result = people[0] if top else people[-1]
        superlative = most if top else least
        question = rng.choice(WHO.of(held_out=held_out)).format(most=superlative)
        working.append(f"The {superlative} is {result}.")
        answer = boxed(f"**{result}** is the {superlative}.", result)
    else:
        x, y = rng.sample(people, 2)
        comparative = more if rng.random() < 0.7 else less
        is_so = (people.index(x) < people.index(y)) == (comparative == more)
        result = "yes" if is_so else "no"
        question = rng.choice(IS_MORE.of(held_out=held_out)).format(x=x, y=y, more=comparative)
        before, after = sorted((x, y), key=people.index)
        said = f"{x} is {'' if is_so else 'not '}{comparative} than {y}."
        asked = f"{x} is {more} than {y}: {x}, {y}."
        if comparative == less:
            asked = f"{x} is {less} than {y}, so {y} is {more} than {x}: {y}, {x}."
        same = "the same" if is_so else "the other way round"
        working += [f"Asked: {asked}", f"In the order: {before}, {after}, {same}."]
        working.append(f"The answer is {result}.")
        answer = boxed(f"**{result.capitalize()}**: {said}", result)
    key = f"logic {facts} {question}"
    if not held_out and rng.random() < 0.5:
        question = rng.choice(wordings.GREETED) + question
    question = f"{facts} {question}" if rng.random() < 0.85 else f"{question} {facts}"
    return Problem("logic", key, question, tuple(working), answer, result)
