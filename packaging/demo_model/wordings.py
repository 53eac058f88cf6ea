# ruff: noqa: E501 - a sentence stays on its line
"""How questions are worded: for each kind, wordings to train on and others kept for evaluation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wordings:
    """`seen` are for training, `held_out` only for evaluation."""

    seen: tuple[str, ...]
    held_out: tuple[str, ...]

    def of(self, *, held_out: bool) -> tuple[str, ...]:
        return self.held_out if held_out else self.seen


ADD = Wordings(
    (
        "What is {a} + {b}?",
        "What is {a} + {b}?",
        "{a} + {b}",
        "{a}+{b}",
        "{a} + {b} = ?",
        "{a}+{b}=",
        "What's {a} plus {b}?",
        "Add {a} and {b}.",
        "Calculate {a} + {b}.",
        "Compute {a}+{b}.",
        "How much is {a} plus {b}?",
        "Can you add {a} and {b}?",
        "Please work out {a} + {b}.",
        "I need the sum of {a} and {b}.",
        "What is the sum of {a} and {b}?",
        "Find {a} + {b}.",
        "Solve {a} + {b}.",
        "Tell me what {a} plus {b} is.",
        "{a} plus {b} is what?",
        "What do you get when you add {a} to {b}?",
        "What do {a} and {b} make together?",
        "Give me the total of {a} and {b}.",
        "How much do {a} and {b} add up to?",
        "If I have {a} and add {b}, what do I get?",
    ),
    (
        "Could you tell me what {a} plus {b} makes?",
        "Work out the sum of {a} and {b} for me.",
        "What is the total of {a} and {b}?",
        "Please calculate {a}+{b}",
        "What does {a} + {b} equal?",
    ),
)

SUBTRACT = Wordings(
    (
        "What is {a} - {b}?",
        "What is {a} - {b}?",
        "{a} - {b}",
        "{a}-{b}",
        "{a} - {b} = ?",
        "{a}-{b}=",
        "What's {a} minus {b}?",
        "Subtract {b} from {a}.",
        "Calculate {a} - {b}.",
        "Compute {a}-{b}.",
        "How much is {a} minus {b}?",
        "Can you take {b} from {a}?",
        "Take {b} away from {a}.",
        "Please work out {a} - {b}.",
        "What is {a} less {b}?",
        "Find {a} - {b}.",
        "Solve {a} - {b}.",
        "Tell me what {a} minus {b} is.",
        "{a} minus {b} is what?",
        "What do you get when you subtract {b} from {a}?",
        "What is left when I take {b} from {a}?",
        "If I have {a} and lose {b}, what is left?",
        "What remains of {a} after taking away {b}?",
        "How much is left when I subtract {b} from {a}?",
        "How much remains if I take {b} off {a}?",
        "If I take {b} away from {a}, how much is left?",
        "I have {a} and take {b} away. How much is left?",
    ),
    (
        "Could you tell me what {a} minus {b} makes?",
        "Work out {a} minus {b} for me.",
        "How much is left if I take {b} away from {a}?",
        "Please calculate {a}-{b}",
        "What does {a} - {b} equal?",
    ),
)

MULTIPLY = Wordings(
    (
        "What is {a} × {b}?",
        "What is {a} x {b}?",
        "What is {a} * {b}?",
        "{a} × {b}",
        "{a}*{b}",
        "{a} x {b} = ?",
        "{a}×{b}=",
        "What's {a} times {b}?",
        "Multiply {a} by {b}.",
        "Calculate {a} × {b}.",
        "Compute {a} * {b}.",
        "How much is {a} times {b}?",
        "Can you multiply {a} and {b}?",
        "Please work out {a} × {b}.",
        "I need the product of {a} and {b}.",
        "What is the product of {a} and {b}?",
        "Find {a} * {b}.",
        "Solve {a} × {b}.",
        "Tell me what {a} times {b} is.",
        "{a} times {b} is what?",
        "What do you get when you multiply {a} by {b}?",
    ),
    (
        "Could you tell me what {a} times {b} makes?",
        "Work out the product of {a} and {b} for me.",
        "Please calculate {a} x {b}",
        "What does {a} × {b} equal?",
    ),
)

DIVIDE = Wordings(
    (
        "What is {a} ÷ {b}?",
        "What is {a} / {b}?",
        "{a} ÷ {b}",
        "{a}/{b}",
        "{a} / {b} = ?",
        "{a}:{b}",
        "What's {a} divided by {b}?",
        "Divide {a} by {b}.",
        "Divide {a} by {b} with remainder.",
        "Calculate {a} ÷ {b}.",
        "Compute {a} / {b}.",
        "How much is {a} divided by {b}?",
        "Can you divide {a} by {b}?",
        "Please work out {a} ÷ {b}.",
        "How many times does {b} go into {a}?",
        "How often does {b} fit into {a}?",
        "How many times is {b} in {a}?",
        "How often is {b} in {a}?",
        "How often can {b} go into {a}?",
        "How many times does {b} fit into {a}?",
        "How often does the {b} go into {a}?",
        "Does {b} go into {a}, and how often?",
        "Find {a} / {b}.",
        "What is the quotient and remainder of {a} ÷ {b}?",
        "Solve {a} ÷ {b} and give the remainder.",
        "Tell me what {a} divided by {b} is.",
        "What do you get when you divide {a} by {b}?",
    ),
    (
        "Could you tell me what {a} divided by {b} makes?",
        "Work out {a} ÷ {b} with remainder for me.",
        "Please calculate {a} / {b}",
        "How often does {b} go into {a}?",
    ),
)

COMPARE = Wordings(
    (
        "Which is {larger}, {a} or {b}?",
        "Which is {larger}: {a} or {b}?",
        "Which number is {larger}, {a} or {b}?",
        "What is {larger}, {a} or {b}?",
        "Compare {a} and {b}. Which one is {larger}?",
        "Tell me the {larger} number: {a} or {b}.",
        "{a} or {b}, which is {larger}?",
        "Find the {larger} of {a} and {b}.",
        "Of {a} and {b}, which one is {larger}?",
        "Which of {a} and {b} is {larger}?",
        "Is {a} or {b} {larger}?",
        "Is the {larger} number {a} or {b}?",
        "Is {a} or is {b} the {larger} one?",
        "The {larger} of {a} and {b}?",
    ),
    (
        "Is {a} or {b} the {larger} number?",
        "Which one is {larger}: {a} or {b}?",
        "Give me the {larger} of {a} and {b}.",
    ),
)

SORT = Wordings(
    (
        "Sort {numbers} from {order}.",
        "Sort these numbers from {order}: {numbers}",
        "Put {numbers} in order from {order}.",
        "Order {numbers} from {order}.",
        "Please sort {numbers}, {order}.",
        "Arrange {numbers} from {order}.",
        "Can you sort {numbers} from {order}?",
        "Could you put {numbers} in order, {order}?",
        "Can you order {numbers} from {order}?",
        "Please put {numbers} in order from {order}.",
        "Here are some numbers: {numbers}. Sort them from {order}.",
        "I have the numbers {numbers}. Put them in order, {order}.",
    ),
    (
        "Can you put {numbers} in order from {order}?",
        "Please arrange these numbers from {order}: {numbers}",
        "Sort this list from {order}: {numbers}.",
    ),
)

SUM_LIST = Wordings(
    (
        "What is {sum}?",
        "{sum}",
        "Calculate {sum}.",
        "Add up {numbers}.",
        "Add {numbers}.",
        "What is the sum of {numbers}?",
        "Find the sum of these numbers: {numbers}",
        "What do {numbers} add up to?",
        "I need the total of {numbers}.",
    ),
    (
        "What is the total of {numbers}?",
        "Work out {sum} for me.",
        "Please add these numbers: {numbers}",
    ),
)

SEQUENCE = Wordings(
    (
        "What comes next: {numbers}, ?",
        "What comes next in {numbers}?",
        "What is the next number: {numbers}, ...",
        "What is the next number in {numbers}?",
        "Continue the sequence {numbers}.",
        "Which number comes next? {numbers}",
        "Find the next number: {numbers}, ?",
        "{numbers}, ... What is next?",
        "{numbers}, ... Which number is next?",
        "Go on: {numbers}, ...",
        "Go on with {numbers}.",
        "Carry on: {numbers}, ...",
        "What follows {numbers}?",
        "Which number follows {numbers}?",
        "What is next after {numbers}?",
        "What number is next in {numbers}?",
        "Complete the sequence: {numbers}, ?",
        "{numbers}, ?",
    ),
    (
        "Which number is next in the sequence {numbers}?",
        "What number comes after {numbers}?",
        "Continue: {numbers}, ...",
    ),
)

TIME_AFTER = Wordings(
    (
        "What time is it {d} after {t}?",
        "It is {t}. What time is it in {d}?",
        "It is {t} now. What time will it be in {d}?",
        "A film starts at {t} and lasts {d}. When does it end?",
        "A train leaves at {t} and takes {d}. When does it arrive?",
        "A lesson begins at {t} and goes on for {d}. When is it over?",
        "I start at {t} and work for {d}. When do I finish?",
        "The bus leaves at {t}. The trip takes {d}. When do we arrive?",
        "{name} starts cooking at {t}. It takes {d}. When is the food ready?",
        "What is {t} plus {d}?",
        "{t} + {d}",
    ),
    (
        "A meeting starts at {t} and takes {d}. When is it over?",
        "What time will it be {d} after {t}?",
        "{name} leaves at {t} and the trip takes {d}. When does {name} arrive?",
    ),
)

TIME_BEFORE = Wordings(
    (
        "What time was it {d} before {t}?",
        "It is {t}. What time was it {d} ago?",
        "A film ended at {t} and lasted {d}. When did it start?",
        "A train arrives at {t} after {d}. When did it leave?",
        "I must be there at {t} and need {d}. When do I have to leave?",
        "What is {t} minus {d}?",
        "{name} finished at {t} after working for {d}. When did {name} start?",
    ),
    (
        "It is {t} now. What time was it {d} ago?",
        "A lesson ended at {t} and lasted {d}. When did it begin?",
    ),
)

TIME_BETWEEN = Wordings(
    (
        "How long is it from {t} to {u}?",
        "How much time is there between {t} and {u}?",
        "A film starts at {t} and ends at {u}. How long is it?",
        "A train leaves at {t} and arrives at {u}. How long does it take?",
        "The shop opens at {t} and closes at {u}. How long is it open?",
        "{name} works from {t} to {u}. How long is that?",
        "I slept from {t} to {u}. How long did I sleep?",
        "How many hours and minutes are there from {t} to {u}?",
    ),
    (
        "A lesson starts at {t} and ends at {u}. How long does it take?",
        "How long is the time between {t} and {u}?",
    ),
)

TO_MINUTES = Wordings(
    (
        "How many minutes are {d}?",
        "How many minutes are in {d}?",
        "Convert {d} to minutes.",
        "What is {d} in minutes?",
        "{d} is how many minutes?",
    ),
    ("Tell me how many minutes {d} are.", "How many minutes do {d} have?"),
)

TO_HOURS = Wordings(
    (
        "How many hours and minutes are {n} minutes?",
        "Convert {n} minutes to hours and minutes.",
        "What is {n} minutes in hours and minutes?",
        "{n} minutes is how many hours and minutes?",
        "How long are {n} minutes in hours?",
    ),
    ("Tell me how many hours and minutes {n} minutes are.", "Convert {n} minutes to hours."),
)

WEEKDAY_AFTER = Wordings(
    (
        "What day is it {d} after {day}?",
        "Today is {day}. What day is it in {d}?",
        "It is {day}. What day will it be in {d}?",
        "If today is {day}, what day is it in {d}?",
        "Which day comes {d} after {day}?",
        "What day of the week is {d} after {day}?",
        "Which day is {d} after {day}?",
        "Which weekday is it {d} after {day}?",
        "Today is {day}. {name} leaves in {d}. On which day does {name} leave?",
    ),
    (
        "If it is {day} today, what day will it be in {d}?",
        "Which day of the week is {d} after {day}?",
    ),
)

WEEKDAY_BEFORE = Wordings(
    (
        "What day was it {d} before {day}?",
        "Today is {day}. What day was it {d} ago?",
        "It is {day}. What day was it {d} ago?",
        "If today is {day}, what day was it {d} ago?",
        "Which day comes {d} before {day}?",
        "What day of the week was {d} before {day}?",
        "Which day was {d} before {day}?",
        "Which weekday was it {d} before {day}?",
    ),
    (
        "If it is {day} today, what day was it {d} ago?",
        "Which day of the week was {d} before {day}?",
    ),
)

DATE_AFTER = Wordings(
    (
        "What date is {d} after {date}?",
        "What is the date {d} after {date}?",
        "Today is {date}. What is the date in {d}?",
        "It is {date}. What date is it in {d}?",
        "Which date comes {d} after {date}?",
        "{name} leaves on {date} and comes back {d} later. On which date is that?",
    ),
    ("If today is {date}, what date is it in {d}?", "It is {date} today. Which date is {d} later?"),
)

DATE_BETWEEN = Wordings(
    (
        "How many days are there from {date} to {later}?",
        "How many days are between {date} and {later}?",
        "How many days is it from {date} to {later}?",
        "Today is {date}. How many days are left until {later}?",
        "{name} leaves on {date} and comes back on {later}. How many days is that?",
    ),
    (
        "How many days are left from {date} until {later}?",
        "It is {date}. How many days until {later}?",
    ),
)

CHECK = (
    " Check your work.",
    " Please check the result.",
    " Then check it.",
    " Think carefully.",
    " Be careful and check it.",
    " Double-check your answer.",
)

FRAMES = (
    "What is {x}?", "What's {x}?", "{x}", "{x} = ?", "{x}?", "Calculate {x}.", "Compute {x}.",
    "Work out {x}.", "Find {x}.", "Solve {x}.", "Tell me {x}.", "Give me {x}.", "I need {x}.",
    "Can you calculate {x}?", "Could you work out {x}?", "Could you tell me {x}?", "Do {x}.",
    "Can you tell me what {x} is?", "Could you tell me what {x} is?", "What does {x} make?",
    "What does {x} equal?", "What does {x} give?", "How much is {x}?", "Please calculate {x}.",
    "Please work out {x}.", "Please compute {x}.", "Please tell me {x}.", "Please find {x}.",
    "I want to know {x}.", "I would like to know {x}.", "Do you know {x}?", "Let us do {x}.",
    "Work out {x} for me.", "Calculate {x} for me.", "Find {x} for me.", "Compute {x} for me.",
    "Can you find {x} for me?", "Could you do {x} for me?", "Show me {x}.", "Say what {x} makes.",
    "Tell me what {x} makes.", "What do I get for {x}?", "What will {x} be?", "And what is {x}?",
    "Help me with {x}.", "Help me calculate {x}.", "My homework is {x}.", "Now {x}.", "Answer {x}.",
    "What would {x} be?", "Figure out {x}.", "The result of {x}?", "What is the result of {x}?",
)  # fmt: skip
"""Ways to ask for anything that can be named."""

NAMED = {
    "+": ("{a} + {b}", "{a}+{b}", "{a} plus {b}", "the sum of {a} and {b}", "the total of {a} and {b}"),
    "-": ("{a} - {b}", "{a}-{b}", "{a} minus {b}", "{a} less {b}", "the difference of {a} and {b}"),
    "×": ("{a} × {b}", "{a}×{b}", "{a} x {b}", "{a} * {b}", "{a}*{b}", "{a} times {b}", "the product of {a} and {b}"),
    "÷": ("{a} ÷ {b}", "{a} / {b}", "{a}/{b}", "{a}:{b}", "{a} divided by {b}", "{a} ÷ {b} with remainder"),
}  # fmt: skip


def composed(sign: str, choice: Wordings) -> tuple[str, ...]:
    """Every frame around every name of an operation, but for wordings kept for evaluation."""
    kept = {_essence(text) for text in choice.held_out}
    texts = [frame.format(x=name) for frame in FRAMES for name in NAMED[sign]]
    return tuple(text for text in texts if _essence(text) not in kept)


def _essence(text: str) -> str:
    """A wording without spaces, punctuation and case: what must not differ only in these."""
    return "".join(c for c in text.casefold() if c.isalnum() or c in "{}+-×÷*/:")


GREETED = (
    *[""] * 40, "Hi! ", "Hello, ", "Hi, ", "Hey, ", "Okay, ", "Question: ", "So, ", "Tell me: ",
    "I have a question: ", "Can you help me? ", "Please answer: ", "A quick one: ", "Now: ",
)  # fmt: skip
CLOSED = (
    *[""] * 24,
    " Thanks!",
    " Please.",
    " Please help me.",
    " Thank you.",
    " Quick!",
    " I need it now.",
)

NAMES = (
    "Tom", "Anna", "Ben", "Emma", "Henry", "Ida", "Jack", "Kate", "Leo", "Mia", "Noah", "Olga",
    "Sam", "Tina", "Alice", "Bob", "Carol", "Max", "Nina", "Omar", "Maria", "John", "Mei", "Ravi",
)  # fmt: skip

ITEMS = (
    "apples", "books", "pencils", "marbles", "cookies", "stickers", "cards", "coins", "eggs",
    "oranges", "balls", "stamps", "shells", "flowers", "candles", "toys", "cups", "buttons", "stones",
    "sweets", "pens", "tomatoes", "cakes", "nuts", "photos",
)  # fmt: skip

BOXES = ("box", "bag", "basket", "pack", "shelf", "jar", "row", "drawer", "plate")
PLURALS = {"box": "boxes", "shelf": "shelves"}

OPERATIONS = {"+": ADD, "-": SUBTRACT, "×": MULTIPLY, "÷": DIVIDE}
COMPOSED = {sign: composed(sign, choice) for sign, choice in OPERATIONS.items()}
