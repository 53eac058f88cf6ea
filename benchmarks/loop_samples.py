"""Loops made up in code, of the kinds that models fall into; the same every time.

Each begins after some ordinary sentences, at a known token.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_TOKEN = re.compile(r"[\u3400-\u9fff]{1,2}| ?[^\W\d_]{1,7}|\d|\n+|[^\w\s]{1,3}|_|\s+")
"""About as fine as a real vocabulary: a digit is a token, a long word several."""

_WORDS = """able about above across after again air all also always animal answer any apple around
ask autumn back bad ball bank bare bed before begin behind best big bird black blue board boat body
book both bottle box bread bright bring brother build busy call care carry chair change child city
clean clear clock close cloud coat cold colour come common corner country cup dark day deep door
draw dream dress drink drive dry early earth east easy empty end enough evening ever every eye face
fall family far farm fast father feel few field fill find fine fire first fish floor flower fly
follow food foot forest free friend from full garden glass gold good grass great green ground grow
hand happy hard head hear heart heavy help high hill hold home hope horse hot hour house ice idea
island keep kind kitchen know lake land large last late laugh lead leaf learn left letter light
line listen little live long look loud love make many market meadow mean milk mind money moon
morning mother mountain move music name narrow near never new night noise north nothing number
oil old open orange other over page paper part pass path people picture piece place plain plant
play point poor pull push quick quiet rain read ready reason red rest rich right river road room
round salt same sand school sea season second sell send seven shape ship shoe shop short silver
simple sing sister sit sleep slow small smile snow soft song soon sound south speak spring square
stand star start stay step still stone story street strong summer sun sweet swim table talk tall
teach thick thin thing think tired today together tomorrow town trade travel tree true turn uncle
under until usual valley very village voice wait walk wall warm wash watch water weather week west
wheel white wide wild wind window winter wise wish wood word work world write year yellow young"""
WORDS = tuple(_WORDS.split())
_HAN = (
    "天地人大小山水火木金土日月星风云雨雪花草树鸟鱼马牛羊心手足口目耳面头身年时分春夏秋冬东西南北"
)


class Sample(NamedTuple):
    """A text that ends in a loop."""

    kind: str
    texts: list[str]
    """Of its tokens."""
    begins: int
    """The first token of what is repeated, in its first appearance."""
    period: float
    """Tokens from one appearance to the next, on average."""


def tokenize(text: str) -> list[str]:
    """Texts of tokens, which joined give the text."""
    return _TOKEN.findall(text)


def samples(seed: int = 1) -> Iterator[Sample]:
    """All made-up loops; another seed gives others."""
    for period in (*range(1, 20), *range(20, 201, 6)):
        yield _exact_tokens(period, seed)
    for kind, count, make in _KINDS:
        for number in range(count):
            draw = random.Random(f"{kind} {number} {seed}")
            yield _repeated(kind, draw, make(draw))


Appearance = Callable[[int], str]
"""Text of the n-th appearance."""


def _repeated(kind: str, draw: random.Random, appearance: Appearance) -> Sample:
    texts = tokenize(prose(draw, 120))
    begins = len(texts)
    times, target = 0, 1200 if kind != "symbols only" else 2400
    while times < 6 or len(texts) - begins < target:
        texts += tokenize(appearance(times))
        times += 1
    return Sample(kind, texts, begins, (len(texts) - begins) / times)


def _exact_tokens(period: int, seed: int) -> Sample:
    """One token repeats, or two, …, as from a model that is stuck between them."""
    draw = random.Random(f"{period} {seed}")
    texts = tokenize(prose(draw, 120))
    begins = len(texts)
    cycle = [f" {draw.choice(WORDS)}" for _ in range(period)]
    times = max(6, 800 // period)
    return Sample("exact period", texts + cycle * times, begins, period)


def prose(draw: random.Random, n_words: int) -> str:
    """Sentences without sense."""
    sentences = []
    while n_words > 0:
        sentence = _sentence(draw)
        n_words -= sentence.count(" ") + 1
        sentences.append(sentence)
    return " ".join(sentences) + "\n\n"


def _sentence(draw: random.Random) -> str:
    words = [draw.choice(WORDS) for _ in range(draw.randint(5, 14))]
    words[0] = words[0].capitalize()
    return " ".join(words) + draw.choice((".", ".", ".", "?", ", so it is."))


def _with_numbers(draw: random.Random) -> Appearance:
    """Steps whose numbers go on while the words stay."""
    first, add = draw.randint(1, 40), draw.randint(1, 9)
    body = [_sentence(draw) for _ in range(draw.randint(0, 6))]
    form = draw.choice(
        (
            "Step {n}: now we take the number {a} and add it to the {b} that we had before. ",
            "Wait, the value for n = {n} is {a}, and that is not yet what we are looking for. ",
            "\n{n}. The next number in the list is {a}, which comes right after {b}.",
            "On day {n} we walked {a} miles along the river and slept in the old house. ",
        )
    )

    def appearance(time: int) -> str:
        n = first + time
        return form.format(n=n, a=n * add, b=(n - 1) * add) + " ".join(body) + "\n"

    return appearance


def _changed(draw: random.Random, text: str, share: float) -> str:
    """Some words replaced."""
    words = text.split(" ")
    changed = [draw.choice(WORDS) if draw.random() < share else word for word in words]
    return " ".join(changed)


def _alternating(draw: random.Random) -> Appearance:
    paragraphs = [prose(draw, draw.randint(20, 60)) for _ in range(2)]
    return lambda _time: "".join(_changed(draw, text, 0.02) for text in paragraphs)


def _nearly_verbatim(draw: random.Random) -> Appearance:
    paragraph = prose(draw, draw.randint(15, 150))
    return lambda _time: _changed(draw, paragraph, 0.03)


def _with_text_between(draw: random.Random) -> Appearance:
    n_words = draw.randint(60, 140)
    paragraph = prose(draw, n_words)
    return lambda _time: _changed(draw, paragraph, 0.01) + prose(draw, n_words // 8)


def _questions(draw: random.Random) -> Appearance:
    """A thought that turns in a circle, with its sum."""
    a, b = draw.randint(10, 99), draw.randint(10, 99)
    lines = [
        f"Wait, let me check that again. {a} + {b} = {a + b}, and that is correct.",
        f"But is it really {a + b}? {_sentence(draw)} Hmm, let me think about it once more.",
        f"So the answer should be {a + b}. {_sentence(draw)}",
    ][: draw.randint(1, 3)]
    return lambda _time: "\n".join(lines) + "\n"


def _code(draw: random.Random) -> Appearance:
    name, other = draw.choice(WORDS), draw.choice(WORDS)
    lines = [
        f"def {name}({other}):",
        f"    for {draw.choice(WORDS)} in range({draw.randint(2, 99)}):",
        f"        {other}.{draw.choice(WORDS)}({draw.choice(WORDS)}[{draw.randint(0, 9)}])",
        f"    return {other} + {draw.randint(2, 99)}",
    ]
    return lambda _time: "\n".join(lines) + "\n\n"


def _han(draw: random.Random) -> Appearance:
    """Chinese, some with a number that goes on."""
    text = "".join(draw.choice(_HAN) for _ in range(draw.randint(15, 60)))
    numbered = draw.random() < 0.5
    return lambda time: f"第{time + 1}步,{text}。" if numbered else f"{text}。"


def _symbols(draw: random.Random) -> Appearance:
    text = draw.choice(("!", "0", "142857", "-", "=-", "| ", "0, ", "\n", "1 0 ", "…", "?!", ".\n"))
    return lambda _time: text


_KINDS: tuple[tuple[str, int, Callable[[random.Random], Appearance]], ...] = (
    ("numbers go on", 30, _with_numbers),
    ("two paragraphs alternate", 25, _alternating),
    ("nearly verbatim", 30, _nearly_verbatim),
    ("text between", 20, _with_text_between),
    ("a thought in a circle", 15, _questions),
    ("code", 12, _code),
    ("Chinese", 12, _han),
    ("symbols only", 12, _symbols),
)
