# ruff: noqa: E501 - a sentence stays on its line
"""What is not a problem: small talk, follow-up questions, and requests outside the domain."""

from __future__ import annotations

import dis
import random
import textwrap
import zlib
from collections.abc import Callable
from random import Random

import calendar_problems
import problems
import steps
import stories
import wordings
from problems import Maker, Problem, boxed
from wordings import Wordings

CAN = "I can add, subtract, multiply and divide, compare and sort numbers, work with times and dates, and solve small puzzles."
REAL = "Run a real model with `localr1 run` for more."
WHO = f"I am localr1's demo model: I only do small arithmetic and puzzles. {REAL}"
REFUSAL = f"I am localr1's demo model: I only do small arithmetic and puzzles, so I cannot help with this. {REAL}"

MONTH_NAMES = tuple(name for name, _ in calendar_problems.MONTHS)

SMALL_TALK = (
    (
        Wordings(
            (
                "Hello", "Hello!", "Hi", "Hi!", "Hey", "Hi there", "Hey there!", "Good morning",
                "Good evening!", "Good day", "hello", "hi", "Hello there!", "Hey, how are you?",
                "How are you?", "How are you today?", "Good afternoon", "Greetings", "What's up?",
            ),
            ("Hi there!", "Good morning!", "Hello, how are you?"),
        ),
        "The person greets me. I greet back and say what I can do.",
        "Hello! Give me a small sum or a puzzle, for example: What is 347 + 586?",
    ),
    (
        Wordings(
            (
                "Who are you?", "What are you?", "who are you", "Tell me about yourself.",
                "What is your name?", "What's your name?", "Are you a robot?", "Are you an AI?",
                "Are you DeepSeek?", "Which model are you?", "What model is this?",
                "Introduce yourself.", "Who made you?", "Are you ChatGPT?", "Are you human?",
                "How big are you?", "What kind of model are you?", "Hello, who are you?",
            ),
            ("Can you tell me who you are?", "Hi, who are you?", "What model are you?"),
        ),
        "The person asks who I am. I say it honestly.",
        WHO,
    ),
    (
        Wordings(
            (
                "What can you do?", "what can you do", "Help", "help", "Help me", "/help", "?",
                "What are you good at?", "What can I ask you?", "How can you help me?",
                "How do you work?", "What do you know?", "What should I ask?", "Can you help me?",
                "What are you for?", "Give me an example.", "What else can you do?", "Show me what you can do.",
            ),
            ("What can I do with you?", "Tell me what you can do.", "What can you help me with?"),
        ),
        "The person asks what I can do. I list it.",
        f"{CAN} {REAL}",
    ),
    (
        Wordings(
            (
                "Thanks", "Thanks!", "Thank you", "Thank you!", "thanks", "Great, thanks",
                "Thank you very much!", "Thanks a lot", "Cool", "Great!", "Nice", "Good job",
                "Well done!", "Perfect", "Okay, thanks.", "ok", "OK", "Okay", "Wow", "Very good",
            ),
            ("Thanks a lot!", "Great, thank you!", "Nice, thanks"),
        ),
        "The person thanks me.",
        "You are welcome! Ask me another small sum or puzzle.",
    ),
    (
        Wordings(
            (
                "Bye", "Bye!", "Goodbye", "Good night", "See you", "See you later!", "bye",
                "Good bye!", "That is all.", "I am done", "Quit", "Exit", "Stop", "See you tomorrow",
            ),
            ("Goodbye!", "Bye, see you!", "Good night!"),
        ),
        "The person says goodbye.",
        "Goodbye!",
    ),
)  # fmt: skip


def small_talk(rng: Random, held_out: bool) -> Problem:
    choice, thought, answer = rng.choice(SMALL_TALK)
    question = rng.choice(choice.of(held_out=held_out))
    while True:  # talk is split by wording alone; the key only has to land on the right side
        key = f"talk {question} {rng.random()}"
        if problems.is_held_out(key) == held_out:
            break
    history = _earlier(rng) if rng.random() < 0.25 else ()
    return Problem("conversation", key, question, (thought,), answer, history=history)


