r"""What commands without arguments stand for.

The names come from `unicodeit`, which knows some 4,000. Here are their classes, which decide about
the space around them, and the few names for which a terminal is better off with another character.
"""

from __future__ import annotations

import functools
import unicodedata

from localr1.chat.maths.nodes import Atom, Kind

_BETTER = {
    # For a common look in terminal fonts, or since the library's own character is double-width
    **{"cdot": "·", "star": "⋆", "ast": "∗", "langle": "⟨", "rangle": "⟩", "models": "⊨"},
    **{"implies": "⇒", "Longrightarrow": "⇒", "impliedby": "⇐", "Longleftarrow": "⇐", "iff": "⇔"},
    **{"Longleftrightarrow": "⇔", "longrightarrow": "→", "longleftarrow": "←", "longmapsto": "↦"},
    **{"longleftrightarrow": "↔", "mid": "|", "vert": "|", "lvert": "|", "rvert": "|"},
    **{"|": "‖", "Vert": "‖", "lVert": "‖", "rVert": "‖", "parallel": "∥", "setminus": "∖"},
    **{"dots": "…", "dotsc": "…", "dotsb": "⋯", "dotsm": "⋯", "dotsi": "⋯", "hdots": "…"},
    **{"Box": "□", "square": "□", "blacksquare": "■", "Diamond": "◇", "omicron": "ο"},
    **{"textdegree": "°", "degree": "°", "leadsto": "⇝", "backslash": "\\", "triangleq": "≜"},
    **{"lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]", "gets": "←", "owns": "∋"},
    **{"{": "{", "}": "}", "%": "%", "$": "$", "#": "#", "&": "&", "_": "_", "-": ""},
    **{"lparen": "(", "rparen": ")", "bigtriangleup": "△", "bigcirc": "○", "And": "&"},
    **{"qedsymbol": "□", "qed": "□", "pounds": "£", "euro": "€", "yen": "¥", "textbackslash": "\\"},
    **{"prime": "′", "surd": "√", "Re": "Re", "Im": "Im", "slash": "/", "textasciitilde": "~"},
    **{"ne": "≠", "colon": ":", "lt": "<", "gt": ">", "bmod": "mod", "mod": "mod", "P": "¶"},
    **{"checkmark": "✓", "cross": "✗", "blacktriangle": "▲", "triangledown": "▽", "hbar": "ℏ"},
}
_FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "sinh",
        "cosh",
        "tanh",
        "coth",
        "arcsin",
        "arccos",
        "arctan",
        "arccot",
        "log",
        "ln",
        "lg",
        "exp",
        "dim",
        "ker",
        "deg",
        "hom",
        "arg",
        "Re",
        "Im",
    ]
)
_LIMIT_FUNCTIONS = {
    **{
        name: name
        for name in [
            "lim",
            "max",
            "min",
            "sup",
            "inf",
            "det",
            "gcd",
            "lcm",
            "Pr",
            "argmax",
            "argmin",
        ]
    },
    **{"limsup": "lim sup", "liminf": "lim inf", "injlim": "inj lim", "projlim": "proj lim"},
}
_INTEGRALS = "∫∬∭⨌∮∯∰"
_BIG = f"∑∏∐⋃⋂⋁⋀⨁⨂⨀⨄⨆{_INTEGRALS}"
_BINARY = "+−±∓×÷·∗⋆∘∙•⊕⊖⊗⊘⊙∩∪⊎⊓⊔∨∧∖≀⨿†‡⋄⋊⋉∔⊻⊼"
_RELATIONS = (
    "=<>≤≥≠≈≡∼≃≅∝≪≫≺≻⪯⪰⊂⊃⊆⊇⊊⊋∈∉∋∌∣∤∥∦⊥⊨⊢⊣≍≐≜≔≕≲≳⩽⩾≰≱⊈⊉⊄⊅⊏⊐⊑⊒≮≯≉≢≁⋈≟⌢⌣≊⊴⊵⊲⊳∴∵"
    "→←⇒⇐↔⇔↦↪↩⇝⟶⟵↣↠⇌⇀⇁↗↘↙↖⤳↛⇏≼≽"
)
_OPENING, _CLOSING = "([{⟨⌊⌈⟦", ")]}⟩⌋⌉⟧!.?"
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(_BIG, "big"),
    **dict.fromkeys(_BINARY, "bin"),
    **dict.fromkeys(_RELATIONS, "rel"),
    **dict.fromkeys(_OPENING, "open"),
    **dict.fromkeys(_CLOSING, "close"),
    **dict.fromkeys(",;", "punct"),
}
_TYPED = {"-": "−", "*": "∗", "'": "′"}
_MORE_SUPERSCRIPTS = {
    "′": "′",
    "″": "″",
    "‴": "‴",
    "∗": "*",
    "∘": "°",
    "†": "†",
    "‡": "‡",
    "⊤": "ᵀ",
}
_WRONG_SCRIPTS = frozenset(["^V", "^.", "^<", "^>", "_<", "_>", "^∫"])
"""The library takes look-alikes here, one of them a double-width letter."""


