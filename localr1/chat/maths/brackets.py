"""Which parts of a formula on one line need brackets around them."""

from __future__ import annotations

import re

_FACTORIAL = re.compile(r"(?:\d+|[^\W\d_])!")
_DIFFERENTIAL = re.compile(r"[d∂]²?[^\W\d_][²³]?")
_PLAIN = re.compile(r"[^\W_]+(?:[.,]\d+)?[′″]?|∞")
_POWERED = re.compile(r"(?:\d+(?:\.\d+)?|[^\W\d_])[⁰¹²³⁴-⁹ⁿ₀-₉ₐ-ₜᵢⱼ′]*")


def numerator(text: str) -> str:
    """What stands before the stroke of a fraction."""
    needs_brackets = not text or "/" in text or is_sum(text)
    return f"({text})" if needs_brackets and not is_bracketed(text) else text


def denominator(text: str) -> str:
    """What stands behind the stroke of a fraction."""
    simple = _PLAIN.fullmatch(text) and (len(text) == 1 or text.strip(".,′″").isdecimal())
    if simple or _POWERED.fullmatch(text) or _DIFFERENTIAL.fullmatch(text) or is_bracketed(text):
        return text
    if _FACTORIAL.fullmatch(text) or re.fullmatch(r"[√∛∜]\w", text) or _is_function(text):
        return text
    return f"({text})"


def _is_function(text: str) -> bool:
    """A name with its argument in brackets: f(x)."""
    found = re.fullmatch(r"[^\W\d_]\w?[′″]*(\(.*\))", text)
    return found is not None and is_bracketed(found[1])


def is_sum(text: str) -> bool:
    """Are there several parts with space or a sign between them, outside of brackets?"""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{⟨⌊⌈") - (character in ")]}⟩⌋⌉")
        if not depth and character in " +−±∓=<>≤≥≠≈≡,;→∪∩" and index:
            return True
    return False


def is_bracketed(text: str) -> bool:
    """Is all of it inside one pair of brackets?"""
    if not text or (text[0], text[-1]) not in {("(", ")"), ("|", "|"), ("[", "]")}:
        return False
    if text[0] == "|":
        return text.count("|") == 2
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if not depth:
            return index == len(text) - 1
    return False


def is_one(text: str) -> bool:
    """Is it a single letter or number?"""
    return len(text) == 1 or text.replace(".", "").replace(",", "").isdecimal()