ECHO = Wordings(
    ("Say: {w}", "Repeat: {w}", "Say {w}.", "Repeat after me: {w}", "Write: {w}", "Please say {w}"),
    ("Please repeat: {w}", "Please write: {w}"),
)


def echo(rng: Random, held_out: bool) -> Problem:
    """Words to repeat: what a model that thinks in writing needs most is to copy exactly."""
    pool = (*wordings.NAMES, *wordings.ITEMS, *calendar_problems.WEEKDAYS, *MONTH_NAMES)
    words = [
        rng.choice(pool) if rng.random() < 0.75 else str(problems.number(rng, 4))
        for _ in range(rng.randint(2, 4))
    ]
    said = (rng.choice((" ", ", "))).join(words)
    question = rng.choice(ECHO.of(held_out=held_out)).format(w=said)
    return Problem("repeating", f"echo {said}", question, (f"I am to say: {said}.",), said)


def _earlier(rng: Random) -> tuple[tuple[str, str], ...]:
    earlier = problems.draw(rng.choice(BASES), rng, held_out=False)
    return ((earlier.question, earlier.answer),)


BASES: tuple[Maker, ...] = (
    problems.add,
    problems.add,
    problems.subtract,
    problems.multiply,
    problems.sum_list,
    problems.sequence,
    stories.word_problem,
    stories.word_problem,
)

DOUBLE = Wordings(
    (
        "and double that?", "And double that?", "Double it.", "Double that.", "Now double it.",
        "What is double that?", "What's twice that?", "Twice that?", "Times two?", "and times 2?",
        "Can you double it?", "Now multiply that by 2.", "And twice as much?",
    ),
    ("Now double that.", "What is twice that?", "Can you double that?"),
)  # fmt: skip
HALF = Wordings(
    (
        "and half of that?", "Half of that?", "What is half of it?", "Now halve it.", "Halve that.",
        "And half of it?", "Divide that by 2.", "What's half of that?", "Now divide it by two.",
    ),
    ("Now half of that?", "What is half of that?", "Divide it by 2."),
)  # fmt: skip
MORE = Wordings(
    (
        "Add {k} to that.", "Now add {k}.", "and {k} more?", "plus {k}?", "And plus {k}?",
        "What if you add {k}?", "Add {k}.", "and if I add {k}?", "+ {k}", "+{k}", "Add another {k}.",
        "What is that plus {k}?", "Now plus {k}", "Then add {k} to it.", "What's {k} more than that?",
    ),
    ("Now add {k} to that.", "And if you add {k}?", "What is {k} more than that?"),
)  # fmt: skip
LESS = Wordings(
    (
        "Subtract {k} from that.", "Now subtract {k}.", "and {k} less?", "minus {k}?", "And minus {k}?",
        "What if you take away {k}?", "Take away {k}.", "and if I take {k} away?", "- {k}", "-{k}",
        "What is that minus {k}?", "Now minus {k}", "Then take {k} from it.", "What's {k} less than that?",
    ),
    ("Now take {k} from that.", "And if you subtract {k}?", "What is {k} less than that?"),
)  # fmt: skip
TIMES = Wordings(
    (
        "Multiply that by {k}.", "times {k}?", "And times {k}?", "Now times {k}.", "× {k}", "*{k}",
        "What is that times {k}?", "And {k} times that?", "Multiply it by {k}.", "What is {k} times that?",
        "Now multiply it by {k}", "and {k} times as much?",
    ),
    ("Now multiply that by {k}.", "What is {k} times as much?", "And that times {k}?"),
)  # fmt: skip
SHARE = Wordings(
    (
        "Divide that by {k}.", "divided by {k}?", "And divided by {k}?", "Now divide it by {k}.", "/ {k}",
        "÷ {k}", "What is that divided by {k}?", "Divide it by {k}.", "Split that into {k} parts.",
    ),
    ("Now divide that by {k}.", "And that divided by {k}?"),
)  # fmt: skip
ABOVE = Wordings(
    (
        "Is that more than {k}?", "Is it more than {k}?", "Is that larger than {k}?",
        "Is this bigger than {k}?", "Is the result more than {k}?", "Is it bigger than {k}?",
    ),
    ("Is that bigger than {k}?", "Is the result larger than {k}?"),
)  # fmt: skip
SAME = Wordings(
    (
        "and {a} {sign} {b}?", "And {a} {sign} {b}?", "what about {a} {sign} {b}?", "Now {a} {sign} {b}.",
        "And what is {a} {sign} {b}?", "Okay, and {a} {sign} {b}?", "What about {a}{sign}{b}?",
    ),
    ("And what about {a} {sign} {b}?", "Now what is {a} {sign} {b}?"),
)  # fmt: skip


