"""Problems about clock times, weekdays and dates."""

from __future__ import annotations

from random import Random

import steps
import wordings
from problems import Problem, ask, boxed
from steps import amount

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
)


def clock(minutes: int) -> str:
    """Minutes since midnight as `14:35`."""
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def duration(minutes: int) -> str:
    """`1 hour 35 minutes`; a part that is zero is left out."""
    hours, rest = divmod(minutes, 60)
    parts = [amount(hours, "hour")] * bool(hours) + [amount(rest, "minute")] * bool(rest)
    return " ".join(parts) or "0 minutes"


def _said(rng: Random, minutes: int) -> str:
    """A duration as people say it."""
    hours, rest = divmod(minutes, 60)
    if minutes <= 150 and rng.random() < 0.4:
        return amount(minutes, "minute")
    if hours and rest:
        return f"{amount(hours, 'hour')}{rng.choice((' ', ' and '))}{amount(rest, 'minute')}"
    return duration(minutes)


def _split(minutes: int, said: str) -> list[str]:
    """Restate a duration as hours and minutes, with the working where it was told in minutes."""
    hours, rest = divmod(minutes, 60)
    if not hours or "hour" in said:
        return [f"That is {amount(hours, 'hour')} and {amount(rest, 'minute')}."]
    lines = [f"{hours}×60={hours * 60}.", f"{minutes}-{hours * 60}={rest}."]
    return [*lines, f"That is {amount(hours, 'hour')} and {amount(rest, 'minute')}."]


def time_of_day(rng: Random, held_out: bool) -> Problem:
    start, span = rng.randint(0, 24 * 60 - 1), rng.randint(1, 5 * 60)
    if rng.random() < 0.6:
        start, span = start // 5 * 5, max(span // 5 * 5, 5)
    if rng.random() < 0.3:
        start = rng.randint(8 * 12, 20 * 12) * 5
    shape = rng.choice((_after, _after, _before, _between, _between, _convert))
    return shape(rng, held_out, start, span)


def _after(rng: Random, held_out: bool, start: int, span: int) -> Problem:
    said = _said(rng, span)
    hours, minutes = divmod(start, 60)
    more_hours, more_minutes = divmod(span, 60)
    total = minutes + more_minutes
    working = [*_split(span, said), f"Minutes: {minutes}+{more_minutes}={total}."]
    sum_hours = hours + more_hours
    working.append(f"Hours: {hours}+{more_hours}={sum_hours}.")
    if total >= 60:
        working.append(f"{total}-60={total - 60}, one more hour, {sum_hours}+1={sum_hours + 1}.")
        sum_hours += 1
    if sum_hours >= 24:
        working.append(f"Past midnight: {sum_hours}-24={sum_hours - 24}.")
    result = clock(start + span)
    question = ask(
        rng, wordings.TIME_AFTER, held_out, t=clock(start), d=said, name=rng.choice(wordings.NAMES)
    )
    return _timed(f"after {start} {span}", question, working, f"It is **{result}**.", result)


def _before(rng: Random, held_out: bool, start: int, span: int) -> Problem:
    said = _said(rng, span)
    hours, minutes = divmod(start, 60)
    less_hours, less_minutes = divmod(span, 60)
    working = _split(span, said)
    if minutes < less_minutes:
        borrowed = f"{minutes}+60={minutes + 60}, one hour less, "
        working.append(f"{borrowed}{minutes + 60}-{less_minutes}={minutes + 60 - less_minutes}.")
        less_hours += 1
        if less_hours > 1:
            working.append(f"Hours to take: {less_hours - 1}+1={less_hours}.")
    else:
        working.append(f"Minutes: {minutes}-{less_minutes}={minutes - less_minutes}.")
    if hours < less_hours:
        working.append(f"Before midnight: {hours}+24={hours + 24}.")
        hours += 24
    working.append(f"Hours: {hours}-{less_hours}={hours - less_hours}.")
    result = clock(start - span)
    question = ask(
        rng, wordings.TIME_BEFORE, held_out, t=clock(start), d=said, name=rng.choice(wordings.NAMES)
    )
    return _timed(f"before {start} {span}", question, working, f"It is **{result}**.", result)


def _between(rng: Random, held_out: bool, start: int, span: int) -> Problem:
    start = min(start, 24 * 60 - 1 - span)
    end = start + span
    (hours, minutes), (end_hours, end_minutes) = divmod(start, 60), divmod(end, 60)
    working = [f"From {clock(start)} to {clock(end)}."]
    if end_minutes < minutes:
        working.append(
            f"{end_minutes}+60={end_minutes + 60}, one hour less, "
            f"{end_minutes + 60}-{minutes}={end_minutes + 60 - minutes}."
        )
        working.append(f"Hours: {end_hours}-{hours}-1={end_hours - hours - 1}.")
    else:
        working.append(f"Minutes: {end_minutes}-{minutes}={end_minutes - minutes}.")
        working.append(f"Hours: {end_hours}-{hours}={end_hours - hours}.")
    result = duration(span)
    question = ask(
        rng,
        wordings.TIME_BETWEEN,
        held_out,
        t=clock(start),
        u=clock(end),
        name=rng.choice(wordings.NAMES),
    )
    return _timed(f"between {start} {end}", question, working, f"That is **{result}**.", result)


