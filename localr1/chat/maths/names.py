"""Names of commands, by what is done with them."""

from __future__ import annotations

MACROS = frozenset(
    {
        *("def", "gdef", "edef", "let", "newcommand", "renewcommand", "providecommand"),
        *("newenvironment", "DeclareMathOperator", "catcode", "input", "include", "csname"),
        *("expandafter", "loop"),
    }
)
"""Definitions: what the formula says then is not known without running TeX."""

IGNORED = frozenset(
    {
        *("displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "limits"),
        *("nolimits", "nonumber", "notag", "centering", "big", "Big", "bigg"),
        *("Bigg", "bigl", "Bigl", "biggl", "Biggl", "bigr", "Bigr", "biggr", "Biggr"),
        *("bigm", "Bigm", "biggm", "Biggm", "middle", "bf", "rm", "it", "sf", "tt", "cal"),
        *("boldmath", "allowbreak", "nobreak", "relax", "normalsize", "small", "large"),
        *("Large", "strut", "mathstrut", "protect", "break", "par", "noindent"),
    }
)
"""They say how to draw, which a terminal decides."""

IGNORED_WITH_ARGUMENT = frozenset(
    {
        *("label", "vspace", "phantom", "vphantom", "hphantom", "color", "cline"),
    }
)
"""The same, and what they take is not seen either."""

WORDS = frozenset(
    {
        *("text", "textrm", "textbf", "textit", "textsf", "texttt", "textnormal", "textup"),
        *("mbox", "hbox", "textsc", "emph"),
    }
)
"""Words within a formula."""

LETTERS = frozenset(
    {
        *("mathrm", "mathit", "mathsf", "mathtt", "mathnormal", "mathop", "mathord"),
        *("mathbin", "mathrel", "mathopen", "mathclose", "mathpunct", "mathinner"),
        *("ensuremath", "smash", "llap", "rlap", "mathclap", "mathllap", "mathrlap"),
    }
)
"""Other fonts and classes: the argument stays as it is."""

ACCENTS = frozenset(
    {
        *("hat", "widehat", "bar", "overline", "vec", "overrightarrow", "overleftarrow"),
        *("dot", "ddot", "dddot", "tilde", "widetilde", "check", "breve", "acute", "grave"),
        *("underline", "underbar", "mathring", "cancel", "bcancel", "xcancel", "sout"),
        *("overleftrightarrow", "wideparen", "overparen", "overarc"),
    }
)
"""Marks over, under or through something."""

ALPHABETS = {
    **{"mathbb": "mathbb", "Bbb": "mathbb", "mathcal": "mathcal", "mathscr": "mathcal"},
    **{"mathfrak": "mathfrak", "frak": "mathfrak"},
}
BOLD = ("mathbf", "boldsymbol", "bm", "pmb")
ARROWS = {
    **{"xrightarrow": "→", "xleftarrow": "←", "xRightarrow": "⇒", "xLeftarrow": "⇐"},
    **{"xleftrightarrow": "↔", "xLeftrightarrow": "⇔", "xmapsto": "↦", "xlongequal": "="},
    "xrightleftharpoons": "⇌",
}