def follow_up(rng: Random, held_out: bool) -> Problem:
    """A question on the last answer, sometimes after several turns."""
    base = _base(rng, held_out)
    problem = _next_turn(rng, held_out, base)
    if rng.random() < 0.25 and problem.result is not None and 1 < problem.result < 1000:
        problem = _next_turn(rng, held_out, problem)
    return problem


def _base(rng: Random, held_out: bool) -> Problem:
    while True:
        base = rng.choice(BASES)(rng, held_out)
        if base.result is not None and 1 < base.result < 1000:
            return base


def _next_turn(rng: Random, held_out: bool, base: Problem) -> Problem:
    shape = rng.choice((_double, _half, _more, _more, _less, _less, _times, _share, _above, _same))
    question, told, working, answer, result = shape(rng, held_out, base.result or 0)
    if told:
        working = [f"The last result was {base.result}.", *working]
    history = (*base.history, (base.question, base.answer))
    value = int(result) if result.isdigit() else None
    key = f"{base.key} then {question}"
    return Problem("follow-up", key, question, tuple(working), answer, result, value, history)


Turn = tuple[str, bool, list[str], str, str]
"""Question, does it build on the last result, working, answer, box."""


def _equation(question: str, a: int, sign: str, b: int, working: list[str], result: str) -> Turn:
    return question, True, working, boxed(f"{a} {sign} {b} = **{result}**", result), result


def _double(rng: Random, held_out: bool, n: int) -> Turn:
    question = rng.choice(DOUBLE.of(held_out=held_out))
    return _equation(question, n, "×", 2, steps.multiply(n, 2), str(n * 2))


def _half(rng: Random, held_out: bool, n: int) -> Turn:
    question = rng.choice(HALF.of(held_out=held_out))
    return _equation(question, n, "÷", 2, steps.divide(n, 2), steps.quotient(n, 2))


def _more(rng: Random, held_out: bool, n: int) -> Turn:
    k = problems.number(rng, 2) + 1
    question = rng.choice(MORE.of(held_out=held_out)).format(k=k)
    return _equation(question, n, "+", k, steps.add(n, k), str(n + k))


def _less(rng: Random, held_out: bool, n: int) -> Turn:
    k = rng.randint(1, n if rng.random() < 0.5 else min(n, 20))
    question = rng.choice(LESS.of(held_out=held_out)).format(k=k)
    return _equation(question, n, "-", k, steps.subtract(n, k), str(n - k))


def _times(rng: Random, held_out: bool, n: int) -> Turn:
    k = rng.randint(2, 9)
    question = rng.choice(TIMES.of(held_out=held_out)).format(k=k)
    return _equation(question, n, "×", k, steps.multiply(n, k), str(n * k))


def _share(rng: Random, held_out: bool, n: int) -> Turn:
    k = rng.randint(2, 10)
    question = rng.choice(SHARE.of(held_out=held_out)).format(k=k)
    return _equation(question, n, "÷", k, steps.divide(n, k), steps.quotient(n, k))