def _convert(rng: Random, held_out: bool, _start: int, span: int) -> Problem:
    span = max(span, 61)
    hours, rest = divmod(span, 60)
    working = [f"{hours}×60={hours * 60}."]
    if rng.random() < 0.5:
        said = f"{amount(hours, 'hour')}{rng.choice((' ', ' and '))}{amount(rest, 'minute')}"
        said = said if rest else duration(span)
        working += steps.plus(hours * 60, rest) if rest else []
        result = amount(span, "minute")
        question = ask(rng, wordings.TO_MINUTES, held_out, d=said)
    else:
        working += [f"{span}-{hours * 60}={rest}."]
        result = duration(span)
        question = ask(rng, wordings.TO_HOURS, held_out, n=span)
    return _timed(f"convert {span}", question, working, f"That is **{result}**.", result)


def _timed(key: str, question: str, working: list[str], said: str, result: str) -> Problem:
    return Problem("time", f"time {key}", question, tuple(working), boxed(said, result), result)


def weekday(rng: Random, held_out: bool) -> Problem:
    days = rng.randint(1, rng.choice((9, 40)))
    at = rng.randrange(7)
    forward = rng.random() < 0.65
    weeks, rest = divmod(days, 7)
    said = amount(days, "day")
    if rest == 0 and weeks > 1 and rng.random() < 0.5:
        said = amount(weeks, "week")
    working = [f"Count {said}."]
    if "week" not in said and weeks:
        working.append(f"{weeks}×7={weeks * 7}, {days}-{weeks * 7}={rest}.")
    passed = [WEEKDAYS[(at + (step if forward else -step)) % 7] for step in range(1, rest + 1)]
    counted = ", ".join(f"{index} {day}" for index, day in enumerate(passed, start=1))
    way = "on" if forward else "back"
    opening = f"Go {rest} {way} from {WEEKDAYS[at]}"
    working.append(f"{opening}: {counted}." if rest else f"Full weeks: {WEEKDAYS[at]} again.")
    result = passed[-1] if passed else WEEKDAYS[at]
    choice = wordings.WEEKDAY_AFTER if forward else wordings.WEEKDAY_BEFORE
    question = ask(rng, choice, held_out, d=said, day=WEEKDAYS[at], name=rng.choice(wordings.NAMES))
    key = f"weekday {at} {days} {way}"
    answer = boxed(f"It is **{result}**.", result)
    return Problem("date", key, question, tuple(working), answer, result)


def date(rng: Random, held_out: bool) -> Problem:
    month = rng.randrange(12)
    name, length = MONTHS[month]
    day, days = rng.randint(1, length), rng.randint(1, 28)
    following, _ = MONTHS[(month + 1) % 12]
    if rng.random() < 0.3:
        days, said = 7 * (days // 7 or 1), amount(days // 7 or 1, "week")
        working = [f"{days // 7}×7={days}."]
    else:
        said, working = amount(days, "day"), []
    total = day + days
    if rng.random() < 0.6:
        working += [f"{name} has {length} days.", *steps.plus(day, days)]
        if total > length:
            working += [f"{total}-{length}={total - length}, in {following}."]
            result = f"{following} {total - length}"
        else:
            working += [f"{total} is still in {name}."]
            result = f"{name} {total}"
        question = ask(
            rng,
            wordings.DATE_AFTER,
            held_out,
            d=said,
            date=f"{name} {day}",
            name=rng.choice(wordings.NAMES),
        )
        answer = boxed(f"It is **{result}**.", result)
        return Problem(
            "date", f"date {name} {day} {days}", question, tuple(working), answer, result
        )
    if total > length:
        later = f"{following} {total - length}"
        working = [f"{name} has {length} days.", f"{length}-{day}={length - day}."]
        working += steps.plus(length - day, total - length)
    else:
        later = f"{name} {total}"
        working = [f"Both are in {name}.", *steps.minus(total, day)]
    result = amount(days, "day")
    question = ask(
        rng,
        wordings.DATE_BETWEEN,
        held_out,
        date=f"{name} {day}",
        later=later,
        name=rng.choice(wordings.NAMES),
    )
    key = f"days {name} {day} {days}"
    answer = boxed(f"That is **{result}**.", result)
    return Problem("date", key, question, tuple(working), answer, result)
