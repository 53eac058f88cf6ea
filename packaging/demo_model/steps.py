"""Written-out working: each routine returns the sentences a person would write on paper.

Every line ends in a full stop and every calculation in it is of the form `7+6=13`, so that a test
can check them all. The last line of a routine states its result.
"""

from __future__ import annotations

from itertools import pairwise, zip_longest

PLACES = ("Ones", "Tens", "Hundreds", "Thousands", "Ten thousands", "Hundred thousands")


def _digits(number: int) -> list[int]:
    """Ones first."""
    return [int(digit) for digit in reversed(str(number))]


def add(a: int, b: int) -> list[str]:
    """Column addition of two numbers of at least 0."""
    columns = list(zip_longest(_digits(a), _digits(b)))
    lines = [f"Add {a} and {b}."]
    carry = 0
    for index, pair in enumerate(columns):
        parts = [digit for digit in pair if digit is not None] + ([1] if carry else [])
        total = sum(parts)
        shown = "+".join(map(str, parts)) + (f"={total}" if len(parts) > 1 else "")
        carry = total // 10 if index < len(columns) - 1 else 0
        tail = f"write {total % 10}, carry 1" if carry else f"write {total}"
        lines.append(f"{PLACES[index]}: {shown}, {tail}.")
    return [*lines, f"So {a}+{b}={a + b}."]


def subtract(a: int, b: int) -> list[str]:
    """Column subtraction; a smaller first number gives a negative result."""
    if a < b:
        return [
            f"{b} is more than {a}, so the result is below zero.",
            *subtract(b, a),
            f"So {a}-{b}={a - b}.",
        ]
    lines = [f"Take {b} from {a}."]
    borrow = 0
    for index, (top, bottom) in enumerate(zip_longest(_digits(a), _digits(b))):
        taken = [digit for digit in (bottom,) if digit is not None] + ([1] if borrow else [])
        borrow = int(top < sum(taken))
        parts = [top + 10 * borrow, *taken]
        left = parts[0] - sum(taken)
        shown = "-".join(map(str, parts)) + (f"={left}" if taken else "")
        tail = f"write {left}, borrow 1" if borrow else f"write {left}"
        lines.append(f"{PLACES[index]}: {shown}, {tail}.")
    return [*lines, f"So {a}-{b}={a - b}."]


def _times_digit(a: int, digit: int) -> list[str]:
    if digit == 1:
        return [f"So {a}×1={a}."]
    digits = _digits(a)
    lines = []
    carry = 0
    for index, top in enumerate(digits):
        product = top * digit
        shown = f"{top}×{digit}={product}"
        if carry:
            shown += f", {product}+{carry}={product + carry}"
        total = product + carry
        carry = total // 10 if index < len(digits) - 1 else 0
        tail = f"write {total % 10}, carry {carry}" if carry else f"write {total}"
        lines.append(f"{PLACES[index]}: {shown}, {tail}.")
    return [*lines, f"So {a}×{digit}={a * digit}."]


def multiply(a: int, b: int) -> list[str]:
    """Long multiplication; `b` has at most two digits."""
    if a <= 10 and b <= 10:
        return [f"From the times table {a}×{b}={a * b}."]
    if b < 10:
        return [f"Multiply {a} by {b}.", *_times_digit(a, b)]
    tens, ones = divmod(b, 10)
    lines = [f"Multiply {a} by {b}."]
    if ones:
        lines += [f"{b} is {tens * 10}+{ones}={b}.", *_times_digit(a, ones)]
    lines += [f"Now {a}×{tens}."] if tens > 1 else []
    lines += _times_digit(a, tens)
    lines.append(f"Times 10: {a}×{tens * 10}={a * tens * 10}.")
    if ones:
        lines += [*add(a * ones, a * tens * 10), f"So {a}×{b}={a * b}."]
    return lines


def divide(a: int, d: int) -> list[str]:
    """Long division with remainder; `d` from 2 to 12."""
    text = str(a)
    if a < d:
        return [f"{a} is less than {d}, so {d} goes 0 times and {a} is left."]
    size = 1
    while int(text[:size]) < d:
        size += 1
    lines = [f"Divide {a} by {d}."]
    rest = int(text[:size])
    opening = f"Take {rest}."
    for index in range(size, len(text) + 1):
        times, left = divmod(rest, d)
        lines.append(
            f"{opening} {times}×{d}={times * d}, {rest}-{times * d}={left}, write {times}."
        )
        if index < len(text):
            rest = left * 10 + int(text[index])
            opening = f"Bring down {text[index]} to get {rest}."
    return [*lines, f"So {a}÷{d} is {quotient(a, d)}."]