def typed(character: str) -> Atom:
    """A character as it was typed in a formula."""
    text = _TYPED.get(character, character)
    return Atom(text, _KINDS.get(text, "ord"))


def named(name: str) -> Atom | None:
    r"""What the command \name stands for; None where nobody knows."""
    if name in _LIMIT_FUNCTIONS:
        return Atom(_LIMIT_FUNCTIONS[name], "fn")
    if name in _FUNCTIONS:
        return Atom(_BETTER.get(name, name), "fn")
    text = _BETTER.get(name) or _names().get(name)
    if not text:
        return None
    if name in ("mid", "bmod"):
        return Atom(text, "bin" if name == "bmod" else "rel")
    if name in ("perp", "colon"):
        return Atom(text, "rel" if name == "perp" else "punct")
    return Atom(text, "ord" if name in ("bot", "top") else _KINDS.get(text, "ord"))


def negated(text: str) -> str:
    """The character with a stroke through it."""
    return unicodedata.normalize("NFC", text[:1] + "\N{COMBINING LONG SOLIDUS OVERLAY}") + text[1:]


def in_alphabet(alphabet: str, letter: str) -> str:
    r"""A letter of an alphabet such as "mathbb"; the letter itself where it has none there."""
    return _names().get(f"{alphabet}{{{letter}}}", letter)


def has_limits(atom: Atom) -> bool:
    """In a displayed formula, do its bounds stand under and over it?"""
    return atom.kind == "big" or (atom.kind == "fn" and atom.text in _LIMIT_FUNCTIONS.values())


def raised(text: str) -> str | None:
    """The text in superscript characters, if all of it has them."""
    return _translated(text, "^")


def lowered(text: str) -> str | None:
    """The text in subscript characters, if all of it has them."""
    return _translated(text, "_")


def _translated(text: str, sign: str) -> str | None:
    table = _scripts()
    found = [table.get(sign + character) for character in text]
    return None if None in found else "".join(filter(None, found))


@functools.cache
def _names() -> dict[str, str]:
    # Imported with the first formula: 15 ms that the first paint does not need
    from unicodeit.data import REPLACEMENTS

    names: dict[str, str] = {}
    for command, text in REPLACEMENTS:
        name = command[1:].removesuffix("{}")
        if command[0] == "\\" and len(text) <= 2 and text.strip():
            names.setdefault(name, text)
    return names


@functools.cache
def _scripts() -> dict[str, str]:
    from unicodeit.data import SUBSUPERSCRIPTS

    found = {key: text for key, text in SUBSUPERSCRIPTS if key not in _WRONG_SCRIPTS}
    return {**found, "^V": "ⱽ", **{f"^{key}": text for key, text in _MORE_SUPERSCRIPTS.items()}}