def _above(rng: Random, held_out: bool, n: int) -> Turn:
    k = problems.number(rng, len(str(n)), max(len(str(n)) - 1, 1))
    k += k == n
    question = rng.choice(ABOVE.of(held_out=held_out)).format(k=k)
    result = "yes" if n > k else "no"
    said = f"**{result.capitalize()}**: {n} is {'more' if n > k else 'less'} than {k}."
    working = [*steps.compare(n, k), f"The answer is {result}."]
    return question, True, working, boxed(said, result), result


def _same(rng: Random, held_out: bool, _n: int) -> Turn:
    a, b = problems.number(rng, 3), problems.number(rng, 3)
    if rng.random() < 0.6:
        sign, working, result = "+", steps.add(a, b), str(a + b)
    else:
        a, b = max(a, b), min(a, b)
        sign, working, result = "-", steps.subtract(a, b), str(a - b)
    question = rng.choice(SAME.of(held_out=held_out)).format(a=a, b=b, sign=sign)
    return question, False, working, boxed(f"{a} {sign} {b} = **{result}**", result), result


# ---- outside the domain ---------------------------------------------------------------------

TOPICS = (
    "the capital of France", "the history of Rome", "black holes", "photosynthesis", "love",
    "the weather in Paris", "quantum physics", "the moon", "a cat and a dog", "the French Revolution",
    "Python", "my cat", "climate change", "the president", "Shakespeare", "football", "cooking rice",
    "the meaning of life", "dinosaurs", "electric cars", "how to lose weight", "the stock market",
    "a trip to Japan", "DNA", "the sea", "music", "my job", "World War 2", "Einstein", "Linux",
    "the population of China", "the largest planet", "a good book", "the speed of light", "spring",
    "the tallest mountain", "the oldest city", "a new phone", "bread", "chess", "the internet",
)  # fmt: skip
REQUESTS = Wordings(
    (
        "Write a poem about {t}.", "What is {t}?", "Tell me about {t}.", "Explain {t}.",
        "Write a story about {t}.", "Write an email about {t}.", "Give me a recipe with {t}.",
        "Translate {t} into German.", "Who invented {t}?", "Why is {t} so important?",
        "Write a Python function for {t}.", "Summarize {t}.", "What do you think about {t}?",
        "Tell me a joke about {t}.", "How does {t} work?", "Where is {t}?", "When was {t}?",
        "Write a song about {t}", "List five facts about {t}.", "Can you explain {t} to a child?",
        "what is {t}", "{t}", "{t}?", "Describe {t} in two sentences.", "Draw {t}.",
        "Write an essay on {t}.", "Do you like {t}?", "Please help me with {t}.",
    ),
    (
        "Tell me everything about {t}.", "Write a short text on {t}.", "What do you know about {t}?",
        "Can you write a song about {t}?", "How do I learn about {t}?",
    ),
)  # fmt: skip
MATHS = (
    "What is the square root of {n}?", "Solve x^2 - {n} = 0.", "What is sin({n})?", "Is {n} prime?",
    "What is {n}!?", "Integrate x^{n}.", "What is log({n})?", "Factor {n}.", "What is {n} in binary?",
    "What is {n}%  of x?", "Prove that there are infinitely many primes.", "Derive x^{n} + {n}x.",
    "Solve {n}x + 3 = 12 for x.", "What is pi to {n} digits?", "What is 2^{n}?",
    "A circle has radius {n}. What is its area?",
)  # fmt: skip
FOREIGN = (
    "Was ist die Hauptstadt von Frankreich?", "Bonjour, comment ça va ?", "¿Dónde está la biblioteca?",
    "Ciao, come stai?", "你好，你是谁？", "请写一首关于春天的诗。", "今日はいい天気ですね。", "안녕하세요",
    "Привет, как дела?", "Расскажи мне сказку.", "مرحبا كيف حالك", "שלום", "नमस्ते, आप कैसे हैं?",
    "Wie spät ist es?", "Schreibe ein Gedicht über den Herbst.", "Quel temps fait-il à Paris ?",
    "Escribe un poema sobre el mar.", "Γεια σου, τι κάνεις;", "สวัสดีครับ", "Merhaba, nasılsın?",
    "Dzień dobry, jak się masz?", "Xin chào", "Olá, tudo bem?", "Hej, hur mår du?", "Tere!",
)  # fmt: skip
ALPHABETS = (
    (0x20, 0x7E), (0xA1, 0xFF), (0x100, 0x17F), (0x391, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA),
    (0x620, 0x64A), (0x905, 0x939), (0xE01, 0xE2E), (0x3041, 0x3096), (0x4E00, 0x9FA5),
    (0xAC00, 0xD7A3), (0x1F300, 0x1F64F), (0x2190, 0x22FF), (0x61, 0x7A), (0x61, 0x7A),
)  # fmt: skip
SOURCES = (random, textwrap, dis)
LENGTHS = (3, 10, 30, 60, 120, 250, 500)


