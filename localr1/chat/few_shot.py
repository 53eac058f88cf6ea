"""Whether a question holds worked examples and an open one, the form of a few-shot prompt.

Precise rather than eager: two complete examples are not enough, since an FAQ, a quiz or the
examples of a programming problem have them too. The last item must be left open for the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

TEXT_LIMIT_CHARACTERS = 32_000
"""Longer words of a person are a document that was pasted."""

EXAMPLE_LIMIT_CHARACTERS = 1_200
"""Worked examples with their steps stay below this (GSM8K's have 500); transcripts do not."""

WORKED_EXAMPLES = 2
"""One answered question before another is conversation; two are a pattern to go on with."""

_PAIRS = (
    ("q", "a"),
    ("question", "answer"),
    ("problem", "solution"),
    ("problem", "answer"),
    ("question", "solution"),
    ("input", "output"),
    ("instruction", "response"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("user", "assistant"),
    ("human", "assistant"),
    ("human", "ai"),
    ("user", "ai"),
    ("user", "bot"),
    ("问", "答"),
    ("问题", "答案"),
    ("问题", "回答"),
    ("题目", "答案"),
    ("输入", "输出"),
    ("用户", "助手"),
)
"""Labels of a question and its answer in worked examples."""

_KNOWN = {label for pair in _PAIRS for label in pair}
_HEADINGS = ("example", "examples", "示例", "例子", "例")
_ALTERNATIVES = "|".join(sorted({*_KNOWN, *_HEADINGS}, key=len, reverse=True))

_LABEL = re.compile(
    rf"[ \t>#*•\-\[(_]{{0,12}}(?P<label>{_ALTERNATIVES})"
    r"[ \t]{0,3}[#(]?[0-9一二三四五]{0,3}[\])*_]{0,4}"
    r"[ \t]{0,3}(?P<colon>[:：][*_]{0,2}|$)(?P<content>.*)",
    re.IGNORECASE,
)
"""A line like "Q: …", "**Question 2:** …", "### Input:", "问题1：…", "Answer"."""

_NEXT_LABEL = re.compile(
    r"(?<=\S)[ \t]+(?=(?:(?:Q|A|Question|Answer|Input|Output|User|Assistant|Human|AI)"
    r"[ \t]?[0-9]{0,3}:(?:\s|$))|(?:问题?|答案?|输入|输出)[0-9]{0,3}[:：])"
)
"""White space before a label inside a line."""

_GENERIC_LABEL = re.compile(
    r"[ \t]*(?P<label>[A-Z][\w' /-]{0,30}|[一-鿿]{1,8})[:：](?P<content>.*)"
)
_SEPARATOR = re.compile(r"[ \t]*(?:#{2,}|-{3,}|={3,}|\*{3,})[ \t]*")
_EMPTY = re.compile(
    r"[\s?？_.…*\[\]<>\"'`]*|\s*<[^<>]{0,40}>\s*|let['’]?s (?:think|work|solve).{0,40}",
    re.IGNORECASE,
)
"""Left open: nothing, a question mark or dots, a placeholder like <text>, a thought begun."""

_ARROWS = ("=>", "-->", "->", "→", "⇒", "⟶")
_LIKE_CODE = re.compile(r"::|[{};=]|^\s*\(")
_WORD = re.compile(r"[^\W\d_]{2}|[一-鿿]")
_FILE_NAME = re.compile(r"^\[file name\]:.*", re.MULTILINE)
_FIELD = re.compile(r"\s*[a-z].*[,;{(]\s*")
"""A line of code that was pasted without a fence, as "input: stream,"."""

_ABOUT_A_TEXT = re.compile(
    r"\b(?:transcript|interview|dialog(?:ue)?|chat ?logs?|faq|screenplay|script|survey|quiz|exam"
    r"|worksheet|homework|forum|thread|puzzle|riddle"
    r"|(?:summari[sz]e|proofread|rewrite|rephrase|translate|analy[sz]e|check|review|explain|correct)"
    r" (?:this|these|the above|my)"
    r"|(?:find|guess|spot|identify|what|which|explain) (?:[a-z]+ )?(?:the )?(?:pattern|rule))\b"
    r"|总结|翻译下|采访|访谈|对话|改写|校对|规律",
    re.IGNORECASE,
)
"""The labelled lines are what the question is about, not examples of how to answer it."""

_GOES_ON = re.compile(
    r"[ \t]*(?:now\b.*[:：]|now,? (?:you|do|try|answer|solve|classify|translate|convert)\b"
    r"|your turn\b|do the same\b|same (?:for|with)\b|(?:what|how) about [^,.;?]{1,30}\?"
    r"|现在|接下来|轮到|那么|同样)",
    re.IGNORECASE,
)
_ANOTHER_TASK = re.compile(
    r"\b(?:constraints?:|explanation:|function|program|class|implement|algorithm|code|regex|sql"
    r"|above|text|proofread|rewrite|rephrase|summari[sz]e"
    r"|(?:these|the|both) (?:questions|answers))",
    re.IGNORECASE,
)
"""What follows the examples is a program to be written, or a text to be worked on."""


class _Entry(NamedTuple):
    label: str
    content: str


def has_worked_examples(text: str) -> bool:
    """Whether `text`, a question without its conversation, is a few-shot prompt.

    Attached files and fenced code do not count. The work is linear in the text.
    """
    words = _without_code(_without_files(text)).strip()
    if len(words) > TEXT_LIMIT_CHARACTERS:
        return False
    if words.lower().count("</example>") >= WORKED_EXAMPLES:
        return True
    lines = [line for line in words.splitlines() if line.strip()]
    return _open_arrow(lines) or _open_label(lines) or _open_question(words)


def _without_files(text: str) -> str:
    """The text without R1's form of attached files, whose names are no words of the person."""
    first, *others = _FILE_NAME.sub("", text).split("[file content begin]")
    return first + "".join(part.partition("[file content end]")[2] for part in others)


def _without_code(text: str) -> str:
    """The text without what stands between lines of three backticks or tildes."""
    kept, fence = [], ""
    for line in text.splitlines():
        mark = line.lstrip()[:3]
        if fence:
            fence = "" if mark == fence else fence
        elif mark in ("```", "~~~"):
            fence = mark
        else:
            kept.append(line)
    return "\n".join(kept)


# ---- "cheese => fromage" and then "bread =>" -----------------------------------------------


def _open_arrow(lines: Sequence[str]) -> bool:
    if len(lines) <= WORKED_EXAMPLES or _ABOUT_A_TEXT.search(lines[0]):
        return False
    arrow = next((each for each in _ARROWS if each in lines[-1]), None)
    if arrow is None:
        return False
    last, *worked = (line.partition(arrow) for line in reversed(lines[-1 - WORKED_EXAMPLES :]))
    complete = not any(_EMPTY.fullmatch(right) for _, _, right in worked)
    if any(_LIKE_CODE.search(side) for left, _, right in (last, *worked) for side in (left, right)):
        return False
    questions = [left for left, _, _ in (last, *worked)]
    return complete and _are_words(questions) and bool(_EMPTY.fullmatch(last[2]))


# ---- "Review: … Sentiment: positive", any two labels that take turns -------------------------


def _open_label(lines: Sequence[str]) -> bool:
    if not lines or _ABOUT_A_TEXT.search(lines[0]):
        return False
    matches = [match for line in lines if (match := _GENERIC_LABEL.fullmatch(line))]
    if not matches or matches[-1].string != lines[-1]:
        return False
    entries = [_Entry(match["label"].strip("0123456789 "), match["content"]) for match in matches]
    return any(_takes_turns(entries, labels) for labels in (2, 3, 4))


def _takes_turns(entries: Sequence[_Entry], labels: int) -> bool:
    """Whether the last entries repeat so many labels, with the very last content left open."""
    last = entries[-labels * (WORKED_EXAMPLES + 1) :]
    names = [entry.label for entry in last]
    cycle = names[:labels]
    # Names in capitals are those of a play or a log.
    if names != cycle * (WORKED_EXAMPLES + 1) or len(set(cycle)) < labels or cycle[0].isupper():
        return False
    *complete, final = last
    questions = [entry.content for entry in last[::labels]]
    return (
        _are_words(questions)
        and not any(_EMPTY.fullmatch(entry.content) for entry in complete)
        and bool(_EMPTY.fullmatch(final.content))
    )


def _are_words(questions: Sequence[str]) -> bool:
    """Numbers and formulas are data to go on from, and so are lines that repeat."""
    return len(set(questions)) == len(questions) and all(map(_WORD.search, questions))


# ---- "Q: … A: …" and other known pairs -----------------------------------------------------


def _open_question(words: str) -> bool:
    before, entries = _entries(_NEXT_LABEL.sub("\n", words))
    if _ABOUT_A_TEXT.search(before):
        return False
    return any(_is_few_shot(entries, *pair) for pair in _PAIRS)


def _entries(text: str) -> tuple[str, list[_Entry]]:
    """What stands before the first label, and each label with all that follows it."""
    before: list[str] = []
    labels: list[str] = []
    contents: list[list[str]] = []
    for line in map(_without_heading, text.splitlines()):
        match = None if _FIELD.fullmatch(line) else _LABEL.fullmatch(line)
        if _SEPARATOR.fullmatch(line):
            continue
        if match and (match["colon"] or len(match["label"]) > 3):
            labels.append(match["label"].lower())
            contents.append([match["content"]])
        else:
            (contents[-1] if contents else before).append(line)
    entries = [
        _Entry(label, "\n".join(content).strip())
        for label, content in zip(labels, contents, strict=True)
    ]
    return "\n".join(before), entries


def _without_heading(line: str) -> str:
    """ "Example 1: Input: 3" is the line "Input: 3"."""
    match = _LABEL.fullmatch(line)
    return match["content"] if match and match["label"].lower() in _HEADINGS else line


def _is_few_shot(entries: Sequence[_Entry], question: str, answer: str) -> bool:
    own = [entry for entry in entries if entry.label in (question, answer)]
    worked = {
        first.content for first, second in pairwise(own) if _is_worked(first, second, question)
    }
    if len(worked) < WORKED_EXAMPLES:
        return False
    last = own[-1]
    if last.label == question:
        return bool(last.content) and not _ABOUT_A_TEXT.search(last.content)
    return bool(_EMPTY.fullmatch(last.content)) or _goes_on(last.content)


def _is_worked(first: _Entry, second: _Entry, question: str) -> bool:
    if first.label != question or second.label == question:
        return False
    if _EMPTY.fullmatch(first.content) or _EMPTY.fullmatch(second.content):
        return False
    return len(first.content) + len(second.content) <= EXAMPLE_LIMIT_CHARACTERS


def _goes_on(content: str) -> bool:
    """Whether the lines after an answer ask for the same once more."""
    _, *rest = content.splitlines()
    tail = "\n".join(rest)
    about = _ANOTHER_TASK.search(tail) or _ABOUT_A_TEXT.search(tail)
    return not about and any(_GOES_ON.match(line) for line in rest)