def quotient(a: int, d: int) -> str:
    """`57 remainder 5`, or `57` where nothing is left."""
    times, left = divmod(a, d)
    return f"{times} remainder {left}" if left else f"{times}"


def plus(a: int, b: int) -> list[str]:
    """Addition as part of a longer problem: at once where it is easy."""
    if (a < 10 or b < 10) and a + b <= 100:
        return [f"{a}+{b}={a + b}."]
    return add(a, b)


def minus(a: int, b: int) -> list[str]:
    """Subtraction as part of a longer problem; `a` is at least `b`."""
    if b < 10 and a <= 100:
        return [f"{a}-{b}={a - b}."]
    return subtract(a, b)


def times(a: int, b: int) -> list[str]:
    """Multiplication as part of a longer problem: the longer factor is written first."""
    if a <= 10 and b <= 10:
        return [f"{a}×{b}={a * b}."]
    return multiply(max(a, b), min(a, b))


def compare(a: int, b: int) -> list[str]:
    """Which of two different numbers is larger."""
    left, right = str(a), str(b)
    larger = max(a, b)
    if len(left) != len(right):
        return [
            f"{a} has {len(left)} digits and {b} has {len(right)}.",
            f"More digits means larger, so {larger} is larger.",
        ]
    rows = [
        (place, int(x), int(y))
        for place, x, y in zip(reversed(PLACES[: len(left)]), left, right, strict=True)
    ]
    opening = f"{a} and {b} both have {len(left)} digits."
    return [opening, *_until_different(rows), f"So {larger} is larger."]


def compare_decimals(a: str, b: str) -> list[str]:
    """Which of two different decimals (at most two places) is larger: `9.9` and `9.11`."""
    larger = a if float(a) > float(b) else b
    (whole_a, part_a), (whole_b, part_b) = a.split("."), b.split(".")
    rows = [("Whole part", int(whole_a), int(whole_b))]
    padded = zip_longest(part_a, part_b, fillvalue="0")
    rows += [
        (name, int(x), int(y))
        for name, (x, y) in zip(("Tenths", "Hundredths"), padded, strict=False)
    ]
    return [f"Compare {a} and {b}.", *_until_different(rows), f"So {larger} is larger."]


def _until_different(rows: list[tuple[str, int, int]]) -> list[str]:
    """Compare place by place, down to the first one that differs."""
    lines = []
    for name, x, y in rows:
        if x != y:
            return [*lines, f"{name}: {x} and {y}, {max(x, y)} is more."]
        lines.append(f"{name}: {x} and {y}, the same.")
    return lines


def sort(numbers: list[int], *, descending: bool) -> list[str]:
    """Put one number after another where it belongs."""
    done = numbers[:1]
    lines = [f"Start with {done[0]}."]
    for number in numbers[1:]:
        done = sorted([*done, number], reverse=descending)
        lines.append(f"Put in {number}: {listed(done)}.")
    return lines


def listed(numbers: list[int]) -> str:
    """`12, 33, 45`."""
    return ", ".join(map(str, numbers))


def add_all(numbers: list[int]) -> list[str]:
    """Running sums of three or more numbers."""
    lines = []
    total = numbers[0]
    for index, number in enumerate(numbers[1:], start=2):
        lines += plus(total, number)
        total += number
        if index < len(numbers):
            lines.append(f"Still to add: {listed(numbers[index:])}.")
    return [*lines, f"The sum is {total}."]


def sequence(numbers: list[int]) -> tuple[list[str], int]:
    """Find the rule of a sequence by its first differences; the working and the next number."""
    rises = numbers[1] > numbers[0]
    pairs = list(pairwise(numbers))[:3]
    shown = (f"{max(pair)}-{min(pair)}={max(pair) - min(pair)}" for pair in pairs)
    lines = [f"Steps: {', '.join(shown)}."]
    last = numbers[-1]
    if len({y - x for x, y in pairs}) == 1:
        step = abs(numbers[1] - numbers[0])
        sign = "+" if rises else "-"
        following = last + step if rises else last - step
        lines.append(f"All the same, {'up' if rises else 'down'}: {last}{sign}{step}={following}.")
        return lines, following
    lines.append("Not the same.")
    factor = numbers[1] // numbers[0]
    if all(y == x * factor for x, y in pairs):
        lines += [f"{x}×{factor}={y}." for x, y in pairs[:2]]
        return [*lines, f"Always times {factor}.", *times(last, factor)], last * factor
    lines += [f"{x}+{y}={z}." for x, y, z in zip(numbers, numbers[1:], numbers[2:4], strict=False)]
    following = numbers[-2] + last
    return [*lines, "Always the sum of the two before.", *plus(numbers[-2], last)], following


def amount(count: int, unit: str) -> str:
    """`1 hour`, `2 hours`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