def _prose(rng: Random) -> str:
    """A piece of code or English from Python's own library."""
    source = rng.choice(SOURCES).__file__ or ""
    with open(source, encoding="utf-8") as file:  # noqa: PTH123 - a module's file is a plain name
        text = file.read()
    start = rng.randrange(len(text) - 600)
    return text[start : start + rng.choice(LENGTHS[1:])]


def _noise(rng: Random) -> str:
    """Characters of one or several alphabets."""
    length = rng.choice(LENGTHS)
    alphabets = rng.sample(ALPHABETS, rng.choice((1, 1, 2, 4)))
    characters = []
    for _ in range(rng.randint(1, length)):
        low, high = rng.choice(alphabets)
        characters.append(" " if rng.random() < 0.15 else chr(rng.randint(low, high)))
    return "".join(characters)


def _repeated(rng: Random) -> str:
    unit = rng.choice(
        (*TOPICS, *FOREIGN, "a", "ha", "?", "!", ".", "A", "lol ", "0", "123", "\n", "😀")
    )
    return (unit * 400)[: rng.choice(LENGTHS)]


def _words(rng: Random) -> str:
    """Words that do not make a question, out of the domain's own sentences too."""
    pool = " ".join((*TOPICS, *wordings.NAMES, *wordings.ITEMS, *wordings.ADD.seen, CAN)).split()
    return (
        " ".join(rng.choices(pool, k=rng.choice((2, 5, 12, 30, 80))))
        .replace("{", "")
        .replace("}", "")
    )


def _request(rng: Random, held_out: bool) -> str:
    topic = rng.choice(TOPICS)
    if not held_out and rng.random() < 0.4:
        text = rng.choice(wordings.FRAMES).format(x=topic)
    else:
        text = rng.choice(REQUESTS.of(held_out=held_out)).format(t=topic)
    return rng.choice(wordings.GREETED) + text


def _maths(rng: Random) -> str:
    return rng.choice(MATHS).format(n=rng.randint(2, 200))


def _too_big(rng: Random) -> str:
    a, b = problems.number(rng, 14, 7), problems.number(rng, 14, 4)
    return f"What is {a} {rng.choice('+-×*/')} {b}?" if rng.random() < 0.7 else f"{a} + {b}"


def outside(rng: Random, held_out: bool) -> Problem:
    """A request that the demo cannot serve: it says so and stops."""
    shape: Callable[[Random], str] = rng.choices(
        (
            lambda r: _request(r, held_out),
            _maths,
            lambda r: r.choice(FOREIGN),
            _noise,
            _prose,
            _repeated,
            _words,
            _too_big,
            lambda r: r.choice(
                ("", " ", "\n", "...", ".", "-", "hmm", "asdf", "test", "x", "why", "because")
            ),
        ),
        (30, 8, 10, 12, 8, 5, 5, 8, 6),
    )[0]
    question = shape(rng)
    thought, answer = "This is not a small sum or puzzle, so I cannot do it.", REFUSAL
    if shape is _too_big:
        thought = "These numbers are too large for me."
        answer = f"These numbers are too large for me: I only do small arithmetic. {REAL}"
    key = f"outside {zlib.crc32(question.encode())} {rng.random()}"
    history = _earlier(rng) if rng.random() < 0.15 else ()
    return Problem("outside", key, question, (thought,), answer, history=history)
